package avdecode

// #include "tonemap.h"
import "C"

import (
	"fmt"
	"sync"
	"unsafe"

	"github.com/clvid/clvid/media"
)

// tones is a session's way from HDR to SDR, see Note [HDR to SDR].
type tones struct {
	made *toners
	wide C.clvid_wide
	peak float64 // cd/m2, as the file's first picture announces; 0 unknown
}

// toneKey is what a toner's tables depend on.
type toneKey struct {
	curve     string
	hlg, wide bool
	peak      float64
}

// toners keeps tables, which take 10 ms to make, for a decoder's sessions.
type toners struct {
	mu   sync.Mutex
	made map[toneKey]*toner
}

// keptToners bounds them; files of one set hardly differ.
const keptToners = 16

func (t *toners) get(key toneKey) *toner {
	t.mu.Lock()
	defer t.mu.Unlock()
	one := t.made[key]
	if one == nil {
		if t.made == nil || len(t.made) >= keptToners {
			t.made = map[toneKey]*toner{}
		}
		one = newToner(key.curve, key.hlg, key.wide, key.peak)
		t.made[key] = one
	}
	return one
}

// isHDR tells it by FFmpeg's name of the transfer function: PQ or HLG.
func isHDR(transfer string) bool { return transfer == "smpte2084" || transfer == "arib-std-b67" }

// transferName is FFmpeg's name of the transfer function, "" where none is said.
func transferName(f *C.AVFrame) string {
	if f.color_trc == C.AVCOL_TRC_UNSPECIFIED {
		return ""
	}
	return C.GoString(C.av_color_transfer_name(f.color_trc))
}

// toneMapped copies an HDR frame out as SDR, full size R'G'B'.
func (s *session) toneMapped(f *C.AVFrame, curve string, block func(n int) []byte) (media.Image, error) {
	l, err := layoutOf(f.format, false)
	if err != nil {
		return media.Image{}, err
	}
	matrix, _, _, err := colour(f)
	if err != nil {
		return media.Image{}, err
	}
	stored := media.Image{RGB: l.rgb, SubX: l.subX, SubY: l.subY, Matrix: matrix, Planes: [3][]byte{{}, {}, {}}, FullRange: fullRange(f)}
	site(&stored, s.chromaLocation(f))
	ret := C.clvid_widen(&s.tones.wide, f, C.int(bit(l.rgb || stored.FullRange)), C.int(stored.SiteX*256), C.int(stored.SiteY*256))
	if err := code(ret); err != nil {
		return media.Image{}, &failure{media.ErrUnsupported, fmt.Sprintf("converting from pixel format %s: %v", formatName(f.format), err)}
	}
	w, h := int(f.width), int(f.height)
	im := media.Image{W: w, H: h, RGB: true, FullRange: true, Strides: [3]int{w, w, w}}
	memory := block(3 * w * h)
	for p := range im.Planes {
		im.Planes[p] = memory[p*w*h : (p+1)*w*h : (p+1)*w*h]
	}
	key := toneKey{curve, f.color_trc == C.AVCOL_TRC_ARIB_STD_B67, f.color_primaries != C.AVCOL_PRI_BT709, s.tones.peak}
	s.tones.made.get(key).picture(&im, &stored, func(plane, y int) []uint16 {
		out := s.tones.wide.out
		row := unsafe.Add(unsafe.Pointer(out.data[plane]), y*int(out.linesize[plane]))
		return unsafe.Slice((*uint16)(row), w)
	})
	return im, nil
}

// picture maps all rows. row returns a row of samples of 16 bits at full size, of
// Y', Cb, Cr as stored describes them, or of G, B, R.
func (t *toner) picture(im, stored *media.Image, row func(plane, y int) []uint16) {
	var signal [3][]uint16
	for c := range signal {
		signal[c] = make([]uint16, im.W)
	}
	m := signalMatrix(stored)
	for y := range im.H {
		src := [3][]uint16{row(0, y), row(1, y), row(2, y)}
		if stored.RGB {
			signal = [3][]uint16{src[2], src[0], src[1]}
		} else {
			m.run(signal, src)
		}
		at := y * im.W
		t.row([3][]byte{im.Planes[0][at : at+im.W], im.Planes[1][at : at+im.W], im.Planes[2][at : at+im.W]}, signal)
	}
}

// wideMatrix turns samples of 16 bits of Y', Cb, Cr into those of R', G', B', full range.
type wideMatrix struct {
	gain, black    float32 // of Y'
	rv, gu, gv, bu float32 // of chroma from its middle
}

// signalMatrix is the matrix of a stored picture. swscale widens samples of limited
// range by zeros and those of full range by repeating their bits.
func signalMatrix(im *media.Image) wideMatrix {
	kr, kb := im.Matrix.Weights()
	kg := 1 - kr - kb
	luma, chroma, black := 65535./(219<<8), 65535./(224<<8), float32(16<<8)
	if im.FullRange {
		luma, chroma, black = 1, 1, 0
	}
	return wideMatrix{gain: float32(luma), black: black, rv: float32(chroma * 2 * (1 - kr)), bu: float32(chroma * 2 * (1 - kb)),
		gu: float32(-chroma * 2 * (1 - kb) * kb / kg), gv: float32(-chroma * 2 * (1 - kr) * kr / kg)}
}

func (m *wideMatrix) run(dst, src [3][]uint16) {
	r, g, b := dst[0], dst[1][:len(dst[0])], dst[2][:len(dst[0])]
	us, vs := src[1][:len(r)], src[2][:len(r)]
	for x, luma := range src[0][:len(r)] {
		y, u, v := (float32(luma)-m.black)*m.gain, float32(us[x])-1<<15, float32(vs[x])-1<<15
		r[x], g[x], b[x] = sample16(y+m.rv*v), sample16(y+m.gu*u+m.gv*v), sample16(y+m.bu*u)
	}
}

func sample16(v float32) uint16 { return uint16(min(max(v, 0), 65535) + .5) }
