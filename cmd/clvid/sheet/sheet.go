// Package sheet draws what a network sees: one row a sample, its views side by
// side as film strips, each headed by its role, span and order.
package sheet

import (
	"fmt"
	"image"
	"strings"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/pretext"
)

// Sheet is what to draw.
type Sheet struct {
	Title    string
	Subtitle string
	Clip     media.ClipConfig
	Parts    []pretext.Part
	Rows     []Row
}

// Row is one sample and its label, "" for none.
type Row struct {
	Sample pretext.Sample
	Label  string
}

// Sizes in pixels.
const (
	border   = 28
	titleH   = 64   // title and subtitle
	partH    = 30   // names of the tasks above their views
	headH    = 42   // role and order above a strip
	perfH    = 11   // perforation above and below the pictures of a strip
	numberH  = 18   // frame numbers below a strip
	frameGap = 2    // between pictures
	viewGap  = 22   // between views
	rowGap   = 22   // between samples
	nameW    = 168  // column of names
	wide     = 2100 // a sheet enlarges small pictures up to this width
	maxScale = 3
	noOrder  = -1
	stackGap = 2   // between pictures and differences of one view
	moving   = 200 // a moving picture is enlarged up to this width at least
)

// layout is where everything goes.
type layout struct {
	scale   int // pixels of the sheet for one of a view
	first   int // step of a strip's first picture
	steps   int // pictures in a strip
	stack   int // pictures on top of each other: 2 for rgb+diff
	views   int
	w, h    int
	stripW  int
	columnX []int // left edge of each view
}

func (s *Sheet) layout(first, steps int) (layout, error) {
	l := layout{first: first, steps: steps, stack: s.Clip.Channels() / 3, scale: 1}
	for _, p := range s.Parts {
		l.views += len(p.Task.Spec().Roles)
	}
	if l.views == 0 || len(s.Rows) == 0 {
		return l, fmt.Errorf("sheet: %d views of %d samples: nothing to draw", l.views, len(s.Rows))
	}
	most := maxScale
	if steps == 1 {
		most = max(most, (moving+s.Clip.Size-1)/s.Clip.Size)
	}
	for l.scale < most && l.width(s.Clip.Size, l.scale+1) <= wide {
		l.scale++
	}
	l.stripW = l.strip(s.Clip.Size, l.scale)
	l.w = l.width(s.Clip.Size, l.scale)
	l.h = border + titleH + partH + len(s.Rows)*(l.rowH(s.Clip.Size)+rowGap) - rowGap + border
	for v := range l.views {
		l.columnX = append(l.columnX, border+nameW+v*(l.stripW+viewGap))
	}
	return l, nil
}

// strip is the width of a film strip at a scale.
func (l layout) strip(size, scale int) int { return l.steps*(size*scale+frameGap) + frameGap }

func (l layout) width(size, scale int) int {
	return max(2*border+nameW+l.views*(l.strip(size, scale)+viewGap)-viewGap, 760)
}

func (l layout) picturesH(size int) int { return l.stack*(size*l.scale+stackGap) - stackGap }

func (l layout) rowH(size int) int { return headH + 2*perfH + l.picturesH(size) + numberH }

// Draw returns the picture: views as film strips.
func (s *Sheet) Draw() (*image.RGBA, error) { return s.draw(0, s.Clip.Steps()) }

// Play returns pictures that are to be shown one after the other: views play, all
// at the same step.
func (s *Sheet) Play() ([]*image.RGBA, error) {
	var out []*image.RGBA
	for t := range s.Clip.Steps() {
		im, err := s.draw(t, 1)
		if err != nil {
			return nil, err
		}
		out = append(out, im)
	}
	return out, nil
}

// draw draws strips of some steps.
func (s *Sheet) draw(first, steps int) (*image.RGBA, error) {
	l, err := s.layout(first, steps)
	if err != nil {
		return nil, err
	}
	p, err := newPen(l.w, l.h)
	if err != nil {
		return nil, err
	}
	s.drawHead(p, l)
	for i, row := range s.Rows {
		y := border + titleH + partH + i*(l.rowH(s.Clip.Size)+rowGap)
		if err := s.drawRow(p, l, row, y); err != nil {
			return nil, err
		}
	}
	return p.img, nil
}

// drawHead writes the title and the name of each task above its views.
func (s *Sheet) drawHead(p *pen, l layout) {
	p.text(p.title, ink, border, border+22, s.Title, l.w-2*border)
	p.text(p.small, faint, border, border+44, s.Subtitle, l.w-2*border)
	at := 0
	for _, part := range s.Parts {
		n := len(part.Task.Spec().Roles)
		x, y := l.columnX[at], border+titleH+10
		right := l.columnX[at+n-1] + l.stripW
		name := part.Name
		if len(s.Parts) > 1 {
			name += fmt.Sprintf(", weight %g", part.Weight)
		}
		p.text(p.bold, ink, x, y, name, right-x)
		p.fill(image.Rect(x, y+7, right, y+8), rule)
		at += n
	}
}

func (s *Sheet) drawRow(p *pen, l layout, row Row, y int) error {
	s.drawName(p, row, y)
	at := 0
	for _, views := range row.Sample.Views {
		for _, v := range views {
			if at == len(l.columnX) {
				return fmt.Errorf("sheet: %s has more views than its tasks declare", row.Sample.Video.Name)
			}
			if len(v.Data) != s.Clip.Len() {
				return fmt.Errorf("sheet: %s: a view has %d values, want %d", row.Sample.Video.Name, len(v.Data), s.Clip.Len())
			}
			s.drawView(p, l, v, row.Sample.Video.Frames, l.columnX[at], y)
			at++
		}
	}
	return nil
}

// drawName writes what the sample is, in its own column.
func (s *Sheet) drawName(p *pen, row Row, y int) {
	v := row.Sample.Video
	width := nameW - 16
	lines := p.wrap(p.bold, shortName(v.Name), width)
	at := y + headH + perfH + 12
	for _, line := range lines {
		p.text(p.bold, ink, border, at, line, width)
		at += 18
	}
	detail := []string{fmt.Sprintf("%d frames", v.Frames)}
	if row.Label != "" {
		detail = append([]string{row.Label}, detail...)
	}
	if v.Caption != "" {
		detail = append(detail, p.wrap(p.small, "“"+v.Caption+"”", width)...)
	}
	for _, line := range detail {
		p.text(p.small, faint, border, at, line, width)
		at += 16
	}
}

// shortName keeps the last two parts of a path.
func shortName(name string) string {
	parts := strings.Split(name, "/")
	return strings.Join(parts[max(len(parts)-2, 0):], "/")
}
