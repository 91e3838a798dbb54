package pretext

import (
	"fmt"

	"github.com/clvid/clvid/internal/registry"
	"github.com/clvid/clvid/media"
)

// Env is what all tasks of a run share.
type Env struct {
	Clip    media.ClipConfig
	Augment media.AugmentConfig
	Classes int // labels in the data set, 0 where there are none
}

// Entry describes one pretext task.
type Entry struct {
	Name    string
	Doc     string     // one line
	Section string     // key of its settings in a configuration, "" without any
	Config  func() any // pointer to the default settings; nil without any
	// New builds the task from settings as Config returns them; nil means the
	// defaults. Env is checked by NewTask before.
	New func(cfg any, env Env) (Task, error)
}

// EntryName makes an Entry fit a registry.Table.
func (e Entry) EntryName() string { return e.Name }

// Registry is a sorted table of tasks.
type Registry = registry.Table[Entry]

// Builtin returns clvid's own tasks, by name.
func Builtin() Registry {
	return Registry{
		actionRecognitionEntry,
		clipPairsEntry,
		frameOrderEntry,
		pacePredictionEntry,
		rhoClipsEntry,
		videoTextEntry,
	}
}

// NewTask checks what all tasks share and builds the named one.
func NewTask(r Registry, name string, cfg any, env Env) (Task, error) {
	entry, err := r.Lookup("pretext task", name)
	if err != nil {
		return nil, fmt.Errorf("pretext: %w", err)
	}
	if err := env.Clip.Validate(); err != nil {
		return nil, err
	}
	if err := env.Augment.Validate(); err != nil {
		return nil, err
	}
	return entry.New(cfg, env)
}

// settings returns cfg as the settings of a task, or its defaults for nil.
func settings[C any](task string, cfg any, defaults func() C) (C, error) {
	switch c := cfg.(type) {
	case nil:
		return defaults(), nil
	case *C:
		if c != nil {
			return *c, nil
		}
		return defaults(), nil
	}
	var want *C
	return defaults(), fmt.Errorf("pretext: %s: settings are %T, want %T", task, cfg, want)
}
