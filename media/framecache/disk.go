package framecache

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/clvid/clvid/media"
)

// Note [Folder of videos]
//
// One file a video, named by the hash of its identity; see file.go for what is
// in it. Many processes may share the folder: a file appears whole by being
// renamed, one that is deleted stays readable to who has it open, and room is
// made by one process at a time, which holds a lock. What was used since a
// process began is not deleted by it, so that an epoch over more videos than
// fit does not drive out its own; the use of a file is its time of change.

const (
	suffix     = ".frames"
	unfinished = ".unfinished-" // prefix of files that are being written
	abandoned  = time.Hour      // after which such a file is one of a process that died
	recount    = 32             // files written between looks at the whole folder
	retry      = 10 * time.Second
)

// disk keeps videos in a folder.
type disk struct {
	dir   string
	limit int64
	began time.Time
	pool  *media.Pool // of the memory of clips

	mu      sync.Mutex
	used    int64     // as far as is known
	written int       // files since the folder was counted; -1: never counted
	full    time.Time // when there was no room, or no file could be written
	refused map[identity]bool
	tables  map[identity]*table
	rows    int // frames that the tables describe
}

// poolBytes bounds the free memory of clips that is kept.
const poolBytes = 64 << 20

// rememberedRows bounds the tables in memory, five bytes a frame.
const rememberedRows = 1 << 22

func newDisk(dir string, limit int64) (*disk, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("framecache: %w: name another folder in decode.cache_dir", err)
	}
	return &disk{dir: dir, limit: limit, began: time.Now(), pool: media.NewPool(poolBytes), written: -1,
		refused: map[identity]bool{}, tables: map[identity]*table{}}, nil
}

// path is where a video is kept.
func (d *disk) path(id identity) string {
	key, _ := json.Marshal(id) // strings and numbers always become JSON
	return filepath.Join(d.dir, fmt.Sprintf("%x%s", sha256.Sum256(key), suffix))
}

// get reads the wanted frames. A file that is not what was written is deleted.
func (d *disk) get(v *video, spans []media.Span) ([]*media.Clip, bool) {
	path := d.path(v.id)
	clips, err := d.read(path, v, spans)
	switch {
	case err == nil:
		return clips, true
	case errors.Is(err, errDamaged):
		d.forget(v.id)
		os.Remove(path) // where that fails the new one replaces it
	}
	return nil, d.room(v.id, v.bytes())
}

func (d *disk) read(path string, v *video, spans []media.Span) ([]*media.Clip, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := d.table(f, path, v)
	if err != nil {
		return nil, err
	}
	var blocks [][]byte
	times := v.Times()
	clips, err := wanted(v, spans, func(i int) (*media.Frame, error) {
		block := d.pool.Block(t.FrameBytes)
		blocks = append(blocks, block)
		im, err := t.frame(f, i, block)
		return &media.Frame{Index: i, Time: times[i], Key: t.Keys[i], Image: im}, err
	})
	if err != nil {
		d.pool.Put(blocks...)
		return nil, err
	}
	d.pool.Lend(clips, blocks)
	return clips, nil
}

// table returns the description of an open file; its first reader in this
// process marks the file as used.
func (d *disk) table(f *os.File, path string, v *video) (*table, error) {
	d.mu.Lock()
	t := d.tables[v.id]
	d.mu.Unlock()
	if t != nil {
		return t, nil
	}
	t, err := readTable(f, v.id, v.Len())
	if err != nil {
		return nil, err
	}
	now := time.Now()
	os.Chtimes(path, now, now) // only the order of leaving depends on it
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.rows += v.Len(); d.rows > rememberedRows {
		clear(d.tables)
		d.rows = v.Len()
	}
	d.tables[v.id] = t
	return t, nil
}

func (d *disk) forget(id identity) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.tables, id)
}

// fails notes that a file could not be written, as on a disk that is full: there
// is no use in decoding whole videos for the next moment.
func (d *disk) fails() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.full = time.Now()
}

func (d *disk) refuse(id identity) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refused[id] = true
}

// room tells whether a video fits, after deleting what nobody used lately.
func (d *disk) room(id identity, bytes int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refused[id] || bytes > d.limit/shareOfCache || time.Since(d.full) < retry {
		return false
	}
	if d.written >= 0 && d.written < recount && d.used+bytes <= d.limit {
		return true
	}
	d.makeRoom(bytes)
	if d.used+bytes > d.limit {
		d.full = time.Now()
		return false
	}
	return true
}

// makeRoom counts the folder and deletes from it, under the lock that processes
// share. Without the lock it only counts.
func (d *disk) makeRoom(bytes int64) {
	lock, err := os.OpenFile(filepath.Join(d.dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err == nil {
		defer lock.Close() // which unlocks
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
	}
	files := d.list()
	d.used, d.written = 0, 0
	for _, f := range files {
		d.used += f.Size()
	}
	for _, f := range files {
		if err != nil || d.used+bytes <= d.limit || !f.ModTime().Before(d.began) {
			return
		}
		if os.Remove(filepath.Join(d.dir, f.Name())) == nil {
			d.used -= f.Size()
		}
	}
}

// list returns the kept files, those used longest ago first, and deletes what
// processes that died left behind.
func (d *disk) list() []fs.FileInfo {
	entries, _ := os.ReadDir(d.dir) // a folder that is gone holds nothing
	var files []fs.FileInfo
	for _, e := range entries {
		info, err := e.Info()
		switch {
		case err != nil:
		case strings.HasSuffix(e.Name(), suffix):
			files = append(files, info)
		case strings.HasPrefix(e.Name(), unfinished) && time.Since(info.ModTime()) > abandoned:
			os.Remove(filepath.Join(d.dir, e.Name()))
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), strings.Compare(a.Name(), b.Name()))
	})
	return files
}

func (d *disk) begin(v *video) keeper {
	f, err := os.CreateTemp(d.dir, unfinished+"*")
	if err != nil {
		d.fails()
		return nil // without the cache everything still works
	}
	return &diskKeeper{disk: d, file: newWriter(f, v.id), path: d.path(v.id)}
}

// diskKeeper writes a video to a file that appears when it is whole.
type diskKeeper struct {
	disk *disk
	file *writer
	path string
}

func (k *diskKeeper) add(f *media.Frame) error {
	err := k.file.add(f)
	if err != nil && !errors.Is(err, errKinds) {
		k.disk.fails()
	}
	return err
}

func (k *diskKeeper) drop() { k.file.drop() }

func (k *diskKeeper) keep() error {
	size, err := k.file.finish(k.path)
	if err != nil {
		k.disk.fails()
		return err
	}
	k.disk.mu.Lock()
	defer k.disk.mu.Unlock()
	k.disk.used += size
	k.disk.written++
	return nil
}
