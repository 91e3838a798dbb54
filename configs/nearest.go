package configs

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clvid/clvid/internal/registry"
)

// unknown is the error for a key that is no setting.
func (s *schema) unknown(place, path string) error {
	return fmt.Errorf("configs: %s: unknown key %s%s", place, path, s.hint(path))
}

// hint names the nearest key: of the same spelling in another section, or one
// that differs by little.
func (s *schema) hint(path string) string {
	last := path[strings.LastIndex(path, ".")+1:]
	for _, key := range s.keys() {
		if strings.HasSuffix(key, "."+last) || key == last {
			return fmt.Sprintf(" (did you mean %q?)", key)
		}
	}
	candidates := append(s.keys(), slices.Sorted(maps.Keys(s.groups))...)
	if hint := registry.Hint(path, candidates); hint != "" {
		return hint
	}
	return s.hintLast(last)
}

// hintLast compares the last part alone, for a typing error in a key that also
// misses its section.
func (s *schema) hintLast(last string) string {
	byLast := map[string]string{}
	for _, key := range s.keys() {
		short := key[strings.LastIndex(key, ".")+1:]
		if _, taken := byLast[short]; !taken {
			byLast[short] = key
		}
	}
	names := slices.Sorted(maps.Keys(byLast))
	hint := registry.Hint(last, names)
	for _, short := range names {
		if hint == fmt.Sprintf(" (did you mean %q?)", short) {
			return fmt.Sprintf(" (did you mean %q?)", byLast[short])
		}
	}
	return ": `clvid config` lists them all"
}

// unknownEnv compares what follows the prefix, which all names share.
func (s *schema) unknownEnv(name string) error {
	short := strings.TrimPrefix(name, envPrefix)
	var names []string
	for _, key := range s.keys() {
		full := envName(key)
		if strings.HasSuffix(full, "_"+short) {
			return fmt.Errorf("configs: %s: names no setting (did you mean %q?)", name, full)
		}
		names = append(names, strings.TrimPrefix(full, envPrefix))
	}
	hint := strings.Replace(registry.Hint(short, names), `"`, `"`+envPrefix, 1)
	if hint == "" {
		hint = ": `clvid config` lists them all"
	}
	return fmt.Errorf("configs: %s: names no setting%s", name, hint)
}
