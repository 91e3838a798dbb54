package avdecode

import (
	"encoding/binary"
	"slices"
)

// FFmpeg 5.1 reads AVIF but not how a still is to be turned: the properties irot
// and imir of the primary item (ISO/IEC 23008-12, 6.5.10 and 6.5.12).

// maxHeifHead bounds what is read for them; the boxes come first.
const maxHeifHead = 1 << 20

// boxes yields the boxes of ISO/IEC 14496-12 within data: type and content. It
// stops at one that does not fit.
func boxes(data []byte) func(yield func(kind string, content []byte) bool) {
	return func(yield func(string, []byte) bool) {
		for len(data) >= 8 {
			size, head := uint64(binary.BigEndian.Uint32(data)), uint64(8)
			kind := string(data[4:8])
			switch {
			case size == 1 && len(data) >= 16:
				size, head = binary.BigEndian.Uint64(data[8:]), 16
			case size == 0:
				size = uint64(len(data))
			}
			if size < head || size > uint64(len(data)) || !yield(kind, data[head:size]) {
				return
			}
			data = data[size:]
		}
	}
}

// box returns the content of the first box of a kind, or nil.
func box(data []byte, kind string) []byte {
	for k, content := range boxes(data) {
		if k == kind {
			return content
		}
	}
	return nil
}

// heifOrientation reads the head of an AVIF or HEIF file. What is broken or
// missing turns nothing.
func heifOrientation(head []byte) orientation {
	meta := box(head, "meta")
	if len(meta) < 4 {
		return orientation{}
	}
	meta = meta[4:] // version and flags
	item, ok := primaryItem(box(meta, "pitm"))
	if !ok {
		return orientation{}
	}
	properties := box(meta, "iprp")
	wanted := itemProperties(box(properties, "ipma"), item)
	angle, axis, n := 0, -1, 0
	for kind, content := range boxes(box(properties, "ipco")) {
		n++
		switch {
		case !slices.Contains(wanted, n) || len(content) < 1:
		case kind == "irot":
			angle = int(content[0] & 3)
		case kind == "imir":
			axis = int(content[0] & 1)
		}
	}
	return turnAndMirror(angle, axis)
}

// turnAndMirror turns by quarters anticlockwise, then swaps top and bottom (axis
// 0) or left and right (1); any other axis swaps nothing.
func turnAndMirror(quarters, axis int) orientation {
	o := exifOrientation([]int{1, 8, 3, 6}[quarters])
	switch axis {
	case 0:
		o.mirrorY = !o.mirrorY
	case 1:
		o.mirrorX = !o.mirrorX
	}
	return o
}

func primaryItem(pitm []byte) (item uint32, ok bool) {
	switch {
	case len(pitm) >= 6 && pitm[0] == 0:
		return uint32(binary.BigEndian.Uint16(pitm[4:])), true
	case len(pitm) >= 8 && pitm[0] > 0:
		return binary.BigEndian.Uint32(pitm[4:]), true
	}
	return 0, false
}

// itemProperties lists the numbers, from 1, of an item's properties.
func itemProperties(ipma []byte, item uint32) []int {
	if len(ipma) < 8 {
		return nil
	}
	wideItem, wideIndex := ipma[0] > 0, ipma[3]&1 != 0
	entries, rest := binary.BigEndian.Uint32(ipma[4:]), ipma[8:]
	number := func(wide bool, short int) (n uint32, ok bool) {
		size := short
		if wide {
			size *= 2
		}
		if len(rest) < size {
			return 0, false
		}
		for _, b := range rest[:size] {
			n = n<<8 | uint32(b)
		}
		rest = rest[size:]
		return n, true
	}
	for range entries {
		id, ok := number(wideItem, 2)
		count, fits := number(false, 1)
		if !ok || !fits {
			return nil
		}
		var list []int
		for range count {
			n, ok := number(wideIndex, 1)
			if !ok {
				return nil
			}
			if wideIndex {
				n &= 1<<15 - 1 // above is whether it is essential
			} else {
				n &= 1<<7 - 1
			}
			list = append(list, int(n))
		}
		if id == item {
			return list
		}
	}
	return nil
}
