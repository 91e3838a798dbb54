package nn

import (
	"fmt"
	"runtime"
	"slices"
	"unsafe"

	"github.com/clvid/clvid/nn/device"
)

// DType is an element type.
type DType = device.DType

// Kind says what a stored tensor is for; optimisers and checkpoints ask.
type Kind uint8

// The kinds of stored tensors.
const (
	Weight Kind = iota // of a convolution, linear layer or embedding
	Bias
	Norm   // gamma or beta of a normalisation
	Scalar // a single learned number, such as CLIP's logit scale
	Buffer // running statistics: saved, never trained
)

// Tensor is a stored parameter or buffer, dense and row-major. Exactly one of
// F32 and F64 is set, none in an outline. The memory never moves: compiled plans hold its address.
type Tensor struct {
	Name  string
	Shape []int
	Kind  Kind
	F32   []float32
	F64   []float64
}

// Store owns parameters and buffers by state-dict name. Any number of graphs
// and plans (training, evaluation, other batch sizes) borrow from it. It is
// not safe for use by several goroutines at once.
type Store struct {
	dtype   device.DType
	names   []string
	tensors map[string]*Tensor
	pins    *runtime.Pinner // C code may keep addresses of tensors
	outline bool            // no values, see NewOutline
	err     error
}

// NewStore returns an empty store of float32 or float64 tensors.
func NewStore(dtype device.DType) *Store {
	s := &Store{dtype: dtype, tensors: map[string]*Tensor{}, pins: new(runtime.Pinner)}
	runtime.AddCleanup(s, func(p *runtime.Pinner) { p.Unpin() }, s.pins)
	return s
}

// NewOutline returns a store of names and shapes without values: graphs are
// drawn over it in no time and no memory, to learn their shapes, but cannot run.
func NewOutline(dtype device.DType) *Store {
	return &Store{dtype: dtype, tensors: map[string]*Tensor{}, outline: true}
}

// Get returns the tensor of that name, and creates it with initial values
// where there is none. The values depend on name, shape and seed alone. A
// tensor that exists with another shape is an error, kept for Err.
func (s *Store) Get(name string, shape []int, init Init, kind Kind, seed uint64) *Tensor {
	if t, ok := s.tensors[name]; ok {
		if !slices.Equal(t.Shape, shape) && s.err == nil {
			s.err = fmt.Errorf("nn: store: %s has shape %v, a graph asks for %v: use another store or model", name, t.Shape, shape)
		}
		return t
	}
	t := &Tensor{Name: name, Shape: slices.Clone(shape), Kind: kind}
	s.names = append(s.names, name)
	s.tensors[name] = t
	if s.outline {
		return t
	}
	elements := int(device.Type{Shape: shape}.Elements())
	if s.dtype == device.Float64 {
		t.F64 = aligned[float64](elements, s.pins)
		fill(t.F64, shape, init, nameSeed(name, seed))
	} else {
		t.F32 = aligned[float32](elements, s.pins)
		fill(t.F32, shape, init, nameSeed(name, seed))
	}
	return t
}

// Lookup finds a tensor by name.
func (s *Store) Lookup(name string) (*Tensor, bool) {
	t, ok := s.tensors[name]
	return t, ok
}

// Names lists all tensors in the order of their creation.
func (s *Store) Names() []string { return slices.Clone(s.names) }

// DType is the element type of all tensors.
func (s *Store) DType() device.DType { return s.dtype }

// Err is the first clash of shapes, if any.
func (s *Store) Err() error { return s.err }

// Param is the memory of a tensor, for compiled plans. It lives as long as
// the store.
func (s *Store) Param(name string) (device.Mem, bool) {
	t, ok := s.tensors[name]
	if !ok || s.outline {
		return device.Mem{}, false
	}
	if t.F64 != nil {
		return memOf(t.F64), true
	}
	return memOf(t.F32), true
}

// alignment of tensors in bytes: a cache line, and a vector register.
const alignment = 64

// aligned returns n zeros at an aligned address. They lie on Go's heap, where
// whoever holds the slice keeps them alive, and are pinned, as cgo demands of
// memory whose address C structures hold.
func aligned[T float32 | float64](n int, pins *runtime.Pinner) []T {
	var zero T
	size := int(unsafe.Sizeof(zero))
	block := make([]T, n+alignment/size)
	pins.Pin(&block[0])
	over := int(uintptr(unsafe.Pointer(&block[0])) % alignment)
	skip := (alignment - over) % alignment / size
	return block[skip : skip+n : skip+n]
}

func memOf[T float32 | float64](v []T) device.Mem {
	var zero T
	p := unsafe.Pointer(unsafe.SliceData(v))
	return device.Mem{Ptr: uintptr(p), Bytes: int64(len(v)) * int64(unsafe.Sizeof(zero))}
}

func fill[T float32 | float64](dst []T, shape []int, init Init, seed uint64) {
	for i := range dst {
		dst[i] = T(init(i, shape, seed))
	}
}
