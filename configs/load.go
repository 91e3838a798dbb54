package configs

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/viper"
)

// BaseName is the file that a run keeps its settings in.
const BaseName = "config.yaml"

// Source is where settings come from, weakest first: defaults, Base, Preset,
// File, Env, then Set and Flags together.
type Source struct {
	Base   []byte         // YAML of the settings of a run, which the others change; nil for none
	Preset string         // name of an embedded preset
	File   string         // path of a YAML file
	Env    []string       // lines of NAME=value, as os.Environ gives
	Set    []string       // key=value pairs
	Flags  map[string]any // values by path, such as "media.frames"
	// Sections are the settings of methods and tasks, from their registries.
	Sections Sections
}

// Use sets Preset or File by what a user gave for --config: the name of a
// preset, or a path. Both may be used, one after the other.
func (s *Source) Use(nameOrPath string) error {
	if _, err := presetData(nameOrPath); err == nil {
		s.Preset = nameOrPath
		return nil
	}
	ext := filepath.Ext(nameOrPath)
	if _, err := os.Stat(nameOrPath); err != nil && !strings.ContainsRune(nameOrPath, filepath.Separator) && ext != ".yaml" && ext != ".yml" {
		_, err := presetData(nameOrPath)
		return err
	}
	s.File = nameOrPath
	return nil
}

// level is how strong a source is.
type level int

// The sources, weakest first.
const (
	levelDefault level = iota
	levelBase
	levelPreset
	levelFile
	levelEnv
	levelFlags
)

// layer is what one level sets.
type layer struct {
	level   level
	entries []entry
}

// FlagError is a mistake in Source.Set or Source.Flags: what the user typed, not
// a file.
type FlagError struct{ error }

// Unwrap returns the mistake itself.
func (e *FlagError) Unwrap() error { return e.error }

// Load merges all sources and checks the result. Where the other sources are
// right by themselves, the error is a FlagError.
func Load(src Source) (*Config, error) {
	c, err := resolve(src)
	if err == nil || len(src.Set) == 0 && len(src.Flags) == 0 {
		return c, err
	}
	without := src
	without.Set, without.Flags = nil, nil
	if _, other := resolve(without); other == nil {
		err = &FlagError{err}
	}
	return c, err
}

func resolve(src Source) (*Config, error) {
	c := Default(src.Sections)
	s, err := newSchema(c)
	if err != nil {
		return nil, err
	}
	layers, err := s.read(src)
	if err != nil {
		return nil, err
	}
	if err := s.merge(layers); err != nil {
		return nil, err
	}
	if err := c.oneLength(layers); err != nil {
		return nil, err
	}
	c.Given = given(layers)
	return c, c.Validate()
}

// given lists the settings that are named in a source, and whether that is the
// environment or a flag.
func given(layers []layer) map[string]bool {
	out := map[string]bool{}
	for _, l := range layers {
		for _, e := range l.entries {
			out[e.leaf] = out[e.leaf] || l.level >= levelEnv
		}
	}
	return out
}

