package configs

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// schema is every setting of a Config by its path, such as media.frames. Viper
// knows keys in lower case only and splits them at dots, so that is how they
// are spelt; a key that differs only by case is unknown here.
type schema struct {
	leaves map[string]reflect.Value // settable fields
	groups map[string]bool          // paths that hold further keys
}

// keyForm is what a yaml tag or a section's name must look like.
var keyForm = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// newSchema lists the fields of c and of its sections. Its errors are mistakes
// in code: a tag out of form, a name taken twice.
func newSchema(c *Config) (*schema, error) {
	s := &schema{leaves: map[string]reflect.Value{}, groups: map[string]bool{}}
	if err := s.add("", reflect.ValueOf(c).Elem()); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(c.Sections)) {
		v := reflect.ValueOf(c.Sections[name])
		if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
			return nil, fmt.Errorf("configs: section %s is a %T, want a pointer to a struct", name, c.Sections[name])
		}
		if err := s.group(name, v.Elem()); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// group adds a nested struct.
func (s *schema) group(path string, v reflect.Value) error {
	name := path[strings.LastIndex(path, ".")+1:]
	if !keyForm.MatchString(name) {
		return fmt.Errorf("configs: key %q: want lower_snake_case", path)
	}
	if _, taken := s.leaves[path]; taken || s.groups[path] {
		return fmt.Errorf("configs: key %q is taken twice", path)
	}
	s.groups[path] = true
	return s.add(path, v)
}

// add lists the fields of a struct below path.
func (s *schema) add(path string, v reflect.Value) error {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if name == "-" || !field.IsExported() {
			continue
		}
		if options == "inline" {
			if err := s.add(path, v.Field(i)); err != nil {
				return err
			}
			continue
		}
		at := join(path, name)
		if !isLeaf(field.Type) {
			if err := s.group(at, v.Field(i)); err != nil {
				return err
			}
			continue
		}
		if _, taken := s.leaves[at]; taken || s.groups[at] || !keyForm.MatchString(name) {
			return fmt.Errorf("configs: field %s of %s: key %q is taken or not lower_snake_case", field.Name, v.Type(), at)
		}
		s.leaves[at] = v.Field(i)
	}
	return nil
}

var (
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	yamlUnmarshaler = reflect.TypeFor[yaml.Unmarshaler]()
	durationType    = reflect.TypeFor[time.Duration]()
)

// isLeaf tells values from groups of keys.
func isLeaf(t reflect.Type) bool { return t.Kind() != reflect.Struct || decodesItself(t) }

func decodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(textUnmarshaler) || p.Implements(yamlUnmarshaler)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// resolve finds the setting that a path names. Below a map every name is a
// key of it: where.subject is key subject of where.
func (s *schema) resolve(path string) (leaf, key string, ok bool) {
	if _, ok := s.leaves[path]; ok {
		return path, "", true
	}
	for at := len(path) - 1; at > 0; at-- {
		if path[at] != '.' {
			continue
		}
		if v, ok := s.leaves[path[:at]]; ok && v.Kind() == reflect.Map && path[at+1:] != "" {
			return path[:at], path[at+1:], true
		}
	}
	return "", "", false
}

// keys lists all paths of values, sorted.
func (s *schema) keys() []string { return slices.Sorted(maps.Keys(s.leaves)) }

// children lists the keys right below a group, sorted.
func (s *schema) children(group string) []string {
	var out []string
	for _, set := range []map[string]bool{s.groups, leafSet(s.leaves)} {
		for path := range set {
			if rest, ok := strings.CutPrefix(path, group+"."); ok && !strings.Contains(rest, ".") {
				out = append(out, rest)
			}
		}
	}
	slices.Sort(out)
	return out
}

func leafSet(leaves map[string]reflect.Value) map[string]bool {
	out := make(map[string]bool, len(leaves))
	for path := range leaves {
		out[path] = true
	}
	return out
}
