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
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/media/mediatest"
)

func three(t *testing.T) *bench {
	return newBench(t, map[string]mediatest.Movie{
		"run/a.avi": {W: 200, H: 150, Frames: 30},
		"run/b.mkv": {W: 33, H: 21, Frames: 5},
		"c.gif":     {W: 100, H: 400, Frames: 1},
	},
		dataset.Item{Name: "c.gif", Split: "test", Captions: []string{"one", "two, or more"}, Fields: map[string]string{"source": "web", "codec": "gif", "height": "400", "sha256": "f00"}},
		dataset.Item{Name: "run/a.avi", Label: "run", Split: "train", Start: time.Second / 2, End: time.Second, Fields: map[string]string{}},
		dataset.Item{Name: "run/b.mkv", Label: "walk", Split: "train", Fields: map[string]string{}},
	)
}

func TestPreparedSetIsTheSameSet(t *testing.T) {
	b := three(t)
	r := b.mustRun()
	if r.Videos != 3 || r.Frames != 36 || r.Kept != 0 || len(r.Failures)+len(r.Damaged) > 0 || r.InputBytes == 0 || r.OutputBytes == 0 || r.WithSound != 1 || r.Speed == nil || r.Speed.Videos != 3 {
		t.Errorf("%+v", r)
	}
	want := []string{"clips.csv", "prepared.jsonl", "videos/c.mp4", "videos/run/a.mp4", "videos/run/b.mp4"}
	if d := cmp.Diff(want, b.names()); d != "" {
		t.Errorf("files (-want +got):\n%s", d)
	}
	for name, size := range map[string]string{"videos/run/a.mp4": `"W":170,"H":128`, "videos/run/b.mp4": `"W":32,"H":20`, "videos/c.mp4": `"W":100,"H":400`} {
		if !strings.Contains(b.files()[name], size) {
			t.Errorf("%s is %.40s, want %s", name, b.files()[name], size)
		}
	}
	set, err := dataset.Open(b.out)
	if err != nil {
		t.Fatal(err)
	}
	for i, it := range set.Items {
		was := b.set.Items[i]
		if it.Label != was.Label || it.Split != was.Split || !slices.Equal(it.Captions, was.Captions) || it.Fields["source"] != was.Fields["source"] || it.Start != was.Start || it.End != was.End {
			t.Errorf("item is %+v, was %+v", it, was)
		}
		for _, measured := range dataset.MeasuredFields() {
			if value := it.Fields[measured]; value != "" {
				t.Errorf("%s tells %s %s of its input", it.Name, measured, value)
			}
		}
	}
}

// Workers that fail at the same time do not disturb each other.
func TestManyFailuresAtOnce(t *testing.T) {
	movies, items := map[string]mediatest.Movie{}, []dataset.Item{}
	for i := range 200 {
		name := fmt.Sprintf("%03d.mp4", i)
		movies[name] = mediatest.Movie{Open: &media.Error{Path: name, Op: "open", Err: media.ErrNoVideo}}
		items = append(items, dataset.Item{Name: name})
	}
	b := newBench(t, movies, items...)
	b.config.Workers = 16
	if r := b.mustRun(); len(r.Failures) != 200 {
		t.Errorf("%d failures, want 200", len(r.Failures))
	}
}

// A set is never written over its own videos, by whatever name.
func TestInputsAreNotWrittenOver(t *testing.T) {
	b := three(t)
	b.mustRun()
	set, err := dataset.Open(b.out)
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(b.out, link); err != nil {
		t.Fatal(err)
	}
	before := b.files()
	for _, out := range []string{b.out, filepath.Join(b.out, "videos"), link} {
		if _, err := Run(t.Context(), set, out, b.config, Tools{}, nil); err == nil || !strings.Contains(err.Error(), "choose another --out") {
			t.Errorf("%s: error %v", out, err)
		}
	}
	if d := cmp.Diff(before, b.files()); d != "" {
		t.Error(d)
	}
}

// A set made of other data is not removed by a slip of --out.
func TestAnotherSetIsLeftAlone(t *testing.T) {
	b := three(t)
	b.mustRun()
	before := b.files()
	other := newBench(t, map[string]mediatest.Movie{"d.avi": {W: 64, H: 64, Frames: 4}}, dataset.Item{Name: "d.avi", Fields: map[string]string{}})
	other.out = b.out
	if _, err := other.run(); err == nil || !strings.Contains(err.Error(), "holds 3 videos made of other data") {
		t.Errorf("error %v", err)
	}
	if d := cmp.Diff(before, b.files()); d != "" {
		t.Error(d)
	}
}

