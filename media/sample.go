package media

import (
	"fmt"
	"sync"

	"github.com/clvid/clvid/media/internal/kernel"
)

// Note [Fused sampling]
//
// Sample crops, resizes, converts to R'G'B', mirrors and normalises in one
// step, straight from the decoded planes. Its result is, but for rounding,
//
//  1. chroma brought to full size by linear interpolation, which sees the
//     whole picture, beyond the crop,
//  2. the crop, then the antialiased bilinear resize of Pillow and
//     torchvision: a triangle of half width max(1, source/target), confined to
//     the crop and renormalised at its edges,
//  3. the colour matrix, clamped to [0,1] once, at the end.
//
// All three are linear and the first two separable, so each plane needs one
// list of weights an axis. (A chain through 8-bit RGB clamps before it
// resizes; colours outside the gamut then differ slightly.)
//
// Chroma samples lie where the picture says (Image.SiteX, SiteY). Those of
// interlaced 4:2:0 are taken for those of a whole frame.

// Sample renders the clip as the view v: planar R'G'B' as (3, T, H, W) in dst,
// in [0,1], or normalised where v.Std is set. dst must hold 3*T*v.H*v.W
// values. Where frames differ in size v.Crop is of
// the first, and the same part of the others.
func (c *Clip) Sample(dst []float32, v View) error {
	size := v.W * v.H
	if want := 3 * len(c.Frames) * size; len(dst) < want {
		return fmt.Errorf("media: sample clip %s: room for %d values, want 3x%dx%dx%d = %d", c.Video, len(dst), len(c.Frames), v.H, v.W, want)
	}
	var p *samplePlan
	for t, f := range c.Frames {
		if p == nil || !p.fits(&f.Image) {
			var err error
			if p, err = planSample(&f.Image, v.within(&c.Frames[0].Image, &f.Image)); err != nil {
				return fmt.Errorf("media: sample clip %s: frame %d: %w", c.Video, f.Index, err)
			}
		}
		p.run(dst[t*size:], len(c.Frames)*size, &f.Image)
	}
	return nil
}

// within is the view of one picture as that of another: the same part of it.
func (v View) within(from, to *Image) View {
	x, y := float64(to.W)/float64(from.W), float64(to.H)/float64(from.H)
	if x != 1 || y != 1 {
		v.Crop = Rect{X: v.Crop.X * x, Y: v.Crop.Y * y, W: v.Crop.W * x, H: v.Crop.H * y}
	}
	return v
}

// Sample renders one picture as the view v. Channel c (R, G, B) starts at
// dst[c*planeStride] and holds v.H rows of v.W values.
func (im *Image) Sample(dst []float32, planeStride int, v View) error {
	size := v.W * v.H
	if planeStride < size || len(dst) < 2*planeStride+size {
		return fmt.Errorf("media: sample picture: room for %d values with planes %d apart, want 3 of %dx%d", len(dst), planeStride, v.H, v.W)
	}
	p, err := planSample(im, v)
	if err != nil {
		return fmt.Errorf("media: sample picture: %w", err)
	}
	p.run(dst, planeStride, im)
	return nil
}

// samplePlan is all of a view that depends on no pixel.
type samplePlan struct {
	w, h           int
	lumaX, lumaY   kernel.Axis
	chromaX        kernel.Axis // unused for grey and RGB
	chromaY        kernel.Axis
	colour         kernel.Colour // R, G, B from Y, Cb, Cr, 1, samples in 0..255
	geometry       Image         // of the picture it was made for, without planes
	chroma, direct bool          // direct: RGB planes
}

// fits tells whether the plan serves another picture too.
func (p *samplePlan) fits(im *Image) bool {
	g := &p.geometry
	return g.W == im.W && g.H == im.H && g.RGB == im.RGB && g.SubX == im.SubX && g.SubY == im.SubY &&
		g.SiteX == im.SiteX && g.SiteY == im.SiteY && g.Matrix == im.Matrix && g.FullRange == im.FullRange && p.chroma == (im.Planes[1] != nil && !im.RGB)
}

