package media

import "math"

// warp is an affine change of place: where in the source the value of a pixel
// comes from, in pixels; the first pixel's centre lies at (.5, .5).
type warp struct{ xx, xy, x0, yx, yy, y0 float64 }

// shear moves rows, or columns, against each other, from the top left corner.
func shear(x, y float64) warp { return warp{xx: 1, xy: x, yx: y, yy: 1} }

// translation moves the picture right and down.
func translation(x, y float64) warp { return warp{xx: 1, x0: -x, yy: 1, y0: -y} }

// rotation turns a w x h picture about its centre, counter-clockwise.
func rotation(degrees float64, w, h int) warp {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	cx, cy := float64(w)/2, float64(h)/2
	return warp{xx: cos, xy: -sin, x0: cx - cos*cx + sin*cy, yx: sin, yy: cos, y0: cy - sin*cx - cos*cy}
}

// warp takes the nearest pixel of the source; what comes from outside is black.
func (p Pixels) warp(m warp) {
	from := make([]int32, p.H*p.W)
	for y := range p.H {
		for x := range p.W {
			u, v := float64(x)+.5, float64(y)+.5
			sx := int(math.RoundToEven(m.xx*u + m.xy*v + m.x0 - .5))
			sy := int(math.RoundToEven(m.yx*u + m.yy*v + m.y0 - .5))
			from[y*p.W+x] = -1
			if sx >= 0 && sx < p.W && sy >= 0 && sy < p.H {
				from[y*p.W+x] = int32(sy*p.W + sx)
			}
		}
	}
	source := make([]float32, p.H*p.W)
	for c := range 3 {
		for t := range p.T {
			plane := p.Plane(c, t)
			copy(source, plane)
			for i, at := range from {
				plane[i] = 0
				if at >= 0 {
					plane[i] = source[at]
				}
			}
		}
	}
}
