package avdecode

import (
	"encoding/hex"
	"testing"
)

// h264Set writes a sequence parameter set behind a start code, high profiles
// with one scaling list.
func h264Set(profile int, gaps uint) []byte {
	var bits []uint
	put := func(n int, v uint) {
		for i := n - 1; i >= 0; i-- {
			bits = append(bits, v>>i&1)
		}
	}
	exp := func(v uint) {
		n := 0
		for (v+1)>>n > 1 {
			n++
		}
		put(n, 0)
		put(n+1, v+1)
	}
	put(8, 0x67)
	put(8, uint(profile))
	put(16, 30)
	exp(0)
	if profile >= 100 {
		exp(1)
		exp(0)
		exp(0)
		put(2, 1) // no bypass, scaling matrix
		put(1, 1)
		exp(16) // -8: the list ends at once
		put(7, 0)
	}
	exp(4)
	exp(2) // order of pictures is that of coding
	exp(3)
	put(1, gaps)
	put(24, 0xffffff)
	out := []byte{0, 0, 0, 1}
	for i := 0; i+8 <= len(bits); i += 8 {
		b := byte(0)
		for _, bit := range bits[i : i+8] {
			b = b<<1 | byte(bit)
		}
		out = append(out, b)
	}
	return out
}

func TestH264Gaps(t *testing.T) {
	high := h264Set(100, 0)
	for _, tc := range []struct {
		name     string
		data     []byte
		gaps, ok bool
	}{
		{"none", nil, false, false},
		{"avcC without a set", []byte{1, 100, 0, 30, 255, 0xe0, 0, 0, 0}, false, false},
		{"high, gapless", high, false, true},
		{"high, gaps", h264Set(100, 1), true, true},
		{"baseline, gaps", h264Set(66, 1), true, true},
		{"cut", high[:6], false, false},
	} {
		gaps, ok := h264Gaps(tc.data)
		if gaps != tc.gaps || ok != tc.ok {
			t.Errorf("%s (%s): gaps %t, ok %t, want %t, %t", tc.name, hex.EncodeToString(tc.data), gaps, ok, tc.gaps, tc.ok)
		}
	}
}
