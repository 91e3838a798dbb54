package checkpoint

import "fmt"

// CopyF32 copies the tensor of a name into dst, whose size it must have.
func (f *File) CopyF32(name string, dst []float32) error {
	t, ok := f.Lookup(name)
	if !ok {
		return missing(name)
	}
	return copyAll(name, dst, t.F32)
}

// CopyF64 is CopyF32 for float64.
func (f *File) CopyF64(name string, dst []float64) error {
	t, ok := f.Lookup(name)
	if !ok {
		return missing(name)
	}
	return copyAll(name, dst, t.F64)
}

// CopyI64 is CopyF32 for int64.
func (f *File) CopyI64(name string, dst []int64) error {
	t, ok := f.Lookup(name)
	if !ok {
		return missing(name)
	}
	return copyAll(name, dst, t.I64)
}

func missing(name string) error {
	return fmt.Errorf("checkpoint: there is no tensor %q: read a file that the same model wrote", name)
}

func copyAll[T any](name string, dst, src []T) error {
	switch {
	case src == nil:
		return fmt.Errorf("checkpoint: tensor %q has another element type than %T: read a file that the same model wrote", name, dst)
	case len(src) != len(dst):
		return fmt.Errorf("checkpoint: tensor %q has %d elements, want %d: read a file that the same model wrote", name, len(src), len(dst))
	}
	copy(dst, src)
	return nil
}
