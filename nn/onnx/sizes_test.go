package onnx

import "testing"

func TestAffine(t *testing.T) {
	of := sizes{4, 8, 4, 5}
	for _, tc := range []struct {
		s       sizes
		k, more int
		ok      bool
	}{
		{sizes{4, 8, 4, 5}, 1, 0, true},
		{sizes{12, 24, 12, 15}, 3, 0, true},
		{sizes{7, 15, 7, 9}, 2, -1, true},
		{sizes{1, -3, 1, 0}, -1, 5, true},
		{sizes{2, 4, 2, 2}, 0, 0, false}, // a half, rounded down
		{sizes{4, 8, 5, 5}, 0, 0, false}, // depends on something else too
		{sizes{6, 6, 6, 6}, 0, 0, false}, // does not depend on it
	} {
		k, more, ok := tc.s.affine(of)
		if ok != tc.ok || ok && (k != tc.k || more != tc.more) {
			t.Errorf("%v of %v: %d, %d, %v; want %d, %d, %v", tc.s, of, k, more, ok, tc.k, tc.more, tc.ok)
		}
	}
}

// A size is expressed by the plainest arithmetic that fits all drawings.
func TestSize(t *testing.T) {
	x := &value{name: "x", dims: []sizes{{64, 128, 192, 64, 64}, {4, 6, 8, 5, 7}, {3, 3, 3, 3, 3}}}
	for _, tc := range []struct {
		name string
		s    sizes
		op   string
		k    int64 // the number it takes, 0 for none
	}{
		{"itself", sizes{64, 128, 192, 64, 64}, "Shape", 0},
		{"a sixteenth, and not what is left of a fifteenth", sizes{4, 8, 12, 4, 4}, "Div", 16},
		{"twice", sizes{128, 256, 384, 128, 128}, "Mul", 2},
		{"one more", sizes{5, 7, 9, 6, 8}, "Add", 1},
		{"product", sizes{256, 768, 1536, 320, 448}, "Mul", 0},
		{"a third, rounded down", sizes{21, 42, 64, 21, 21}, "Div", 3},
		{"odd or even", sizes{0, 0, 0, 1, 1}, "Mod", 2},
	} {
		e := newEmitter("sizes", DefaultOpset)
		e.known = []*value{x}
		name, err := e.size(tc.s, x)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		last := e.graph.nodes[len(e.graph.nodes)-1]
		if last.op != tc.op || last.outputs[0] != name {
			t.Errorf("%s: %s of %v, want %s", tc.name, last.op, last.inputs, tc.op)
		}
		if c := e.graph.initializers; tc.k != 0 && (len(c) != 1 || c[0].i64[0] != tc.k) {
			t.Errorf("%s: constants %+v, want %d", tc.name, c, tc.k)
		}
	}
	e := newEmitter("sizes", DefaultOpset)
	e.known = []*value{x}
	if _, err := e.size(sizes{1, 7, 5, 11, 2}, x); err == nil {
		t.Error("a size that follows from nothing is expressed")
	}
}
