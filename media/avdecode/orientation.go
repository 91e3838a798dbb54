package avdecode

// #include "shim.h"
import "C"

import "unsafe"

// orientation makes a stored picture upright: transpose first (the stored
// column becomes the row), then mirror columns, then rows.
type orientation struct{ transpose, mirrorX, mirrorY bool }

// streamOrientation reads the container's display matrix. Angles that are no
// multiple of 90 degrees, and broken matrices, leave the picture as stored.
func streamOrientation(s *session) orientation {
	p := C.clvid_display_matrix(formatPointer(s.fc), C.int(s.stream.Index()))
	if p == nil {
		return orientation{}
	}
	m := unsafe.Slice((*int32)(unsafe.Pointer(p)), 9)
	return matrixOrientation(m[0], m[1], m[3], m[4])
}

// still tells whether the container is a still picture's of the HEIF family.
func (s *session) still() bool {
	name := C.CString("major_brand")
	defer C.free(unsafe.Pointer(name))
	e := C.av_dict_get(formatPointer(s.fc).metadata, name, nil, 0)
	if e == nil {
		return false
	}
	switch C.GoString(e.value) {
	case "avif", "mif1", "heic":
		return true
	}
	return false
}

// matrixOrientation classifies the map (x, y) -> (ax+cy, bx+dy).
func matrixOrientation(a, b, c, d int32) orientation {
	size := func(v int32) int64 { return max(int64(v), -int64(v)) }
	along, across := min(size(a), size(d)), min(size(b), size(c))
	const slack = 50 // a fiftieth, about one degree
	switch {
	case along > slack*max(size(b), size(c)):
		return orientation{mirrorX: a < 0, mirrorY: d < 0}
	case across > slack*max(size(a), size(d)):
		return orientation{transpose: true, mirrorX: c < 0, mirrorY: b < 0}
	}
	return orientation{}
}

// exifOrientation translates the values 1 to 8 of the EXIF tag.
func exifOrientation(v int) orientation {
	switch v {
	case 2:
		return orientation{mirrorX: true}
	case 3:
		return orientation{mirrorX: true, mirrorY: true}
	case 4:
		return orientation{mirrorY: true}
	case 5:
		return orientation{transpose: true}
	case 6:
		return orientation{transpose: true, mirrorX: true}
	case 7:
		return orientation{transpose: true, mirrorX: true, mirrorY: true}
	case 8:
		return orientation{transpose: true, mirrorY: true}
	}
	return orientation{}
}

// degrees is the clockwise turn, mirror images aside.
func (o orientation) degrees() int {
	switch {
	case o.transpose && o.mirrorX:
		return 90
	case o.transpose:
		return 270
	case o.mirrorX && o.mirrorY:
		return 180
	}
	return 0
}

// turn returns the plane of w x h bytes made upright, tightly packed.
func (o orientation) turn(src []byte, w, h int) []byte {
	dst := make([]byte, len(src))
	outW, outH := w, h
	if o.transpose {
		outW, outH = h, w
	}
	for y := range outH {
		row := dst[y*outW : (y+1)*outW]
		v := y
		if o.mirrorY {
			v = outH - 1 - y
		}
		for x := range row {
			u := x
			if o.mirrorX {
				u = outW - 1 - x
			}
			if o.transpose {
				row[x] = src[u*w+v]
			} else {
				row[x] = src[v*w+u]
			}
		}
	}
	return dst
}
