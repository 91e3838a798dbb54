package synth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/clvid/clvid/media/dataset"
)

// memory keeps videos by the end of their path and stands for an encoder.
type memory struct {
	mu    sync.Mutex
	files map[string][]byte
	fail  string // part of a path that cannot be written
}

type memoryFile struct {
	m    *memory
	path string
	data bytes.Buffer
}

func (m *memory) open(path string, f Format) (Encoder, error) {
	if m.fail != "" && strings.Contains(path, m.fail) {
		return nil, errors.New("disk full")
	}
	file := &memoryFile{m: m, path: path}
	fmt.Fprintf(&file.data, "%+v", f)
	return file, nil
}

func (f *memoryFile) Write(rgb []byte) error { f.data.Write(rgb); return nil }

func (f *memoryFile) Close() error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	short := filepath.Join(filepath.Base(filepath.Dir(f.path)), filepath.Base(f.path))
	f.m.files[short] = f.data.Bytes()
	return os.WriteFile(f.path, []byte("video"), 0o644)
}

func small() Config {
	c := Default()
	c.Unlabelled, c.Train, c.Test, c.Size, c.Frames = 40, 20, 20, 32, 4
	return c
}

func write(t *testing.T, c Config, workers int) (*memory, string) {
	t.Helper()
	m := &memory{files: map[string][]byte{}}
	dir := filepath.Join(t.TempDir(), "set")
	if err := Write(t.Context(), dir, c, m.open, workers, nil); err != nil {
		t.Fatal(err)
	}
	return m, dir
}

func TestSameSeedSameVideos(t *testing.T) {
	a, dirA := write(t, small(), 1)
	b, dirB := write(t, small(), 4)
	other := small()
	other.Seed++
	c, _ := write(t, other, 4)
	if len(a.files) != 80 {
		t.Fatalf("%d videos, want 80", len(a.files))
	}
	for name := range a.files {
		if !bytes.Equal(a.files[name], b.files[name]) {
			t.Errorf("%s depends on the number of workers", name)
		}
		if bytes.Equal(a.files[name], c.files[name]) {
			t.Errorf("%s does not depend on the seed", name)
		}
	}
	if bytes.Equal(a.files["train/0000.mp4"], a.files["test/0000.mp4"]) {
		t.Error("train and test hold the same video")
	}
	manifests := [2][]byte{}
	for i, dir := range []string{dirA, dirB} {
		manifests[i], _ = os.ReadFile(filepath.Join(dir, dataset.ManifestName))
	}
	if !bytes.Equal(manifests[0], manifests[1]) || len(manifests[0]) == 0 {
		t.Error("the manifests differ")
	}
}

func TestManifest(t *testing.T) {
	_, dir := write(t, small(), 2)
	set, err := dataset.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Classes) != 10 || strings.Join(set.Splits(), " ") != "test train unlabelled" {
		t.Errorf("classes %v, splits %v", set.Classes, set.Splits())
	}
	perClass, perCodec := map[string]int{}, map[string]int{}
	for _, it := range set.Items {
		perClass[it.Split+"/"+it.Label]++
		perCodec[it.Split+"/"+it.Fields["motion"]+"/"+it.Fields["codec"]]++
		want := fmt.Sprintf("a %s %s ", it.Fields["colour"], it.Fields["shape"])
		if len(it.Captions) != 1 || !strings.HasPrefix(it.Captions[0], want) {
			t.Errorf("%s: captions %q, want one that begins with %q", it.Name, it.Captions, want)
		}
		if it.Label != "" && it.Label != it.Fields["motion"] {
			t.Errorf("%s: label %s, motion %s", it.Name, it.Label, it.Fields["motion"])
		}
	}
	if perClass["train/grow"] != 2 || perClass["test/left"] != 2 || perClass["unlabelled/"] != 40 {
		t.Errorf("videos by split and class: %v", perClass)
	}
	if perCodec["unlabelled/left/h264"] != 2 || perCodec["unlabelled/left/mpeg4"] != 2 || perCodec["test/circle/mpeg4"] != 1 {
		t.Errorf("videos by split, class and codec: %v", perCodec)
	}
}

func TestWriteKeepsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	err := Write(t.Context(), dir, small(), (&memory{}).open, 1, nil)
	if err == nil || !strings.Contains(err.Error(), "is not empty (mine …): choose another folder or remove it") {
		t.Errorf("got %v", err)
	}
}

func TestWriteLeavesNothingHalfDone(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	for name, tc := range map[string]struct {
		ctx      context.Context
		m        *memory
		progress func(done, total int)
		want     string
	}{
		"a failing encoder": {t.Context(), &memory{files: map[string][]byte{}, fail: "train/0003"}, nil, "synth: train/0003.mp4: disk full"},
		"a cancelled run":   {cancelled, &memory{files: map[string][]byte{}}, func(done, _ int) { cancel() }, "context canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			err := Write(tc.ctx, filepath.Join(parent, "set"), small(), tc.m.open, 2, tc.progress)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
			if left, _ := os.ReadDir(parent); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"synth: -1 unlabelled, 100 train, 200 test videos: want 0 or more of each": func(c *Config) { c.Unlabelled = -1 },
		"synth: 0 videos in all, want 1 to 1000000":                                func(c *Config) { c.Unlabelled, c.Train, c.Test = 0, 0, 0 },
		"synth: size is 63 pixels, want an even number from 32 to 512":             func(c *Config) { c.Size = 63 },
		"synth: 1 frames, want 2 to 1000":                                          func(c *Config) { c.Frames = 1 },
		"synth: 0 frames per second, want 1 to 240":                                func(c *Config) { c.FrameRate = 0 },
		`synth: codec "vp9", want one of [mixed h264 mpeg4]`:                       func(c *Config) { c.Codec = "vp9" },
	} {
		c := Default()
		change(&c)
		if err := c.Validate(); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
}
