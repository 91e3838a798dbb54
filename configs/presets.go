package configs

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/clvid/clvid/internal/registry"
)

//go:embed *.yaml
var presets embed.FS

// Preset describes an embedded file of settings.
type Preset struct {
	Name string `json:"name"`
	Doc  string `json:"doc"` // its first line
}

// Presets lists the embedded presets by name.
func Presets() []Preset {
	var out []Preset
	for _, name := range presetNames() {
		data, err := presetData(name)
		if err != nil {
			continue // the name came from the same file system
		}
		first, _, _ := strings.Cut(string(data), "\n")
		out = append(out, Preset{Name: name, Doc: strings.TrimSpace(strings.TrimPrefix(first, "#"))})
	}
	return out
}

func presetNames() []string {
	entries, err := presets.ReadDir(".")
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		out = append(out, strings.TrimSuffix(e.Name(), path.Ext(e.Name())))
	}
	slices.Sort(out)
	return out
}

func presetData(name string) ([]byte, error) {
	data, err := presets.ReadFile(name + ".yaml")
	if err != nil {
		names := presetNames()
		return nil, fmt.Errorf("configs: unknown preset %q%s: want one of %s, or the path of a file",
			name, registry.Hint(name, names), strings.Join(names, ", "))
	}
	return data, nil
}
