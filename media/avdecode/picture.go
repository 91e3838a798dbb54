package avdecode

// #include "shim.h"
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/clvid/clvid/media"
)

// layout is how an AVFrame becomes a media.Image: which 8-bit planar format it
// is converted to (or has), and how that is read.
type layout struct {
	format     C.int // the planar format handed out
	same       bool  // the frame has that layout already: copy, do not convert
	rgb, grey  bool
	subX, subY uint8
}

// picture copies a decoded frame out as an upright image. 8-bit planar Y'CbCr, grey
// and planar RGB are copied as they are; what else there is goes through
// swscale to the 8-bit planar format of the same chroma subsampling, or to
// planar RGB. HDR is mapped to SDR where the options say so. Its memory is a block, with any content before.
func (s *session) picture(f *C.AVFrame, o Options, block func(n int) []byte) (media.Image, error) {
	source := f
	if int64(f.width)*int64(f.height) > int64(o.Pixels) {
		return media.Image{}, tooLarge(int(f.width), int(f.height), o, "")
	}
	if o.ToneMap != "" && isHDR(transferName(f)) {
		im, err := s.toneMapped(f, o.ToneMap, block)
		s.upright(&im, f)
		return im, err
	}
	matrix, table, viaRGB, err := colour(f)
	if err != nil {
		return media.Image{}, err
	}
	l, err := layoutOf(f.format, viaRGB)
	if err != nil {
		return media.Image{}, err
	}
	im := media.Image{W: int(f.width), H: int(f.height), RGB: l.rgb, SubX: l.subX, SubY: l.subY, Matrix: matrix, FullRange: l.rgb || fullRange(f)}
	if !l.same {
		if f, err = s.convert(f, l.format, table, fullRange(f)); err != nil {
			return media.Image{}, err
		}
	}
	copyPlanes(&im, f, l, block)
	site(&im, s.chromaLocation(source))
	s.upright(&im, source)
	return im, nil
}

// upright turns a picture as the container says, else as it says itself.
func (s *session) upright(im *media.Image, source *C.AVFrame) {
	t := s.transform
	if t == (orientation{}) {
		t = exifOrientation(int(C.clvid_exif_orientation(source)))
	}
	orient(im, t)
}

