package avdecode

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
)

// indexFormat changes with anything that would make an old index wrong.
const indexFormat = "clvid index 5"

// rememberedIndexes bounds the indexes held in memory.
const rememberedIndexes = 1 << 16

// fileID tells one state of a file from another.
type fileID struct {
	Path    string `json:"path"` // absolute, with the member of a shard
	Offset  int64  `json:"offset"`
	Size    int64  `json:"size"`
	Changed int64  `json:"mtime_ns"`
}

// indexCache keeps indexes in memory and, where it has a folder, on disk: one
// file for each video, named by the hash of its path.
type indexCache struct {
	folder string // "" is none
	mu     sync.Mutex
	byPath map[string]remembered
	listed map[string]listing // in index files, by path
}

type remembered struct {
	id    fileID
	index *index
}

func newIndexCache(folder string) *indexCache {
	switch folder {
	case "off":
		folder = ""
	case "":
		if base, err := os.UserCacheDir(); err == nil {
			folder = filepath.Join(base, "clvid", "index")
		}
	}
	return &indexCache{folder: folder, byPath: map[string]remembered{}, listed: map[string]listing{}}
}

func (c *indexCache) get(id fileID) (*index, bool) {
	c.mu.Lock()
	r, ok := c.byPath[id.Path]
	c.mu.Unlock()
	if ok && r.id == id {
		return r.index, true
	}
	x, ok := c.fromFile(id)
	if !ok {
		x, ok = c.load(id)
	}
	if ok {
		c.remember(id, x)
	}
	return x, ok
}

func (c *indexCache) put(id fileID, x *index) {
	c.remember(id, x)
	c.save(id, x)
}

func (c *indexCache) remember(id fileID, x *index) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.byPath) >= rememberedIndexes {
		clear(c.byPath)
	}
	c.byPath[id.Path] = remembered{id, x}
}

// stored is an index on disk: one line that says whose it is and its payload's
// hash, then the payload.
type stored struct {
	Format string `json:"format"`
	File   fileID `json:"file"`
	SHA256 string `json:"sha256"`
}

func (c *indexCache) name(id fileID) string {
	sum := sha256.Sum256([]byte(id.Path))
	return filepath.Join(c.folder, hex.EncodeToString(sum[:16])+".json")
}

// load ignores whatever is not exactly what save wrote for this file.
func (c *indexCache) load(id fileID) (*index, bool) {
	if c.folder == "" {
		return nil, false
	}
	data, err := os.ReadFile(c.name(id))
	if err != nil {
		return nil, false
	}
	head, payload, _ := bytes.Cut(data, []byte("\n"))
	var h stored
	if json.Unmarshal(head, &h) != nil || h.Format != indexFormat || h.File != id {
		return nil, false
	}
	return decodeIndex(h, payload)
}

// decodeIndex reads a stored index, if it is what was written.
func decodeIndex(h stored, payload []byte) (*index, bool) {
	if h.SHA256 != digest(payload) {
		return nil, false
	}
	x := new(index)
	if json.Unmarshal(payload, x) != nil || !x.valid() {
		return nil, false
	}
	x.finish()
	return x, true
}

// valid guards against an entry that was written by other code.
func (x *index) valid() bool {
	for _, k := range x.Keys {
		if k.Frame < 0 || k.Frame >= len(x.Order) {
			return false
		}
	}
	return len(x.Order) > 0 && (x.Access == through || rising(x.Order))
}

// save is best effort: without the cache everything still works.
func (c *indexCache) save(id fileID, x *index) {
	if c.folder == "" || os.MkdirAll(c.folder, 0o755) != nil {
		return
	}
	payload, err := json.Marshal(x)
	if err != nil {
		return
	}
	head, err := json.Marshal(stored{indexFormat, id, digest(payload)})
	if err != nil {
		return
	}
	writeAtomic(c.name(id), append(append(head, '\n'), payload...))
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// writeAtomic lets no reader see half a file. Unlike internal/atomicfile it
// flushes nothing to the disk, as an index that a crash cuts is refused by its
// digest, and takes a name of its own, as many processes share the folder.
func writeAtomic(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".index-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
