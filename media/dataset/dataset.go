// Package dataset reads what videos there are, with their labels, splits,
// captions and times. Reading a set opens no video; Survey, which checks one,
// does so through a media.Decoder.
package dataset

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Item is one video, or a stretch of time of one.
type Item struct {
	Path     string            // as the decoder opens it: a file, a folder of frames, or shard.tar#member
	Name     string            // with slashes, relative to the set's root; for messages
	Label    string            // "" where there is none
	Class    int               // index of the label in Set.Classes, -1 where there is none
	Split    string            // "" where there is none
	Captions []string          // in the order of the file
	Start    time.Duration     // of the stretch, from the first frame
	End      time.Duration     // behind its last frame; 0 is the end of the video
	Fields   map[string]string // all other columns
}

// Field returns the value of a column, and whether the item has one. start and
// end are seconds.
func (it Item) Field(name string) (string, bool) {
	switch name {
	case "path":
		return it.Name, true
	case "label":
		return it.Label, it.Label != ""
	case "split":
		return it.Split, it.Split != ""
	case "caption":
		return strings.Join(it.Captions, "\n"), len(it.Captions) > 0
	case "start":
		return seconds(it.Start), it.Start != 0 || it.End != 0
	case "end":
		return seconds(it.End), it.End != 0
	}
	value, ok := it.Fields[name]
	return value, ok
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }

// Set is a list of videos sorted by name.
type Set struct {
	Root    string // the folder or file it was opened from
	File    string // the manifest that was read; "" for other formats
	Format  string // which entry of Formats read it
	Items   []Item
	Classes []string // all labels: in the official order where there is one, else sorted; Select keeps them all
	Ignored int      // files of a folder that are no videos or images
	Notes   []Note   // what the reader passed over
	GroupBy string   // column whose values must not occur in two splits; "" is none known

	damaged []Broken // shards that were read up to a damaged spot

	spooled string // temporary file that the items lie in, for Close
}

// Open reads the set at path: a folder, an annotation file, a manifest, a tar
// shard, a pattern of shards such as train-{000..009}.tar, or - for shards on
// standard input. Formats tells what is known. That the videos can be read is
// not checked here; ones that annotations name and that are not there are left
// out and counted in Notes.
func Open(path string) (*Set, error) { return Options{}.Open(path) }

// Open reads the set at path as the options say. Close what it returns.
func (o Options) Open(path string) (*Set, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	p, err := newPlace(path, o)
	if err != nil {
		return nil, err
	}
	name := o.Detect(path)
	for _, f := range formats {
		if f.Name != name {
			continue
		}
		set, err := f.read(p)
		if err != nil {
			return nil, err
		}
		set.Root, set.Format = path, f.Name
		if err := set.finish(); err != nil {
			return nil, errors.Join(err, set.Close())
		}
		return set, nil
	}
	return nil, fmt.Errorf("dataset: %s is neither a folder, a manifest (.csv, .jsonl, .parquet), a tar shard nor an annotation file that is known: "+
		"name its format with --format; clvid list formats shows them", path)
}

// Detect names the format in which Open reads the set at path, "" where it
// cannot: where it is a video, for instance. A folder has a format, whatever it
// holds.
func (o Options) Detect(path string) string {
	p, err := newPlace(path, o)
	if err != nil {
		return ""
	}
	for _, f := range formats {
		if o.Format == "" && f.detect(p) || o.Format == f.Name {
			return f.Name
		}
	}
	return ""
}

// Close removes what opening the set wrote to a temporary folder. Sets that
// were read from files have nothing to close.
func (s *Set) Close() error {
	if s.spooled == "" {
		return nil
	}
	name := s.spooled
	s.spooled = ""
	if err := os.Remove(name); err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	return nil
}

// finish sorts the items and numbers the classes.
func (s *Set) finish() error {
	if len(s.Items) == 0 {
		return s.emptiness()
	}
	slices.SortStableFunc(s.Items, func(a, b Item) int { return strings.Compare(a.Name, b.Name) })
	if s.Classes == nil {
		s.Classes = values(s.Items, func(it Item) string { return it.Label })
	}
	number := make(map[string]int, len(s.Classes))
	for i, name := range s.Classes {
		number[name] = i
	}
	for i := range s.Items {
		class, ok := number[s.Items[i].Label]
		if !ok || s.Items[i].Label == "" {
			class = -1
		}
		s.Items[i].Class = class
	}
	return nil
}

// emptiness tells why nothing is left.
func (s *Set) emptiness() error {
	if len(s.damaged) > 0 {
		return fmt.Errorf("dataset: %s (%s): no video is left: %s: %s: want a tar file that is whole", s.Root, s.Format, s.damaged[0].Name, s.damaged[0].Reason)
	}
	if len(s.Notes) > 0 {
		return fmt.Errorf("dataset: %s (%s): no video is left: %s: name the folder of the videos with --videos", s.Root, s.Format, s.Notes[0])
	}
	return fmt.Errorf("dataset: %s holds no videos (%d other files): want a folder of videos, a folder for each class, or a manifest", s.Root, s.Ignored)
}

// values lists what get yields over items, sorted, each once, without "".
func values(items []Item, get func(Item) string) []string {
	var out []string
	for _, it := range items {
		if v := get(it); v != "" {
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
