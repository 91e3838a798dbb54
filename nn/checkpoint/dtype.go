package checkpoint

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
)

// DType is an element type.
type DType string

// The element types, by the names that safetensors gives them.
const (
	F64  DType = "F64"
	F32  DType = "F32"
	F16  DType = "F16"  // IEEE half
	BF16 DType = "BF16" // the upper half of F32
	I64  DType = "I64"
	I32  DType = "I32"
	I16  DType = "I16"
	I8   DType = "I8"
	U8   DType = "U8"
	Bool DType = "BOOL" // a byte, 0 is false
)

var dtypes = []DType{F32, F64, F16, BF16, I64, I32, I16, I8, U8, Bool}

// known tells whether d is one of the types above.
func (d DType) known() bool { return slices.Contains(dtypes, d) }

// Size is the number of bytes of an element.
func (d DType) Size() int {
	switch d {
	case F64, I64:
		return 8
	case F32, I32:
		return 4
	case F16, BF16, I16:
		return 2
	}
	return 1
}

// isFloat tells floating point from whole numbers.
func (d DType) isFloat() bool { return d == F64 || d == F32 || d == F16 || d == BF16 }

func dtypeNames() string {
	names := make([]string, len(dtypes))
	for i, d := range dtypes {
		names[i] = string(d)
	}
	return strings.Join(names, ", ")
}

// convert fills dst with the little-endian elements of type d in src, which are
// as many. All but F64 and I64 fit a float64 exactly; F32, F16, BF16 and the
// whole numbers of up to 16 bits fit a float32 exactly.
func convert[T float32 | float64](dst []T, d DType, src []byte) {
	order := binary.LittleEndian
	switch d {
	case F64:
		each(dst, func(i int) T { return T(math.Float64frombits(order.Uint64(src[8*i:]))) })
	case F32:
		each(dst, func(i int) T { return T(math.Float32frombits(order.Uint32(src[4*i:]))) })
	case F16:
		each(dst, func(i int) T { return T(halfToFloat32(order.Uint16(src[2*i:]))) })
	case BF16:
		each(dst, func(i int) T { return T(math.Float32frombits(uint32(order.Uint16(src[2*i:])) << 16)) })
	case Bool:
		each(dst, func(i int) T { return T(min(src[i], 1)) })
	default:
		each(dst, func(i int) T { return T(whole(d, src, i)) })
	}
}

func each[T any](dst []T, at func(i int) T) {
	for i := range dst {
		dst[i] = at(i)
	}
}

// whole is element i of a type of whole numbers.
func whole(d DType, src []byte, i int) int64 {
	switch d {
	case I64:
		return int64(binary.LittleEndian.Uint64(src[8*i:]))
	case I32:
		return int64(int32(binary.LittleEndian.Uint32(src[4*i:])))
	case I16:
		return int64(int16(binary.LittleEndian.Uint16(src[2*i:])))
	case I8:
		return int64(int8(src[i]))
	case Bool:
		return int64(min(src[i], 1))
	}
	return int64(src[i])
}

// halfToFloat32 widens an IEEE 754 half: 5 bits of exponent biased by 15, 10 of
// fraction.
func halfToFloat32(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&1023)
	switch exponent {
	case 0: // zero and subnormals, multiples of 2^-24
		v := float32(fraction) * (1.0 / (1 << 24))
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 31: // infinity and NaN
		return math.Float32frombits(sign | 255<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}
