package synth

import "math"

// Motion is what a video shows, its class.
type Motion struct {
	Name    string
	Phrases [2]string // verb phrases of captions
	place   func(s *Scene, t float64) pose
}

// pose is where the shape is in one frame, in units of a 64-pixel picture.
type pose struct {
	x, y  float64 // centre; y grows downwards
	angle float64 // radians, clockwise on screen
	scale float64 // of the half-size
}

// Motions lists the ten classes; t counts frames, from 0.
func Motions() []Motion {
	return []Motion{
		{"left", [2]string{"moves to the left", "slides left"}, straight(-1, 0)},
		{"right", [2]string{"moves to the right", "slides right"}, straight(1, 0)},
		{"up", [2]string{"moves up", "rises"}, straight(0, -1)},
		{"down", [2]string{"moves down", "sinks"}, straight(0, 1)},
		{"spin_cw", [2]string{"spins clockwise", "turns to the right"}, spin(1)},
		{"spin_ccw", [2]string{"spins counterclockwise", "turns to the left"}, spin(-1)},
		{"grow", [2]string{"grows", "gets bigger"}, resize(1)},
		{"shrink", [2]string{"shrinks", "gets smaller"}, resize(-1)},
		{"bounce", [2]string{"bounces", "hops up and down"}, bounce},
		{"circle", [2]string{"moves in a circle", "goes round and round"}, circle},
	}
}

func (s *Scene) rest() pose { return pose{x: s.X, y: s.Y, angle: s.Angle, scale: 1} }

// straight passes the centre in the middle of the video.
func straight(dx, dy float64) func(*Scene, float64) pose {
	return func(s *Scene, t float64) pose {
		p := s.rest()
		way := s.Speed * (t - float64(s.frames)/2)
		p.x, p.y = wrap(p.x+dx*way), wrap(p.y+dy*way)
		return p
	}
}

func spin(sign float64) func(*Scene, float64) pose {
	return func(s *Scene, t float64) pose {
		p := s.rest()
		p.angle += sign * s.Rate * t
		return p
	}
}

// resize goes from half to one and a half of the size and starts again.
func resize(sign float64) func(*Scene, float64) pose {
	const period = 1.6
	return func(s *Scene, t float64) pose {
		p := s.rest()
		phase := math.Mod(sign*.06*s.Speed*t, period)
		if phase < 0 {
			phase += period
		}
		p.scale = .5 * (1 + 1.25*phase)
		return p
	}
}

func bounce(s *Scene, t float64) pose {
	p := s.rest()
	p.y = wrap(p.y + s.Reach*(2*math.Abs(math.Sin(s.Phase+s.Rate*t))-1))
	return p
}

func circle(s *Scene, t float64) pose {
	p := s.rest()
	sin, cos := math.Sincos(s.Phase + s.Rate*t)
	p.x, p.y = wrap(p.x+s.Reach*cos), wrap(p.y+s.Reach*sin)
	return p
}

// margin is how far outside the picture a shape is when it wraps.
const margin = 6

// wrap keeps a coordinate in [-margin, unit+margin).
func wrap(x float64) float64 {
	const span = unit + 2*margin
	x = math.Mod(x+margin, span)
	if x < 0 {
		x += span
	}
	return x - margin
}
