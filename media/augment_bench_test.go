package media

import (
	"math"
	"math/rand/v2"
	"testing"
)

// smooth is a view of soft colours, as pictures are: of noise every comparison
// would be mispredicted.
func smooth(t, h, w int) Pixels {
	p := Pixels{Data: make([]float32, 3*t*h*w), T: t, H: h, W: w}
	for i := range p.Data {
		x, y, k := i%w, i/w%h, i/(w*h)
		p.Data[i] = float32(.5 + .3*math.Sin(float64(x+3*k)/17) + .2*math.Cos(float64(y-k*k)/23))
	}
	return p
}

// BenchmarkChanges times each change on a view of 16 frames of 112 x 112, and
// the chains of whole recipes beside the resize.
func BenchmarkChanges(b *testing.B) {
	source := smooth(16, 112, 112)
	p := source.clone()
	for _, step := range []struct {
		name   string
		change func()
	}{
		{"linear colours and normalise", func() {
			p.run([]Change{{Colour: brightness(1.2)}, {Colour: contrast(.8)}, {Colour: saturation(1.3)}, {Colour: hue(.1)}})
		}},
		{"brightness", func() { p.Brightness(1.2) }},
		{"contrast", func() { p.Contrast(.8, p.GreyMean()) }},
		{"saturation", func() { p.Saturation(1.3) }},
		{"saturation HSV", func() { p.SaturationHSV(1.3) }},
		{"hue", func() { p.Hue(.1) }},
		{"grey", func() { p.Grey(SimCLRGrey) }},
		{"solarise", func() { p.Solarise(.5) }},
		{"blur sigma 1", func() { p.Blur(GaussianKernel(3, 1), EdgeRepeat) }},
		{"blur sigma 2", func() { p.Blur(GaussianKernel(6, 2), EdgeRepeat) }},
		{"blur of 11 taps", func() { p.Blur(GaussianKernel(5, 1), EdgeZero) }},
		{"rotate", func() { p.warp(rotation(20, p.W, p.H)) }},
		{"sharpen", func() { p.sharpen(1.5) }},
		{"equalise", func() { p.equalise() }},
		{"copy (in all others too)", func() {}},
	} {
		b.Run(step.name, func(b *testing.B) {
			for b.Loop() {
				copy(p.Data, source.Data)
				step.change()
			}
		})
	}
	for _, style := range []string{ColourLinear, ColourSimCLR, ColourTorchvision} {
		b.Run("chain "+style, func(b *testing.B) {
			a := styled(style, OrderRandom)
			a.BlurProb, a.BlurSigmaMin, a.BlurSigmaMax = 1, 1, 1
			rng := rand.New(rand.NewPCG(1, 1))
			for b.Loop() {
				copy(p.Data, source.Data)
				var changes []Change
				for _, g := range Augmentations() {
					changes = append(changes, g.Draw(rng, a)...)
				}
				p.run(changes)
			}
		})
	}
}
