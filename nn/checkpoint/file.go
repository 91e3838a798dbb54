package checkpoint

import (
	"errors"
	"fmt"
)

// Format is a kind of file.
type Format string

// The formats that Open reads.
const (
	Safetensors Format = "safetensors"
	Torch       Format = "PyTorch zip"
	HuggingFace Format = "Hugging Face folder"
)

// File is an open checkpoint. Names, types and shapes of its tensors are known;
// their values are read from the disk when they are asked for. It is not safe
// for use by several goroutines at once.
type File struct {
	Path   string
	Format Format
	// Metadata are a safetensors file's own, the numbers and texts beside the
	// tensors of a PyTorch file, or those at the top of a folder's config.json.
	Metadata map[string]string
	tensors  []stored
	index    map[string]int // into tensors, by name
	mappings []*mapping
	closed   bool
}

// Info describes a tensor.
type Info struct {
	Name  string `json:"name"`
	DType DType  `json:"dtype"`
	Shape []int  `json:"shape"` // empty for a scalar
}

// Elements is the number of values.
func (i Info) Elements() int64 {
	n := int64(1)
	for _, d := range i.Shape {
		n *= int64(d)
	}
	return n
}

// stored is a tensor and where its values lie.
type stored struct {
	Info
	data    []byte // mapped; little-endian elements
	strides []int  // elements from one index to the next, nil for row-major
}

// Open opens a checkpoint: a safetensors file, a .pth, .pt or .bin of torch.save,
// or a Hugging Face folder (or the index of its shards). What it is follows from
// the content, not from the name. Close it after use.
func Open(path string) (*File, error) {
	f := &File{Path: path, Metadata: map[string]string{}, index: map[string]int{}}
	err := guarded(func() error { return f.open(path) })
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %s: %w", path, errors.Join(err, f.Close()))
	}
	return f, nil
}

// Close frees the file. No tensor can be read afterwards.
func (f *File) Close() error {
	var errs []error
	for _, m := range f.mappings {
		errs = append(errs, m.Close())
	}
	f.mappings, f.closed = nil, true
	return errors.Join(errs...)
}

// Bytes is the size of the open files that hold the tensors.
func (f *File) Bytes() int64 {
	n := int64(0)
	for _, m := range f.mappings {
		n += int64(len(m.data))
	}
	return n
}

// Tensors describes all tensors, in the order of the file.
func (f *File) Tensors() []Info {
	out := make([]Info, len(f.tensors))
	for i, t := range f.tensors {
		out[i] = t.Info
	}
	return out
}

// Lookup describes the tensor of a name.
func (f *File) Lookup(name string) (Info, bool) {
	i, ok := f.index[name]
	if !ok {
		return Info{}, false
	}
	return f.tensors[i].Info, true
}

// add takes a tensor in; a name used twice is an error.
func (f *File) add(t stored) error {
	if _, twice := f.index[t.Name]; twice {
		return fmt.Errorf("two tensors are called %q", t.Name)
	}
	f.index[t.Name] = len(f.tensors)
	f.tensors = append(f.tensors, t)
	return nil
}
