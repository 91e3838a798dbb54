package synth

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"strconv"

	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/media/loader"
)

// Encoder takes the frames of one video: H*W*3 bytes each, rows from the top.
type Encoder interface {
	Write(rgb []byte) error
	Close() error
}

// Format describes a video file to write.
type Format struct {
	Width, Height int
	FrameRate     int
	Codec         string // CodecH264 or CodecMPEG4
}

// Open starts a video file. The package does not know how files are encoded.
type Open func(path string, f Format) (Encoder, error)

// Write makes the set in dir, which must be absent or empty, with workers
// goroutines, and a manifest clips.csv with the columns path, label, split,
// caption, codec, colour, motion, shape and speed. Nothing is left in dir
// unless all of it is there. progress is called from one goroutine.
func Write(ctx context.Context, dir string, c Config, open Open, workers int, progress func(done, total int)) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if err := mustBeEmpty(dir); err != nil {
		return err
	}
	parent := filepath.Dir(filepath.Clean(dir))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("synth: %w", err)
	}
	work, err := os.MkdirTemp(parent, ".synth-*")
	if err != nil {
		return fmt.Errorf("synth: %w", err)
	}
	defer os.RemoveAll(work) // after the rename there is nothing to remove
	if err := c.writeAll(ctx, work, open, workers, progress); err != nil {
		return err
	}
	if err := errors.Join(os.Chmod(work, 0o755), os.Rename(work, dir)); err != nil {
		return fmt.Errorf("synth: %w", err)
	}
	return nil
}

// mustBeEmpty protects what is in dir.
func mustBeEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("synth: %w", err)
	case len(entries) > 0:
		return fmt.Errorf("synth: %s is not empty (%s …): choose another folder or remove it", dir, entries[0].Name())
	}
	return nil
}

func (c Config) writeAll(ctx context.Context, dir string, open Open, workers int, progress func(done, total int)) error {
	for _, s := range c.splits() {
		if err := os.MkdirAll(filepath.Join(dir, s.name), 0o755); err != nil {
			return fmt.Errorf("synth: %w", err)
		}
	}
	var items []dataset.Item
	total := c.Videos()
	one := func(ctx context.Context, _, i int) (dataset.Item, error) { return c.writeOne(ctx, dir, i, open) }
	for item, err := range loader.Map(ctx, 0, total, workers, 2*workers, one) {
		if err != nil {
			return err
		}
		items = append(items, item)
		if progress != nil {
			progress(len(items), total)
		}
	}
	return dataset.WriteManifest(filepath.Join(dir, dataset.ManifestName), items)
}

// writeOne makes video i of the whole set.
func (c Config) writeOne(ctx context.Context, dir string, i int, open Open) (dataset.Item, error) {
	part, at := c.locate(i)
	s := c.splits()[part]
	rng := c.rng(part, at)
	scene := Draw(rng, Motions()[at%len(Motions())], c.Frames, c.Size)
	name := path.Join(s.name, fmt.Sprintf("%04d.mp4", at))
	format := Format{Width: c.Size, Height: c.Size, FrameRate: c.FrameRate, Codec: c.codec(at)}
	if err := c.encode(ctx, rng, scene, filepath.Join(dir, filepath.FromSlash(name)), format, open); err != nil {
		return dataset.Item{}, fmt.Errorf("synth: %s: %w", name, err)
	}
	item := dataset.Item{Name: name, Split: s.name, Captions: []string{scene.Caption}, Fields: map[string]string{
		"motion": scene.Motion.Name, "shape": scene.Shape.Name, "colour": scene.Colour.Name,
		"speed": strconv.FormatFloat(scene.Speed, 'f', 3, 64), "codec": format.Codec,
	}}
	if s.labelled {
		item.Label = scene.Motion.Name
	}
	return item, nil
}

// locate finds the split of video i and its place in there.
func (c Config) locate(i int) (part, at int) {
	for part, s := range c.splits() {
		if i < s.videos {
			return part, i
		}
		i -= s.videos
	}
	return 0, 0 // not reached: i is below Videos()
}

// codec alternates once every class has had its turn, so that it tells nothing
// about the class.
func (c Config) codec(at int) string {
	switch {
	case c.Codec != CodecMixed:
		return c.Codec
	case at/len(Motions())%2 == 0:
		return CodecH264
	}
	return CodecMPEG4
}

// rng is the source of all draws of one video; splits have seeds of their own.
func (c Config) rng(part, at int) *rand.Rand {
	var key [32]byte
	copy(key[:], "synth v1")
	binary.LittleEndian.PutUint64(key[8:], c.Seed)
	binary.LittleEndian.PutUint64(key[16:], uint64(part))
	binary.LittleEndian.PutUint64(key[24:], uint64(at))
	return rand.New(rand.NewChaCha8(key))
}

func (c Config) encode(ctx context.Context, rng *rand.Rand, s *Scene, file string, f Format, open Open) (err error) {
	enc, err := open(file, f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, enc.Close()) }()
	canvas, rgb := make([]float64, c.Size*c.Size*3), make([]byte, c.Size*c.Size*3)
	for t := range c.Frames {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.Render(rng, t, canvas, rgb)
		if err := enc.Write(rgb); err != nil {
			return err
		}
	}
	return nil
}
