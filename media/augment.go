package media

import (
	"fmt"
	"math/rand/v2"
)

// Pixels is one view before normalisation: planar RGB (3,T,H,W), values in
// [0,1].
type Pixels struct {
	Data    []float32
	T, H, W int
}

// Plane returns channel c of step t, (H,W).
func (p Pixels) Plane(c, t int) []float32 {
	n := p.H * p.W
	return p.Data[(c*p.T+t)*n:][:n]
}

// eachFrame runs f on every step alone and takes over what it leaves.
func (p Pixels) eachFrame(f func(t int, frame Pixels)) {
	one := Pixels{Data: make([]float32, 3*p.H*p.W), T: 1, H: p.H, W: p.W}
	for t := range p.T {
		for c := range 3 {
			copy(one.Plane(c, 0), p.Plane(c, t))
		}
		f(t, one)
		for c := range 3 {
			copy(p.Plane(c, t), one.Plane(c, 0))
		}
	}
}

// Change is what an augmentation does to one view; the zero value does nothing.
// Exactly one of the two is set. Neither looks at single frames, so that a still
// video stays still.
type Change struct {
	// Colour returns a linear change of colour, given the mean colour of the
	// clip at this point. Neighbouring ones become one pass over the pixels.
	Colour func(mean [3]float64) Affine
	// Pixels changes the values in place and keeps them in [0,1].
	Pixels func(p Pixels)
}

// Augmentation is one kind of change of the pixels of a view.
type Augmentation struct {
	Name    string
	Doc     string // one line
	Setting string // what turns it on
	// Draw takes the parameters of one view from rng and returns what to do.
	Draw func(rng *rand.Rand, a AugmentConfig) []Change
}

// The normalisation of all inputs: (x - mean) / std.
const (
	NormMean = .45
	NormStd  = .225
)

// RenderAugmented draws one view of a clip of c.Frames frames, in the order in
// which clip.Frames stand, and returns it as (C,T,H,W) of c.Shape.
func RenderAugmented(rng *rand.Rand, clip *Clip, c ClipConfig, a AugmentConfig) ([]float32, error) {
	if err := clipFits(clip, c); err != nil {
		return nil, err
	}
	p := Pixels{Data: make([]float32, 3*c.Frames*c.Size*c.Size), T: c.Frames, H: c.Size, W: c.Size}
	if a.PerFrame {
		if err := augmentEach(rng, clip, p, a); err != nil {
			return nil, err
		}
		return p.input(c.Input), nil
	}
	if err := augment(rng, clip, p, a); err != nil {
		return nil, err
	}
	return p.input(c.Input), nil
}

// RenderCentre shows the central square of a clip without any draw, as
// evaluation does, as (C,T,H,W) of c.Shape.
func RenderCentre(clip *Clip, c ClipConfig) ([]float32, error) {
	views, err := RenderCrops(clip, c, 1)
	if err != nil {
		return nil, err
	}
	return views[0], nil
}

// RenderCrops shows a clip through 1 or 3 windows (CropViews) without any draw,
// each as (C,T,H,W) of c.Shape.
func RenderCrops(clip *Clip, c ClipConfig, crops int) ([][]float32, error) {
	if err := clipFits(clip, c); err != nil {
		return nil, err
	}
	var out [][]float32
	for _, view := range CropViews(clip.Frames[0].W, clip.Frames[0].H, c.Size, crops) {
		p := Pixels{Data: make([]float32, 3*c.Frames*c.Size*c.Size), T: c.Frames, H: c.Size, W: c.Size}
		if err := clip.Sample(p.Data, view); err != nil {
			return nil, err
		}
		p.apply(Identity(), true)
		out = append(out, p.input(c.Input))
	}
	return out, nil
}

func clipFits(clip *Clip, c ClipConfig) error {
	if len(clip.Frames) != c.Frames {
		return fmt.Errorf("media: clip %s from frame %d has %d frames, want media.frames (%d)",
			clip.Video, clip.Span.Start, len(clip.Frames), c.Frames)
	}
	return nil
}

// augment fills p with a normalised view of the clip. All draws come first
// where they can, so that one view's parameters never depend on its pixels.
func augment(rng *rand.Rand, clip *Clip, p Pixels, a AugmentConfig) error {
	view := drawView(rng, clip.Frames[0].W, clip.Frames[0].H, p.W, a)
	var changes []Change
	for _, g := range Augmentations() {
		changes = append(changes, g.Draw(rng, a)...)
	}
	if err := clip.Sample(p.Data, view); err != nil {
		return err
	}
	p.run(changes)
	return nil
}

// augmentEach is augment with draws of its own for every frame.
func augmentEach(rng *rand.Rand, clip *Clip, p Pixels, a AugmentConfig) error {
	one := Pixels{Data: make([]float32, 3*p.H*p.W), T: 1, H: p.H, W: p.W}
	for t := range clip.Frames {
		frame := &Clip{Video: clip.Video, Span: clip.Span, Frames: clip.Frames[t : t+1]}
		if err := augment(rng, frame, one, a); err != nil {
			return err
		}
		for c := range 3 {
			copy(p.Plane(c, t), one.Plane(c, 0))
		}
	}
	return nil
}

// run applies the changes in order and normalises. Linear ones gather until
// something else, or the end, needs the pixels.
func (p Pixels) run(changes []Change) {
	colour := Identity()
	var mean [3]float64
	known := false
	for _, change := range changes {
		if change.Colour != nil {
			if !known {
				mean, known = p.mean(), true
			}
			colour = change.Colour(colour.Apply(mean)).After(colour)
			continue
		}
		p.apply(colour, false)
		colour, known = Identity(), false
		change.Pixels(p)
	}
	p.apply(colour, true)
}

// input turns normalised pixels into what the network sees. It may reuse the
// memory of p.
func (p Pixels) input(kind string) []float32 {
	n := p.H * p.W
	switch kind {
	case InputDiff:
		return p.differences(p.Data[:3*(p.T-1)*n])
	case InputRGBDiff:
		both := make([]float32, 6*(p.T-1)*n)
		for c := range 3 {
			copy(both[c*(p.T-1)*n:][:(p.T-1)*n], p.Data[c*p.T*n:])
		}
		p.differences(both[3*(p.T-1)*n:])
		return both
	}
	return p.Data
}

// differences writes d_t = 2 (x_{t+1} - x_t) as (3,T-1,H,W). dst may be the
// front of p.Data: every value is read before its place is written.
func (p Pixels) differences(dst []float32) []float32 {
	n := p.H * p.W
	for c := range 3 {
		for t := range p.T - 1 {
			now, next := p.Plane(c, t), p.Plane(c, t+1)
			out := dst[(c*(p.T-1)+t)*n:][:len(now)]
			next = next[:len(now)]
			for i := range out {
				out[i] = 2 * (next[i] - now[i])
			}
		}
	}
	return dst
}
