package dataset

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// ManifestName is the manifest of a folder that holds one.
const ManifestName = "clips.csv"

func isManifest(path string, info fs.FileInfo) bool {
	if info.IsDir() {
		inner, err := os.Stat(filepath.Join(path, ManifestName))
		return err == nil && inner.Mode().IsRegular()
	}
	return strings.EqualFold(filepath.Ext(path), ".csv")
}

// readManifest reads a CSV with a header line (RFC 4180, UTF-8). Column path is
// needed, relative to the manifest's folder; label, split and caption have a
// meaning; all others become fields. Rows of one path differ in their caption
// and merge into one item.
func readManifest(path string) (*Set, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, ManifestName)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	m := manifest{file: path, reader: csv.NewReader(bytes.NewReader(data)), rows: map[string]row{}}
	m.reader.TrimLeadingSpace = true
	if err := m.readHeader(); err != nil {
		return nil, err
	}
	for {
		cells, err := m.reader.Read()
		if errors.Is(err, io.EOF) {
			return &Set{Items: m.items}, m.checkRows()
		}
		if err != nil {
			return nil, fmt.Errorf("dataset: %s: %w", path, err) // names the line
		}
		if err := m.add(cells); err != nil {
			return nil, err
		}
	}
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

// manifest is a CSV file while it is read.
type manifest struct {
	file   string
	reader *csv.Reader
	header []string
	items  []Item
	rows   map[string]row // by path
}

// row is where a path was first met.
type row struct{ item, line int }

func (m *manifest) readHeader() error {
	header, err := m.reader.Read()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("dataset: %s is empty, want a header line such as path,label,split", m.file)
	}
	if err != nil {
		return fmt.Errorf("dataset: %s: %w", m.file, err)
	}
	for i, name := range header {
		name = strings.TrimSpace(name)
		if name == "" {
			return fmt.Errorf("dataset: %s line 1: column %d has no name", m.file, i+1)
		}
		if slices.Contains(m.header, name) {
			return fmt.Errorf("dataset: %s line 1: column %s stands there twice", m.file, name)
		}
		m.header = append(m.header, name)
	}
	if !slices.Contains(m.header, "path") {
		return fmt.Errorf("dataset: %s line 1: columns %s, want one called path", m.file, strings.Join(m.header, ", "))
	}
	return nil
}

func (m *manifest) checkRows() error {
	if len(m.items) == 0 {
		return fmt.Errorf("dataset: %s holds a header and no rows", m.file)
	}
	return nil
}

// add takes one row: a new item, or one more caption of an item.
func (m *manifest) add(cells []string) error {
	line, _ := m.reader.FieldPos(0)
	item := Item{Fields: map[string]string{}}
	for i, name := range m.header {
		item.set(name, strings.TrimSpace(cells[i]))
	}
	if item.Path == "" {
		return fmt.Errorf("dataset: %s line %d: path is empty", m.file, line)
	}
	item.Name = filepath.ToSlash(filepath.Clean(filepath.FromSlash(item.Path)))
	item.Path = filepath.FromSlash(item.Name)
	if !filepath.IsAbs(item.Path) {
		item.Path = filepath.Join(filepath.Dir(m.file), item.Path)
	}
	first, again := m.rows[item.Path]
	if !again {
		m.rows[item.Path] = row{len(m.items), line}
		m.items = append(m.items, item)
		return nil
	}
	return m.merge(first, item, line)
}

// set gives one cell its meaning.
func (it *Item) set(column, value string) {
	switch column {
	case "path":
		it.Path = value
	case "label":
		it.Label = value
	case "split":
		it.Split = value
	case "caption":
		if value != "" {
			it.Captions = []string{value}
		}
	default:
		it.Fields[column] = value
	}
}

// merge adds the caption of a further row of a path. What does not belong to
// the caption must agree; columns whose name begins with caption belong to it
// and keep the value of the first row.
func (m *manifest) merge(first row, again Item, line int) error {
	item := &m.items[first.item]
	for _, column := range m.header {
		if column == "path" || strings.HasPrefix(column, "caption") {
			continue
		}
		a, _ := item.Field(column)
		b, _ := again.Field(column)
		if a != b {
			return fmt.Errorf("dataset: %s line %d: %s has %s %q, but %q in line %d", m.file, line, item.Name, column, b, a, first.line)
		}
	}
	if len(again.Captions) == 0 || slices.Contains(item.Captions, again.Captions[0]) {
		return fmt.Errorf("dataset: %s line %d: %s stands in line %d already: remove one, or give each row a caption of its own", m.file, line, item.Name, first.line)
	}
	item.Captions = append(item.Captions, again.Captions[0])
	return nil
}
