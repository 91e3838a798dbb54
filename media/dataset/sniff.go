package dataset

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
)

// shape is what the begin of a JSON text tells: the keys of its object, or of
// the first object of its list.
type shape struct {
	list bool // a list of objects
	keys []string
}

func (s shape) has(keys ...string) bool {
	return !slices.ContainsFunc(keys, func(k string) bool { return !slices.Contains(s.keys, k) })
}

// shapeOf reads a shape from the head of a text; what is cut off is not told.
func shapeOf(data []byte) (s shape) {
	dec := json.NewDecoder(bytes.NewReader(data))
	t, err := dec.Token()
	if err != nil {
		return s
	}
	if t == json.Delim('[') {
		s.list = true
		if t, err = dec.Token(); err != nil {
			return s
		}
	}
	if t != json.Delim('{') {
		return s
	}
	for dec.More() {
		key, err := dec.Token()
		name, ok := key.(string)
		if err != nil || !ok {
			return s
		}
		s.keys = append(s.keys, name)
		if len(s.keys) >= mostKeys || !skipValue(dec) {
			return s
		}
	}
	return s
}

// mostKeys is how many keys of an object tell what it is.
const mostKeys = 64

// skipValue passes over one value, whose end may be cut off.
func skipValue(dec *json.Decoder) bool {
	for depth := 0; ; {
		t, err := dec.Token()
		if err != nil {
			return false
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return true
		}
	}
}

// jsonShape is the shape of a .json file.
func jsonShape(file string) shape {
	if !strings.EqualFold(filepath.Ext(file), ".json") {
		return shape{}
	}
	return shapeOf(head(file))
}

// csvColumns are the columns that the first line of a .csv file names.
func csvColumns(file string) []string {
	if !strings.EqualFold(filepath.Ext(file), ".csv") {
		return nil
	}
	var out []string
	for name := range strings.SplitSeq(firstLine(head(file)), ",") {
		out = append(out, strings.Trim(strings.TrimSpace(name), `"`))
	}
	return out
}

// scalar is a string or a number of a JSON text, as ids come in both.
type scalar string

// UnmarshalJSON takes a string, a number, a truth or null, which is "".
func (s *scalar) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		*s = scalar(text)
		return nil
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	switch v.(type) {
	case nil:
		*s = ""
	case float64, bool:
		*s = scalar(data)
	default:
		return &json.UnmarshalTypeError{Value: "object or list", Type: nil, Field: ""}
	}
	return nil
}
