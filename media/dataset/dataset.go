// Package dataset reads what videos there are, with their labels, splits and
// captions. It opens no video.
package dataset

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Item is one video.
type Item struct {
	Path     string            // as the system opens it
	Name     string            // with slashes, relative to the set's root; for messages
	Label    string            // "" where there is none
	Class    int               // index of the label in Set.Classes, -1 where there is none
	Split    string            // "" where there is none
	Captions []string          // in the order of the manifest
	Fields   map[string]string // all other columns of the manifest
}

// Field returns the value of a column of the manifest, and whether it has one.
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
	}
	value, ok := it.Fields[name]
	return value, ok
}

// Set is a list of videos sorted by name.
type Set struct {
	Root    string // the folder or manifest it was opened from
	Format  string // which entry of Formats read it
	Items   []Item
	Classes []string // all labels of the set, sorted; Select keeps them all
	Ignored int      // files of a folder that are no videos or images
}

// Open reads the set at path: a folder of videos, a folder for each class, a
// folder that holds a clips.csv, or a .csv manifest. That the videos can be
// read is not checked here.
func Open(path string) (*Set, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	for _, f := range Formats() {
		if !f.Detect(path, info) {
			continue
		}
		set, err := f.Read(path)
		if err != nil {
			return nil, err
		}
		set.Root, set.Format = path, f.Name
		return set, set.finish()
	}
	return nil, fmt.Errorf("dataset: %s is neither a folder nor a .csv manifest", path)
}

// finish sorts the items and numbers the classes.
func (s *Set) finish() error {
	if len(s.Items) == 0 {
		return fmt.Errorf("dataset: %s holds no videos (%d other files): want a folder of videos, a folder for each class, or a manifest", s.Root, s.Ignored)
	}
	slices.SortStableFunc(s.Items, func(a, b Item) int { return strings.Compare(a.Name, b.Name) })
	s.Classes = values(s.Items, func(it Item) string { return it.Label })
	for i := range s.Items {
		class, ok := slices.BinarySearch(s.Classes, s.Items[i].Label)
		if !ok {
			class = -1
		}
		s.Items[i].Class = class
	}
	return nil
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
