package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/clvid/clvid/media"
)

const (
	brokenListed  = 20  // files of a table for people; the rest is a count
	brokenColumn  = 36  // characters of a name in it
	screenColumns = 120 // of a line
)

// tellBroken counts and lists the broken files of total.
func tellBroken(w io.Writer, bad []media.Bad, total int) error {
	if len(bad) == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(w, media.Counts(bad, total)); err != nil {
		return err
	}
	return brokenTable(w, bad)
}

// brokenTable lists broken files for people, a short line each: what became of
// the file, its name below the folder that all share, and why.
func brokenTable(w io.Writer, bad []media.Bad) error {
	var b strings.Builder
	listed := bad[:min(len(bad), brokenListed)]
	below, wide := len(commonFolder(bad)), 0
	for _, f := range listed {
		wide = max(wide, utf8.RuneCountInString(tailOf(f.Path[below:], brokenColumn)))
	}
	for _, f := range listed {
		why := f.Reason
		if d := f.Damage; d != nil {
			why = fmt.Sprintf("%d of %d sound; %s", d.Sound, d.Frames, damageWords(d))
		}
		line := fmt.Sprintf("  %-12s  %-*s  %s", f.Use(), wide, tailOf(f.Path[below:], brokenColumn), oneLine(why))
		fmt.Fprintln(&b, cut(line, screenColumns))
	}
	if more := len(bad) - brokenListed; more > 0 {
		fmt.Fprintf(&b, "  and %d more\n", more)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// commonFolder is the longest folder that holds all files, with its last slash.
func commonFolder(bad []media.Bad) string {
	folder := bad[0].Path[:strings.LastIndexByte(bad[0].Path, '/')+1]
	for _, b := range bad {
		for !strings.HasPrefix(b.Path, folder) {
			folder = folder[:strings.LastIndexByte(folder[:len(folder)-1], '/')+1]
		}
	}
	return folder
}

// damageWords says where a file is damaged and why, without counts of frames.
func damageWords(d *media.Damage) string {
	if len(d.Ranges) == 0 {
		return d.Reason
	}
	text := d.Ranges[0].String()
	if more := d.More(1); more != "" {
		text += "; " + more
	}
	return text
}

// oneLine keeps control characters, which a file's own words may hold, off the
// terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// tailOf keeps the last n characters, where a path differs from others.
func tailOf(s string, n int) string {
	s = oneLine(s)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	return "…" + string(r[len(r)-n+1:])
}
