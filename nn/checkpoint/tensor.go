// Package checkpoint stores named tensors in safetensors files. Writing is
// atomic and deterministic: equal tensors give equal bytes. Reading trusts
// nothing in the file.
package checkpoint

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// Tensor is a named array in row-major order. Exactly one of the data slices
// is set, also where the tensor has no elements (then non-nil and empty).
type Tensor struct {
	Name  string
	Shape []int // empty for a scalar
	F32   []float32
	F64   []float64
	I32   []int32
	I64   []int64
	U8    []byte
}

// dtype is the format's name of an element type.
type dtype struct {
	name string
	size int // bytes
}

var dtypes = []dtype{{"F32", 4}, {"F64", 8}, {"I32", 4}, {"I64", 8}, {"U8", 1}}

func lookupDType(name string) (dtype, bool) {
	for _, d := range dtypes {
		if d.name == name {
			return d, true
		}
	}
	return dtype{}, false
}

func dtypeNames() string {
	var names []string
	for _, d := range dtypes {
		names = append(names, d.name)
	}
	return strings.Join(names, ", ")
}

// dtype returns the element type and length of the one slice that is set.
func (t Tensor) dtype() (dtype, int, error) {
	var found []int
	var length int
	for i, n := range []int{lengthOf(t.F32), lengthOf(t.F64), lengthOf(t.I32), lengthOf(t.I64), lengthOf(t.U8)} {
		if n >= 0 {
			found, length = append(found, i), n
		}
	}
	if len(found) != 1 {
		return dtype{}, 0, fmt.Errorf("checkpoint: tensor %q has %d data slices, want one", t.Name, len(found))
	}
	return dtypes[found[0]], length, nil
}

// lengthOf is -1 for nil.
func lengthOf[T any](s []T) int {
	if s == nil {
		return -1
	}
	return len(s)
}

// check says whether data and shape agree.
func (t Tensor) check() (dtype, error) {
	d, length, err := t.dtype()
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

// decode fills the slice of element type d from little-endian bytes.
func (t *Tensor) decode(d dtype, b []byte) {
	n := len(b) / d.size
	switch d.name {
	case "F32":
		t.F32 = make([]float32, n)
		for i := range t.F32 {
			t.F32[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		}
	case "F64":
		t.F64 = make([]float64, n)
		for i := range t.F64 {
			t.F64[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
		}
	case "I32":
		t.I32 = make([]int32, n)
		for i := range t.I32 {
			t.I32[i] = int32(binary.LittleEndian.Uint32(b[4*i:]))
		}
	case "I64":
		t.I64 = make([]int64, n)
		for i := range t.I64 {
			t.I64[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
		}
	default:
		t.U8 = append([]byte{}, b...)
	}
}
