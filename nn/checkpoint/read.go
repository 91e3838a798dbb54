package checkpoint

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"
)

// maxHeaderBytes is the format's own limit on its header.
const maxHeaderBytes = 100_000_000

// File is the content of a safetensors file.
type File struct {
	Tensors  []Tensor // in the order of their data
	Metadata map[string]string
}

// Lookup returns the tensor of a name.
func (f *File) Lookup(name string) (Tensor, bool) {
	i := slices.IndexFunc(f.Tensors, func(t Tensor) bool { return t.Name == name })
	if i < 0 {
		return Tensor{}, false
	}
	return f.Tensors[i], true
}

// ReadSafetensors reads a whole file. Memory stays within a small multiple of
// the file's size whatever its header claims. A damaged or hostile file is an
// error that says what is wrong with it.
func ReadSafetensors(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("checkpoint: %s is no regular file", path)
	}
	file, err := read(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %s: %w", path, err)
	}
	return file, nil
}

// read decodes size bytes of r.
func read(r io.Reader, size int64) (*File, error) {
	var prefix [8]byte
	if _, err := io.ReadFull(r, prefix[:]); err != nil {
		return nil, fmt.Errorf("%d bytes are too few for a safetensors file", size)
	}
	length := binary.LittleEndian.Uint64(prefix[:])
	if length > maxHeaderBytes {
		return nil, fmt.Errorf("the header claims %d bytes, want at most %d: this is no safetensors file", length, maxHeaderBytes)
	}
	if length > uint64(size-8) {
		return nil, fmt.Errorf("the header claims %d bytes, but %d follow: the file is truncated", length, size-8)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	h, err := parseHeader(text)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if err := h.checkData(size - 8 - int64(length)); err != nil {
		return nil, err
	}
	return h.readData(r)
}

// readData reads the tensors in the order of their data.
func (h *header) readData(r io.Reader) (*File, error) {
	file := &File{Metadata: h.metadata}
	for _, e := range h.entries {
		b := make([]byte, e.Offsets[1]-e.Offsets[0])
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", e.name, err)
		}
		t := Tensor{Name: e.name, Shape: e.Shape}
		t.decode(e.dtype, b)
		file.Tensors = append(file.Tensors, t)
	}
	return file, nil
}
