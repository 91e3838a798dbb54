package avdecode

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/clvid/clvid/internal/atomicfile"
)

// An index file holds the indexes of many videos, as a manifest has them beside
// it: a line of magic, then for each video a line that says whose index comes,
// with its length and hash, and the index. Paths are relative to the file's
// folder, so that a set can move, as long as sizes and times of change stay.

const (
	indexFileMagic = indexFormat + ", many"
	mostHeadBytes  = 1 << 16
	mostIndexBytes = 1 << 27
)

// filed is an index in an index file.
type filed struct {
	stored
	Bytes int64 `json:"bytes"` // of the index, which begins on the next line
}

// WriteIndexes writes the indexes of videos to a file for ReadIndexes, scanning
// those that are not cached. Videos that cannot be opened and folders of
// pictures are left out; n is how many are in.
func (d *Decoder) WriteIndexes(ctx context.Context, path string, videos []string) (n int, err error) {
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return 0, fmt.Errorf("avdecode: write %s: %w", path, err)
	}
	err = atomicfile.Stream(path, func(w io.Writer) error {
		if _, err := fmt.Fprintln(w, indexFileMagic); err != nil {
			return err
		}
		for _, video := range videos {
			wrote, err := d.writeIndex(ctx, w, folder, video)
			if err != nil {
				return err
			}
			if wrote {
				n++
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("avdecode: write %s: %w", path, err)
	}
	return n, nil
}

func (d *Decoder) writeIndex(ctx context.Context, w io.Writer, folder, video string) (wrote bool, err error) {
	if isFolder(video) {
		return false, ctx.Err()
	}
	v, err := d.open(ctx, video)
	if err != nil {
		return false, ctx.Err()
	}
	defer v.Close()
	payload, err := json.Marshal(v.index)
	if err != nil {
		return false, err
	}
	head := filed{stored: stored{Format: indexFormat, File: v.id, SHA256: digest(payload)}, Bytes: int64(len(payload))}
	if rel, err := filepath.Rel(folder, v.id.Path); err == nil {
		head.File.Path = filepath.ToSlash(rel)
	}
	line, err := json.Marshal(head)
	if err != nil {
		return false, err
	}
	_, err = w.Write(bytes.Join([][]byte{line, payload, nil}, []byte("\n")))
	return true, err
}

var errNoIndexFile = errors.New("it is no index file of this version")

// ReadIndexes makes the indexes of a file known, so that its videos open without
// a scan. They are read when they are wanted, and count only where the video
// has the size and the time of change that it had. What is damaged is passed
// over; n is how many were found. The error tells of a file that cannot be
// read, or is another kind of file.
func (d *Decoder) ReadIndexes(path string) (n int, err error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return 0, fmt.Errorf("avdecode: %w", err)
	}
	f, err := os.Open(abs)
	if err != nil {
		return 0, fmt.Errorf("avdecode: %w", err)
	}
	defer f.Close()
	found, err := scanIndexFile(f)
	if err != nil {
		return 0, fmt.Errorf("avdecode: %s: %w", path, err)
	}
	for i := range found {
		found[i].file = abs
		if id := &found[i].head.File; !filepath.IsAbs(filepath.FromSlash(id.Path)) {
			id.Path = filepath.Join(filepath.Dir(abs), filepath.FromSlash(id.Path))
		}
	}
	d.indexes.list(found)
	return len(found), nil
}

// listing is where an index lies in an index file.
type listing struct {
	file   string
	offset int64
	head   filed
}

// scanIndexFile lists the indexes of a file up to the first that is not as
// WriteIndexes writes it.
func scanIndexFile(r io.Reader) ([]listing, error) {
	in := bufio.NewReaderSize(r, mostHeadBytes)
	magic, err := in.ReadSlice('\n')
	if err != nil || string(bytes.TrimSpace(magic)) != indexFileMagic {
		return nil, errNoIndexFile
	}
	at := int64(len(magic))
	var out []listing
	for {
		line, err := in.ReadSlice('\n')
		var head filed
		if err != nil || json.Unmarshal(line, &head) != nil || head.Format != indexFormat || head.Bytes < 0 || head.Bytes > mostIndexBytes {
			return out, nil
		}
		at += int64(len(line))
		if _, err := in.Discard(int(head.Bytes) + 1); err != nil {
			return out, nil // the file ends in the middle of this one
		}
		out = append(out, listing{offset: at, head: head})
		at += head.Bytes + 1
	}
}

// read returns the index, if it is what was written.
func (l listing) read() (*index, bool) {
	f, err := os.Open(l.file)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	payload := make([]byte, l.head.Bytes)
	if _, err := f.ReadAt(payload, l.offset); err != nil {
		return nil, false
	}
	return decodeIndex(l.head.stored, payload)
}

// list adds what index files hold; the latest file counts.
func (c *indexCache) list(found []listing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range found {
		c.listed[l.head.File.Path] = l
	}
}

// fromFile finds an index in the index files.
func (c *indexCache) fromFile(id fileID) (*index, bool) {
	c.mu.Lock()
	l, ok := c.listed[id.Path]
	c.mu.Unlock()
	if !ok || l.head.File != id {
		return nil, false
	}
	return l.read()
}
