package configs

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"gopkg.in/yaml.v3"
)

// YAML writes all settings in a fixed order; Load gives an equal Config from
// it. Of epochs and steps only the one in force is written.
func (c *Config) YAML() ([]byte, error) {
	var doc yaml.Node
	if err := doc.Encode(c); err != nil {
		return nil, fmt.Errorf("configs: %w", err)
	}
	if c.Epochs == 0 {
		remove(&doc, "epochs")
	} else {
		remove(&doc, "steps")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Sections)) {
		var section yaml.Node
		if err := section.Encode(c.Sections[name]); err != nil {
			return nil, fmt.Errorf("configs: section %s: %w", name, err)
		}
		doc.Content = append(doc.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: name}, &section)
	}
	var out bytes.Buffer
	out.WriteString("# All settings of a run. `clvid pretrain --config FILE` repeats it.\n")
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(&doc); err != nil {
		return nil, fmt.Errorf("configs: %w", err)
	}
	return out.Bytes(), encoder.Close()
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
