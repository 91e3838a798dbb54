package methods

import "github.com/clvid/clvid/internal/registry"

// Entry describes one method.
type Entry struct {
	Name    string
	Doc     string     // one line
	Section string     // key of its settings in a configuration, "" without any
	Config  func() any // pointer to the default settings
	New     func(cfg any) (Method, error)
	// DefaultFor is a pretext task that this method learns where none is named;
	// "" for none.
	DefaultFor string
}

// EntryName makes an Entry fit a registry.Table.
func (e Entry) EntryName() string { return e.Name }

// Registry is a sorted table of methods.
type Registry = registry.Table[Entry]

// Builtin returns clvid's own methods, by name.
func Builtin() Registry {
	return Registry{
		clipEntry,
		mocoV2Entry,
		simCLREntry,
		supervisedEntry,
	}
}
