package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/clvid/clvid/internal/tarindex"
)

// contents finds the bytes of what a path names: a file, a member of a shard,
// or the pictures of a folder. Goroutines may share it.
type contents struct {
	mu     sync.Mutex
	shards map[string]func() map[string]tarindex.Member // by file, read once
}

func newContents() *contents {
	return &contents{shards: map[string]func() map[string]tarindex.Member{}}
}

// hash returns the number of bytes and their SHA-256 in hexadecimal. Those of a
// folder are its numbered pictures, one behind the other.
func (c *contents) hash(path string) (n int64, sum string, err error) {
	h := sha256.New()
	st, err := os.Stat(path)
	switch file, member, ok := tarindex.Split(path); {
	case err != nil && ok:
		n, err = c.copyMember(h, file, member)
	case err != nil:
	case st.IsDir():
		n, err = copyPictures(h, path)
	case st.Mode().IsRegular():
		n, err = copyFile(h, path)
	default:
		err = fmt.Errorf("dataset: %s is no regular file (mode %s)", path, st.Mode())
	}
	if err != nil {
		return 0, "", err
	}
	return n, hex.EncodeToString(h.Sum(nil)), nil
}

func copyFile(w io.Writer, path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return io.Copy(w, f)
}

func copyPictures(w io.Writer, dir string) (n int64, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		if _, numbered := frameNumber(e.Name()); !numbered || !e.Type().IsRegular() {
			continue
		}
		one, err := copyFile(w, filepath.Join(dir, e.Name()))
		if err != nil {
			return n, err
		}
		n += one
	}
	return n, nil
}

func (c *contents) copyMember(w io.Writer, file, member string) (int64, error) {
	m, ok := c.shard(file)[member]
	if !ok {
		return 0, os.ErrNotExist
	}
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return io.Copy(w, io.NewSectionReader(f, m.Offset, m.Size))
}

// shard lists the members of a tar file by name, up to a damaged spot.
func (c *contents) shard(file string) map[string]tarindex.Member {
	c.mu.Lock()
	read := c.shards[file]
	if read == nil {
		read = sync.OnceValue(func() map[string]tarindex.Member {
			list, _ := tarindex.Read(file) // whoever opens the member tells of damage
			out := make(map[string]tarindex.Member, len(list))
			for _, m := range list {
				if _, again := out[m.Name]; !again {
					out[m.Name] = m
				}
			}
			return out
		})
		c.shards[file] = read
	}
	c.mu.Unlock()
	return read()
}
