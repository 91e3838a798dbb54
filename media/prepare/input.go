package prepare

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/clvid/clvid/internal/tarindex"
	"github.com/clvid/clvid/media/dataset"
)

// input is one file to make a video of, however many items it is part of.
type input struct {
	path    string
	output  string // with slashes, relative to the folder
	size    int64  // bytes, and time of change in nanoseconds: what tells a change
	changed int64
	err     error // why there is nothing to read

	kept  bool // made by an earlier run
	entry Entry
}

// plan lists the files of the items in their order, each once, and names what
// will be made of them.
func plan(items []dataset.Item, ending string) []input {
	var inputs []input
	seen, taken, tars := map[string]bool{}, map[string]bool{}, shards{}
	for _, it := range items {
		if seen[it.Path] {
			continue
		}
		seen[it.Path] = true
		in := input{path: it.Path, output: videosName + "/" + outputName(it.Name, taken) + ending}
		in.size, in.changed, in.err = tars.stamp(it.Path)
		inputs = append(inputs, in)
	}
	return inputs
}

// outputName turns a name in the set into one below a folder, without its
// extension and with no other dot in its last part, as WebDataset wants it. Of
// names that come out alike the later ones are numbered.
func outputName(name string, taken map[string]bool) string {
	name = strings.ReplaceAll(filepath.ToSlash(name), ".tar#", "/")
	parts := strings.Split(strings.TrimLeft(path.Clean(name), "/"), "/")
	for i, part := range parts {
		if part == ".." {
			parts[i] = "up"
		}
		parts[i] = strings.TrimLeft(parts[i], ".") // hidden files are passed over
	}
	last := parts[len(parts)-1]
	if ext := path.Ext(last); ext != last {
		last = strings.TrimSuffix(last, ext)
	}
	parts[len(parts)-1] = strings.ReplaceAll(last, ".", "_")
	stem := strings.Trim(strings.Join(parts, "/"), "/")
	if stem = strings.TrimPrefix(stem, videosName+"/"); stem == "" {
		stem = "video"
	}
	out := stem
	for n := 2; taken[out]; n++ {
		out = stem + "-" + strconv.Itoa(n)
	}
	taken[out] = true
	return out
}

// shards holds the sizes of the members of tar files that were looked at.
type shards map[string]map[string]int64

// stamp is the size of a file and the time of its last change; of a member of a
// tar file its own size, of a folder of pictures what its files add up to.
func (s shards) stamp(file string) (size, changed int64, err error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if tar, member, ok := tarindex.Split(file); ok {
			return s.member(tar, member)
		}
		return 0, 0, err
	case err != nil:
		return 0, 0, err
	case !info.IsDir():
		return info.Size(), info.ModTime().UnixNano(), nil
	}
	entries, err := os.ReadDir(file)
	if err != nil {
		return 0, 0, err
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			size, changed = size+info.Size(), max(changed, info.ModTime().UnixNano())
		}
	}
	return size, changed, nil
}

// member looks a member up; the time is the tar file's.
func (s shards) member(tar, member string) (size, changed int64, err error) {
	info, err := os.Stat(tar)
	if err != nil {
		return 0, 0, err
	}
	if s[tar] == nil {
		members, err := tarindex.Read(tar)
		if len(members) == 0 && err != nil {
			return 0, 0, err
		}
		s[tar] = map[string]int64{}
		for _, m := range members {
			s[tar][m.Name] = m.Size
		}
	}
	size, ok := s[tar][member]
	if !ok {
		return 0, 0, fmt.Errorf("%s has no member %s: %w", tar, member, fs.ErrNotExist)
	}
	return size, info.ModTime().UnixNano(), nil
}