func planSample(im *Image, v View) (*samplePlan, error) {
	crop, err := checkView(im, v)
	if err != nil {
		return nil, err
	}
	p := &samplePlan{w: v.W, h: v.H, geometry: *im, direct: im.RGB, chroma: im.Planes[1] != nil && !im.RGB}
	p.geometry.Planes = [3][]byte{}
	x := resizeWeights(crop.X, crop.W, v.W)
	y := resizeWeights(crop.Y, crop.H, v.H)
	if v.Flip {
		x.mirror()
	}
	p.lumaX, p.lumaY = x.pack(im.W), y.pack(im.H)
	if p.chroma {
		p.chromaX = x.throughChroma(im.SubX, im.W, im.SiteX).pack(subsampled(im.W, im.SubX))
		p.chromaY = y.throughChroma(im.SubY, im.H, im.SiteY).pack(subsampled(im.H, im.SubY))
	}
	p.colour.M = im.toRGB()
	for c := range 3 {
		p.colour.Scale[c] = 1
		if v.Std != [3]float32{} {
			p.colour.Scale[c], p.colour.Offset[c] = 1/v.Std[c], -v.Mean[c]/v.Std[c]
		}
	}
	return p, nil
}

// checkView returns the crop in force.
func checkView(im *Image, v View) (Rect, error) {
	const slack = 1e-6 // pixels, for crops computed in floating point
	c := v.Crop
	if c == (Rect{}) {
		c = Rect{W: float64(im.W), H: float64(im.H)}
	}
	w, h := float64(im.W), float64(im.H)
	switch {
	case v.W < 1 || v.H < 1:
		return c, fmt.Errorf("view of %dx%d pixels, want at least 1x1", v.W, v.H)
	case !(c.X >= -slack && c.Y >= -slack && c.W > 0 && c.H > 0 && c.X+c.W <= w+slack && c.Y+c.H <= h+slack):
		return c, fmt.Errorf("crop %gx%g at (%g,%g) is not within the picture of %dx%d", c.W, c.H, c.X, c.Y, im.W, im.H)
	}
	for i, s := range v.Std {
		if v.Std != [3]float32{} && !(s > 0) {
			return c, fmt.Errorf("standard deviation %g of channel %d, want all positive or all zero", s, i)
		}
	}
	return c, nil
}

func subsampled(n int, sub uint8) int { return -(-n >> sub) }

// toRGB returns the rows of R, G, B over (Y, Cb, Cr, 1), samples in 0..255 to
// values in 0..1; for RGB pictures a plain division.
func (im *Image) toRGB() [3][4]float32 {
	if im.RGB {
		return [3][4]float32{{1. / 255}, {0, 1. / 255}, {0, 0, 1. / 255}}
	}
	kr, kb := im.Matrix.Weights()
	kg := 1 - kr - kb
	y, c, black := 1/219., 1/224., 16.
	if im.FullRange {
		y, c, black = 1/255., 1/255., 0
	}
	if im.Planes[1] == nil {
		c = 0
	}
	rows := [3][2]float64{
		{0, 2 * (1 - kr)},
		{-2 * (1 - kb) * kb / kg, -2 * (1 - kr) * kr / kg},
		{2 * (1 - kb), 0},
	}
	var m [3][4]float32
	for i, r := range rows {
		m[i] = [4]float32{float32(y), float32(c * r[0]), float32(c * r[1]), float32(-black*y - 128*c*(r[0]+r[1]))}
	}
	return m
}

// scratch is the working memory of one picture.
type scratch struct {
	line   []float32    // one blended source row
	planes [3][]float32 // the resized planes
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// room returns a slice of n values, reusing s.
func room(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}

// resize applies the axes to a plane of a picture.
func (s *scratch) resize(plane int, im *Image, x, y *kernel.Axis) {
	s.line, s.planes[plane] = room(s.line, x.Work()), room(s.planes[plane], len(x.First)*len(y.First))
	kernel.Resize(s.planes[plane], im.Planes[plane], im.Strides[plane], x, y, s.line)
}

// run renders im, for whose geometry the plan was made.
func (p *samplePlan) run(dst []float32, planeStride int, im *Image) {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	size := p.w * p.h
	for i := range p.planes() {
		x, y := p.axes(i)
		s.resize(i, im, x, y)
	}
	in := s.planes
	if p.planes() == 1 { // grey: the matrix has no part for chroma
		in[1], in[2] = in[0], in[0]
	}
	kernel.Convert(dst[:size], dst[planeStride:planeStride+size], dst[2*planeStride:2*planeStride+size], in[0], in[1], in[2], &p.colour)
}

func (p *samplePlan) planes() int {
	if p.direct || p.chroma {
		return 3
	}
	return 1
}

// axes returns the weights of a plane.
func (p *samplePlan) axes(plane int) (x, y *kernel.Axis) {
	if plane > 0 && p.chroma {
		return &p.chromaX, &p.chromaY
	}
	return &p.lumaX, &p.lumaY
}
