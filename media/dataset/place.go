package dataset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// place is what was named as a data set.
type place struct {
	Options
	path string
	info fs.FileInfo // nil for standard input and for patterns of shards

	candidates [][]string // files that may be annotations, by folder; see annotations
}

func newPlace(path string, o Options) (place, error) {
	p := place{Options: o, path: path}
	if isPattern(path) {
		return p, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return p, fmt.Errorf("dataset: %w", err)
	}
	p.info = info
	p.candidates = p.listCandidates()
	return p, nil
}

func (p place) isDir() bool  { return p.info != nil && p.info.IsDir() }
func (p place) isFile() bool { return p.info != nil && !p.info.IsDir() }

// ext is the extension in lower case, "" for a folder.
func (p place) ext() string {
	if p.isDir() {
		return ""
	}
	return strings.ToLower(filepath.Ext(p.path))
}

// annotations lists the files that match: the place itself, or those of a
// folder, or of the first of its folders that has any. A folder with a
// manifest of its own has no others, unless its format was named.
func (p place) annotations(match func(file string) bool) []string {
	for _, files := range p.candidates {
		var out []string
		for _, file := range files {
			if match(file) {
				out = append(out, file)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

// listCandidates lists what annotations can be: the files by folder.
func (p place) listCandidates() [][]string {
	switch {
	case p.isFile():
		return [][]string{{p.path}}
	case p.info == nil || p.Format == "" && manifestIn(p.path) != "":
		return nil
	}
	files, dirs := annotationFiles(p.path)
	all := [][]string{files}
	for _, dir := range dirs {
		if files, _ = annotationFiles(dir); len(files) > 0 {
			all = append(all, files)
		}
	}
	return all
}

// mostLookedAt bounds the files of a folder whose head is read to tell a format.
const mostLookedAt = 1000

// annotationFiles lists the files in a folder that may annotate videos, and its
// folders; neither where it cannot be read.
func annotationFiles(dir string) (files, dirs []string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case e.IsDir():
			dirs = append(dirs, path)
		case len(files) < mostLookedAt && slices.Contains(annotationExtensions, strings.ToLower(filepath.Ext(e.Name()))):
			files = append(files, path)
		}
	}
	return files, dirs
}

// annotationExtensions are those of files that may annotate videos.
var annotationExtensions = []string{".csv", ".json", ".list", ".pkl", ".txt"}

// videoRoot is where the videos of annotations are looked for: what the user
// named, else the folder that was opened or that the annotations lie in.
func (p place) videoRoot() string {
	switch {
	case p.Videos != "":
		return p.Videos
	case p.isDir():
		return p.path
	}
	return filepath.Dir(p.path)
}

// begin makes a set of annotated videos: an empty one, and where to find them.
func (p place) begin() (*Set, *library, error) {
	lib, err := newLibrary(p.videoRoot())
	if err != nil {
		return nil, nil, err
	}
	return &Set{}, lib, nil
}

const (
	headBytes       = 1 << 20 // read to tell what a file is
	annotationBytes = 1 << 30 // most of an annotation file; the largest known has 150 MB
)

// head reads the begin of a file, nothing where that fails.
func head(file string) []byte {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	data, _ := io.ReadAll(io.LimitReader(f, headBytes)) // what was read until an error is a head too
	return bytes.TrimPrefix(data, []byte("\ufeff"))
}

// readText reads an annotation file: UTF-8, without a byte order mark.
func readText(file string) ([]byte, error) {
	data, err := readBounded(file)
	if err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	return data, checkText(file, data)
}

func readBounded(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, annotationBytes+1))
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	if len(data) > annotationBytes {
		return nil, fmt.Errorf("dataset: %s is larger than %d MB, want less of an annotation file: cut it", file, annotationBytes>>20)
	}
	return data, nil
}

// readJSON decodes an annotation file into v.
func readJSON(file string, v any) error {
	data, err := readText(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("dataset: %s: %w", file, err)
	}
	return nil
}

// lines splits a text, whatever its line ends, without the empty ones.
func lines(data []byte) []string {
	var out []string
	for line := range strings.SplitSeq(string(data), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// firstLine is the first line of a text that is not empty.
func firstLine(data []byte) string {
	for line := range strings.SplitSeq(string(data), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}

// stemOf is the name of a file without folders and extension.
func stemOf(file string) string {
	base := filepath.Base(file)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// splitOf reads which split a file is about from its name: "" where that does
// not say.
func splitOf(file string) string {
	name := strings.ToLower(stemOf(file))
	for _, s := range []struct{ word, split string }{{"train", "train"}, {"val", "val"}, {"dev", "val"}, {"test", "test"}} {
		if strings.Contains(name, s.word) {
			return s.split
		}
	}
	return ""
}

// officialSplit spells the names of splits alike.
func officialSplit(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	switch name {
	case "validate", "validation", "valid", "dev":
		return "val"
	}
	return name
}
