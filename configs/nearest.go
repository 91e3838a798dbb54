package configs

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clvid/clvid/internal/registry"
)

// listAll is the hint where no key is near.
const listAll = ": `clvid config` lists them all"

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
			return registry.DidYouMean(key)
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
	if short := registry.Nearest(last, slices.Sorted(maps.Keys(byLast))); short != "" {
		return registry.DidYouMean(byLast[short])
	}
	return listAll
}

// unknownEnv compares what follows the prefix, which all names share.
func (s *schema) unknownEnv(name string) error {
	short := strings.TrimPrefix(name, envPrefix)
	var names []string
	for _, key := range s.keys() {
		full := envName(key)
		if strings.HasSuffix(full, "_"+short) {
			return fmt.Errorf("configs: %s: names no setting%s", name, registry.DidYouMean(full))
		}
		names = append(names, strings.TrimPrefix(full, envPrefix))
	}
	hint := listAll
	if nearest := registry.Nearest(short, names); nearest != "" {
		hint = registry.DidYouMean(envPrefix + nearest)
	}
	return fmt.Errorf("configs: %s: names no setting%s", name, hint)
}
