package checkpoint

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// candidate is a prefix and what is found behind it.
type candidate struct {
	prefix string // "" or ends with a dot
	fits   int    // names of the wanted shape
	names  int
}

// prefix picks the prefix behind which most is found, and lists others behind
// which as much is.
func (m *matcher) prefix(given string) (best string, others []string, err error) {
	var all []candidate
	for _, c := range m.candidates() {
		if within(c.prefix, given) {
			all = append(all, c)
		}
	}
	if len(all) == 0 && given != "" {
		return "", nil, fmt.Errorf("no tensor that is wanted stands behind prefix %q: leave --prefix out, or see the names with clvid inspect", given)
	}
	if len(all) == 0 {
		return "", nil, nil
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.fits, a.fits), cmp.Compare(b.names, a.names), cmp.Compare(secondary(a.prefix), secondary(b.prefix)),
			cmp.Compare(len(a.prefix), len(b.prefix)), cmp.Compare(a.prefix, b.prefix))
	})
	for _, c := range all[1:] {
		if c.fits != all[0].fits || c.names != all[0].names {
			break
		}
		if secondary(c.prefix) == secondary(all[0].prefix) {
			return "", nil, fmt.Errorf("the network is there behind %q and behind %q: choose one with --prefix", all[0].prefix, c.prefix)
		}
		others = append(others, c.prefix)
	}
	return all[0].prefix, others, nil
}

// candidates are the prefixes behind which something is found.
func (m *matcher) candidates() []candidate {
	found := map[string]*candidate{}
	for _, t := range m.file.tensors {
		for start := range starts(t.Name, m.longest) {
			w, ok := m.want(t.Name[start:])
			if !ok {
				continue
			}
			c := found[t.Name[:start]]
			if c == nil {
				c = &candidate{prefix: t.Name[:start]}
				found[c.prefix] = c
			}
			c.names++
			if slices.Equal(w.Shape, t.Shape) {
				c.fits++
			}
		}
	}
	var out []candidate
	for _, prefix := range slices.Sorted(maps.Keys(found)) {
		out = append(out, *found[prefix])
	}
	return out
}

// starts yields where the parts of a name begin, as far as what follows is no
// longer than longest.
func starts(name string, longest int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i := max(0, len(name)-longest); i < len(name); i++ {
			if (i == 0 || name[i-1] == '.') && !yield(i) {
				return
			}
		}
	}
}

// within tells whether the parts of given stand one after the other in prefix.
func within(prefix, given string) bool {
	given = strings.Trim(given, ".")
	return given == "" || strings.Contains("."+prefix, "."+given+".")
}

// demoted are parts of prefixes that name the second of two networks: the one
// that is not handed on, by the code of MoCo, BYOL and DINO.
var demoted = []string{
	"ema", "ema_state_dict", "encoder_k", "model_ema", "momentum_encoder", "state_dict_ema", "student", "target", "target_encoder", "target_network",
	"optim", "optimizer",
}

// secondary is the number of demoted parts.
func secondary(prefix string) int {
	n := 0
	for part := range strings.SplitSeq(prefix, ".") {
		if slices.Contains(demoted, part) {
			n++
		}
	}
	return n
}
