// Package prepare makes a data set that decodes fast out of another one: every
// video as a small file with a key frame every few frames. What is there is
// kept, so that a run that was killed goes on; what is written was read again
// and compared; and equal inputs give equal bytes with any number of workers.
package prepare

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/clvid/clvid/internal/atomicfile"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/media/loader"
)

// The values of Config.Format.
const (
	FormatFolder = "folder" // a file for each video, and clips.csv
	FormatTar    = "tar"    // the same in WebDataset shards
)

// Formats lists the values of Config.Format.
func Formats() []string { return []string{FormatFolder, FormatTar} }

// Config says what to make.
type Config struct {
	Side       int    // shorter side in pixels, which only shrinks; 0 keeps sizes
	GOP        int    // frames from one key frame to the next
	Quality    int    // CRF of H.264, quantiser of MPEG-4; 0 is the encoder's default
	FastDecode bool   // trade bytes for speed, of H.264
	Preset     string // of libx264
	Workers    int    // videos under way at a time
	Format     string // one of Formats
	ShardMB    int    // least size of a shard but the last, of FormatTar
}

// Default are shards for training at 112 pixels, which draws crops from them.
func Default() Config {
	return Config{Side: 128, GOP: 16, FastDecode: true, Preset: "medium", Workers: 1, Format: FormatFolder, ShardMB: 256}
}

// Validate names the first number that is out of bounds.
func (c Config) Validate() error {
	switch {
	case c.Side != 0 && (c.Side < 16 || c.Side > 4096):
		return fmt.Errorf("prepare: side is %d pixels, want 16 to 4096, or 0 to keep sizes", c.Side)
	case c.GOP < 1 || c.GOP > 1000:
		return fmt.Errorf("prepare: gop is %d frames, want 1 to 1000", c.GOP)
	case c.Workers < 1:
		return fmt.Errorf("prepare: workers is %d, want at least 1", c.Workers)
	case c.Format != FormatFolder && c.Format != FormatTar:
		return fmt.Errorf("prepare: to is %q, want one of %v", c.Format, Formats())
	case c.ShardMB < 1 || c.ShardMB > 1<<20:
		return fmt.Errorf("prepare: shard-mb is %d, want 1 to %d", c.ShardMB, 1<<20)
	}
	return nil
}

// Encoder takes the pictures of one video, each at its time from the start. The
// file appears whole when it is closed, or not at all.
type Encoder interface {
	WriteImage(im *media.Image, at time.Duration) error
	Close() error
}

// Output describes a file to write.
type Output struct {
	Like      *media.Image // a picture such as those to come
	FrameRate int          // frames per second, roughly
}

// Tools read and write files for a package that knows no codecs.
type Tools struct {
	Decoder media.Decoder // of the inputs
	Reader  media.Decoder // of what was written, and of inputs that are timed; without caches
	Open    func(path string, o Output) (Encoder, error)
	Ending  string // of files that Open writes, such as .mp4
	// HasSound tells whether a file has sound, which is left out; nil does not look.
	HasSound func(ctx context.Context, path string) bool
	// Lossless is set where the encoder takes planes of any kind as they are.
	Lossless bool
	// Key names all that decides about the bytes and is not in Config: codec,
	// encoder, settings of the decoder.
	Key string
}

// Progress is how far a run is.
type Progress struct {
	Done, Total           int   // videos
	Failed                int   // of those done
	DoneBytes, TotalBytes int64 // of inputs that had to be made
}

// job is a run under way.
type job struct {
	Config
	tools  Tools
	dir    string
	inputs []input
	log    *record
	shards shardList // that are there at the start
	// members are the names of outputs in shards, once those are packed.
	members map[string]string
	notify  func(Progress)
}

// workName is the folder of half-made files. It is hidden, so that no reader of
// folders looks in; videosName holds what is ready.
const (
	workName   = ".work"
	videosName = "videos"
)

