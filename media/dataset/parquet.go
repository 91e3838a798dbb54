package dataset

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/parquet-go/parquet-go"
)

func isParquet(p place) bool { return p.manifestFile(".parquet") != "" }

// readParquet reads a manifest from a Parquet file, with the columns of a CSV
// manifest; caption may be a list.
func readParquet(p place) (*Set, error) {
	file := p.manifestFile(".parquet")
	if file == "" {
		return nil, fmt.Errorf("dataset: %s is no .parquet manifest and no folder that holds one", p.path)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	return parseParquet(file, f, info.Size())
}

// parseParquet reads all rows. The library panics on some damaged files, which
// condemns the file alone.
func parseParquet(file string, r io.ReaderAt, size int64) (set *Set, err error) {
	defer func() {
		if p := recover(); p != nil {
			set, err = nil, fmt.Errorf("dataset: %s is damaged: %v", file, p)
		}
	}()
	f, err := parquet.OpenFile(r, size, parquet.SkipBloomFilters(true), parquet.SkipPageIndex(true))
	if err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", file, err)
	}
	columns := make([]string, len(f.Schema().Columns()))
	for i, path := range f.Schema().Columns() {
		columns[i] = columnName(path)
	}
	out, at := newRows(file, "row"), 0
	for _, group := range f.RowGroups() {
		if err := eachRow(group, func(row parquet.Row) error {
			at++
			item, err := itemOfRow(columns, row)
			if err != nil {
				return out.errorf(at, "%v", err)
			}
			return out.add(item, at)
		}); err != nil {
			return nil, err
		}
	}
	return out.done()
}

// columnName is the name of a leaf: that of the list where it is a list's
// element, else its parts with points between.
func columnName(path []string) string {
	if n := len(path); n == 3 && path[1] == "list" {
		path = path[:1]
	}
	if path[0] == "captions" {
		return "caption"
	}
	return strings.Join(path, ".")
}

func eachRow(group parquet.RowGroup, use func(parquet.Row) error) error {
	rows := group.Rows()
	defer rows.Close()
	buf := make([]parquet.Row, 256)
	for {
		n, err := rows.ReadRows(buf)
		for _, row := range buf[:n] {
			if err := use(row); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("dataset: read Parquet: %w", err)
		}
		if n == 0 {
			return errors.New("dataset: read Parquet: the file promises more rows than it has")
		}
	}
}

func itemOfRow(columns []string, row parquet.Row) (item Item, err error) {
	for _, v := range row {
		if v.IsNull() || v.Column() < 0 || v.Column() >= len(columns) {
			continue
		}
		if err := item.set(columns[v.Column()], v.String()); err != nil {
			return item, err
		}
	}
	return item, nil
}
