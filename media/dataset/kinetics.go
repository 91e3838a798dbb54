package dataset

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A clip of Kinetics is called <id>_<start>_<end>, in whole seconds of six
// digits. Where only <id> is there, the video is untrimmed and the item is the
// stretch of it. (Kay et al., arXiv:1705.06950; names as the official crawler
// gives them.)

func isKinetics(p place) bool { return len(p.annotations(isKineticsFile)) > 0 }

func isKineticsFile(file string) bool {
	columns := csvColumns(file)
	return slices.Contains(columns, "youtube_id") && slices.Contains(columns, "time_start")
}

func readKinetics(p place) (*Set, error) {
	files := p.annotations(isKineticsFile)
	if len(files) == 0 {
		return nil, fmt.Errorf("dataset: %s: no CSV file with columns youtube_id and time_start", p.path)
	}
	set, lib, err := p.begin()
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, file := range files {
		data, err := readText(file)
		if err != nil {
			return nil, err
		}
		if err := set.addKinetics(lib, file, data, seen); err != nil {
			return nil, err
		}
	}
	set.GroupBy = "youtube_id"
	return set, nil
}

// addKinetics adds the lines of one file.
func (s *Set) addKinetics(lib *library, file string, data []byte, seen map[string]bool) error {
	reader := csv.NewReader(bytes.NewReader(data))
	reader.FieldsPerRecord = -1
	header, err := reader.Read()
	if err != nil {
		return fmt.Errorf("dataset: %s: %w", file, err)
	}
	for i := range header {
		header[i] = strings.TrimSpace(header[i])
	}
	for {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var odd *csv.ParseError
		if errors.As(err, &odd) {
			s.badLine(file, odd.Line, odd.Err.Error())
			continue
		}
		if err != nil {
			return fmt.Errorf("dataset: %s: %w", file, err)
		}
		line, _ := reader.FieldPos(0)
		clip, ok := kineticsClipOf(header, cells)
		switch {
		case !ok:
			s.badLine(file, line, strings.Join(cells, ","))
		case seen[clip.name()]:
			s.note("clips are listed twice", clip.name())
		default:
			seen[clip.name()] = true
			s.addKineticsClip(lib, clip, splitOf(file))
		}
	}
}

// kineticsClip is one line; times are seconds.
type kineticsClip struct {
	label, id, split string
	start, end       int
}

// name is the file name of the trimmed clip.
func (c kineticsClip) name() string { return fmt.Sprintf("%s_%06d_%06d", c.id, c.start, c.end) }

func kineticsClipOf(header, cells []string) (c kineticsClip, ok bool) {
	for i, column := range header {
		if i >= len(cells) {
			break
		}
		value, err := strings.TrimSpace(cells[i]), error(nil)
		switch column {
		case "label":
			c.label = value
		case "youtube_id":
			c.id = value
		case "split":
			c.split = officialSplit(value)
		case "time_start":
			c.start, err = wholeSeconds(value)
		case "time_end":
			c.end, err = wholeSeconds(value)
		}
		if err != nil {
			return c, false
		}
	}
	return c, c.id != "" && !strings.ContainsAny(c.id, `/\`) && c.end > c.start
}

func wholeSeconds(value string) (int, error) {
	x, err := strconv.ParseFloat(value, 64)
	if err != nil || !(x >= 0 && x < mostSeconds) {
		return 0, fmt.Errorf("time %q, want seconds", value)
	}
	return int(x), nil
}

func (s *Set) addKineticsClip(lib *library, c kineticsClip, split string) {
	if c.split != "" {
		split = c.split
	}
	item := Item{Label: c.label, Split: split, Fields: map[string]string{"youtube_id": c.id}}
	if _, trimmed := lib.find(c.name()); !trimmed {
		if _, whole := lib.find(c.id); whole {
			item.Start, item.End = time.Duration(c.start)*time.Second, time.Duration(c.end)*time.Second
			s.addFound(lib, c.id, item)
			return
		}
	}
	s.addFound(lib, c.name(), item)
}