func (s *session) convert(f *C.AVFrame, format C.int, table C.int, full bool) (*C.AVFrame, error) {
	if s.converted == nil {
		s.converted = C.av_frame_alloc()
	}
	ret := C.clvid_convert(&s.sws, f, s.converted, format, table, C.int(bit(full)))
	if err := code(ret); err != nil {
		return nil, &failure{media.ErrUnsupported, fmt.Sprintf("converting from pixel format %s: %v", formatName(f.format), err)}
	}
	return s.converted, nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func formatName(format C.int) string {
	if name := C.av_get_pix_fmt_name(C.enum_AVPixelFormat(format)); name != nil {
		return C.GoString(name)
	}
	return "none"
}

// colour reads the matrix. Untagged pictures are BT.601 of whatever size, as
// FFmpeg's own tools have it. Rare matrices, for which media has no name, go
// to RGB at once.
func colour(f *C.AVFrame) (m media.ColourMatrix, table C.int, viaRGB bool, err error) {
	switch f.colorspace {
	case C.AVCOL_SPC_BT709:
		return media.BT709, C.SWS_CS_ITU709, false, nil
	case C.AVCOL_SPC_BT2020_NCL, C.AVCOL_SPC_BT2020_CL:
		return media.BT2020, C.SWS_CS_BT2020, false, nil
	case C.AVCOL_SPC_FCC:
		return media.BT601, C.SWS_CS_FCC, true, nil
	case C.AVCOL_SPC_SMPTE240M:
		return media.BT601, C.SWS_CS_SMPTE240M, true, nil
	case C.AVCOL_SPC_YCGCO, C.AVCOL_SPC_ICTCP, C.AVCOL_SPC_SMPTE2085:
		name := C.GoString(C.av_color_space_name(f.colorspace))
		return 0, 0, false, &failure{media.ErrUnsupported, fmt.Sprintf("colour matrix %s", name)}
	}
	return media.BT601, C.SWS_CS_ITU601, false, nil
}

// fullRange holds for tagged frames, the J formats of JPEG, and untagged grey.
func fullRange(f *C.AVFrame) bool {
	switch f.color_range {
	case C.AVCOL_RANGE_JPEG:
		return true
	case C.AVCOL_RANGE_MPEG:
		return false
	}
	switch f.format {
	case C.AV_PIX_FMT_YUVJ420P, C.AV_PIX_FMT_YUVJ422P, C.AV_PIX_FMT_YUVJ444P, C.AV_PIX_FMT_YUVJ440P, C.AV_PIX_FMT_YUVJ411P:
		return true
	}
	d := C.av_pix_fmt_desc_get(C.enum_AVPixelFormat(f.format))
	return d != nil && d.nb_components <= 2
}

// layoutOf picks the planar 8-bit format for a frame's format.
func layoutOf(format C.int, viaRGB bool) (layout, error) {
	d := C.av_pix_fmt_desc_get(C.enum_AVPixelFormat(format))
	if d == nil || d.flags&C.AV_PIX_FMT_FLAG_HWACCEL != 0 {
		return layout{}, &failure{media.ErrUnsupported, "pixel format " + formatName(format)}
	}
	bytewise := d.comp[0].depth == 8 && d.comp[0].step == 1 && d.flags&(C.AV_PIX_FMT_FLAG_PAL|C.AV_PIX_FMT_FLAG_BITSTREAM) == 0
	planar := bytewise && d.flags&C.AV_PIX_FMT_FLAG_PLANAR != 0
	switch {
	case d.flags&(C.AV_PIX_FMT_FLAG_RGB|C.AV_PIX_FMT_FLAG_PAL|C.AV_PIX_FMT_FLAG_BAYER) != 0 || format == C.AV_PIX_FMT_XYZ12LE || format == C.AV_PIX_FMT_XYZ12BE || viaRGB && d.nb_components > 2:
		return layout{format: C.AV_PIX_FMT_GBRP, same: planar && d.flags&C.AV_PIX_FMT_FLAG_RGB != 0, rgb: true}, nil
	case d.nb_components <= 2:
		return layout{format: C.AV_PIX_FMT_GRAY8, same: bytewise && d.nb_components == 1, grey: true}, nil
	}
	l := layout{subX: uint8(d.log2_chroma_w), subY: uint8(d.log2_chroma_h)}
	l.same = planar && d.comp[1].step == 1
	l.format = planarYUV(l.subX, l.subY)
	return l, nil
}

func planarYUV(subX, subY uint8) C.int {
	switch [2]uint8{subX, subY} {
	case [2]uint8{1, 1}:
		return C.AV_PIX_FMT_YUV420P
	case [2]uint8{1, 0}:
		return C.AV_PIX_FMT_YUV422P
	case [2]uint8{0, 1}:
		return C.AV_PIX_FMT_YUV440P
	case [2]uint8{2, 0}:
		return C.AV_PIX_FMT_YUV411P
	case [2]uint8{2, 2}:
		return C.AV_PIX_FMT_YUV410P
	}
	return C.AV_PIX_FMT_YUV444P
}

// copyPlanes copies into one tight block.
func copyPlanes(im *media.Image, f *C.AVFrame, l layout, take func(n int) []byte) {
	planes, order := 3, [3]int{0, 1, 2}
	if l.grey {
		planes = 1
	}
	if l.rgb {
		order = [3]int{2, 0, 1} // FFmpeg keeps G, B, R
	}
	cw, ch := chromaSize(im)
	block := take(im.W*im.H + (planes-1)*cw*ch)
	for p := range planes {
		w, h := im.W, im.H
		if p > 0 {
			w, h = cw, ch
		}
		im.Planes[p], im.Strides[p], block = block[:w*h:w*h], w, block[w*h:]
		src := order[p]
		C.av_image_copy_plane((*C.uint8_t)(unsafe.Pointer(&im.Planes[p][0])), C.int(w), f.data[src], f.linesize[src], C.int(w), C.int(h))
	}
}

// chromaSize rounds up, as every codec does.
func chromaSize(im *media.Image) (w, h int) {
	return -(-im.W >> im.SubX), -(-im.H >> im.SubY)
}

// orient turns the planes of im upright, and with them the chroma's siting.
func orient(im *media.Image, o orientation) {
	if o == (orientation{}) {
		return
	}
	cw, ch := chromaSize(im)
	for p, plane := range im.Planes {
		if plane == nil {
			continue
		}
		w, h := im.W, im.H
		if p > 0 {
			w, h = cw, ch
		}
		im.Planes[p] = o.turn(plane, w, h)
		im.Strides[p] = w
		if o.transpose {
			im.Strides[p] = h
		}
	}
	if o.transpose {
		im.W, im.H = im.H, im.W
		im.SubX, im.SubY = im.SubY, im.SubX
		im.SiteX, im.SiteY = im.SiteY, im.SiteX
	}
	if im.RGB || im.Planes[1] == nil {
		return
	}
	if o.mirrorX {
		im.SiteX = mirroredSite(im.SiteX, im.W, im.SubX)
	}
	if o.mirrorY {
		im.SiteY = mirroredSite(im.SiteY, im.H, im.SubY)
	}
}

// imageBytes is what an image holds.
func imageBytes(im *media.Image) int64 {
	var n int64
	for _, p := range im.Planes {
		n += int64(len(p))
	}
	return n
}

// fresh is memory that the garbage collector looks after.
func fresh(n int) []byte { return make([]byte, n) }
