package onnx

import (
	"fmt"
	"slices"
)

// sizes are one dimension of a value at every drawing. Those that differ depend
// on the input and are read, in the file, from the shape of some value.
type sizes []int

func (s sizes) constant() (int, bool) {
	for _, v := range s[1:] {
		if v != s[0] {
			return 0, false
		}
	}
	return s[0], true
}

func (s sizes) equal(o sizes) bool { return slices.Equal(s, o) }

// combine applies f drawing by drawing.
func (s sizes) combine(o sizes, f func(a, b int) int) sizes {
	out := make(sizes, len(s))
	for i := range s {
		out[i] = f(s[i], o[i])
	}
	return out
}

func minus(a, b int) int { return a - b }

// affine finds s = k·o + more, for whole numbers and k not 0.
func (s sizes) affine(o sizes) (k, more int, ok bool) {
	other := slices.IndexFunc(o, func(v int) bool { return v != o[0] })
	if other < 0 || (s[other]-s[0])%(o[other]-o[0]) != 0 {
		return 0, 0, false
	}
	k = (s[other] - s[0]) / (o[other] - o[0])
	more = s[0] - k*o[0]
	return k, more, k != 0 && s.equal(o.combine(o, func(a, _ int) int { return k*a + more }))
}

// size is the name of an int64 vector of one element that holds s when the
// file runs. Values near the operation are looked at first: a size is the one
// it comes from rather than one that happens to be equal.
func (e *emitter) size(s sizes, near ...*value) (string, error) {
	if n, ok := s.constant(); ok {
		return e.ints(n), nil
	}
	places := e.places(near)
	for _, express := range []func(sizes, []place) (string, bool){e.exactly, e.combined, e.rounded} {
		if name, ok := express(s, places); ok {
			return name, nil
		}
	}
	return "", fmt.Errorf("a dimension of %v does not follow from the sizes of the input", []int(s))
}

// exactly expresses s by one other dimension: k times it and some more, or a
// k-th of it.
func (e *emitter) exactly(s sizes, places []place) (string, bool) {
	for _, p := range places {
		if s.equal(p.sizes) {
			return e.read(p), true
		}
	}
	for _, p := range places {
		if k, more, ok := s.affine(p.sizes); ok {
			y := e.read(p)
			if k != 1 {
				y = e.arithmetic("Mul", y, e.ints(k))
			}
			if more != 0 {
				y = e.arithmetic("Add", y, e.ints(more))
			}
			return y, true
		}
		if k, more, ok := p.sizes.affine(s); ok && more == 0 {
			return e.arithmetic("Div", e.read(p), e.ints(k)), true
		}
	}
	return "", false
}

// combined expresses s by two other dimensions: their product or quotient.
func (e *emitter) combined(s sizes, places []place) (string, bool) {
	times := func(a, b int) int { return a * b }
	for i, p := range places {
		for _, q := range places[i:] {
			if s.equal(p.sizes.combine(q.sizes, times)) {
				return e.arithmetic("Mul", e.read(p), e.read(q)), true
			}
		}
	}
	for _, p := range places {
		for _, q := range places {
			if p.sizes.equal(s.combine(q.sizes, times)) {
				return e.arithmetic("Div", e.read(p), e.read(q)), true
			}
		}
	}
	return "", false
}

// maxDivisor is past the strides and patches that sizes are divided by.
const maxDivisor = 64

// rounded expresses s by what is left of a division of another dimension. It
// comes last, as it finds most by chance: 64, 128 and 192 over 15 are what they
// are over 16.
func (e *emitter) rounded(s sizes, places []place) (string, bool) {
	for _, op := range []struct {
		name string
		of   func(a, k int) int
	}{{"Div", func(a, k int) int { return a / k }}, {"Mod", func(a, k int) int { return a % k }}} {
		for _, p := range places {
			for k := 2; k <= maxDivisor; k++ {
				if s.equal(p.sizes.combine(p.sizes, func(a, _ int) int { return op.of(a, k) })) {
					return e.arithmetic(op.name, e.read(p), e.ints(k)), true
				}
			}
		}
	}
	return "", false
}

// place is where a size can be read: a dimension of a value.
type place struct {
	v     *value
	axis  int
	sizes sizes
}

// places lists the dimensions that change, each once: of the values near, of
// the inputs, then of the latest values.
func (e *emitter) places(near []*value) []place {
	var found []place
	add := func(v *value) {
		for a, s := range v.dims {
			_, constant := s.constant()
			if !constant && !slices.ContainsFunc(found, func(p place) bool { return p.sizes.equal(s) }) {
				found = append(found, place{v, a, s})
			}
		}
	}
	for _, v := range near {
		add(v)
	}
	for _, v := range e.known[:len(e.graph.inputs)] {
		add(v)
	}
	for _, v := range slices.Backward(e.known) {
		add(v)
	}
	return found
}

// read is a dimension of a value, as a vector of one element.
func (e *emitter) read(p place) string {
	return e.once(fmt.Sprintf("size %s %d", p.v.name, p.axis), func() string {
		return e.emit("Shape", []string{p.v.name}, intAttr("start", p.axis), intAttr("end", p.axis+1))
	})
}

// once makes a value, or returns the one that was made under the key.
func (e *emitter) once(key string, make func() string) string {
	if name, ok := e.shared[key]; ok {
		return name
	}
	name := make()
	e.shared[key] = name
	return name
}

func (e *emitter) arithmetic(op, a, b string) string {
	return e.once(op+" "+a+" "+b, func() string { return e.on(op, a, b) })
}

// shape is an int64 vector of dimensions: a constant where none changes.
func (e *emitter) shape(dims []sizes, near ...*value) (string, error) {
	var parts []string
	var run []int // of dimensions that do not change
	flush := func() {
		if len(run) > 0 {
			parts, run = append(parts, e.ints(run...)), nil
		}
	}
	for _, s := range dims {
		if n, ok := s.constant(); ok {
			run = append(run, n)
			continue
		}
		flush()
		name, err := e.size(s, near...)
		if err != nil {
			return "", err
		}
		parts = append(parts, name)
	}
	flush()
	switch len(parts) {
	case 0:
		return e.ints(), nil
	case 1:
		return parts[0], nil
	}
	return e.emit("Concat", parts, intAttr("axis", 0)), nil
}

// reshape gives x other dimensions. Where it can it asks for nothing but
// numbers: Reshape takes 0 for the size at the same place and -1 for what is
// left over.
func (e *emitter) reshape(x *value, dims []sizes) (string, error) {
	target, left := make([]int, len(dims)), 0
	for i, s := range dims {
		n, constant := s.constant()
		switch {
		case constant:
			target[i] = n
		case i < len(x.dims) && s.equal(x.dims[i]):
			target[i] = 0
		default:
			target[i] = -1
			left++
		}
	}
	if left <= 1 {
		return e.on("Reshape", x.name, e.ints(target...)), nil
	}
	shape, err := e.shapeButOne(dims, x)
	if err != nil {
		return "", err
	}
	return e.on("Reshape", x.name, shape), nil
}

// shapeButOne is shape with -1 in place of the first dimension that cannot be
// expressed.
func (e *emitter) shapeButOne(dims []sizes, x *value) (string, error) {
	shape, err := e.shape(dims, x)
	if err == nil {
		return shape, nil
	}
	for i := range dims {
		unknown := make(sizes, len(dims[i]))
		for k := range unknown {
			unknown[k] = -1
		}
		others := slices.Clone(dims)
		others[i] = unknown
		if shape, err := e.shape(others, x); err == nil {
			return shape, nil
		}
	}
	return "", err
}