// read parses every source, weakest first. A mistake in one is an error even
// where a stronger source overrides it.
func (s *schema) read(src Source) ([]layer, error) {
	var layers []layer
	add := func(l level, entries []entry, err error) error {
		layers = append(layers, layer{l, entries})
		return err
	}
	if src.Base != nil {
		entries, err := s.fromYAML("the run's "+BaseName, src.Base)
		if err := add(levelBase, entries, err); err != nil {
			return nil, err
		}
	}
	if src.Preset != "" {
		data, err := presetData(src.Preset)
		if err != nil {
			return nil, err
		}
		entries, err := s.fromYAML("preset "+src.Preset, data)
		if err := add(levelPreset, entries, err); err != nil {
			return nil, err
		}
	}
	if src.File != "" {
		data, err := os.ReadFile(src.File)
		if err != nil {
			return nil, fmt.Errorf("configs: %w: want a file, or one of the presets %s", err, strings.Join(presetNames(), ", "))
		}
		entries, err := s.fromYAML(src.File, data)
		if err := add(levelFile, entries, err); err != nil {
			return nil, err
		}
	}
	entries, err := s.fromEnv(src.Env)
	if err := add(levelEnv, entries, err); err != nil {
		return nil, err
	}
	flags, err := s.fromFlags(src.Flags)
	if err != nil {
		return nil, err
	}
	sets, err := s.fromSet(src.Set)
	return layers, firstError(err, twice(flags, sets), add(levelFlags, append(flags, sets...), nil))
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// twice refuses a flag and a --set that say different things about one setting:
// neither is stronger.
func twice(flags, sets []entry) error {
	for _, f := range flags {
		for _, e := range sets {
			if f.leaf == e.leaf && f.key == e.key && !reflect.DeepEqual(f.value.Interface(), e.value.Interface()) {
				return fmt.Errorf("configs: %s is %v by %s and %v by --set: keep one", f.leaf, f.value, f.place, e.value)
			}
		}
	}
	return nil
}

// opaque carries a value through viper, which would turn the keys of a map into
// lower case and treat its dots as levels.
type opaque struct{ value reflect.Value }

// merge lets viper decide which source wins, and stores the winners. Values are
// typed and checked before, so viper guesses nothing.
func (s *schema) merge(layers []layer) error {
	v := viper.New()
	for path, field := range s.leaves {
		v.SetDefault(path, opaque{field})
	}
	for _, l := range layers {
		settings := map[string]any{}
		for _, e := range l.entries {
			value := opaque{e.value}
			if e.key != "" {
				value = opaque{withKey(v.Get(e.leaf).(opaque).value, e)}
			}
			if l.level == levelFlags {
				v.Set(e.leaf, value)
				continue
			}
			nest(settings, e.leaf, value)
		}
		if err := v.MergeConfigMap(settings); err != nil {
			return fmt.Errorf("configs: %w", err)
		}
	}
	winners := map[string]reflect.Value{}
	for path := range s.leaves {
		got, ok := v.Get(path).(opaque)
		if !ok {
			return fmt.Errorf("configs: %s was lost between the sources", path)
		}
		winners[path] = got.value
	}
	for path, value := range winners {
		s.leaves[path].Set(present(value))
	}
	return nil
}

// present makes an empty list or map of a missing one, so that a configuration
// equals the one read back from its YAML.
func present(v reflect.Value) reflect.Value {
	switch {
	case v.Kind() == reflect.Slice && v.IsNil():
		return reflect.MakeSlice(v.Type(), 0, 0)
	case v.Kind() == reflect.Map && v.IsNil():
		return reflect.MakeMap(v.Type())
	}
	return v
}

// withKey copies a map and sets one key of it.
func withKey(m reflect.Value, e entry) reflect.Value {
	out := reflect.MakeMap(m.Type())
	for _, key := range m.MapKeys() {
		out.SetMapIndex(key, m.MapIndex(key))
	}
	out.SetMapIndex(reflect.ValueOf(e.key), e.value)
	return out
}

// nest stores a value under a dotted path.
func nest(settings map[string]any, path string, value any) {
	parts := strings.Split(path, ".")
	for _, part := range parts[:len(parts)-1] {
		next, ok := settings[part].(map[string]any)
		if !ok {
			next = map[string]any{}
			settings[part] = next
		}
		settings = next
	}
	settings[parts[len(parts)-1]] = value
}

// oneLength keeps of epochs and steps the one that the strongest source sets.
// 0 sets neither.
func (c *Config) oneLength(layers []layer) error {
	at := map[string]level{}
	place := map[string]string{}
	for _, l := range layers {
		for _, e := range l.entries {
			if (e.leaf == "epochs" || e.leaf == "steps") && e.value.Int() != 0 {
				at[e.leaf], place[e.leaf] = l.level, e.place
			}
		}
	}
	switch {
	case len(at) == 2 && at["epochs"] == at["steps"]:
		return fmt.Errorf("configs: epochs (%s) and steps (%s) exclude each other: keep one", place["epochs"], place["steps"])
	case at["epochs"] > at["steps"]:
		c.Steps = 0
	case at["steps"] > at["epochs"]:
		c.Epochs = 0
	}
	return nil
}

// Keys lists every setting by path, sorted.
func Keys(sections Sections) ([]string, error) {
	s, err := newSchema(Default(sections))
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(s.leaves)), nil
}
