package eval

import "github.com/clvid/clvid/internal/registry"

// ProbeSettings are the settings of all probes, each of which takes its own.
type ProbeSettings struct {
	K              int     // neighbours that vote
	KNNTemperature float64 // of their weights
	LinearC        float64 // inverse strength of the probe's penalty
}

// ProbeEntry describes one evaluation of frozen features by labels.
type ProbeEntry struct {
	Name string
	Doc  string // one line
	New  func(s ProbeSettings) Probe
	// Used lists the settings that New takes, for reports.
	Used func(s ProbeSettings) map[string]any
}

// EntryName makes a ProbeEntry fit a registry.Table.
func (e ProbeEntry) EntryName() string { return e.Name }

// Probes returns the evaluations of frozen features, by name.
func Probes() registry.Table[ProbeEntry] {
	return registry.Table[ProbeEntry]{
		knnEntry,
		linearEntry,
	}
}
