package checkpoint

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// header is a parsed header; entries are sorted by their data.
type header struct {
	entries  []namedEntry
	metadata map[string]string
}

type namedEntry struct {
	headerEntry
	name string
}

// parseHeader reads the JSON object strictly. encoding/json alone would keep
// the last of two equal keys, and two readers that differ in that could be
// shown different weights.
func parseHeader(text []byte) (*header, error) {
	h := &header{metadata: map[string]string{}}
	dec := json.NewDecoder(bytes.NewReader(text))
	err := object(dec, func(name string) error {
		if name == metadataKey {
			return object(dec, func(key string) (err error) {
				h.metadata[key], err = stringValue(dec)
				return err
			})
		}
		e, err := parseEntry(dec)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		e.name = name
		h.entries = append(h.entries, e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after the closing brace")
	}
	slices.SortFunc(h.entries, func(a, b namedEntry) int {
		return cmp.Or(cmp.Compare(a.Offsets[0], b.Offsets[0]), cmp.Compare(a.Offsets[1], b.Offsets[1]), cmp.Compare(a.name, b.name))
	})
	return h, nil
}

// object reads a JSON object, calling value with each key; value must consume
// the member's value. A key that comes twice is an error.
func object(dec *json.Decoder, value func(key string) error) error {
	if err := delimiter(dec, '{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for dec.More() {
		key, err := stringValue(dec)
		if err != nil {
			return err
		}
		if seen[key] {
			return fmt.Errorf("key %q is there twice", key)
		}
		seen[key] = true
		if err := value(key); err != nil {
			return err
		}
	}
	return delimiter(dec, '}')
}

func delimiter(dec *json.Decoder, want json.Delim) error {
	token, err := dec.Token()
	if err != nil {
		return fmt.Errorf("not valid JSON: %w", err)
	}
	if token != want {
		return fmt.Errorf("%v where %v is due", token, want)
	}
	return nil
}

func stringValue(dec *json.Decoder) (string, error) {
	token, err := dec.Token()
	if err != nil {
		return "", fmt.Errorf("not valid JSON: %w", err)
	}
	s, ok := token.(string)
	if !ok {
		return "", fmt.Errorf("%v where a string is due", token)
	}
	return s, nil
}

// parseEntry reads one tensor's description and checks that its three fields
// are there and agree.
func parseEntry(dec *json.Decoder) (namedEntry, error) {
	var e namedEntry
	var offsets []int
	err := object(dec, func(key string) error {
		switch key {
		case "dtype":
			return dec.Decode(&e.DType)
		case "shape":
			return dec.Decode(&e.Shape)
		case "data_offsets":
			return dec.Decode(&offsets)
		}
		return fmt.Errorf("unknown key %q", key)
	})
	if err != nil {
		return e, err
	}
	if !e.DType.known() {
		return e, fmt.Errorf("element type %q is not supported, only %s", e.DType, dtypeNames())
	}
	if e.Shape == nil || len(offsets) != 2 {
		return e, errors.New("shape or a pair of data_offsets is missing")
	}
	e.Offsets = [2]int(offsets)
	n, ok := elements(e.Shape)
	if !ok {
		return e, fmt.Errorf("shape %v has a negative size or too many elements", e.Shape)
	}
	if e.Offsets[0] < 0 || e.Offsets[1] < e.Offsets[0] || e.Offsets[1]-e.Offsets[0] != n*e.DType.Size() {
		return e, fmt.Errorf("data_offsets %v do not span the %d bytes of %s%v", e.Offsets, n*e.DType.Size(), e.DType, e.Shape)
	}
	return e, nil
}

// checkData says whether the tensors cover size bytes of data exactly: an
// overlap, a hole (in which anything could hide) and a range past the end
// are errors.
func (h *header) checkData(size int64) error {
	end := 0
	for _, e := range h.entries {
		if int64(e.Offsets[1]) > size {
			return fmt.Errorf("tensor %q ends at byte %d of %d: the file is truncated", e.name, e.Offsets[1], size)
		}
		if e.Offsets[0] < end {
			return fmt.Errorf("tensor %q starts at byte %d, inside the one before it, which ends at %d", e.name, e.Offsets[0], end)
		}
		if e.Offsets[0] > end {
			return fmt.Errorf("tensor %q starts at byte %d, which leaves a hole from %d", e.name, e.Offsets[0], end)
		}
		end = e.Offsets[1]
	}
	if int64(end) != size {
		return fmt.Errorf("%d bytes follow the last tensor", size-int64(end))
	}
	return nil
}
