package checkpoint

import (
	"encoding/binary"
	"fmt"
	"maps"
)

// maxHeaderBytes is the format's own limit on its header.
const maxHeaderBytes = 100_000_000

// isSafetensors tells by the start of a file: a length that is possible, then a
// JSON object.
func isSafetensors(data []byte) bool {
	return len(data) >= 9 && binary.LittleEndian.Uint64(data) <= maxHeaderBytes && data[8] == '{'
}

// openSafetensors takes in the tensors of a file's bytes.
func (f *File) openSafetensors(data []byte) error {
	if len(data) < 8 {
		return fmt.Errorf("%d bytes are too few for a safetensors file", len(data))
	}
	length := binary.LittleEndian.Uint64(data)
	body := data[8:]
	if length > maxHeaderBytes {
		return fmt.Errorf("the header claims %d bytes, want at most %d: this is no safetensors file", length, maxHeaderBytes)
	}
	if length > uint64(len(body)) {
		return fmt.Errorf("the header claims %d bytes, but %d follow: the file is truncated", length, len(body))
	}
	h, err := parseHeader(body[:length])
	if err != nil {
		return fmt.Errorf("header: %w", err)
	}
	body = body[length:]
	if err := h.checkData(int64(len(body))); err != nil {
		return err
	}
	maps.Copy(f.Metadata, h.metadata)
	for _, e := range h.entries {
		if err := f.add(stored{Info: Info{e.name, e.DType, e.Shape}, data: body[e.Offsets[0]:e.Offsets[1]]}); err != nil {
			return err
		}
	}
	return nil
}
