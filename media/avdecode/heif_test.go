package avdecode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/clvid/clvid/media"
)

// TestTurnAndMirror: a picture of 2x2 turned and mirrored step by step.
func TestTurnAndMirror(t *testing.T) {
	// a b    a quarter anticlockwise: b d
	// c d                             a c
	for _, tc := range []struct {
		quarters, axis int
		want           string
	}{
		{0, -1, "abcd"}, {1, -1, "bdac"}, {2, -1, "dcba"}, {3, -1, "cadb"},
		{0, 0, "cdab"}, {0, 1, "badc"}, {1, 0, "acbd"}, {1, 1, "dbca"},
		{2, 0, "badc"}, {2, 1, "cdab"}, {3, 0, "dbca"}, {3, 1, "acbd"},
	} {
		if got := turnAndMirror(tc.quarters, tc.axis).turn([]byte("abcd"), 2, 2); string(got) != tc.want {
			t.Errorf("%d quarters, axis %d: %s, want %s", tc.quarters, tc.axis, got, tc.want)
		}
	}
}

// TestAvifOrientation holds a file that has to be turned by a quarter and then
// upside down against the command's picture, which FFmpeg 5.1 leaves as stored.
func TestAvifOrientation(t *testing.T) {
	path := sharedFile(t, "hostile", "pillow_avif_rot1mir0.avif")
	f, v := first(t, path), open(t, plain(), path)
	if f.W != 640 || f.H != 427 || v.Info().Width != 640 {
		t.Fatalf("%dx%d, want it upright: 640x427", f.W, f.H)
	}
	stored, err := exec.Command("ffmpeg", "-v", "error", "-noautorotate", "-i", path, "-frames:v", "1", "-f", "rawvideo", "-").Output()
	if err != nil {
		t.Skipf("no ffmpeg command to compare with: %v", err)
	}
	luma := make([]byte, len(f.Planes[0]))
	for y := range 640 {
		for x := range 427 {
			luma[x*640+y] = stored[y*427+x] // anticlockwise and upside down is transposed
		}
	}
	if !slices.Equal(luma, f.Planes[0]) {
		t.Error("the picture is turned otherwise")
	}
}

func TestHeifOrientationOfBrokenHeads(t *testing.T) {
	head, err := os.ReadFile(sharedFile(t, "hostile", "pillow_avif_rot1mir0.avif"))
	if err != nil {
		t.Fatal(err)
	}
	head = head[:400]
	whole := orientation{transpose: true}
	if got := heifOrientation(head); got != whole {
		t.Fatalf("%+v, want %+v", got, whole)
	}
	for n := range head {
		heifOrientation(head[:n]) // must not panic
		heifOrientation(flip(head, n))
	}
	endless := binary.BigEndian.AppendUint64([]byte("\x00\x00\x00\x01meta"), 1<<63)
	if got := heifOrientation(endless); got != (orientation{}) {
		t.Errorf("%+v of a box of 2^63 bytes", got)
	}
	wide := bytes.Replace(head, []byte("\x19ipma\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\x06\x01\x02\x83\x04\x85\x86\x00"),
		[]byte("\x19ipma\x01\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x01\x80\x06"), 1)
	if got := heifOrientation(wide); got != (orientation{mirrorY: true}) {
		t.Errorf("%+v of wide numbers, want the mirror alone", got)
	}
}

func TestAnimatedWebPIsSaid(t *testing.T) {
	path := generate(t, "a.webp", append(source(""), "-t", "0.4", "-c:v", "libwebp_anim")...)
	_, err := plain().Open(t.Context(), path)
	if err == nil {
		return // an FFmpeg that decodes them
	}
	if !errors.Is(err, media.ErrUnsupported) || !strings.Contains(err.Error(), "animated WebP") {
		t.Errorf("error %v", err)
	}
}
