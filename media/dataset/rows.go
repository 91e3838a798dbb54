package dataset

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// rows makes items out of the rows of a manifest, whatever kind of file they
// come from. Rows of one path and one stretch of time differ in their caption
// and merge into one item.
type rows struct {
	file  string
	unit  string // what a row is called: line or row
	items []Item
	seen  map[rowKey]firstRow
}

// rowKey is what makes an item one of its own.
type rowKey struct {
	path       string
	start, end time.Duration
}

// firstRow is where an item was first met.
type firstRow struct{ item, at int }

func newRows(file, unit string) *rows {
	return &rows{file: file, unit: unit, seen: map[rowKey]firstRow{}}
}

// errorf names the place of an error.
func (r *rows) errorf(at int, format string, args ...any) error {
	return fmt.Errorf("dataset: %s %s %d: %s", r.file, r.unit, at, fmt.Sprintf(format, args...))
}

// add takes one row: a new item, or more captions of one.
func (r *rows) add(item Item, at int) error {
	if item.Path == "" {
		return r.errorf(at, "path is empty")
	}
	item.Name = filepath.ToSlash(filepath.Clean(filepath.FromSlash(item.Path)))
	item.Path = filepath.FromSlash(item.Name)
	if !filepath.IsAbs(item.Path) {
		item.Path = filepath.Join(filepath.Dir(r.file), item.Path)
	}
	if item.End != 0 && item.End <= item.Start {
		return r.errorf(at, "%s ends at %ss, which is not behind its start %ss", item.Name, seconds(item.End), seconds(item.Start))
	}
	key := rowKey{item.Path, item.Start, item.End}
	first, again := r.seen[key]
	if !again {
		r.seen[key] = firstRow{len(r.items), at}
		r.items = append(r.items, item)
		return nil
	}
	return r.merge(first, item, at)
}

// set gives the value of one column its meaning.
func (it *Item) set(column, value string) (err error) {
	switch column {
	case "path":
		it.Path = value
	case "label":
		it.Label = value
	case "split":
		it.Split = value
	case "caption":
		if value != "" {
			it.Captions = append(it.Captions, value)
		}
	case "start":
		it.Start, err = parseSeconds(column, value)
	case "end":
		it.End, err = parseSeconds(column, value)
	default:
		if it.Fields == nil {
			it.Fields = map[string]string{}
		}
		it.Fields[column] = value
	}
	return err
}

// mostSeconds keeps a time from overflowing: 31 years.
const mostSeconds = 1e9

// parseSeconds reads a time; nothing is 0.
func parseSeconds(column, value string) (time.Duration, error) {
	if value == "" {
		return 0, nil
	}
	x, err := strconv.ParseFloat(value, 64)
	if err != nil || !(x >= 0 && x <= mostSeconds) {
		return 0, fmt.Errorf("%s is %q, want seconds, at least 0", column, value)
	}
	return time.Duration(math.Round(x * float64(time.Second))), nil
}

// merge adds the captions of a further row of an item. What does not belong to
// the caption must agree; columns whose name begins with caption belong to it
// and keep the value of the first row.
func (r *rows) merge(first firstRow, again Item, at int) error {
	item := &r.items[first.item]
	both := Set{Items: []Item{*item, again}}
	for _, column := range both.Columns() {
		if strings.HasPrefix(column, "caption") {
			continue
		}
		a, _ := item.Field(column)
		b, _ := again.Field(column)
		if a != b {
			return r.errorf(at, "%s has %s %q, but %q in %s %d", item.Name, column, b, a, r.unit, first.at)
		}
	}
	fresh := again.Captions[:0:0]
	for _, caption := range again.Captions {
		if !slices.Contains(item.Captions, caption) {
			fresh = append(fresh, caption)
		}
	}
	if len(fresh) == 0 {
		return r.errorf(at, "%s stands in %s %d already: remove one, or give each row a caption of its own", item.Name, r.unit, first.at)
	}
	item.Captions = append(item.Captions, fresh...)
	return nil
}

// done is the set of the rows.
func (r *rows) done() (*Set, error) {
	if len(r.items) == 0 {
		return nil, fmt.Errorf("dataset: %s holds no rows", r.file)
	}
	return &Set{File: r.file, Items: r.items}, nil
}
