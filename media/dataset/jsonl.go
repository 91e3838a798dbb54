package dataset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

func isJSONL(p place) bool { return p.manifestFile(".jsonl") != "" }

// readJSONL reads a manifest of one JSON object a line, with the columns of a
// CSV manifest as keys; captions may be a list.
func readJSONL(p place) (*Set, error) {
	file := p.manifestFile(".jsonl")
	if file == "" {
		return nil, fmt.Errorf("dataset: %s is no .jsonl manifest and no folder that holds one", p.path)
	}
	data, err := readText(file)
	if err != nil {
		return nil, err
	}
	return parseJSONL(file, data)
}

func parseJSONL(file string, data []byte) (*Set, error) {
	r, at := newRows(file, "line"), 0
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		at++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		item, err := itemOfJSON(line)
		if err != nil {
			return nil, r.errorf(at, "%v", err)
		}
		if err := r.add(item, at); err != nil {
			return nil, err
		}
	}
	return r.done()
}

func itemOfJSON(line []byte) (item Item, err error) {
	var cells map[string]json.RawMessage
	if err := json.Unmarshal(line, &cells); err != nil {
		return item, err
	}
	for _, column := range slices.Sorted(maps.Keys(cells)) {
		for _, value := range jsonValues(cells[column]) {
			if column == "captions" {
				column = "caption"
			}
			if err := item.set(column, value); err != nil {
				return item, err
			}
		}
	}
	return item, nil
}

// jsonValues are the texts of a value: each of a list's, or one. What is
// neither text, number nor truth stays JSON.
func jsonValues(raw json.RawMessage) []string {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		list = []json.RawMessage{raw}
	}
	var out []string
	for _, value := range list {
		var s scalar
		switch {
		case bytes.Equal(value, []byte("null")):
		case s.UnmarshalJSON(value) == nil:
			out = append(out, string(s))
		default:
			out = append(out, string(value))
		}
	}
	return out
}
