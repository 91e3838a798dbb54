// Package registry is the sorted table behind methods, pretext tasks and
// encoders: look-up by name with an error that helps, and extension by copy.
package registry

import (
	"fmt"
	"slices"
	"strings"
)

// Named is an entry of a table.
type Named interface{ EntryName() string }

// Table is a list of entries sorted by name.
type Table[E Named] []E

// Names lists the entries.
func (t Table[E]) Names() []string {
	out := make([]string, len(t))
	for i, e := range t {
		out[i] = e.EntryName()
	}
	return out
}

// Lookup finds an entry. The error names the kind of thing asked for, the
// nearest entry and all of them.
func (t Table[E]) Lookup(kind, name string) (E, error) {
	for _, e := range t {
		if e.EntryName() == name {
			return e, nil
		}
	}
	var none E
	return none, fmt.Errorf("unknown %s %q%s: want one of %s",
		kind, name, Hint(name, t.Names()), strings.Join(t.Names(), ", "))
}

// With returns a sorted copy that also holds e, in place of a namesake.
func (t Table[E]) With(e E) Table[E] {
	out := slices.DeleteFunc(slices.Clone(t), func(o E) bool { return o.EntryName() == e.EntryName() })
	out = append(out, e)
	slices.SortFunc(out, func(a, b E) int { return strings.Compare(a.EntryName(), b.EntryName()) })
	return out
}

// Hint returns ` (did you mean "x"?)` for the candidate nearest to name, or
// nothing where none is near.
func Hint(name string, candidates []string) string {
	return DidYouMean(Nearest(name, candidates))
}

// DidYouMean is the hint at a name, nothing for "".
func DidYouMean(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", name)
}

// Nearest returns the candidate that differs least from name, whatever the
// case; "" where that takes more edits than half of name's letters.
func Nearest(name string, candidates []string) string {
	best, at := "", 1+max(len(name), 3)/2
	for _, c := range candidates {
		if d := distance(strings.ToLower(name), strings.ToLower(c)); d < at {
			best, at = c, d
		}
	}
	return best
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
