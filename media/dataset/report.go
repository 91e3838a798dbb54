package dataset

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/clvid/clvid/media"
)

// Report is what a survey says of a set.
type Report struct {
	Root     string `json:"data"`
	Format   string `json:"format"`
	Full     bool   `json:"full"` // every frame was decoded
	Items    int    `json:"items"`
	Files    int    `json:"files"`
	Captions int    `json:"captions"`
	Bytes    int64  `json:"bytes"`

	Splits  []Part `json:"splits"`  // by name; items without a split under ""
	Classes []Part `json:"classes"` // in the order of the set's classes; items without a label under ""

	Frames     Spread  `json:"frames"`  // of a whole file
	Seconds    Spread  `json:"seconds"` // of files that know their time
	Codecs     []Count `json:"codecs"`
	Sizes      []Count `json:"sizes"` // width x height
	FrameRates []Count `json:"frame_rates"`

	Broken     []Broken    `json:"broken"`
	Duplicates []Duplicate `json:"duplicates"`
	Leaks      []Leak      `json:"leaks"`
	Group      string      `json:"group"` // column that leaks were looked for in; "" is content alone
	Missing    []Note      `json:"passed_over"`
	Ignored    int         `json:"ignored_files"`
}

// Part is a part of a set: a split or a class. Files that are in no way broken
// count for frames and seconds.
type Part struct {
	Name    string         `json:"name"`
	Items   int            `json:"items"`
	Frames  int            `json:"frames"`
	Seconds float64        `json:"seconds"`
	Splits  map[string]int `json:"splits,omitempty"` // items of a class by split
}

// Spread is the range of a quantity.
type Spread struct {
	Min    float64 `json:"min"`
	Median float64 `json:"median"`
	Max    float64 `json:"max"`
	Total  float64 `json:"total"`
}

// Count is how many files have a value.
type Count struct {
	Value string `json:"value"`
	Files int    `json:"files"`
}

// Broken is a file that cannot be used whole, one that has not the stretch that
// an item is of it, or a damaged shard.
type Broken struct {
	Name   string `json:"name"` // relative to the set's root, with slashes
	Path   string `json:"path"`
	Reason string `json:"reason"` // without name and path
}

// Duplicate is some files of equal content.
type Duplicate struct {
	SHA256 string   `json:"sha256"`
	Names  []string `json:"names"`
	Paths  []string `json:"paths"`
}

// Leak is content, or a group, that stands in more than one split.
type Leak struct {
	Kind string `json:"kind"` // content or group
	Shared
}

// Sound tells whether nothing is broken and nothing leaks.
func (r *Report) Sound() bool { return len(r.Broken) == 0 && len(r.Leaks) == 0 }

// Report sums a survey up. group is a column whose values must stay in one
// split; "" is the one that the format knows, if it does.
func (s *Survey) Report(group string) (*Report, error) {
	if group == "" {
		group = s.Set.GroupBy
	} else if !slices.Contains(s.Set.Columns(), group) {
		return nil, queryError("dataset: %s has no column %q, but %s: change --group", s.Set.Root, group, list(s.Set.Columns()))
	}
	r := &Report{Root: s.Set.Root, Format: s.Set.Format, Full: s.Full, Items: len(s.Set.Items), Files: len(s.Files), Group: group,
		Broken: append([]Broken{}, s.Set.damaged...), Duplicates: s.duplicates(), Leaks: s.leaks(group), Missing: append([]Note{}, s.Set.Notes...), Ignored: s.Set.Ignored}
	s.sumItems(r)
	s.sumFiles(r)
	return r, nil
}

// sumItems counts splits and classes.
func (s *Survey) sumItems(r *Report) {
	splits, classes := map[string]*Part{}, map[string]*Part{}
	for _, it := range s.Set.Items {
		r.Captions += len(it.Captions)
		found := s.item(it)
		if found.err != nil && s.file(it).Err == nil {
			r.Broken = append(r.Broken, Broken{it.Name, it.Path, media.Reason(found.err)})
		}
		for _, p := range []*Part{part(splits, it.Split), part(classes, it.Label)} {
			p.Items++
			p.Frames += found.frames
			p.Seconds += found.seconds
		}
		classes[it.Label].Splits[it.Split]++
	}
	for _, name := range slices.Sorted(maps.Keys(splits)) {
		splits[name].Splits = nil
		r.Splits = append(r.Splits, *splits[name])
	}
	for _, name := range append([]string{""}, s.Set.Classes...) {
		if p := classes[name]; p != nil {
			r.Classes = append(r.Classes, *p)
		}
	}
}

func part(parts map[string]*Part, name string) *Part {
	if parts[name] == nil {
		parts[name] = &Part{Name: name, Splits: map[string]int{}}
	}
	return parts[name]
}

// sumFiles counts what files are like.
func (s *Survey) sumFiles(r *Report) {
	codecs, sizes, rates := map[string]int{}, map[string]int{}, map[string]int{}
	var frames, durations []float64
	for _, f := range s.Files {
		r.Bytes += f.Bytes
		if f.Err != nil {
			r.Broken = append(r.Broken, Broken{f.Name, f.Path, media.Reason(f.Err)})
			continue
		}
		codecs[f.Info.Codec]++
		sizes[fmt.Sprintf("%dx%d", f.Info.Width, f.Info.Height)]++
		rates[rateText(f.Info.FrameRate)]++
		frames = append(frames, float64(f.Frames))
		if f.Info.Duration > 0 {
			durations = append(durations, f.Info.Duration.Round(time.Millisecond).Seconds())
		}
	}
	r.Codecs, r.Sizes, r.FrameRates = counts(codecs), counts(sizes), counts(rates)
	r.Frames, r.Seconds = spread(frames), spread(durations)
}

func rateText(rate float64) string {
	if rate == 0 {
		return "unknown"
	}
	return fmt.Sprintf("%.4g", rate)
}

// counts lists the most frequent first.
func counts(by map[string]int) []Count {
	out := []Count{}
	for _, value := range slices.Sorted(maps.Keys(by)) {
		out = append(out, Count{value, by[value]})
	}
	slices.SortStableFunc(out, func(a, b Count) int { return cmp.Compare(b.Files, a.Files) })
	return out
}

func spread(values []float64) (s Spread) {
	if len(values) == 0 {
		return s
	}
	slices.Sort(values)
	for _, v := range values {
		s.Total += v
	}
	s.Min, s.Median, s.Max = values[0], values[len(values)/2], values[len(values)-1]
	return s
}

// duplicates lists the files of equal content in the order of the first.
func (s *Survey) duplicates() []Duplicate {
	by := map[string]int{} // place in all
	var all []Duplicate
	for _, f := range s.Files {
		if f.SHA256 == "" || f.Bytes == 0 {
			continue
		}
		i, ok := by[f.SHA256]
		if !ok {
			i = len(all)
			by[f.SHA256], all = i, append(all, Duplicate{SHA256: f.SHA256})
		}
		all[i].Names, all[i].Paths = append(all[i].Names, f.Name), append(all[i].Paths, f.Path)
	}
	return slices.DeleteFunc(all, func(d Duplicate) bool { return len(d.Paths) < 2 })
}

// leaks lists contents and groups that stand in several splits.
func (s *Survey) leaks(group string) []Leak {
	out := []Leak{}
	for _, l := range s.Set.shared(func(it Item) string { return s.file(it).SHA256 }) {
		out = append(out, Leak{"content", l})
	}
	for _, l := range s.Set.SharedGroups(group) {
		out = append(out, Leak{"group", l})
	}
	return out
}
