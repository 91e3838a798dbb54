package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// entry is one setting as a source gives it.
type entry struct {
	leaf  string // path of the setting
	key   string // key of a map to set, "" for the whole value
	value reflect.Value
	place string // for messages: file and line, variable or flag
}

// newEntry decodes a node for a path that names a setting.
func (s *schema) newEntry(path, place string, node *yaml.Node) (entry, error) {
	leaf, key, _ := s.resolve(path)
	t := s.leaves[leaf].Type()
	if key != "" {
		t = t.Elem()
	}
	v, err := decode(node, t)
	if err != nil {
		return entry{}, fmt.Errorf("configs: %s: %s %w", place, path, err)
	}
	return entry{leaf: leaf, key: key, value: v, place: place}, nil
}

// fromYAML reads a preset or a file.
func (s *schema) fromYAML(name string, data []byte) ([]entry, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("configs: %s: %s", name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("configs: %s: holds more than one document: keep the first", name)
	}
	if root := doc.Content[0]; root.Kind == yaml.MappingNode {
		return s.walk(name, "", root)
	} else if root.ShortTag() == "!!null" {
		return nil, nil
	}
	return nil, fmt.Errorf("configs: %s:%d: want `key: value` lines", name, doc.Content[0].Line)
}

// walk reads the keys of a mapping below path.
func (s *schema) walk(name, path string, m *yaml.Node) ([]entry, error) {
	var out []entry
	seen := map[string]int{}
	for i := 0; i+1 < len(m.Content); i += 2 {
		key, node := m.Content[i], m.Content[i+1]
		place := fmt.Sprintf("%s:%d", name, key.Line)
		at := join(path, key.Value)
		if first, twice := seen[key.Value]; twice {
			return nil, fmt.Errorf("configs: %s: %s is set twice, first in line %d", place, at, first)
		}
		seen[key.Value] = key.Line
		more, err := s.walkKey(name, at, place, key.Value, node)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

func (s *schema) walkKey(name, at, place, key string, node *yaml.Node) ([]entry, error) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	_, isLeaf := s.leaves[at]
	switch {
	case strings.Contains(key, "."):
		return nil, fmt.Errorf("configs: %s: key %q holds a dot: write the part after it on a line of its own, indented", place, key)
	case s.groups[at] && node.Kind == yaml.MappingNode:
		return s.walk(name, at, node)
	case s.groups[at]:
		return nil, fmt.Errorf("configs: %s: %s is %s, want a section with keys %s",
			place, at, shown(node), strings.Join(s.children(at), ", "))
	case !isLeaf:
		return nil, s.unknown(place, at)
	}
	if t := s.leaves[at].Type(); t == stringsType && node.Kind == yaml.ScalarNode && node.ShortTag() == "!!str" {
		node = listOf(node.Value, t.Elem()) // a list of one needs no brackets
	}
	e, err := s.newEntry(at, place, node)
	return []entry{e}, err
}

var stringsType = reflect.TypeFor[[]string]()

// fromSet reads key=value pairs of --set.
func (s *schema) fromSet(pairs []string) ([]entry, error) {
	var out []entry
	for _, pair := range pairs {
		path, text, ok := strings.Cut(pair, "=")
		if path = strings.TrimSpace(path); !ok || path == "" {
			return nil, fmt.Errorf("configs: --set %s: want key=value, such as --set media.frames=16", pair)
		}
		e, err := s.textEntry(path, "--set", text)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// textEntry is one setting given as text.
func (s *schema) textEntry(path, place, text string) (entry, error) {
	if s.groups[path] {
		return entry{}, fmt.Errorf("configs: %s: %s is a section, want one of its keys: %s",
			place, path, strings.Join(s.children(path), ", "))
	}
	leaf, key, ok := s.resolve(path)
	if !ok {
		return entry{}, s.unknown(place, path)
	}
	t := s.leaves[leaf].Type()
	if key != "" {
		t = t.Elem()
	}
	node, err := fromText(text, t)
	if err != nil {
		return entry{}, fmt.Errorf("configs: %s: %s %w", place, path, err)
	}
	return s.newEntry(path, place, node)
}

// fromFlags reads typed values by path; places are spelt as flags.
func (s *schema) fromFlags(flags map[string]any) ([]entry, error) {
	var out []entry
	for _, path := range slices.Sorted(maps.Keys(flags)) {
		place := "--" + strings.ReplaceAll(path, "_", "-")
		if _, _, ok := s.resolve(path); !ok {
			return nil, s.unknown(place, path)
		}
		var node yaml.Node
		if err := node.Encode(flags[path]); err != nil {
			return nil, fmt.Errorf("configs: %s: %w", place, err)
		}
		e, err := s.newEntry(path, place, &node)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}
