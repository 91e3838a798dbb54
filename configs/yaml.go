package configs

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// YAML writes all settings in a fixed order; Load gives an equal Config from
// it. Of epochs and steps only the one in force is written.
func (c *Config) YAML() ([]byte, error) { return c.write(false) }

// Explained is YAML with what each setting means behind it.
func (c *Config) Explained() ([]byte, error) { return c.write(true) }

func (c *Config) write(explained bool) ([]byte, error) {
	doc, err := encode(c, explained)
	if err != nil {
		return nil, err
	}
	if c.Epochs == 0 {
		remove(doc, "epochs")
	} else {
		remove(doc, "steps")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Sections)) {
		section, err := encode(c.Sections[name], explained)
		if err != nil {
			return nil, fmt.Errorf("section %s: %w", name, err)
		}
		doc.Content = append(doc.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: name}, section)
	}
	var out bytes.Buffer
	out.WriteString("# All settings of a run. `clvid pretrain --config FILE` repeats it.\n")
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(doc); err != nil {
		return nil, fmt.Errorf("configs: %w", err)
	}
	return out.Bytes(), encoder.Close()
}

// encode makes a mapping of a struct of settings.
func encode(settings any, explained bool) (*yaml.Node, error) {
	var doc yaml.Node
	if err := doc.Encode(settings); err != nil {
		return nil, fmt.Errorf("configs: %w", err)
	}
	if explained {
		explain(&doc, reflect.TypeOf(settings).Elem())
	}
	return &doc, nil
}

// explain puts the tags doc of a struct behind its keys.
func explain(m *yaml.Node, t reflect.Type) {
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if options == "inline" {
			explain(m, field.Type)
			continue
		}
		for at := 0; at+1 < len(m.Content); at += 2 {
			key, value := m.Content[at], m.Content[at+1]
			if key.Value != name {
				continue
			}
			if !isLeaf(field.Type) {
				explain(value, field.Type)
			}
			comment(key, value, field.Tag.Get("doc"))
		}
	}
}

// comment puts a line behind a value that is one, and behind the key of others.
func comment(key, value *yaml.Node, text string) {
	if text == "" {
		return
	}
	if value.Kind == yaml.ScalarNode || len(value.Content) == 0 || value.Style&yaml.FlowStyle != 0 {
		value.LineComment = "# " + text
		return
	}
	key.LineComment = "# " + text
}

// remove takes a key out of a mapping.
func remove(m *yaml.Node, key string) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			m.Content = slices.Delete(m.Content, i, i+2)
			return
		}
	}
}

// Map returns all settings as nested maps, as YAML writes them.
func (c *Config) Map() (map[string]any, error) {
	data, err := c.YAML()
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	if err := yaml.Unmarshal(data, &out); err != nil {
		return nil, fmt.Errorf("configs: %w", err)
	}
	return out, nil
}
