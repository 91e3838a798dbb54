package methods

import (
	"fmt"
	"strings"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/checkpoint"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/encoder"
)

// EncoderPrefix stands before the names of the encoder in the store of a run.
const EncoderPrefix = "encoder."

// Wanted lists the tensors of a store below a prefix, by their names without
// it: what a checkpoint is matched against.
func Wanted(store *nn.Store, prefix string) []checkpoint.Want {
	var out []checkpoint.Want
	for _, full := range store.Names() {
		if name, ok := strings.CutPrefix(full, prefix); ok {
			t, _ := store.Lookup(full)
			out = append(out, checkpoint.Want{Name: name, Shape: t.Shape})
		}
	}
	return out
}

// WantedByEncoder lists the tensors of an encoder on clips (C,T,H,W). Sizes that
// it cannot take are an error.
func WantedByEncoder(e encoder.Entry, c encoder.Config, clip [4]int) (wants []checkpoint.Want, err error) {
	defer func() {
		if p := recover(); p != nil { // graphs panic on shapes that do not fit
			wants, err = nil, fmt.Errorf("methods: %s on clips %v: %v: change media.frames, media.size or media.input", e.Name, clip, p)
		}
	}()
	g, outline := gorgonia.NewGraph(), nn.NewOutline(device.Float32)
	x := nn.Input(g, "clips", device.Float32, 1, clip[0], clip[1], clip[2], clip[3])
	e.Build(nn.NewScope(g, outline, 0), x, c)
	return Wanted(outline, ""), outline.Err()
}

// WantedByText lists the tensors of a text encoder.
func WantedByText(e encoder.TextEntry, c encoder.TextConfig) (wants []checkpoint.Want, err error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	defer func() {
		if p := recover(); p != nil {
			wants, err = nil, fmt.Errorf("methods: %s: %v: its settings make no network", e.Name, p)
		}
	}()
	g, outline := gorgonia.NewGraph(), nn.NewOutline(device.Float32)
	ids, mask := nn.Input(g, "ids", int32Type, 1, 2), nn.Input(g, "words", device.Float32, 1, 2)
	e.Build(nn.NewScope(g, outline, 0), ids, mask, c)
	return Wanted(outline, ""), outline.Err()
}

// Fill copies the tensors that a report has matched into those of a store below
// a prefix.
func Fill(store *nn.Store, prefix string, file *checkpoint.File, r *checkpoint.Report) error {
	for _, pair := range r.Loaded {
		to, ok := store.Lookup(prefix + pair.Name)
		if !ok {
			return fmt.Errorf("methods: weights: there is no parameter %s to fill", prefix+pair.Name)
		}
		if err := copyTo(to, file, pair.From); err != nil {
			return err
		}
	}
	return nil
}

func copyTo(to *nn.Tensor, file *checkpoint.File, name string) error {
	if to.F64 != nil {
		return file.CopyF64(name, to.F64)
	}
	return file.CopyF32(name, to.F32)
}
