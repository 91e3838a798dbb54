package dataset

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"

	"github.com/clvid/clvid/internal/atomicfile"
)

// WriteManifest writes items as a CSV that Open reads back equal, one row for each
// caption. Paths are the names, relative to the manifest's folder. Columns are
// path, those of label, split and caption that any item has, and the fields,
// sorted. The file appears whole or not at all.
func WriteManifest(path string, items []Item) error {
	set := Set{Items: items}
	header := []string{"path"}
	for _, column := range []string{"label", "split", "caption"} {
		if slices.Contains(set.Columns(), column) {
			header = append(header, column)
		}
	}
	fields := map[string]bool{}
	for _, it := range items {
		for column := range it.Fields {
			fields[column] = true
		}
	}
	header = append(header, slices.Sorted(maps.Keys(fields))...)
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	w.Write(header) // errors of a csv.Writer wait for Error
	for _, it := range items {
		writeRows(w, header, it)
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return fmt.Errorf("dataset: write %s: %w", path, err)
	}
	if err := atomicfile.Write(path, buf.Bytes()); err != nil {
		return fmt.Errorf("dataset: write %s: %w", path, err)
	}
	return nil
}

func writeRows(w *csv.Writer, header []string, it Item) {
	captions := it.Captions
	if len(captions) == 0 {
		captions = []string{""}
	}
	for _, caption := range captions {
		cells := make([]string, len(header))
		for i, column := range header {
			cells[i], _ = it.Field(column)
			if column == "caption" {
				cells[i] = caption
			}
		}
		w.Write(cells)
	}
}
