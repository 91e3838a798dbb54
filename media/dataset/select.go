package dataset

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Query picks part of a set.
type Query struct {
	Split []string          // any of these; none: all
	Where map[string]string // column to value, all of them
}

// QueryError is a query that names what a set does not have.
type QueryError struct{ text string }

func (e *QueryError) Error() string { return e.text }

func queryError(format string, args ...any) error { return &QueryError{fmt.Sprintf(format, args...)} }

// Select returns the items that match, with the classes of the whole set. A
// query that matches nothing is a QueryError that lists what there is.
func (s *Set) Select(q Query) (*Set, error) {
	for _, split := range q.Split {
		if have := s.Splits(); !slices.Contains(have, split) {
			return nil, queryError("dataset: %s has no split %q, but %s: change --split", s.Root, split, list(have))
		}
	}
	columns := slices.Sorted(maps.Keys(q.Where))
	for _, column := range columns {
		if err := s.checkWhere(column, q.Where[column]); err != nil {
			return nil, err
		}
	}
	out := s.Filter(func(it Item) bool { return q.matches(it) })
	if len(out.Items) == 0 {
		return nil, queryError("dataset: %s: no video matches %s: loosen --split or --where", s.Root, q)
	}
	return out, nil
}

func (q Query) matches(it Item) bool {
	if len(q.Split) > 0 && !slices.Contains(q.Split, it.Split) {
		return false
	}
	for column, value := range q.Where {
		if have, _ := it.Field(column); have != value {
			return false
		}
	}
	return true
}

// String writes the query as its flags.
func (q Query) String() string {
	var parts []string
	if len(q.Split) > 0 {
		parts = append(parts, "split "+strings.Join(q.Split, ","))
	}
	for _, column := range slices.Sorted(maps.Keys(q.Where)) {
		parts = append(parts, column+"="+q.Where[column])
	}
	return strings.Join(parts, " and ")
}

func (s *Set) checkWhere(column, value string) error {
	have := values(s.Items, func(it Item) string { v, _ := it.Field(column); return v })
	if len(have) == 0 {
		return queryError("dataset: %s has no column %q, but %s: change --where", s.Root, column, list(s.Columns()))
	}
	if !slices.Contains(have, value) {
		return queryError("dataset: %s has no %s %q, but %s: change --where", s.Root, column, value, list(have))
	}
	return nil
}

// Filter returns the set with the items that keep picks, and all its classes.
func (s *Set) Filter(keep func(Item) bool) *Set {
	out := *s
	out.Items = nil
	for _, it := range s.Items {
		if keep(it) {
			out.Items = append(out.Items, it)
		}
	}
	return &out
}

// Files counts the files that the items are of.
func (s *Set) Files() int { return len(values(s.Items, func(it Item) string { return it.Path })) }

// Splits lists the splits, sorted.
func (s *Set) Splits() []string {
	return values(s.Items, func(it Item) string { return it.Split })
}

// Columns lists the columns that --where can name, sorted.
func (s *Set) Columns() []string {
	names := map[string]bool{}
	for _, it := range s.Items {
		for _, column := range []string{"label", "split", "caption", "start", "end"} {
			if _, ok := it.Field(column); ok {
				names[column] = true
			}
		}
		for column := range it.Fields {
			names[column] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// PretrainSplit is what learning without labels uses: the split unlabelled,
// else train, else everything where there are no splits. A set with other
// splits alone is an error: nothing says that they may be trained on.
func (s *Set) PretrainSplit() (*Set, error) {
	have := s.Splits()
	for _, split := range []string{"unlabelled", "train"} {
		if slices.Contains(have, split) {
			return s.Filter(func(it Item) bool { return it.Split == split }), nil
		}
	}
	if len(have) > 0 {
		return nil, fmt.Errorf("dataset: %s has neither split unlabelled nor train, but %s: name one with --split", s.Root, list(have))
	}
	return s.Filter(func(Item) bool { return true }), nil
}

// HoldOut returns the set with splits of its own making, for sets that have
// labels and no splits: in order of names every k-th video of a class is test,
// the others are train. A class needs two videos.
func (s *Set) HoldOut(k int) (*Set, error) {
	out, seen := *s, map[string]int{}
	out.Items = slices.Clone(s.Items)
	for i := range out.Items {
		it := &out.Items[i]
		seen[it.Label]++
		it.Split = "train"
		if seen[it.Label]%k == 2%k { // the second of each k: small classes have one too
			it.Split = "test"
		}
	}
	for label, n := range seen {
		if n < 2 {
			return nil, fmt.Errorf("dataset: %s: class %q has one video, want two to train and test on: lay the set out as train/CLASS and test/CLASS, or use a manifest with a column split", s.Root, label)
		}
	}
	return &out, nil
}

// listed is how many values an error shows.
const listed = 20

func list(have []string) string {
	if len(have) == 0 {
		return "none at all"
	}
	if len(have) > listed {
		return fmt.Sprintf("%s and %d more", strings.Join(have[:listed], ", "), len(have)-listed)
	}
	return strings.Join(have, ", ")
}

// Shared is a value of a column that stands in several splits.
type Shared struct {
	Value  string   `json:"value"`
	Splits []string `json:"splits"` // sorted
	Videos int      `json:"videos"`
}

// SharedGroups lists the values of a column that stand in more than one split,
// sorted; unused is no split. A column of "" has none.
func (s *Set) SharedGroups(column string) []Shared {
	if column == "" {
		return nil
	}
	return s.shared(func(it Item) string { v, _ := it.Field(column); return v })
}

// shared lists what key yields for items of different splits.
func (s *Set) shared(key func(Item) string) []Shared {
	by := map[string]*Shared{}
	for _, it := range s.Items {
		k := key(it)
		if k == "" || it.Split == "" || it.Split == unused {
			continue
		}
		if by[k] == nil {
			by[k] = &Shared{Value: k}
		}
		by[k].Videos++
		if !slices.Contains(by[k].Splits, it.Split) {
			by[k].Splits = append(by[k].Splits, it.Split)
		}
	}
	var out []Shared
	for _, k := range slices.Sorted(maps.Keys(by)) {
		if len(by[k].Splits) > 1 {
			slices.Sort(by[k].Splits)
			out = append(out, *by[k])
		}
	}
	return out
}
