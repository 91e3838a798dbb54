package sheet

import (
	"fmt"
	"image"
	"image/color"
	"slices"
	"strings"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/pretext"
)

// drawView draws one view: heading, film strip, numbers of source frames.
func (s *Sheet) drawView(p *pen, l layout, v pretext.View, frames, x, y int) {
	role := roles[v.Role]
	end := p.badge(x, y, role.name, role.colour)
	p.text(p.small, ink, end+10, y+15, spanText(v.Span), l.stripW-(end+10-x))
	p.text(p.small, role.colour, x, y+35, s.orderText(v), l.stripW)
	s.drawStrip(p, l, v, x, y+headH)
	size := s.Clip.Size * l.scale
	for t := range l.steps {
		centre := x + frameGap + t*(size+frameGap) + size/2
		p.centred(p.tiny, faint, centre, y+headH+2*perfH+l.picturesH(s.Clip.Size)+13, s.frameText(v, l.first+t, frames), size)
	}
}

// roles names and colours what views are for.
var roles = map[pretext.Role]struct {
	name   string
	colour color.RGBA
}{
	pretext.Anchor:   {"anchor", color.RGBA{37, 99, 235, 255}},
	pretext.Positive: {"positive", color.RGBA{22, 128, 61, 255}},
	pretext.Negative: {"negative", color.RGBA{200, 30, 40, 255}},
	pretext.Predict:  {"predict", color.RGBA{146, 84, 222, 255}},
}

func spanText(s media.Span) string {
	if s.Picks != nil {
		return fmt.Sprintf("frames %d to %d, %d of them", slices.Min(s.Picks), slices.Max(s.Picks), s.N)
	}
	return fmt.Sprintf("from frame %d, %d of stride %d", s.Start, s.N, s.Stride)
}

// orderText tells what of the view is not as it was filmed.
func (s *Sheet) orderText(v pretext.View) string {
	var parts []string
	if v.Order != nil {
		parts = append(parts, "shuffled: "+strings.Trim(fmt.Sprint(v.Order), "[]"))
	}
	if v.Target >= 0 {
		parts = append(parts, fmt.Sprintf("target %d", v.Target))
	}
	if len(parts) == 0 {
		return "in order"
	}
	return strings.Join(parts, ", ")
}

// frameText names the source frame of a picture, or the two of a difference.
func (s *Sheet) frameText(v pretext.View, t, frames int) string {
	source := func(j int) int {
		if v.Order != nil {
			j = v.Order[j]
		}
		return v.Span.Frame(j, max(frames, 1))
	}
	if s.Clip.Input == media.InputRGB {
		return fmt.Sprint(source(t))
	}
	return fmt.Sprintf("%d → %d", source(t), source(t+1))
}

// drawStrip draws the pictures on a perforated strip.
func (s *Sheet) drawStrip(p *pen, l layout, v pretext.View, x, y int) {
	height := 2*perfH + l.picturesH(s.Clip.Size)
	p.rounded(image.Rect(x, y, x+l.stripW, y+height), 4, film)
	for hole := x + 6; hole+7 <= x+l.stripW; hole += 14 {
		for _, top := range []int{y + 3, y + height - 8} {
			p.rounded(image.Rect(hole, top, hole+7, top+5), 1.5, paper)
		}
	}
	size := s.Clip.Size * l.scale
	for t := range l.steps {
		for stacked := range l.stack {
			at := image.Pt(x+frameGap+t*(size+frameGap), y+perfH+stacked*(size+stackGap))
			s.drawPicture(p.img, l.scale, v.Data, 3*stacked, l.first+t, at)
		}
	}
}

// drawPicture enlarges channels c to c+2 of step t, pixel by pixel: smoothing
// would hide what the network is given.
func (s *Sheet) drawPicture(img *image.RGBA, scale int, data []float32, c, t int, at image.Point) {
	size, steps := s.Clip.Size, s.Clip.Steps()
	difference := s.Clip.Input == media.InputDiff || c > 0
	for y := range size {
		for x := range size {
			var rgb [3]uint8
			for i := range rgb {
				rgb[i] = shade(data[(((c+i)*steps+t)*size+y)*size+x], difference)
			}
			pixel := color.RGBA{rgb[0], rgb[1], rgb[2], 255}
			for dy := range scale {
				for dx := range scale {
					img.SetRGBA(at.X+x*scale+dx, at.Y+y*scale+dy, pixel)
				}
			}
		}
	}
}

// Views hold (x-mean)/std of x in [0,1], and differences twice that.
const (
	mean           = .45
	std            = .225
	differenceGain = 1.6 // faint motion is to be seen; strong ones saturate
)

// shade turns a value of a view into a brightness; no difference is mid-grey.
func shade(value float32, difference bool) uint8 {
	x := float64(value)*std + mean
	if difference {
		x = .5 + float64(value)*std/2*differenceGain
	}
	return uint8(min(max(x, 0), 1)*255 + .5)
}
