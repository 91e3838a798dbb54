package prepare

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"

	"github.com/clvid/clvid/internal/atomicfile"
	"github.com/clvid/clvid/media"
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
	WithSound   int       `json:"inputs_with_sound"` // which is left out
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
	Reason string `json:"reason"` // without the path
}

func (j *job) report(outcomes []outcome) *Report {
	r := &Report{Out: j.dir, Settings: j.key(), Failures: []Problem{}, Damaged: []Problem{}}
	for _, o := range outcomes {
		if o.err != nil {
			r.Failures = append(r.Failures, Problem{Path: o.Input, Of: o.Of, Reason: media.Reason(o.err)})
			continue
		}
		r.Videos++
		r.Frames += o.Frames
		r.InputBytes += o.Size
		r.OutputBytes += o.Bytes
		if o.kept {
			r.Kept++
		}
		if o.Sound {
			r.WithSound++
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

// finish packs what goes into shards, writes the manifest and the record, and
// removes what is not in them.
func (j *job) finish(set *dataset.Set, outcomes []outcome) error {
	var err error
	if j.Format == FormatTar {
		j.members, err = j.pack(set.Items, outcomes)
	} else {
		err = j.dropShards(set.Items, outcomes)
	}
	if err != nil {
		return err
	}
	items := manifest(set.Items, outcomes)
	for i, it := range items {
		if j.members != nil {
			items[i].Name = j.members[it.Name]
		}
	}
	if err := dataset.WriteManifest(j.path(dataset.ManifestName), items); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	if err := j.log.replace(outcomes); err != nil {
		return err
	}
	return j.clean(outcomes)
}

// clean removes videos that the manifest does not name.
func (j *job) clean(outcomes []outcome) error {
	stay := map[string]bool{}
	for _, o := range outcomes {
		stay[o.Output] = o.err == nil && j.Format == FormatFolder
		j.log.had[o.Output] = o.Entry
	}
	for output := range j.log.had {
		if stay[output] || !filepath.IsLocal(filepath.FromSlash(output)) {
			continue
		}
		if err := os.Remove(j.path(output)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("prepare: %w", err)
		}
		// Folders go when they are empty.
		for dir := path.Dir(output); dir != "." && os.Remove(j.path(dir)) == nil; {
			dir = path.Dir(dir)
		}
	}
	return nil
}

// manifest lists the items whose videos are there, by their new names. Stretches
// move with the first frame, which may have been left out; those before it are
// gone, as are fields that tell of the inputs' files.
func manifest(items []dataset.Item, outcomes []outcome) []dataset.Item {
	made := map[string]*outcome{}
	for i := range outcomes {
		made[outcomes[i].Input] = &outcomes[i]
	}
	var out []dataset.Item
	for _, it := range items {
		o := made[it.Path]
		if o.err != nil || it.End != 0 && it.End <= o.From {
			continue
		}
		it.Name, it.Fields = o.Output, maps.Clone(it.Fields)
		for _, name := range dataset.MeasuredFields() {
			delete(it.Fields, name)
		}
		it.Start = max(it.Start-o.From, 0)
		if it.End != 0 {
			it.End -= o.From
		}
		out = append(out, it)
	}
	return out
}
