// Package checkpoint reads and writes files of named tensors. It writes
// safetensors, atomically and deterministically: equal tensors give equal bytes.
// It reads safetensors, what torch.save writes, and Hugging Face folders, by
// Open; nothing in a file is trusted, and nothing in it is ever run. Match maps
// the tensors of a file to those that a network wants.
package checkpoint

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Tensor is a named array in row-major order, for writing. Exactly one of the
// data slices is set, also where the tensor has no elements (then non-nil and
// empty).
type Tensor struct {
	Name  string
	Shape []int // empty for a scalar
	F32   []float32
	F64   []float64
	I32   []int32
	I64   []int64
	U8    []byte
}

// data returns the element type and length of the one slice that is set.
func (t Tensor) data() (DType, int, error) {
	var found []DType
	var length int
	for _, s := range []struct {
		d DType
		n int
	}{{F32, lengthOf(t.F32)}, {F64, lengthOf(t.F64)}, {I32, lengthOf(t.I32)}, {I64, lengthOf(t.I64)}, {U8, lengthOf(t.U8)}} {
		if s.n >= 0 {
			found, length = append(found, s.d), s.n
		}
	}
	if len(found) != 1 {
		return "", 0, fmt.Errorf("checkpoint: tensor %q has %d data slices, want one", t.Name, len(found))
	}
	return found[0], length, nil
}

// lengthOf is -1 for nil.
func lengthOf[T any](s []T) int {
	if s == nil {
		return -1
	}
	return len(s)
}

// check says whether data and shape agree.
func (t Tensor) check() (DType, error) {
	d, length, err := t.data()
	if err != nil {
		return d, err
	}
	n, ok := elements(t.Shape)
	if !ok || n != length {
		return d, fmt.Errorf("checkpoint: tensor %q holds %d elements, but its shape is %v", t.Name, length, t.Shape)
	}
	return d, nil
}

// elements multiplies a shape; it fails on negative sizes and on products
// whose bytes would not fit an int.
func elements(shape []int) (int, bool) {
	n := 1
	for _, d := range shape {
		if d < 0 || (d > 0 && n > math.MaxInt/8/d) {
			return 0, false
		}
		n *= d
	}
	return n, true
}

// appendTo appends the little-endian elements [from, to).
func (t Tensor) appendTo(b []byte, from, to int) []byte {
	switch {
	case t.F32 != nil:
		for _, v := range t.F32[from:to] {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	case t.F64 != nil:
		for _, v := range t.F64[from:to] {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
	case t.I32 != nil:
		for _, v := range t.I32[from:to] {
			b = binary.LittleEndian.AppendUint32(b, uint32(v))
		}
	case t.I64 != nil:
		for _, v := range t.I64[from:to] {
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		}
	default:
		b = append(b, t.U8[from:to]...)
	}
	return b
}
