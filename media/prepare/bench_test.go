package prepare

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/media/mediatest"
)

// bench is a set of painted movies, with files that stand for them, and tools
// that write the times of frames in place of frames.
type bench struct {
	t       *testing.T
	root    string // of the inputs
	out     string
	set     *dataset.Set
	decoder *mediatest.Decoder
	config  Config
	key     string

	spoil func(path string) error
	lose  bool   // the encoder loses its last frame
	pad   string // makes files larger
}

func newBench(t *testing.T, movies map[string]mediatest.Movie, items ...dataset.Item) *bench {
	b := &bench{t: t, root: t.TempDir(), out: filepath.Join(t.TempDir(), "out"), config: Default(), key: "times",
		decoder: &mediatest.Decoder{Movies: map[string]mediatest.Movie{}}}
	for name, m := range movies {
		path := filepath.Join(b.root, name)
		b.decoder.Movies[path] = m
		b.touch(name)
	}
	for i := range items {
		items[i].Path = filepath.Join(b.root, items[i].Name)
	}
	b.set = &dataset.Set{Root: b.root, Items: items}
	return b
}

// touch writes the file of a movie, or changes it.
func (b *bench) touch(name string) {
	b.t.Helper()
	path := filepath.Join(b.root, name)
	old, _ := os.ReadFile(path) // none the first time
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, append(old, name...), 0o644)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) run() (*Report, error) {
	tools := Tools{Decoder: b.decoder, Reader: timesReader{b.decoder}, Ending: ".mp4", Key: b.key, Open: b.open,
		HasSound: func(_ context.Context, path string) bool { return strings.HasSuffix(path, ".avi") }}
	return Run(b.t.Context(), b.set, b.out, b.config, tools, nil)
}

func (b *bench) mustRun() *Report {
	b.t.Helper()
	r, err := b.run()
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// timesFile is an encoder that writes size and times as JSON.
type timesFile struct {
	b    *bench
	path string
	W, H int
	At   []time.Duration
	Pad  string
}

func (b *bench) open(path string, o Output) (Encoder, error) {
	if b.spoil != nil {
		if err := b.spoil(path); err != nil {
			return nil, err
		}
	}
	return &timesFile{b: b, path: path, W: o.Like.W, H: o.Like.H, Pad: b.pad}, nil
}

func (f *timesFile) WriteImage(im *media.Image, at time.Duration) error {
	if im.W != f.W || im.H != f.H || im.SubX != 1 || im.SubY != 1 {
		return fmt.Errorf("picture of %dx%d, want %dx%d of 4:2:0", im.W, im.H, f.W, f.H)
	}
	f.At = append(f.At, at)
	return nil
}

func (f *timesFile) Close() error {
	if f.b.lose {
		f.At = f.At[:len(f.At)-1]
	}
	data, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return os.WriteFile(f.path, data, 0o644)
}

// timesReader opens what timesFile wrote, and movies.
type timesReader struct{ movies *mediatest.Decoder }

func (r timesReader) Open(ctx context.Context, path string) (media.Video, error) {
	if _, ok := r.movies.Movies[path]; ok {
		return r.movies.Open(ctx, path)
	}
	var f timesFile
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &f)
	}
	if err != nil {
		return nil, err
	}
	movie := mediatest.Movie{W: f.W, H: f.H, Frames: len(f.At)}
	inner := &mediatest.Decoder{Movies: map[string]mediatest.Movie{path: movie}}
	video, err := inner.Open(ctx, path)
	return timesVideo{video, f.At}, err
}

type timesVideo struct {
	media.Video
	at []time.Duration
}

func (v timesVideo) Frames(ctx context.Context) iter.Seq2[*media.Frame, error] {
	return func(yield func(*media.Frame, error) bool) {
		for f, err := range v.Video.Frames(ctx) {
			if f != nil {
				f.Time = v.at[f.Index]
			}
			if !yield(f, err) {
				return
			}
		}
	}
}

// files lists what lies in the output, but for the report.
func (b *bench) files() map[string]string {
	b.t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(b.out, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == ReportName {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(b.out, path) // below b.out by construction
		out[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

func (b *bench) names() []string {
	b.t.Helper()
	var out []string
	for name := range b.files() {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
