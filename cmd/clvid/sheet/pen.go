package sheet

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

var (
	paper = color.RGBA{250, 249, 246, 255}
	ink   = color.RGBA{32, 33, 36, 255}
	faint = color.RGBA{105, 108, 114, 255}
	rule  = color.RGBA{214, 212, 205, 255}
	film  = color.RGBA{28, 28, 32, 255}
)

// pen draws on a picture.
type pen struct {
	img                      *image.RGBA
	title, bold, small, tiny font.Face
}

func newPen(w, h int) (*pen, error) {
	p := &pen{img: image.NewRGBA(image.Rect(0, 0, w, h))}
	p.fill(p.img.Bounds(), paper)
	for _, f := range []struct {
		to   *font.Face
		ttf  []byte
		size float64
	}{{&p.title, gobold.TTF, 22}, {&p.bold, gobold.TTF, 14}, {&p.small, goregular.TTF, 13}, {&p.tiny, goregular.TTF, 11}} {
		parsed, err := opentype.Parse(f.ttf)
		if err != nil {
			return nil, fmt.Errorf("sheet: font: %w", err)
		}
		*f.to, err = opentype.NewFace(parsed, &opentype.FaceOptions{Size: f.size, DPI: 72, Hinting: font.HintingFull})
		if err != nil {
			return nil, fmt.Errorf("sheet: font: %w", err)
		}
	}
	return p, nil
}

func (p *pen) fill(r image.Rectangle, c color.RGBA) {
	draw.Draw(p.img, r, image.NewUniform(c), image.Point{}, draw.Src)
}

// rounded fills a rectangle with smooth round corners.
func (p *pen) rounded(r image.Rectangle, radius float64, c color.RGBA) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			px, py := float64(x)+.5, float64(y)+.5
			dx := max(float64(r.Min.X)+radius-px, px-float64(r.Max.X)+radius, 0)
			dy := max(float64(r.Min.Y)+radius-py, py-float64(r.Max.Y)+radius, 0)
			p.blend(x, y, c, radius-math.Hypot(dx, dy)+.5)
		}
	}
}

// blend lays a colour over a pixel, covering a share of it.
func (p *pen) blend(x, y int, c color.RGBA, cover float64) {
	cover = min(max(cover, 0), 1)
	old := p.img.RGBAAt(x, y)
	mix := func(a, b uint8) uint8 { return uint8(float64(a) + cover*(float64(b)-float64(a)) + .5) }
	p.img.SetRGBA(x, y, color.RGBA{mix(old.R, c.R), mix(old.G, c.G), mix(old.B, c.B), 255})
}

// text writes one line with its baseline at y, cut to width.
func (p *pen) text(f font.Face, c color.RGBA, x, y int, text string, width int) {
	d := font.Drawer{Dst: p.img, Src: image.NewUniform(c), Face: f, Dot: fixed.P(x, y)}
	d.DrawString(fit(f, text, width))
}

// centred writes one line around x, or nothing where it does not fit.
func (p *pen) centred(f font.Face, c color.RGBA, x, y int, text string, width int) {
	w := font.MeasureString(f, text).Ceil()
	if w > width {
		text = strings.ReplaceAll(text, " ", "")
		if w = font.MeasureString(f, text).Ceil(); w > width+frameGap {
			return
		}
	}
	p.text(f, c, x-w/2, y, text, w)
}

// badge writes light text on a coloured pill and returns its right edge.
func (p *pen) badge(x, y int, text string, c color.RGBA) int {
	w := font.MeasureString(p.bold, text).Ceil()
	r := image.Rect(x, y, x+w+16, y+20)
	p.rounded(r, 6, c)
	p.text(p.bold, color.RGBA{255, 255, 255, 255}, x+8, y+15, text, w)
	return r.Max.X
}

// fit shortens text to a width.
func fit(f font.Face, text string, width int) string {
	if font.MeasureString(f, text).Ceil() <= width {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && font.MeasureString(f, string(runes)+"…").Ceil() > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// wrap breaks text into at most four lines, at spaces, underscores and slashes.
func (p *pen) wrap(f font.Face, text string, width int) []string {
	const most = 4
	var lines []string
	line := ""
	for _, word := range words(text) {
		if line != "" && font.MeasureString(f, line+strings.TrimRight(word, " ")).Ceil() > width && len(lines) < most-1 {
			lines, line = append(lines, strings.TrimRight(line, " ")), ""
		}
		line += word
	}
	return append(lines, line)
}

// words splits after each break, which stays with the word before it.
func words(text string) []string {
	var out []string
	from := 0
	for i, r := range text {
		if strings.ContainsRune(" _/", r) {
			out = append(out, text[from:i+1])
			from = i + 1
		}
	}
	return append(out, text[from:])
}
