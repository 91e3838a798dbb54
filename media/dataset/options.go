package dataset

import (
	"fmt"
	"slices"
	"strings"
)

// Options say how a set is read where its files leave that open. The zero value
// finds the format out and looks for videos beside their annotations.
type Options struct {
	Format      string `yaml:"format" doc:"of the data, as clvid list formats tells; '' finds it out"`
	Videos      string `yaml:"videos" doc:"folder of the videos where annotations lie apart; '' is beside them"`
	SplitNumber int    `yaml:"split_number" doc:"which of the official splits of ucf101 and hmdb51: 1, 2 or 3; 0 is 1"`
	SpoolMB     int    `yaml:"spool_mb" doc:"most megabytes of shards taken from standard input; 0 is 16384"`
}

// splitNumbers is how many official splits UCF101 and HMDB51 have.
const splitNumbers = 3

// defaultSpoolMB bounds the temporary file of shards from standard input.
const defaultSpoolMB = 16384

// Validate names the first setting that is out of bounds.
func (o Options) Validate() error {
	switch {
	case o.Format != "" && !slices.ContainsFunc(Formats(), func(f Format) bool { return f.Name == o.Format }):
		return fmt.Errorf("dataset: dataset.format is %q, want one of %s", o.Format, strings.Join(FormatNames(), ", "))
	case o.SplitNumber < 0 || o.SplitNumber > splitNumbers:
		return fmt.Errorf("dataset: dataset.split_number is %d, want 1 to %d", o.SplitNumber, splitNumbers)
	case o.SpoolMB < 0:
		return fmt.Errorf("dataset: dataset.spool_mb is %d MB, want at least 0", o.SpoolMB)
	}
	return nil
}

// split is the number of the official split.
func (o Options) split() int { return max(o.SplitNumber, 1) }

func (o Options) spoolBytes() int64 {
	if o.SpoolMB == 0 {
		return defaultSpoolMB << 20
	}
	return int64(o.SpoolMB) << 20
}

// Note is something that a reader passed over, counted.
type Note struct {
	What     string   `json:"what"` // as in "12 videos are not there"
	Count    int      `json:"count"`
	Examples []string `json:"examples"` // the first few
}

// noteExamples is how many examples a note keeps.
const noteExamples = 3

// String reads "12 videos are not there, such as a.mp4, b.mp4".
func (n Note) String() string {
	text := fmt.Sprintf("%d %s", n.Count, n.What)
	if len(n.Examples) > 0 {
		text += ", such as " + strings.Join(n.Examples, ", ")
	}
	return text
}

// note counts one more of what.
func (s *Set) note(what, example string) {
	i := slices.IndexFunc(s.Notes, func(n Note) bool { return n.What == what })
	if i < 0 {
		i = len(s.Notes)
		s.Notes = append(s.Notes, Note{What: what})
	}
	n := &s.Notes[i]
	n.Count++
	if len(n.Examples) < noteExamples && example != "" {
		n.Examples = append(n.Examples, shorten(example))
	}
}

// shorten keeps an odd name from filling a screen.
func shorten(text string) string {
	const most = 80
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most-1]) + "…"
	}
	return text
}
