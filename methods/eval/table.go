package eval

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// tableColumns is the width, in characters, that tables keep to.
const tableColumns = 100

// String returns the report as text for a terminal: a summary, the accuracy
// of every class and the confusion matrix, in percent.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: top-1 %s", r.Name, percent(r.Top1))
	if len(r.Draws) > 1 {
		fmt.Fprintf(&b, " ± %s over %d draws", percent(r.Top1Std), len(r.Draws))
	}
	fmt.Fprintf(&b, ", top-5 %s, mean per class %s\n\n", percent(r.Top5), percent(r.MeanPerClass))
	b.WriteString(r.classTable() + "\n\n" + r.confusionTable())
	for _, n := range r.Notes {
		b.WriteString("note: " + n + "\n")
	}
	return b.String()
}

func percent(fraction float64) string { return fmt.Sprintf("%.1f %%", 100*fraction) }

func (r *Report) classTable() string {
	t := NewTable("class", "accuracy", "videos")
	for _, c := range r.PerClass {
		t.AppendRow(table.Row{shorten(c.Class, 40), percent(c.Accuracy), c.Count})
	}
	return t.Render()
}

// NewTable is an empty table with a header, all columns but the first aligned to the right.
func NewTable(header ...any) table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(header)
	var columns []table.ColumnConfig
	for i := 2; i <= len(header); i++ {
		columns = append(columns, table.ColumnConfig{Number: i, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(columns)
	return t
}

// confusionTable draws the matrix where it fits, columns named by the numbers
// of the rows, zeros as dots; with more classes it lists the errors.
func (r *Report) confusionTable() string {
	number := len(strconv.Itoa(max(len(r.Classes)-1, 0)))
	cell, name := number, 0
	for c, row := range r.Confusion {
		name = max(name, utf8.RuneCountInString(r.Classes[c]))
		for _, n := range row {
			cell = max(cell, len(strconv.Itoa(n)))
		}
	}
	left := tableColumns - number - 1 - (cell+1)*len(r.Classes) // for the name
	if left < min(name, 8) {
		return r.confusions()
	}
	name = min(name, left)
	var b strings.Builder
	fmt.Fprintf(&b, "confusion (rows are true, columns predicted)\n%*s", number+1+name, "")
	for c := range r.Classes {
		fmt.Fprintf(&b, " %*d", cell, c)
	}
	for c, row := range r.Confusion {
		fmt.Fprintf(&b, "\n%*d %-*s", number, c, name, shorten(r.Classes[c], name))
		for _, n := range row {
			fmt.Fprintf(&b, " %*s", cell, count(n))
		}
	}
	return b.String() + "\n"
}

func count(n int) string {
	if n == 0 {
		return "."
	}
	return strconv.Itoa(n)
}

// confusions lists the most frequent errors.
func (r *Report) confusions() string {
	type mistake struct{ class, taken, n int }
	var all []mistake
	for c, row := range r.Confusion {
		for p, n := range row {
			if c != p && n > 0 {
				all = append(all, mistake{c, p, n})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b mistake) int { return b.n - a.n })
	t := NewTable("most frequent errors: true", "predicted", "videos")
	for _, m := range all[:min(len(all), 20)] {
		t.AppendRow(table.Row{shorten(r.Classes[m.class], 40), shorten(r.Classes[m.taken], 40), m.n})
	}
	return t.Render() + "\n"
}

// shorten cuts a name to at most width characters.
func shorten(name string, width int) string {
	if utf8.RuneCountInString(name) <= width {
		return name
	}
	return string([]rune(name)[:width-1]) + "…"
}

// String returns the report as text for a terminal, in percent.
func (r *RetrievalReport) String() string {
	t := NewTable(r.Name, "R@1", "R@5", "R@10", "R@50", "median rank", "mean rank")
	row := func(name string, m Recall) {
		t.AppendRow(table.Row{
			name, percent(m.R1), percent(m.R5), percent(m.R10), percent(m.R50),
			fmt.Sprintf("%.4g", m.MedianRank), fmt.Sprintf("%.1f", m.MeanRank),
		})
	}
	row("text to video", r.TextToVideo)
	row("video to text", r.VideoToText)
	out := fmt.Sprintf("%s\n%d captions, %d videos; ties averaged\n", t.Render(), r.Captions, r.Videos)
	for _, n := range r.Notes {
		out += "note: " + n + "\n"
	}
	return out
}
