package dataset

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// ManifestName is the manifest of a folder that holds one.
const ManifestName = "clips.csv"

// manifestNames are those that make a folder a manifest's.
var manifestNames = []string{ManifestName, "clips.jsonl", "clips.parquet"}

// manifestIn returns the manifest of a folder: one of manifestNames, else its
// only .csv file where that has a column path.
func manifestIn(dir string) string {
	for _, name := range manifestNames {
		file := filepath.Join(dir, name)
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			return file
		}
	}
	files, err := filepath.Glob(filepath.Join(globEscape(dir), "*.csv"))
	if err != nil || len(files) != 1 || !slices.Contains(csvColumns(files[0]), "path") {
		return ""
	}
	return files[0]
}

// globEscape keeps signs in the name of a folder from being patterns.
func globEscape(dir string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(dir)
}

// manifestFile is the file that a place names as a manifest with the extension.
func (p place) manifestFile(ext string) string {
	file := p.path
	if p.isDir() {
		file = manifestIn(p.path)
	}
	if !strings.EqualFold(filepath.Ext(file), ext) {
		return ""
	}
	return file
}

func isManifest(p place) bool { return p.manifestFile(".csv") != "" }

// readManifest reads a CSV with a header line (RFC 4180, UTF-8). Column path is
// needed, relative to the manifest's folder; label, split, caption, start and
// end (seconds) have a meaning; all others become fields.
func readManifest(p place) (*Set, error) {
	file := p.manifestFile(".csv")
	if file == "" {
		return nil, fmt.Errorf("dataset: %s is no .csv manifest and no folder that holds one", p.path)
	}
	data, err := readText(file)
	if err != nil {
		return nil, err
	}
	return parseCSV(file, data)
}

func parseCSV(file string, data []byte) (*Set, error) {
	reader := csv.NewReader(bytes.NewReader(data))
	reader.TrimLeadingSpace = true
	header, err := readHeader(file, reader)
	if err != nil {
		return nil, err
	}
	r := newRows(file, "line")
	for {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("dataset: %s: %w", file, err) // names the line
		}
		line, _ := reader.FieldPos(0)
		item := Item{Fields: map[string]string{}}
		for i, name := range header {
			if err := item.set(name, strings.TrimSpace(cells[i])); err != nil {
				return nil, r.errorf(line, "%v", err)
			}
		}
		if err := r.add(item, line); err != nil {
			return nil, err
		}
	}
	if len(r.items) == 0 {
		return nil, fmt.Errorf("dataset: %s holds a header and no rows: give it some, or let clvid prepare finish, which fills it last", file)
	}
	return r.done()
}

// checkText finds what a CSV reader would pass on as text.
func checkText(path string, data []byte) error {
	if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		return fmt.Errorf("dataset: %s is UTF-16, want UTF-8: save it as UTF-8", path)
	}
	for n, line := range bytes.Split(data, []byte("\n")) {
		if !utf8.Valid(line) {
			return fmt.Errorf("dataset: %s line %d: not UTF-8: save it as UTF-8", path, n+1)
		}
		if bytes.IndexByte(line, 0) >= 0 {
			return fmt.Errorf("dataset: %s line %d: holds a zero byte: this is no text", path, n+1)
		}
	}
	return nil
}

func readHeader(file string, reader *csv.Reader) ([]string, error) {
	cells, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("dataset: %s is empty, want a header line such as path,label,split", file)
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", file, err)
	}
	var header []string
	for i, name := range cells {
		name = strings.TrimSpace(name)
		if name == "" {
			return nil, fmt.Errorf("dataset: %s line 1: column %d has no name", file, i+1)
		}
		if slices.Contains(header, name) {
			return nil, fmt.Errorf("dataset: %s line 1: column %s stands there twice", file, name)
		}
		header = append(header, name)
	}
	if !slices.Contains(header, "path") {
		return nil, fmt.Errorf("dataset: %s line 1: columns %s, want one called path", file, strings.Join(header, ", "))
	}
	return header, nil
}
