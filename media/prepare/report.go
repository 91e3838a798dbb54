package prepare

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"

	"github.com/clvid/clvid/internal/atomicfile"
	"github.com/clvid/clvid/media/dataset"
)

// ReportName is the report of the last run, in the folder.
const ReportName = "prepare.json"

// Report is what a run did. Bytes and frames are of the videos that are there.
type Report struct {
	Out         string    `json:"out"`
	Settings    string    `json:"settings"`
	Videos      int       `json:"videos"` // there are now
	Kept        int       `json:"kept"`   // of them made by earlier runs
	Frames      int       `json:"frames"`
	InputBytes  int64     `json:"input_bytes"`
	OutputBytes int64     `json:"output_bytes"`
	Failures    []Problem `json:"failures"`
	Damaged     []Problem `json:"damaged"` // made, of their sound frames
	Speed       *Speed    `json:"speed"`   // nil where nothing could be timed
	Seconds     float64   `json:"seconds"` // of making, without timing
}

// Problem is an input that is not wholly there.
type Problem struct {
	Path   string `json:"path"`
	Frames int    `json:"frames"` // that were saved
	Of     int    `json:"of"`     // as indexed
	Reason string `json:"reason"`
}

func (j *job) report(outcomes []outcome) *Report {
	r := &Report{Out: j.dir, Settings: j.key(), Failures: []Problem{}, Damaged: []Problem{}}
	for _, o := range outcomes {
		if o.err != nil {
			r.Failures = append(r.Failures, Problem{Path: o.Input, Of: o.Of, Reason: o.err.Error()})
			continue
		}
		r.Videos++
		r.Frames += o.Frames
		r.InputBytes += o.Size
		r.OutputBytes += o.Bytes
		if o.kept {
			r.Kept++
		}
		if o.Damage != "" {
			r.Damaged = append(r.Damaged, Problem{o.Input, o.Frames, o.Of, o.Damage})
		}
	}
	return r
}

func (r *Report) write(dir string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	if err := atomicfile.Write(filepath.Join(dir, ReportName), append(data, '\n')); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	return nil
}

// key names all that decides about the bytes of an output.
func (j *job) key() string {
	return fmt.Sprintf("side %d, gop %d, quality %d, fastdecode %t, preset %s, %s", j.Side, j.GOP, j.Quality, j.FastDecode, j.Preset, j.tools.Key)
}

// finish writes the manifest and the record, and removes what is not in them.
func (j *job) finish(set *dataset.Set, outcomes []outcome) error {
	if err := dataset.WriteManifest(filepath.Join(j.dir, dataset.ManifestName), manifest(set.Items, outcomes)); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	return j.log.replace(j.dir, outcomes)
}

// manifest lists the items whose videos are there, by their new names. Stretches
// move with the first frame, which may have been left out.
func manifest(items []dataset.Item, outcomes []outcome) []dataset.Item {
	made := map[string]*outcome{}
	for i := range outcomes {
		made[outcomes[i].Input] = &outcomes[i]
	}
	var out []dataset.Item
	for _, it := range items {
		o := made[it.Path]
		if o.err != nil {
			continue
		}
		it.Name, it.Fields = o.Output, maps.Clone(it.Fields)
		it.Start = max(it.Start-o.From, 0)
		if it.End != 0 {
			it.End = max(it.End-o.From, it.Start+1)
		}
		out = append(out, it)
	}
	return out
}
