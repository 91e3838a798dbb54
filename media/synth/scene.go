package synth

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// unit is the side of the picture that all lengths of a Scene refer to.
const unit = 64

// Scene is all that one video shows. Lengths are pixels of a 64-pixel picture,
// speeds such pixels per frame, angles radians.
type Scene struct {
	Motion   Motion
	Shape    Shape
	Colour   Colour
	HalfSize float64
	X, Y     float64 // centre
	Angle    float64 // at the start
	Speed    float64 // of translation and resizing
	Rate     float64 // of spinning, bouncing and circling, radians per frame
	Reach    float64 // amplitude of bouncing, radius of circling
	Phase    float64 // where bouncing and circling begin
	Caption  string

	frames int
	size   int       // pixels
	still  []float64 // (H,W,3): background with its noise and distractors
}

// Draw makes the scene of one video. The order of draws is part of the format:
// changing it changes every set of a seed.
func Draw(rng *rand.Rand, m Motion, frames, size int) *Scene {
	s := &Scene{Motion: m, frames: frames, size: size}
	s.Shape = Shapes()[rng.IntN(len(Shapes()))]
	s.Colour = Colours()[rng.IntN(len(Colours()))]
	s.HalfSize = uniform(rng, 7, 12)
	s.X, s.Y = unit/2+uniform(rng, -10, 10), unit/2+uniform(rng, -10, 10)
	s.Angle = uniform(rng, 0, 2*math.Pi)
	s.Speed = uniform(rng, .9, 1.8)
	s.Rate = uniform(rng, .15, .3)
	s.Reach = uniform(rng, 12, 20)
	s.Phase = uniform(rng, 0, 2*math.Pi)
	s.Caption = fmt.Sprintf("a %s %s %s", s.Colour.Name, s.Shape.Name, m.Phrases[rng.IntN(2)])
	s.drawStill(rng)
	return s
}

func uniform(rng *rand.Rand, low, high float64) float64 { return low + (high-low)*rng.Float64() }

// Noise, as standard deviations of values from 0 to 255.
const (
	stillNoise = 12 // the same in all frames
	frameNoise = 4  // anew in each
)

// drawStill paints what does not move: a smooth background, 0 to 2 shapes, noise.
func (s *Scene) drawStill(rng *rand.Rand) {
	s.still = background(rng, s.size)
	for range rng.IntN(3) {
		c := Colours()[rng.IntN(len(Colours()))]
		shape := Shapes()[rng.IntN(len(Shapes()))]
		p := pose{x: uniform(rng, 0, unit), y: uniform(rng, 0, unit), angle: uniform(rng, 0, 2*math.Pi), scale: 1}
		s.paint(s.still, shape, c, uniform(rng, 7, 12), p)
	}
	for i := range s.still {
		s.still[i] += stillNoise * rng.NormFloat64()
	}
}

// background stretches a grid of 3 to 8 by as many random colours bilinearly.
func background(rng *rand.Rand, size int) []float64 {
	k := 3 + rng.IntN(6)
	grid := make([]float64, k*k*3)
	for i := range grid {
		grid[i] = uniform(rng, 20, 150)
	}
	out := make([]float64, size*size*3)
	for y := range size {
		y0, y1, fy := between(y, size, k)
		for x := range size {
			x0, x1, fx := between(x, size, k)
			for c := range 3 {
				top := grid[(y0*k+x0)*3+c]*(1-fx) + grid[(y0*k+x1)*3+c]*fx
				bottom := grid[(y1*k+x0)*3+c]*(1-fx) + grid[(y1*k+x1)*3+c]*fx
				out[(y*size+x)*3+c] = top*(1-fy) + bottom*fy
			}
		}
	}
	return out
}

// between finds the grid points around a pixel and how far it is from the first.
func between(pixel, size, k int) (low, high int, fraction float64) {
	at := (float64(pixel)+.5)*float64(k)/float64(size) - .5
	at = min(max(at, 0), float64(k-1))
	low = min(int(at), k-2)
	return low, low + 1, at - float64(low)
}

// Render draws frame t, in [0, frames), into rgb: H*W*3 bytes, rows from the
// top. Noise is drawn from rng.
func (s *Scene) Render(rng *rand.Rand, t int, canvas []float64, rgb []byte) {
	copy(canvas, s.still)
	s.paint(canvas, s.Shape, s.Colour, s.HalfSize, s.Motion.place(s, float64(t)))
	for i, v := range canvas {
		rgb[i] = byte(min(max(v+frameNoise*rng.NormFloat64()+.5, 0), 255))
	}
}

// paint lays a shape over a canvas; pixels on its edge mix by their distance
// from it.
func (s *Scene) paint(canvas []float64, shape Shape, c Colour, half float64, p pose) {
	perUnit := float64(s.size) / unit
	half *= p.scale * perUnit
	cx, cy := p.x*perUnit, p.y*perUnit
	sin, cos := math.Sincos(p.angle)
	far := half*reach + 1
	for y := max(int(cy-far), 0); y < min(int(cy+far)+2, s.size); y++ {
		for x := max(int(cx-far), 0); x < min(int(cx+far)+2, s.size); x++ {
			dx, dy := float64(x)+.5-cx, float64(y)+.5-cy
			distance := half * shape.distance((dx*cos+dy*sin)/half, (dy*cos-dx*sin)/half)
			cover := min(max(.5-distance, 0), 1)
			if cover == 0 {
				continue
			}
			for i, v := range [3]float64{c.R, c.G, c.B} {
				at := &canvas[(y*s.size+x)*3+i]
				*at += cover * (v - *at)
			}
		}
	}
}
