package avdecode

// #include "shim.h"
import "C"

import "github.com/clvid/clvid/media"

// chromaLocation is where the codec or container says that chroma lies.
// FFmpeg fills in the standard's default for H.264, HEVC, MPEG and JPEG. Where
// nothing is said (VP8, VP9, AV1) it is on the left luma column, but in
// full-range pictures amid the block, as in JPEG: players do the same.
func (s *session) chromaLocation(f *C.AVFrame) C.enum_AVChromaLocation {
	where := f.chroma_location
	if where == C.AVCHROMA_LOC_UNSPECIFIED {
		where = codecPointer(s.cc).chroma_sample_location
	}
	switch {
	case where != C.AVCHROMA_LOC_UNSPECIFIED:
		return where
	case fullRange(f):
		return C.AVCHROMA_LOC_CENTER
	}
	return C.AVCHROMA_LOC_LEFT
}

// site places the chroma of a picture as stored.
func site(im *media.Image, where C.enum_AVChromaLocation) {
	if im.RGB || im.Planes[1] == nil {
		return
	}
	im.SiteX, im.SiteY = media.Midway(im.SubX), media.Midway(im.SubY)
	switch where {
	case C.AVCHROMA_LOC_LEFT, C.AVCHROMA_LOC_TOPLEFT, C.AVCHROMA_LOC_BOTTOMLEFT:
		im.SiteX = 0
	}
	switch where {
	case C.AVCHROMA_LOC_TOPLEFT, C.AVCHROMA_LOC_TOP:
		im.SiteY = 0
	case C.AVCHROMA_LOC_BOTTOMLEFT, C.AVCHROMA_LOC_BOTTOM:
		im.SiteY = float32(int(1)<<im.SubY - 1)
	}
}

// chromaLocationOf is FFmpeg's name for the siting of a picture.
func chromaLocationOf(im *media.Image) C.enum_AVChromaLocation {
	if im.RGB || im.Planes[1] == nil || im.SubX == 0 && im.SubY == 0 {
		return C.AVCHROMA_LOC_UNSPECIFIED
	}
	left, top, bottom := im.SiteX == 0, im.SiteY == 0, im.SiteY > media.Midway(im.SubY)
	switch {
	case left && im.SubY > 0 && top:
		return C.AVCHROMA_LOC_TOPLEFT
	case left && bottom:
		return C.AVCHROMA_LOC_BOTTOMLEFT
	case left:
		return C.AVCHROMA_LOC_LEFT
	case im.SubY > 0 && top:
		return C.AVCHROMA_LOC_TOP
	case bottom:
		return C.AVCHROMA_LOC_BOTTOM
	}
	return C.AVCHROMA_LOC_CENTER
}

// mirroredSite is the siting along an axis of size luma samples that runs the
// other way: the last chroma sample becomes the first.
func mirroredSite(site float32, size int, sub uint8) float32 {
	last := (-(-size >> sub) - 1) << sub
	return float32(size-1-last) - site
}

// sitingName is FFmpeg's name, or "" for a picture without subsampled chroma.
func sitingName(im *media.Image, where C.enum_AVChromaLocation) string {
	if im.RGB || im.Planes[1] == nil || im.SubX == 0 && im.SubY == 0 {
		return ""
	}
	return C.GoString(C.av_chroma_location_name(where))
}
