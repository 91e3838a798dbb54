package onnx

import (
	"errors"

	"github.com/clvid/clvid/nn/device"
)

// gather takes ids of an axis; where every position before it has ids of its
// own these are a batch for GatherND, whose ids have an axis more and are int64.
func gather(e *emitter, o operation) (string, error) {
	x := o.in[0]
	a, err := attrsOf[device.GatherAttrs](o)
	if err != nil {
		ids, err := e.indices(o)
		if err != nil {
			return "", err
		}
		return e.emit("Gather", []string{x.name, ids}, intAttr("axis", o.attrs[0].(device.GatherAttrs).Axis)), nil
	}
	switch {
	case a.Indices != nil:
		ids := e.constant(tensor{shape: []int{len(a.Indices)}, typ: typeInt32, i32: a.Indices})
		return e.emit("Gather", []string{x.name, ids}, intAttr("axis", a.Axis)), nil
	case a.Each:
		ids := e.emit("Cast", []string{o.in[1].name}, intAttr("to", int(typeInt64)))
		ids = e.on("Unsqueeze", ids, e.ints(-1))
		return e.emit("GatherND", []string{x.name, ids}, intAttr("batch_dims", a.Axis)), nil
	}
	return e.emit("Gather", o.names(), intAttr("axis", a.Axis)), nil
}

// indices computes those that depend on sizes, in the two ways in which
// encoders choose them.
func (e *emitter) indices(o operation) (string, error) {
	first, all := o.attrs[0].(device.GatherAttrs), make([][]int32, len(o.attrs))
	for d, attrs := range o.attrs {
		a := attrs.(device.GatherAttrs)
		if a.Axis != first.Axis || a.Each || a.Indices == nil {
			return "", errors.New("its settings differ at another size")
		}
		all[d] = a.Indices
	}
	x, size, count := o.in[0], o.in[0].dims[first.Axis], o.out.dims[first.Axis]
	if isSpread(all, size) {
		return e.spread(size, count, x)
	}
	if queries, keys, ok := isRelative(all, size); ok {
		return e.relative(queries, keys, x)
	}
	return "", errors.New("its indices differ at another size")
}

// isSpread tells whether indices go evenly from the first place of an axis to
// the last, as SlowFast chooses frames: i·(size-1)/(count-1), rounded down.
func isSpread(indices [][]int32, size sizes) bool {
	for d, ids := range indices {
		for i, at := range ids {
			if int(at) != i*(size[d]-1)/max(len(ids)-1, 1) {
				return false
			}
		}
	}
	return true
}

func (e *emitter) spread(size, count sizes, x *value) (string, error) {
	sizes, counts, err := e.bothSizes(size, count, x)
	if err != nil {
		return "", err
	}
	last := e.on("Sub", sizes, e.ints(1))
	steps := e.on("Max", e.on("Sub", counts, e.ints(1)), e.ints(1))
	return e.on("Div", e.on("Mul", e.upTo(counts), last), steps), nil
}

// isRelative tells whether indices are the places, in a table of 2m-1
// distances, of all pairs of queries and keys along an axis, the longer of which
// has m places: that of query i and key j is i·m/queries + (keys-1-j)·m/keys, each
// rounded down, as MViTv2 places them.
func isRelative(indices [][]int32, size sizes) (queries, keys sizes, ok bool) {
	for _, longerKeys := range []bool{false, true} {
		queries, keys, ok = nil, nil, true
		for d, ids := range indices {
			m := (size[d] + 1) / 2
			nq, nk := m, len(ids)/m
			if longerKeys {
				nq, nk = nk, nq
			}
			queries, keys = append(queries, nq), append(keys, nk)
			ok = ok && nq*nk == len(ids) && allRelative(ids, nq, nk, m)
		}
		if ok {
			return queries, keys, true
		}
	}
	return nil, nil, false
}

func allRelative(ids []int32, queries, keys, m int) bool {
	for i, at := range ids {
		if int(at) != i/keys*m/queries+(keys-1-i%keys)*m/keys {
			return false
		}
	}
	return true
}

func (e *emitter) relative(queries, keys sizes, x *value) (string, error) {
	nq, nk, err := e.bothSizes(queries, keys, x)
	if err != nil {
		return "", err
	}
	m := e.on("Max", nq, nk)
	back := e.on("Sub", e.on("Sub", nk, e.ints(1)), e.upTo(nk))
	i := e.on("Unsqueeze", e.on("Div", e.on("Mul", e.upTo(nq), m), nq), e.ints(1))
	return e.on("Reshape", e.on("Add", i, e.on("Div", e.on("Mul", back, m), nk)), e.ints(-1)), nil
}