// Run makes the videos of set in the folder dir, which is made where there is
// none, with a manifest clips.csv that carries over labels, splits, captions,
// stretches and fields, but for those that a survey measured of the inputs. A
// video that cannot be decoded is a failure in the report and not in the
// manifest; of a damaged one the sound frames are kept. An error is one of
// writing, of the configuration or of ctx. progress is called from one
// goroutine.
func Run(ctx context.Context, set *dataset.Set, dir string, c Config, t Tools, progress func(Progress)) (*Report, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	start := time.Now()
	if err := apart(set.Items, dir); err != nil {
		return nil, err
	}
	unlock, err := lock(dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := vacant(dir); err != nil {
		return nil, err
	}
	j := &job{Config: c, tools: t, dir: dir, inputs: plan(set.Items, t.Ending), notify: progress}
	defer os.RemoveAll(filepath.Join(dir, workName)) // nothing in it is needed
	if err := j.begin(); err != nil {
		return nil, err
	}
	outcomes, err := j.makeAll(ctx)
	if err != nil {
		return nil, err
	}
	report := j.report(outcomes)
	if err := j.finish(set, outcomes); err != nil {
		return nil, err
	}
	report.Seconds = time.Since(start).Seconds()
	if report.Speed, err = j.measure(ctx, outcomes); err != nil {
		return nil, err
	}
	return report, report.write(dir)
}

// apart refuses a folder that holds inputs: they could be written over.
func apart(items []dataset.Item, dir string) error {
	out := unlinked(dir)
	for _, it := range items {
		file := it.Path
		if shard, _, member := strings.Cut(file, ".tar#"); member {
			file = shard + ".tar"
		}
		if rel, err := filepath.Rel(out, unlinked(file)); err == nil && filepath.IsLocal(rel) {
			return fmt.Errorf("prepare: %s lies in %s, where the new set may be written over it: choose another --out", it.Path, dir)
		}
	}
	return nil
}

// vacant refuses a folder whose manifest another program made: it would be
// written over.
func vacant(dir string) error {
	manifest := filepath.Join(dir, dataset.ManifestName)
	if _, err := os.Lstat(manifest); err != nil {
		return nil
	}
	if _, err := os.Lstat(filepath.Join(dir, recordName)); err != nil {
		return fmt.Errorf("prepare: %s is of another data set, as there is no %s beside it: choose another --out", manifest, recordName)
	}
	return nil
}

// unlinked is an absolute path without links, as far as it exists.
func unlinked(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if followed, err := filepath.EvalSymlinks(path); err == nil {
		return followed
	}
	return path
}

// begin clears what a killed process left and reads what was made before.
func (j *job) begin() error {
	work := filepath.Join(j.dir, workName)
	if err := os.RemoveAll(work); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	if err := os.MkdirAll(work, 0o755); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	var err error
	if j.shards, err = readShards(j.dir); err != nil {
		return err
	}
	// The record comes before the manifest, which is known by it for one of this
	// package.
	if j.log, err = openRecord(filepath.Join(j.dir, recordName)); err != nil {
		return err
	}
	if j.foreign() {
		return errors.Join(fmt.Errorf("prepare: %s holds %d videos made of other data, which would be removed: choose another --out, or remove it", j.dir, len(j.log.had)), j.log.close())
	}
	// Until the end there is no set here: without this a reader would take the
	// folder for one of fewer videos, without labels.
	name := filepath.Join(j.dir, dataset.ManifestName)
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		if err := atomicfile.Write(name, []byte("path\n")); err != nil {
			return errors.Join(fmt.Errorf("prepare: %w", err), j.log.close())
		}
	}
	return nil
}

// foreign tells whether the folder holds another set: nothing that was made in
// it is an input, or would be an output, of this run.
func (j *job) foreign() bool {
	made := map[string]bool{}
	for _, e := range j.log.had {
		made[e.Input], made[e.Output] = true, true
	}
	known := func(in input) bool { return made[in.path] || made[in.output] }
	return len(made) > 0 && !slices.ContainsFunc(j.inputs, known)
}

// outcome is what became of one input.
type outcome struct {
	Entry
	kept bool  // it was there already
	err  error // why there is nothing; the rest is then the input's alone
}

// makeAll makes what is not there, in parallel, and lists outcomes in the order
// of the inputs.
func (j *job) makeAll(ctx context.Context) ([]outcome, error) {
	defer j.log.close()
	p := Progress{Total: len(j.inputs)}
	for i := range j.inputs {
		in := &j.inputs[i]
		in.entry, in.kept = j.log.find(j, in)
		if !in.kept {
			p.TotalBytes += in.size
		}
	}
	var out []outcome
	one := func(ctx context.Context, _, i int) (outcome, error) { return j.makeOne(ctx, i) }
	for o, err := range loader.Map(ctx, 0, len(j.inputs), j.Workers, 4*j.Workers, one) {
		if err != nil {
			return nil, err
		}
		out = append(out, o)
		p.Done++
		if !o.kept {
			p.DoneBytes += j.inputs[p.Done-1].size
		}
		if o.err != nil {
			p.Failed++
		}
		if j.notify != nil {
			j.notify(p)
		}
	}
	return out, nil
}

// makeOne makes one video, unless it is there. Its error ends the run; what is
// wrong with the input is in the outcome.
func (j *job) makeOne(ctx context.Context, i int) (outcome, error) {
	in := j.inputs[i]
	if in.kept {
		return outcome{Entry: in.entry, kept: true}, nil
	}
	o := outcome{Entry: Entry{Input: in.path, Size: in.size, Changed: in.changed, Key: j.key(), Output: in.output}}
	temporary := filepath.Join(j.dir, workName, fmt.Sprintf("%d%s", i, j.tools.Ending))
	if o.err = in.err; o.err == nil {
		o.err = j.transcode(ctx, in.path, temporary, &o.Entry)
	}
	if err := ctx.Err(); err != nil {
		return o, err
	}
	if o.err != nil {
		return o, j.writable()
	}
	if err := j.name(temporary, in.output); err != nil {
		return o, err
	}
	return o, j.log.add(o.Entry)
}

// writable tells whether the folder still takes files: a full disk is no fault
// of the video that meets it, and ends the run.
func (j *job) writable() error {
	probe, err := os.CreateTemp(filepath.Join(j.dir, workName), "probe-*") // other workers may try too
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	_, err = probe.Write(make([]byte, 1<<16))
	if err = errors.Join(err, probe.Close(), os.Remove(probe.Name())); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	return nil
}

// lock makes the folder where it is missing and keeps other processes out.
func lock(dir string) (unlock func() error, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("prepare: %s is in use by another clvid: wait for it, or name another folder", dir)
	}
	return f.Close, nil
}
