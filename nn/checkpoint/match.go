package checkpoint

import (
	"fmt"
	"slices"
	"strings"
)

// Want is a tensor that a network needs.
type Want struct {
	Name  string `json:"name"`
	Shape []int  `json:"shape"`
}

// Match maps the tensors of the file to those that a network wants, and copies
// nothing. The names may stand behind a prefix in the file, such as "module." or
// "state_dict.module.encoder_q."; the one behind which most is found counts.
// Where prefix is not "", only names with these parts in front are looked at, as
// "teacher" tells the two networks of DINO apart. An error says that several
// prefixes fit equally; that nothing fits is told by Report.Refusal.
func (f *File) Match(wants []Want, prefix string) (*Report, error) {
	m := newMatcher(f, wants)
	best, rest, err := m.prefix(prefix)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %s: %w", f.Path, err)
	}
	r := &Report{File: f.Path, Format: f.Format, Prefix: best, Others: rest, Wanted: len(wants),
		Loaded: []Pair{}, Missing: []Want{}, Mismatched: []Mismatch{}, Unexpected: []Info{}, Skipped: []Skipped{}}
	found := map[string]bool{}
	for _, t := range f.tensors {
		m.place(r, t.Info, found)
	}
	for _, w := range wants {
		r.wantedValues += Info{Shape: w.Shape}.Elements()
		if !found[w.Name] {
			r.Missing = append(r.Missing, w)
		}
	}
	return r, nil
}

// matcher knows what is wanted.
type matcher struct {
	file    *File
	wants   map[string]Want
	longest int             // name that is wanted, in bytes
	modules map[string]bool // first parts of the wanted names
}

func newMatcher(f *File, wants []Want) *matcher {
	m := &matcher{file: f, wants: map[string]Want{}, modules: map[string]bool{}}
	for _, w := range wants {
		m.wants[w.Name] = w
		m.longest = max(m.longest, len(w.Name))
		m.modules[firstPart(w.Name)] = true
	}
	return m
}

// place sorts one tensor of the file into the report.
func (m *matcher) place(r *Report, t Info, found map[string]bool) {
	name, inside := strings.CutPrefix(t.Name, r.Prefix)
	if !inside {
		r.skip(t, "not below "+r.Prefix)
		return
	}
	want, wanted := m.want(name)
	switch {
	case wanted && found[want.Name]:
		r.Unexpected = append(r.Unexpected, t)
	case wanted && slices.Equal(want.Shape, t.Shape):
		found[want.Name] = true
		r.Loaded = append(r.Loaded, Pair{Name: want.Name, From: t.Name, DType: t.DType, Shape: t.Shape})
	case wanted:
		found[want.Name] = true
		r.Mismatched = append(r.Mismatched, Mismatch{Name: want.Name, From: t.Name, Have: t.Shape, Want: want.Shape})
	default:
		if why := skippable(name); why != "" {
			r.skip(t, why)
			return
		}
		if m.modules[firstPart(name)] {
			r.inside = append(r.inside, t.Name)
		}
		r.Unexpected = append(r.Unexpected, t)
	}
}

// want finds what a name stands for. The first BERTs call weight and bias of
// their norms gamma and beta, after TensorFlow.
func (m *matcher) want(name string) (Want, bool) {
	if w, ok := m.wants[name]; ok {
		return w, true
	}
	for old, now := range map[string]string{"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"} {
		if stem, ok := strings.CutSuffix(name, old); ok {
			w, found := m.wants[stem+now]
			return w, found
		}
	}
	return Want{}, false
}

// skippable says why an encoder does not need a tensor, "" if it might.
func skippable(name string) string {
	parts := strings.Split(name, ".")
	switch last := parts[len(parts)-1]; {
	case last == "num_batches_tracked":
		return "counter of batch norm"
	case last == "position_ids":
		return "constant"
	}
	for _, part := range parts[:len(parts)-1] {
		if slices.Contains(heads, part) {
			return "head"
		}
	}
	return ""
}

// heads name the layers behind an encoder, by torchvision, timm, PyTorchVideo,
// Hugging Face and the code of contrastive methods.
var heads = []string{
	"classifier", "cls", "fc", "head", "head_dist", "heads", "linear", "logits", "pre_logits", "predictor", "proj", "projection",
	"projection_head", "projector", "prototypes",
}

func firstPart(name string) string {
	first, _, _ := strings.Cut(name, ".")
	return first
}
