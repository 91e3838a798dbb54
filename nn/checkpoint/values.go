package checkpoint

import (
	"crypto/sha256"
	"errors"
	"fmt"
)

// Float32s returns the values of a tensor in row-major order, rounded where
// their type is wider.
func (f *File) Float32s(name string) ([]float32, error) {
	info, ok := f.Lookup(name)
	if !ok {
		return nil, missing(name)
	}
	out := make([]float32, info.Elements())
	return out, f.CopyF32(name, out)
}

// Float64s is Float32s for float64, which holds every type but I64 exactly.
func (f *File) Float64s(name string) ([]float64, error) {
	info, ok := f.Lookup(name)
	if !ok {
		return nil, missing(name)
	}
	out := make([]float64, info.Elements())
	return out, f.CopyF64(name, out)
}

// CopyF32 fills dst, whose size must be the tensor's, without holding a second
// copy of its values.
func (f *File) CopyF32(name string, dst []float32) error { return copyFloats(f, name, dst) }

// CopyF64 is CopyF32 for float64.
func (f *File) CopyF64(name string, dst []float64) error { return copyFloats(f, name, dst) }

// CopyI64 is CopyF32 for tensors of whole numbers.
func (f *File) CopyI64(name string, dst []int64) error {
	return f.read(name, len(dst), func(t stored) error {
		if t.DType.isFloat() {
			return fmt.Errorf("checkpoint: tensor %q holds %s, want whole numbers: read a file that the same model wrote", name, t.DType)
		}
		src := t.contiguous()
		for i := range dst {
			dst[i] = whole(t.DType, src, i)
		}
		return nil
	})
}

func copyFloats[T float32 | float64](f *File, name string, dst []T) error {
	return f.read(name, len(dst), func(t stored) error {
		convert(dst, t.DType, t.contiguous())
		return nil
	})
}

// read hands a tensor of n elements to use.
func (f *File) read(name string, n int, use func(stored) error) error {
	i, ok := f.index[name]
	if !ok {
		return missing(name)
	}
	t := f.tensors[i]
	switch {
	case f.closed:
		return fmt.Errorf("checkpoint: %s is closed", f.Path)
	case t.Elements() != int64(n):
		return fmt.Errorf("checkpoint: tensor %q has %d elements, want %d: read a file that the same model wrote", name, t.Elements(), n)
	}
	err := guarded(func() error { return use(t) })
	if errors.Is(err, errShrunk) {
		return fmt.Errorf("checkpoint: %s: tensor %q: %w", f.Path, name, err)
	}
	return err
}

func missing(name string) error {
	return fmt.Errorf("checkpoint: there is no tensor %q: read a file that the same model wrote", name)
}

// Sum is the SHA-256 of names, types, shapes and values of all tensors, in hex.
func (f *File) Sum() (string, error) {
	h := sha256.New()
	for _, t := range f.tensors {
		fmt.Fprintf(h, "%q %s %v\n", t.Name, t.DType, t.Shape)
		err := f.read(t.Name, int(t.Elements()), func(t stored) error {
			_, err := h.Write(t.contiguous())
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// contiguous returns the elements in row-major order: the mapped bytes
// themselves where they lie so.
func (t stored) contiguous() []byte {
	if t.strides == nil {
		return t.data
	}
	size, n := t.DType.Size(), int(t.Elements())
	out := make([]byte, 0, n*size)
	at := make([]int, len(t.Shape))
	from := 0
	for range n {
		out = append(out, t.data[from*size:(from+1)*size]...)
		for axis := len(at) - 1; axis >= 0; axis-- {
			at[axis]++
			from += t.strides[axis]
			if at[axis] < t.Shape[axis] {
				break
			}
			from -= at[axis] * t.strides[axis]
			at[axis] = 0
		}
	}
	return out
}
