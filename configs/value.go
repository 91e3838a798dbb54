package configs

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// decode turns a YAML node into a value of type t. It is stricter than yaml.v3,
// which cuts 1.5 to 1 for a whole number, reads numbers as text and leaves a
// field alone where the value is missing. Errors say what was found and what is
// wanted, without a place.
func decode(node *yaml.Node, t reflect.Type) (reflect.Value, error) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	out := reflect.New(t).Elem()
	if node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" && node.Style == 0 {
		return out, fmt.Errorf("has no value, want %s", wanted(t))
	}
	if !accepts(node, t) {
		return out, fmt.Errorf("is %s, want %s", shown(node), wanted(t))
	}
	switch {
	case decodesItself(t):
		if err := node.Decode(out.Addr().Interface()); err != nil {
			return out, fmt.Errorf("is %s: %w", shown(node), err)
		}
		return out, nil
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		return decodeList(node, t)
	case t.Kind() == reflect.Map:
		return decodeMap(node, t)
	}
	if err := node.Decode(out.Addr().Interface()); err != nil {
		return out, fmt.Errorf("is %s, want %s", shown(node), wanted(t)) // out of the type's range
	}
	if f := t.Kind(); (f == reflect.Float64 || f == reflect.Float32) && (math.IsNaN(out.Float()) || math.IsInf(out.Float(), 0)) {
		return out, fmt.Errorf("is %s, want a finite number", shown(node))
	}
	return out, nil
}

// accepts compares the node's kind and tag with what t is written as.
func accepts(node *yaml.Node, t reflect.Type) bool {
	tag := node.ShortTag()
	scalar := node.Kind == yaml.ScalarNode
	switch {
	case decodesItself(t):
		return true
	case t == durationType:
		_, err := time.ParseDuration(node.Value)
		return scalar && tag == "!!str" && err == nil
	}
	switch t.Kind() {
	case reflect.String:
		return scalar && tag == "!!str"
	case reflect.Bool:
		return scalar && tag == "!!bool"
	case reflect.Float32, reflect.Float64:
		return scalar && (tag == "!!float" || tag == "!!int")
	case reflect.Slice, reflect.Array:
		return node.Kind == yaml.SequenceNode
	case reflect.Map:
		return node.Kind == yaml.MappingNode
	default:
		return scalar && tag == "!!int"
	}
}

func decodeList(node *yaml.Node, t reflect.Type) (reflect.Value, error) {
	out := reflect.New(t).Elem()
	n := len(node.Content)
	if t.Kind() == reflect.Array {
		if n != t.Len() {
			return out, fmt.Errorf("has %d values, want %d", n, t.Len())
		}
	} else {
		out.Set(reflect.MakeSlice(t, n, n))
	}
	for i, item := range node.Content {
		v, err := decode(item, t.Elem())
		if err != nil {
			return out, fmt.Errorf("at position %d %w", i+1, err)
		}
		out.Index(i).Set(v)
	}
	return out, nil
}

// decodeMap keeps the case of keys: they are names of columns. Values may be
// bare numbers, for columns hold those.
func decodeMap(node *yaml.Node, t reflect.Type) (reflect.Value, error) {
	out := reflect.MakeMap(t)
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, item := node.Content[i].Value, node.Content[i+1]
		if out.MapIndex(reflect.ValueOf(name)).IsValid() {
			return out, fmt.Errorf("holds key %q twice", name)
		}
		v, err := decode(asText(item, t.Elem()), t.Elem())
		if err != nil {
			return out, fmt.Errorf("at key %q %w", name, err)
		}
		out.SetMapIndex(reflect.ValueOf(name), v)
	}
	return out, nil
}

// asText makes a bare scalar the text it is written as, where text is wanted.
func asText(node *yaml.Node, t reflect.Type) *yaml.Node {
	if t.Kind() == reflect.String && node.Kind == yaml.ScalarNode && node.Value != "" {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: node.Value}
	}
	return node
}

// fromText reads a value from the environment or --set, where everything is
// text: a bare word needs no quotes, lists and maps may be written with commas
// alone.
func fromText(text string, t reflect.Type) (*yaml.Node, error) {
	switch {
	case t.Kind() == reflect.String:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}, nil
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		if !strings.HasPrefix(strings.TrimSpace(text), "[") {
			return listOf(text, t.Elem()), nil
		}
	case t.Kind() == reflect.Map:
		if !strings.HasPrefix(strings.TrimSpace(text), "{") {
			return mapOf(text)
		}
	case text == "":
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}, nil
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: strings.TrimSpace(text)}, nil
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil || len(doc.Content) != 1 {
		return nil, fmt.Errorf("is %q, want %s", text, wanted(t))
	}
	return doc.Content[0], nil
}

// listOf splits at commas; no text is an empty list.
func listOf(text string, elem reflect.Type) *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	if strings.TrimSpace(text) == "" {
		return list
	}
	for part := range strings.SplitSeq(text, ",") {
		item := &yaml.Node{Kind: yaml.ScalarNode, Value: strings.TrimSpace(part)}
		list.Content = append(list.Content, asText(item, elem))
	}
	return list
}

// mapOf reads key=value pairs with commas between them.
func mapOf(text string) (*yaml.Node, error) {
	m := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	if strings.TrimSpace(text) == "" {
		return m, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(part, "=")
		if key = strings.TrimSpace(key); !ok || key == "" {
			return nil, fmt.Errorf("is %q, want key=value pairs with commas between them", text)
		}
		m.Content = append(m.Content,
			&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key},
			&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: strings.TrimSpace(value)})
	}
	return m, nil
}

// wanted names a type as a user would.
func wanted(t reflect.Type) string {
	switch {
	case t == durationType:
		return "a duration such as 30s or 2m"
	case decodesItself(t):
		return "a value of its own kind"
	}
	switch t.Kind() {
	case reflect.String:
		return "text (in quotes where it looks like a number)"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number of at least 0"
	case reflect.Slice:
		return "a list, each " + wanted(t.Elem())
	case reflect.Array:
		return fmt.Sprintf("a list of %d, each %s", t.Len(), wanted(t.Elem()))
	case reflect.Map:
		return "a map of key: value"
	default:
		return "a whole number"
	}
}

// shown quotes a value, cut short where it is long.
func shown(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a map"
	case yaml.SequenceNode:
		return "a list"
	}
	const longest = 60
	text := node.Value
	if len(text) > longest {
		text = text[:longest] + "…"
	}
	return strconv.Quote(text)
}
