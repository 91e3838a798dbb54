package dataset

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/clvid/clvid/internal/atomicfile"
)

// ManifestExtensions are the kinds of files that WriteManifest writes.
func ManifestExtensions() []string { return []string{".csv", ".jsonl", ".parquet"} }

// WriteManifest writes items as a manifest that Open reads back equal: CSV with
// one row for each caption, or JSON lines or Parquet with one row for each item,
// as the extension of path says. Paths are the names, relative to the
// manifest's folder. Columns are path, those of label, split, start, end and
// caption that any item has, and the fields, sorted. The file appears whole or
// not at all.
func WriteManifest(path string, items []Item) error {
	encode := map[string]func([]string, []Item) ([]byte, error){
		".csv": encodeCSV, ".jsonl": encodeJSONL, ".parquet": encodeParquet,
	}[strings.ToLower(filepath.Ext(path))]
	if encode == nil {
		return fmt.Errorf("dataset: write %s: want a name that ends in one of %s", path, strings.Join(ManifestExtensions(), ", "))
	}
	data, err := encode(manifestColumns(items), items)
	if err != nil {
		return fmt.Errorf("dataset: write %s: %w", path, err)
	}
	if err := atomicfile.Write(path, data); err != nil {
		return fmt.Errorf("dataset: write %s: %w", path, err)
	}
	return nil
}

// manifestColumns are the columns of a manifest of items, in order.
func manifestColumns(items []Item) []string {
	have := (&Set{Items: items}).Columns()
	columns := []string{"path"}
	for _, column := range []string{"label", "split", "start", "end", "caption"} {
		if slices.Contains(have, column) {
			columns = append(columns, column)
		}
	}
	fields := map[string]bool{}
	for _, it := range items {
		for column := range it.Fields {
			fields[column] = true
		}
	}
	return append(columns, slices.Sorted(maps.Keys(fields))...)
}

func encodeCSV(columns []string, items []Item) ([]byte, error) {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	w.Write(columns) // errors of a csv.Writer wait for Error
	for _, it := range items {
		writeRows(w, columns, it)
	}
	w.Flush()
	return buf.Bytes(), w.Error()
}

func writeRows(w *csv.Writer, columns []string, it Item) {
	captions := it.Captions
	if len(captions) == 0 {
		captions = []string{""}
	}
	for _, caption := range captions {
		cells := make([]string, len(columns))
		for i, column := range columns {
			cells[i], _ = it.Field(column)
			if column == "caption" {
				cells[i] = caption
			}
		}
		w.Write(cells)
	}
}

// encodeJSONL keeps the order of columns, so that files can be compared.
func encodeJSONL(columns []string, items []Item) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	put := func(lead string, v any) error {
		buf.WriteString(lead)
		err := enc.Encode(v)
		buf.Truncate(buf.Len() - 1) // the encoder's line end
		return err
	}
	for _, it := range items {
		lead := "{"
		for _, column := range columns {
			value, ok := it.Field(column)
			if !ok {
				continue
			}
			if err := put(lead, column); err != nil {
				return nil, err
			}
			var cell any = value
			if column == "caption" {
				cell = it.Captions
			}
			if err := put(":", cell); err != nil {
				return nil, err
			}
			lead = ","
		}
		buf.WriteString("}\n")
	}
	return buf.Bytes(), nil
}

// encodeParquet writes every column as optional text, caption as a repeated one.
func encodeParquet(columns []string, items []Item) ([]byte, error) {
	group := parquet.Group{}
	for _, column := range columns {
		group[column] = parquet.Optional(parquet.String())
	}
	if _, ok := group["caption"]; ok {
		group["caption"] = parquet.Repeated(parquet.String())
	}
	columns = slices.Sorted(slices.Values(columns)) // as the group has them
	var buf bytes.Buffer
	w := parquet.NewWriter(&buf, parquet.NewSchema("manifest", group), parquet.Compression(&parquet.Snappy))
	for _, it := range items {
		if _, err := w.WriteRows([]parquet.Row{parquetRow(columns, it)}); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return buf.Bytes(), err
}

func parquetRow(columns []string, it Item) parquet.Row {
	var row parquet.Row
	for i, column := range columns {
		value, ok := it.Field(column)
		switch {
		case !ok:
			row = append(row, parquet.NullValue().Level(0, 0, i))
		case column == "caption":
			for n, caption := range it.Captions {
				row = append(row, parquet.ByteArrayValue([]byte(caption)).Level(min(n, 1), 1, i))
			}
		default:
			row = append(row, parquet.ByteArrayValue([]byte(value)).Level(0, 1, i))
		}
	}
	return row
}
