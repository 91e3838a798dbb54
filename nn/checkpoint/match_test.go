package checkpoint

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// network wants 20 tensors, of which layer i.weight has shape (2, i+1).
func network() []Want {
	var out []Want
	for i := range 10 {
		out = append(out, Want{fmt.Sprintf("layer%d.weight", i), []int{2, i + 1}}, Want{fmt.Sprintf("layer%d.bias", i), []int{2}})
	}
	return out
}

// fileOf writes zeros of the wanted shapes, under names behind prefixes, or
// behind none.
func fileOf(t *testing.T, wants []Want, prefixes ...string) *File {
	t.Helper()
	var tensors []Tensor
	if len(prefixes) == 0 {
		prefixes = []string{""}
	}
	for _, prefix := range prefixes {
		for _, w := range wants {
			n, _ := elements(w.Shape)
			tensors = append(tensors, Tensor{Name: prefix + w.Name, Shape: w.Shape, F32: make([]float32, n)})
		}
	}
	path := filepath.Join(t.TempDir(), "w.safetensors")
	if err := WriteSafetensors(path, tensors, nil); err != nil {
		t.Fatal(err)
	}
	return open(t, path)
}

func match(t *testing.T, f *File, prefix string) *Report {
	t.Helper()
	r, err := f.Match(network(), prefix)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPrefixes(t *testing.T) {
	for _, tc := range []struct {
		prefixes []string
		given    string
		want     string // taken off
		others   []string
	}{
		{[]string{""}, "", "", nil},
		{[]string{"module."}, "", "module.", nil},
		{[]string{"state_dict.module.encoder_q.", "state_dict.module.encoder_k."}, "", "state_dict.module.encoder_q.", []string{"state_dict.module.encoder_k."}},
		{[]string{"state_dict.module.encoder_q.", "state_dict.module.encoder_k."}, "encoder_k", "state_dict.module.encoder_k.", nil},
		{[]string{"teacher.backbone.", "student.module.backbone."}, "", "teacher.backbone.", []string{"student.module.backbone."}},
		{[]string{"teacher.backbone.", "student.module.backbone."}, "student.", "student.module.backbone.", nil},
		{[]string{"model.", "ema."}, "", "model.", []string{"ema."}},
		{[]string{"base_network."}, "", "base_network.", nil},
		{[]string{"backbone."}, "backbone.", "backbone.", nil},
		{[]string{"vision.tower.", "optimizer."}, "vision", "vision.tower.", nil},
	} {
		r := match(t, fileOf(t, network(), tc.prefixes...), tc.given)
		if r.Prefix != tc.want || len(r.Loaded) != 20 || r.Complete() != nil || !cmp.Equal(r.Others, tc.others) {
			t.Errorf("%v, given %q: prefix %q, others %q, %d loaded", tc.prefixes, tc.given, r.Prefix, r.Others, len(r.Loaded))
		}
		if len(r.Skipped) != 20*(len(tc.prefixes)-1) {
			t.Errorf("%v: %d skipped", tc.prefixes, len(r.Skipped))
		}
	}
}

func TestPrefixRefuses(t *testing.T) {
	two := fileOf(t, network(), "left.", "right.")
	if _, err := two.Match(network(), ""); err == nil || !strings.Contains(err.Error(), `behind "left." and behind "right.": choose one with --prefix`) {
		t.Errorf("two that fit equally: %v", err)
	}
	if _, err := two.Match(network(), "middle"); err == nil || !strings.Contains(err.Error(), `stands behind prefix "middle"`) {
		t.Errorf("a prefix that is not there: %v", err)
	}
	if _, err := two.Match(network(), "lef"); err == nil {
		t.Error("half a name was taken for a prefix")
	}
}

// One file with every kind of entry.
func TestReport(t *testing.T) {
	wants := network()
	kept := append([]Want{}, wants[:18]...) // layer9 is missing
	kept = append(kept, Want{"layer0.bn.num_batches_tracked", nil}, Want{"embeddings.position_ids", []int{1, 4}},
		Want{"fc.weight", []int{5, 2}}, Want{"blocks.6.proj.bias", []int{5}}, Want{"decoder.weight", []int{3}})
	kept[0].Shape = []int{2, 7}
	r := match(t, fileOf(t, kept), "")
	if len(r.Loaded) != 17 || len(r.Missing) != 2 || r.Missing[0].Name != "layer9.weight" {
		t.Errorf("loaded %d, missing %v", len(r.Loaded), r.Missing)
	}
	if diff := cmp.Diff([]Mismatch{{"layer0.weight", "layer0.weight", []int{2, 7}, []int{2, 1}}}, r.Mismatched); diff != "" {
		t.Error(diff)
	}
	if len(r.Unexpected) != 1 || r.Unexpected[0].Name != "decoder.weight" || len(r.Skipped) != 4 {
		t.Errorf("unexpected %v, skipped %v", r.Unexpected, r.Skipped)
	}
	for _, want := range []string{"17 of 20 tensors loaded, 2 missing, 1 of another shape, 1 unexpected, 4 skipped",
		"missing layer9.weight - 2 x 10", "other shape layer0.weight 2 x 7 2 x 1",
		"unexpected decoder.weight 3 -", "skipped 1 (counter of batch norm)", "1 (constant)", "2 (head)"} {
		if !strings.Contains(strings.Join(strings.Fields(r.String()), " "), want) {
			t.Errorf("no %q in\n%s", want, r)
		}
	}
	data, err := r.JSON()
	var back Report
	if err != nil || json.Unmarshal(data, &back) != nil || len(back.Loaded) != 17 || len(back.Skipped) != 4 {
		t.Errorf("%v\n%s", err, data)
	}
}

func TestRefusal(t *testing.T) {
	wants := network()
	other := append([]Want{}, wants...)
	other[0].Shape = []int{2, 7}
	more := append([]Want{}, wants...)
	for i := range 5 {
		more = append(more, Want{fmt.Sprintf("layer3.extra%d.weight", i), []int{1}})
	}
	for name, tc := range map[string]struct {
		file     []Want
		want     string // of Refusal, "" for none
		complete string
	}{
		"all":            {wants, "", ""},
		"one missing":    {wants[:19], "", "1 of 20 tensors are missing: layer9.bias"},
		"half":           {wants[:10], "only 10 of 20 tensors are there; missing are layer5.weight, layer5.bias, layer6.weight, layer6.bias, layer7.weight, and 5 more", "only"},
		"nothing":        {[]Want{{"x", []int{1}}}, "none of the 20 tensors is there, such as layer0.weight", "none"},
		"another shape":  {other, "1 of 20 tensors have another shape, such as layer0.weight: 2 x 7 in the file, 2 x 1 wanted", "another shape"},
		"a larger one":   {more, "the network in it is larger: 5 tensors more, such as layer3.extra0.weight", "larger"},
		"with a decoder": {append(wants[:20:20], Want{"decoder.0.weight", []int{9}}, Want{"decoder.1.weight", []int{9}}, Want{"decoder.2.weight", []int{9}}), "", ""},
	} {
		r := match(t, fileOf(t, tc.file), "")
		for _, c := range []struct {
			err  error
			want string
		}{{r.Refusal(), tc.want}, {r.Complete(), tc.complete}} {
			if (c.err == nil) != (c.want == "") || c.err != nil && !strings.Contains(c.err.Error(), c.want) {
				t.Errorf("%s: got %v, want %q", name, c.err, c.want)
			}
		}
	}
}

// The first BERTs were written with TensorFlow's names of norms.
func TestOldNamesOfNorms(t *testing.T) {
	f := fileOf(t, []Want{{"bert.encoder.LayerNorm.gamma", []int{2}}, {"bert.encoder.LayerNorm.beta", []int{2}}})
	r, err := f.Match([]Want{{"encoder.LayerNorm.weight", []int{2}}, {"encoder.LayerNorm.bias", []int{2}}}, "")
	if err != nil || len(r.Loaded) != 2 || r.Prefix != "bert." || r.Loaded[1].From == "" {
		t.Errorf("%+v, %v", r, err)
	}
}
