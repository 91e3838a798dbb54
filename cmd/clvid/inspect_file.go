package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/nn/checkpoint"
)

// tensorsFinding is a checkpoint of any format: weights or the state of a run.
type tensorsFinding struct {
	Kind     string            `json:"kind"`
	Path     string            `json:"path"`
	Format   checkpoint.Format `json:"format"`
	Bytes    int64             `json:"bytes"`
	Metadata map[string]string `json:"metadata"`
	Values   int64             `json:"values"` // in all tensors
	// Parameters are the trained values: all but running statistics, counters
	// and, in a state, what optimizer and method keep.
	Parameters int64        `json:"parameters"`
	Tensors    []tensorInfo `json:"tensors"`
}

type tensorInfo struct {
	checkpoint.Info
	Values int64 `json:"values"`
}

func inspectTensors(path string) (*tensorsFinding, error) {
	file, err := checkpoint.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	f := &tensorsFinding{Kind: "tensors", Path: path, Format: file.Format, Bytes: file.Bytes(), Metadata: file.Metadata}
	for _, t := range file.Tensors() {
		info := tensorInfo{t, t.Elements()}
		f.Values += info.Values
		if isParameter(t.Name) {
			f.Parameters += info.Values
		}
		f.Tensors = append(f.Tensors, info)
	}
	return f, nil
}

func isParameter(name string) bool {
	for _, statistics := range []string{"running_mean", "running_var", "num_batches_tracked"} {
		if strings.HasSuffix(name, statistics) {
			return false
		}
	}
	return !strings.HasPrefix(name, "optim.") && !strings.HasPrefix(name, "method.")
}

func (f *tensorsFinding) show(w io.Writer) error {
	rows := [][2]string{
		{"file", fmt.Sprintf("%s (%s, %s)", f.Path, f.Format, byteCount(f.Bytes))},
		{"tensors", fmt.Sprintf("%d with %d values, %d of them trained parameters", len(f.Tensors), f.Values, f.Parameters)},
	}
	for _, key := range slices.Sorted(maps.Keys(f.Metadata)) {
		rows = append(rows, [2]string{key, f.Metadata[key]})
	}
	if err := showPairs(w, rows); err != nil {
		return err
	}
	t := plainTable()
	t.AppendHeader(table.Row{"tensor", "type", "shape", "values"})
	for _, info := range f.Tensors {
		t.AppendRow(table.Row{info.Name, info.DType, shapeText(info.Shape), info.Values})
	}
	_, err := fmt.Fprintf(w, "\n%s\n", t.Render())
	return err
}

func shapeText(shape []int) string {
	if len(shape) == 0 {
		return "scalar"
	}
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(shape), " ", " x "), "[]")
}

// setFinding is a data set.
type setFinding struct {
	Kind    string         `json:"kind"`
	Path    string         `json:"path"`
	Format  string         `json:"format"`
	Videos  int            `json:"videos"`
	Classes []string       `json:"classes"`
	Splits  map[string]int `json:"splits"` // videos of each; "" where none is named
	Columns []string       `json:"columns"`
	Text    int            `json:"captions"`
	Ignored int            `json:"ignored_files"`
	Notes   []dataset.Note `json:"passed_over"`
	Checked bool           `json:"checked"`
	Broken  []media.Bad    `json:"broken,omitempty"`
}

func (l inspection) set(ctx context.Context, path string) (_ *setFinding, err error) {
	set, err := l.layout.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	f := &setFinding{Kind: "data set", Notes: append([]dataset.Note{}, set.Notes...), Path: path, Format: set.Format, Videos: len(set.Items), Classes: append([]string{}, set.Classes...),
		Splits: map[string]int{}, Columns: append([]string{}, set.Columns()...), Ignored: set.Ignored}
	for _, item := range set.Items {
		f.Splits[item.Split]++
		f.Text += len(item.Captions)
	}
	if l.check {
		err = f.check(ctx, set, l.decode, l.notes)
	}
	return f, err
}

func (f *setFinding) show(w io.Writer) error {
	var splits []string
	for _, name := range slices.Sorted(maps.Keys(f.Splits)) {
		if name != "" {
			splits = append(splits, fmt.Sprintf("%s %d", name, f.Splits[name]))
		}
	}
	rows := [][2]string{{"data set", fmt.Sprintf("%s (%s)", f.Path, f.Format)}, {"videos", fmt.Sprint(f.Videos)}}
	for _, r := range [][2]string{
		{"splits", strings.Join(splits, ", ")},
		{"classes", fmt.Sprintf("%d: %s", len(f.Classes), strings.Join(f.Classes, ", "))},
		{"captions", fmt.Sprint(f.Text)},
		{"columns", strings.Join(f.Columns, ", ")},
		{"ignored", fmt.Sprintf("%d other files", f.Ignored)},
	} {
		if r[1] != "" && !strings.HasPrefix(r[1], "0") {
			rows = append(rows, [2]string{r[0], cut(oneLine(r[1]), lineColumns)}) // --json has all
		}
	}
	for _, n := range f.Notes {
		rows = append(rows, [2]string{"passed over", n.String()})
	}
	if f.Checked && len(f.Broken) == 0 {
		rows = append(rows, [2]string{"damage", fmt.Sprintf("none in %d files", f.Videos)})
	}
	if err := showPairs(w, rows); err != nil || len(f.Broken) == 0 {
		return err
	}
	fmt.Fprintln(w)
	return tellBroken(w, f.Broken, f.Videos)
}
