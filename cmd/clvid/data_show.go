package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/clvid/clvid/media/dataset"
)

const (
	mostRows   = 40 // of a table on the screen; --json has all
	mostValues = 6  // of codecs and the like in a line
	mostListed = 20 // of findings

	nameColumns = 50  // of a class
	lineColumns = 107 // of a finding, behind what it is
)

// showReport prints a report for people; written tells of the manifest.
func showReport(w io.Writer, r *dataset.Report, written string) error {
	how := "packets read, one picture decoded of each file"
	if r.Full {
		how = "every frame decoded"
	}
	rows := [][2]string{
		{"data set", fmt.Sprintf("%s (%s)", r.Root, r.Format)},
		{"videos", videosText(r)},
		{"frames", spreadText(r.Frames, func(x float64) string { return fmt.Sprintf("%.0f", x) })},
		{"length", spreadText(r.Seconds, secondsText)},
		{"codecs", countsText(r.Codecs)},
		{"sizes", countsText(r.Sizes)},
		{"frame rates", countsText(r.FrameRates)},
		{"checked", how},
	}
	rows = slices.DeleteFunc(rows, func(row [2]string) bool { return row[1] == "" })
	if err := showPairs(w, rows); err != nil {
		return err
	}
	for _, t := range []string{splitsTable(r.Splits), classesTable(r)} {
		if t == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "\n%s\n", t); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return showFindings(w, r, written)
}

func videosText(r *dataset.Report) string {
	text := fmt.Sprintf("%d, %s", r.Files, byteCount(r.Bytes))
	if r.Items != r.Files {
		text = fmt.Sprintf("%d items in %d files, %s", r.Items, r.Files, byteCount(r.Bytes))
	}
	if r.Captions > 0 {
		text += fmt.Sprintf(", %d captions", r.Captions)
	}
	return text
}

func spreadText(s dataset.Spread, text func(float64) string) string {
	if s.Total == 0 {
		return ""
	}
	if s.Min == s.Max {
		return fmt.Sprintf("%s each, %s in all", text(s.Min), text(s.Total))
	}
	return fmt.Sprintf("%s to %s, median %s, %s in all", text(s.Min), text(s.Max), text(s.Median), text(s.Total))
}

// secondsText writes a time as people say it.
func secondsText(s float64) string {
	if s < 60 {
		return fmt.Sprintf("%.3g s", s)
	}
	return time.Duration(s * float64(time.Second)).Round(time.Second).String()
}

// lengthText is "" where pictures have no times.
func lengthText(s float64) string {
	if s == 0 {
		return ""
	}
	return secondsText(s)
}

// countsText reads "h264 (12), vp9 (3); 2 files of 2 others".
func countsText(counts []dataset.Count) string {
	if len(counts) == 1 {
		return counts[0].Value
	}
	var parts []string
	others := 0
	for i, c := range counts {
		if i < mostValues {
			parts = append(parts, fmt.Sprintf("%s (%d)", c.Value, c.Files))
			continue
		}
		others += c.Files
	}
	text := strings.Join(parts, ", ")
	if n := len(counts) - mostValues; n > 0 {
		text += fmt.Sprintf("; %d files of %d others", others, n)
	}
	return text
}

// splitsTable is "" where there are no splits.
func splitsTable(splits []dataset.Part) string {
	if len(splits) == 1 && splits[0].Name == "" {
		return ""
	}
	t := plainTable()
	t.AppendHeader(table.Row{"split", "videos", "frames", "length"})
	for _, s := range splits {
		t.AppendRow(table.Row{named(s.Name, "(none)"), s.Items, s.Frames, lengthText(s.Seconds)})
	}
	return t.Render()
}

// classesTable has a column for each split; "" where there are no classes.
func classesTable(r *dataset.Report) string {
	if len(r.Classes) == 1 && r.Classes[0].Name == "" {
		return ""
	}
	t := plainTable()
	header := table.Row{"class"}
	for _, s := range r.Splits {
		header = append(header, named(s.Name, "videos"))
	}
	t.AppendHeader(append(header, "frames", "length"))
	for i, c := range r.Classes {
		if i == mostRows {
			t.AppendRow(table.Row{fmt.Sprintf("and %d more classes (--json has all)", len(r.Classes)-mostRows)})
			break
		}
		row := table.Row{cut(named(c.Name, "(none)"), nameColumns)}
		for _, s := range r.Splits {
			row = append(row, c.Splits[s.Name])
		}
		t.AppendRow(append(row, c.Frames, lengthText(c.Seconds)))
	}
	return t.Render()
}

func named(name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	return name
}

// showFindings prints what is wrong, and that nothing is.
func showFindings(w io.Writer, r *dataset.Report, written string) error {
	var broken, duplicates, leaks, over []string
	for _, b := range r.Broken {
		broken = append(broken, b.Name+": "+b.Reason)
	}
	for _, d := range r.Duplicates {
		duplicates = append(duplicates, fmt.Sprintf("%d files are equal: %s", len(d.Names), strings.Join(d.Names[:min(len(d.Names), 3)], ", ")))
	}
	for _, l := range r.Leaks {
		leaks = append(leaks, leakText(r, l))
	}
	for _, n := range r.Missing {
		over = append(over, n.String())
	}
	if r.Ignored > 0 {
		over = append(over, fmt.Sprintf("%d files that are neither videos, images nor annotations", r.Ignored))
	}
	leakless := "none by content"
	if r.Group != "" {
		leakless += " or " + r.Group
	}
	if len(r.Splits) < 2 {
		leakless = "none, as there is one split alone"
	}
	for _, f := range []struct {
		what, none string
		found      []string
	}{
		{"broken", "none", broken}, {"duplicates", "none", duplicates}, {"leaks", leakless, leaks}, {"passed over", "", over}, {"written", "", oneOrNone(written)},
	} {
		if err := showFound(w, f.what, f.none, f.found); err != nil {
			return err
		}
	}
	return nil
}

// cut shortens a text to a number of characters.
func cut(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

func oneOrNone(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

func leakText(r *dataset.Report, l dataset.Leak) string {
	what := "content " + l.Value
	if l.Kind == "content" {
		for _, d := range r.Duplicates {
			if d.SHA256 == l.Value {
				what = "content of " + strings.Join(d.Names[:min(len(d.Names), 3)], ", ")
			}
		}
	} else {
		what = fmt.Sprintf("%s %s (%d videos)", r.Group, l.Value, l.Videos)
	}
	return fmt.Sprintf("%s in %s", what, strings.Join(l.Splits, " and "))
}

func showFound(w io.Writer, what, none string, found []string) error {
	const wide = len("passed over")
	if len(found) == 0 {
		if none == "" {
			return nil
		}
		_, err := fmt.Fprintf(w, "%-*s  %s\n", wide, what, none)
		return err
	}
	for i, line := range found {
		line = cut(oneLine(line), lineColumns)
		if i == mostListed {
			line = fmt.Sprintf("and %d more (--json has all)", len(found)-mostListed)
		}
		if _, err := fmt.Fprintf(w, "%-*s  %s\n", wide, what, line); err != nil {
			return err
		}
		if what = ""; i == mostListed {
			break
		}
	}
	return nil
}
