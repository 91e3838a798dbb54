package checkpoint

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/clvid/clvid/internal/atomicfile"
)

// metadataKey is the one header key that names no tensor.
const metadataKey = "__metadata__"

// headerEntry describes one tensor; the fields stand in the format's order.
type headerEntry struct {
	DType   DType  `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets [2]int `json:"data_offsets"` // half-open, from the end of the header
}

// WriteSafetensors writes tensors and string metadata to path, atomically.
// The bytes depend on the content alone, not on the order of tensors: data is
// sorted by element size, largest first, so that every tensor is aligned, and
// then by name. A name used twice, or a shape that does not fit its data, is an
// error.
func WriteSafetensors(path string, tensors []Tensor, metadata map[string]string) error {
	sorted, header, err := layOut(tensors, metadata)
	if err != nil {
		return err
	}
	err = atomicfile.Stream(path, func(w io.Writer) error {
		if _, err := w.Write(header); err != nil {
			return err
		}
		for _, t := range sorted {
			if err := writeData(w, t); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("checkpoint: write %s: %w", path, err)
	}
	return nil
}

// layOut orders the tensors and encodes length and header.
func layOut(tensors []Tensor, metadata map[string]string) ([]Tensor, []byte, error) {
	sizes := map[string]int{}
	for _, t := range tensors {
		d, err := t.check()
		if err != nil {
			return nil, nil, err
		}
		if _, twice := sizes[t.Name]; twice || t.Name == metadataKey {
			return nil, nil, fmt.Errorf("checkpoint: tensor name %q is used twice or reserved", t.Name)
		}
		sizes[t.Name] = d.Size()
	}
	sorted := slices.Clone(tensors)
	slices.SortFunc(sorted, func(a, b Tensor) int {
		return cmp.Or(cmp.Compare(sizes[b.Name], sizes[a.Name]), cmp.Compare(a.Name, b.Name))
	})
	header, err := encodeHeader(sorted, metadata)
	return sorted, header, err
}

// encodeHeader writes the JSON object by hand, as Go's maps would lose the
// order of the data. It is padded with spaces so that data starts on a
// multiple of 8 bytes.
func encodeHeader(sorted []Tensor, metadata map[string]string) ([]byte, error) {
	var b bytes.Buffer
	b.Write(make([]byte, 8))
	b.WriteByte('{')
	member := func(key string, value any) error {
		if b.Len() > 9 {
			b.WriteByte(',')
		}
		k, err := json.Marshal(key)
		if err != nil {
			return err
		}
		v, err := json.Marshal(value)
		if err != nil {
			return err
		}
		b.Write(append(append(k, ':'), v...))
		return nil
	}
	if len(metadata) > 0 {
		if err := member(metadataKey, metadata); err != nil {
			return nil, fmt.Errorf("checkpoint: metadata: %w", err)
		}
	}
	end := 0
	for _, t := range sorted {
		d, n, err := t.data()
		if err != nil {
			return nil, err
		}
		entry := headerEntry{d, append([]int{}, t.Shape...), [2]int{end, end + n*d.Size()}}
		if err := member(t.Name, entry); err != nil {
			return nil, fmt.Errorf("checkpoint: tensor %q: %w", t.Name, err)
		}
		end += n * d.Size()
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	if b.Len()-8 > maxHeaderBytes {
		return nil, fmt.Errorf("checkpoint: the header has %d bytes, want at most %d: write fewer tensors or less metadata", b.Len()-8, maxHeaderBytes)
	}
	binary.LittleEndian.PutUint64(b.Bytes(), uint64(b.Len()-8))
	return b.Bytes(), nil
}

// writeData encodes a tensor piece by piece, so that no second copy of it is
// held in memory.
func writeData(w io.Writer, t Tensor) error {
	const piece = 1 << 14
	_, n, err := t.data()
	if err != nil {
		return err
	}
	var b []byte
	for from := 0; from < n; from += piece {
		b = t.appendTo(b[:0], from, min(from+piece, n))
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}