// Nor is the manifest of another set written over.
func TestManifestsOfOthersAreNotWrittenOver(t *testing.T) {
	b := three(t)
	manifest := filepath.Join(b.out, dataset.ManifestName)
	if err := errors.Join(os.MkdirAll(b.out, 0o755), os.WriteFile(manifest, []byte("path,label\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), b.set, b.out, b.config, Tools{}, nil); err == nil || !strings.Contains(err.Error(), "is of another data set") {
		t.Errorf("error %v", err)
	}
	if names := b.names(); !slices.Equal(names, []string{"clips.csv"}) {
		t.Errorf("files are %q", names)
	}
}

func TestWhatIsThereIsKept(t *testing.T) {
	b := three(t)
	b.mustRun()
	first := b.files()
	kept := func(want int) {
		t.Helper()
		if r := b.mustRun(); r.Kept != want {
			t.Errorf("%d of %d kept, want %d", r.Kept, r.Videos, want)
		}
	}
	kept(3)
	if d := cmp.Diff(first, b.files()); d != "" {
		t.Errorf("a second run changes files:\n%s", d)
	}
	b.touch("run/a.avi")
	kept(2)
	kept(3)
	if err := os.Remove(filepath.Join(b.out, "videos/c.mp4")); err != nil {
		t.Fatal(err)
	}
	kept(2)
	b.config.Side = 64
	kept(0)
	b.key = "other codec"
	kept(0)
	b.set.Items = b.set.Items[1:]
	kept(2)
	if slices.Contains(b.names(), "videos/c.mp4") {
		t.Error("the video of an item that is gone stays")
	}
}

// A kill leaves half a line, half a video and no manifest.
func TestGoesOnAfterAKill(t *testing.T) {
	b := three(t)
	b.mustRun()
	want := b.files()
	record := filepath.Join(b.out, recordName)
	lines := strings.SplitAfter(want[recordName], "\n")
	err := errors.Join(os.WriteFile(record, []byte(lines[0]+lines[1][:20]), 0o644), os.Remove(filepath.Join(b.out, "clips.csv")),
		os.MkdirAll(filepath.Join(b.out, workName), 0o755), os.WriteFile(filepath.Join(b.out, workName, "1.mp4"), []byte("half"), 0o644))
	if err != nil {
		t.Fatal(err)
	}
	if r := b.mustRun(); r.Kept != 1 {
		t.Errorf("%d kept, want 1", r.Kept)
	}
	if d := cmp.Diff(want, b.files()); d != "" {
		t.Errorf("files differ after a kill:\n%s", d)
	}
}

func TestNumberOfWorkersChangesNothing(t *testing.T) {
	movies, items := map[string]mediatest.Movie{}, []dataset.Item{}
	for i := range 30 {
		name := fmt.Sprintf("%d.mp4", i)
		movies[name] = mediatest.Movie{Frames: 1 + i%7}
		items = append(items, dataset.Item{Name: name})
	}
	a, b := newBench(t, movies, slices.Clone(items)...), newBench(t, movies, items...)
	b.config.Workers = 8
	a.mustRun()
	b.mustRun()
	strip := func(files map[string]string, root string) map[string]string {
		var lines []string
		for _, line := range strings.Split(files[recordName], "\n") {
			line = strings.ReplaceAll(line, root, "")
			from, _, _ := strings.Cut(line, `"input_changed_ns"`)
			lines = append(lines, from)
		}
		files[recordName] = strings.Join(lines, "\n")
		return files
	}
	if d := cmp.Diff(strip(a.files(), a.root), strip(b.files(), b.root)); d != "" {
		t.Error(d)
	}
}

// Damaged videos keep their sound frames; those without are failures.
func TestDamageIsReported(t *testing.T) {
	b := newBench(t, map[string]mediatest.Movie{
		"head.mp4": {Frames: 50, Damage: media.ErrCorrupt, DamageAt: 0, DamageEnd: 25},
		"all.mp4":  {Frames: 5, Damage: media.ErrCorrupt},
		"none.mp4": {Open: &media.Error{Path: "none.mp4", Op: "open", Err: media.ErrNoVideo}},
		"ok.mp4":   {Frames: 5},
	}, dataset.Item{Name: "all.mp4"}, dataset.Item{Name: "gone.mp4"}, dataset.Item{Name: "head.mp4", Start: 1500 * time.Millisecond, End: 2 * time.Second},
		dataset.Item{Name: "none.mp4"}, dataset.Item{Name: "ok.mp4"})
	r := b.mustRun()
	if len(r.Damaged) != 1 || r.Damaged[0].Frames != 25 || r.Damaged[0].Of != 50 || !strings.Contains(r.Damaged[0].Reason, "25 of 50 frames are sound") {
		t.Errorf("damaged: %+v", r.Damaged)
	}
	var failed []string
	for _, f := range r.Failures {
		failed = append(failed, filepath.Base(f.Path)+": "+f.Reason)
	}
	for i, want := range []string{"all.mp4: corrupt data: 0 of 5 frames are sound; ", "gone.mp4: stat ", "none.mp4: no video stream"} {
		if len(failed) != 3 || !strings.HasPrefix(failed[i], want) {
			t.Errorf("failures are %q, want one that begins with %q", failed, want)
		}
	}
	set, err := dataset.Open(b.out)
	if err != nil {
		t.Fatal(err)
	}
	// The first frame of the output was shown after a second.
	if it := set.Items[0]; len(set.Items) != 2 || it.Start != 500*time.Millisecond || it.End != time.Second {
		t.Errorf("%d items, the first from %v to %v", len(set.Items), it.Start, it.End)
	}
}

// What the encoder got wrong is found by reading it.
func TestOutputsAreVerified(t *testing.T) {
	b := newBench(t, map[string]mediatest.Movie{"a.mp4": {Frames: 60}}, dataset.Item{Name: "a.mp4"})
	b.lose = true
	r := b.mustRun()
	if len(r.Failures) != 1 || !strings.Contains(r.Failures[0].Reason, "has 59 frames, want 60") {
		t.Errorf("%+v", r.Failures)
	}
}

// A folder that takes no more files ends the run: no video is to blame.
func TestFullDiskEndsTheRun(t *testing.T) {
	b := three(t)
	b.spoil = func(path string) error {
		return errors.Join(errors.New("no space left"), os.RemoveAll(filepath.Dir(path)))
	}
	if _, err := b.run(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want one of the folder", err)
	}
	b.spoil = func(string) error { return errors.New("picture too odd") }
	if r := b.mustRun(); len(r.Failures) != 3 || !strings.Contains(r.Failures[0].Reason, "too odd") {
		t.Errorf("%+v", r)
	}
}

func TestTwoProcesses(t *testing.T) {
	b := three(t)
	unlock, err := lock(b.out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.run(); err == nil || !strings.Contains(err.Error(), "is in use by another clvid") {
		t.Errorf("error %v", err)
	}
	unlock()
	b.mustRun()
}

func TestCancel(t *testing.T) {
	b := three(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tools := Tools{Decoder: b.decoder, Reader: timesReader{b.decoder}, Ending: ".mp4", Open: b.open}
	if _, err := Run(ctx, b.set, b.out, b.config, tools, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := dataset.Open(b.out); err == nil {
		t.Error("an unfinished folder opens as a set")
	}
}

func TestOutputName(t *testing.T) {
	taken := map[string]bool{}
	for _, tc := range [][2]string{
		{"a.mp4", "a"}, {"a.avi", "a-2"}, {"a.b.mkv", "a_b"}, {"x/y/.hid.mp4", "x/y/hid"}, {"../out/v.mp4", "up/out/v"},
		{"/abs/v.mp4", "abs/v"}, {"s-000.tar#v/k.mp4", "s-000/v/k"}, {"frames", "frames"}, {".mp4", "mp4"}, {"./a.mp4", "a-3"}, {"q/...", "q"}, {"videos/n.mp4", "n"},
	} {
		if got := outputName(tc[0], taken); got != tc[1] || !filepath.IsLocal(got) {
			t.Errorf("%s becomes %q, want %q", tc[0], got, tc[1])
		}
	}
}

func TestConfigErrors(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"side is 5 pixels":   func(c *Config) { c.Side = 5 },
		"gop is 0 frames":    func(c *Config) { c.GOP = 0 },
		"workers is 0":       func(c *Config) { c.Workers = 0 },
		`to is "zip"`:        func(c *Config) { c.Format = "zip" },
		"shard-mb is -1, wa": func(c *Config) { c.ShardMB = -1 },
	} {
		c := Default()
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
