package avdecode

import (
	"bytes"
	"image"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// TestOrientation turns a 2x3 plane by every EXIF value; the wanted rows are
// those of the EXIF 2.3 standard's figure, where 1 is the corner at 0th row
// and 0th column.
func TestOrientation(t *testing.T) {
	// 1 2
	// 3 4
	// 5 6
	src := []byte{1, 2, 3, 4, 5, 6}
	for v, want := range [][]byte{
		1: {1, 2, 3, 4, 5, 6},
		2: {2, 1, 4, 3, 6, 5},
		3: {6, 5, 4, 3, 2, 1},
		4: {5, 6, 3, 4, 1, 2},
		5: {1, 3, 5, 2, 4, 6},
		6: {5, 3, 1, 6, 4, 2},
		7: {6, 4, 2, 5, 3, 1},
		8: {2, 4, 6, 1, 3, 5},
	} {
		if got := exifOrientation(v).turn(src, 2, 3); v > 0 && !slices.Equal(got, want) {
			t.Errorf("orientation %d gives %v, want %v", v, got, want)
		}
	}
}

func TestMatrixOrientation(t *testing.T) {
	const one = 1 << 16
	for _, tc := range []struct {
		a, b, c, d int32
		degrees    int
		want       orientation
	}{
		{one, 0, 0, one, 0, orientation{}},
		{0, one, -one, 0, 90, orientation{transpose: true, mirrorX: true}},
		{-one, 0, 0, -one, 180, orientation{mirrorX: true, mirrorY: true}},
		{0, -one, one, 0, 270, orientation{transpose: true, mirrorY: true}},
		{-one, 0, 0, one, 0, orientation{mirrorX: true}},
		{46341, 46341, -46341, 46341, 0, orientation{}},      // 45 degrees
		{0, 0, 0, 0, 0, orientation{}},                       // broken
		{-1 << 31, 0, 0, one, 0, orientation{mirrorX: true}}, // extreme
	} {
		got := matrixOrientation(tc.a, tc.b, tc.c, tc.d)
		if got != tc.want || got.degrees() != tc.degrees {
			t.Errorf("matrix %v gives %+v, %d degrees; want %+v, %d", tc, got, got.degrees(), tc.want, tc.degrees)
		}
	}
}

// TestRotatedFiles compares planes with the ffmpeg command, which turns
// pictures upright by default.
func TestRotatedFiles(t *testing.T) {
	for name, degrees := range map[string]int{"video_0.mov": 0, "video_90.mov": 90, "video_180.mov": 180, "video_270.mov": 270, "video_rotation_90.mp4": 90, "nasa_13013_rotated.mp4": 270} {
		t.Run(name, func(t *testing.T) {
			path := sharedFile(t, "hostile", name)
			v := open(t, plain(), path)
			f := first(t, path)
			if info := v.Info(); info.Rotation != degrees || info.Width != f.W || info.Height != f.H {
				t.Errorf("rotation %d of %dx%d, want %d of %dx%d", info.Rotation, info.Width, info.Height, degrees, f.W, f.H)
			}
			want, err := exec.Command("ffmpeg", "-v", "error", "-i", path, "-frames:v", "1", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-").Output()
			if err != nil {
				t.Skipf("no ffmpeg command to compare with: %v", err)
			}
			if got := slices.Concat(f.Planes[:]...); !slices.Equal(got, want) {
				t.Errorf("the first picture, %dx%d, differs from the command's", f.W, f.H)
			}
		})
	}
}

// TestExifOrientation tags a JPEG of 32x16 as turned.
func TestExifOrientation(t *testing.T) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 32, 16)), nil); err != nil {
		t.Fatal(err)
	}
	// A little-endian TIFF with one entry: tag 0x112, type SHORT, count 1, value 6.
	exif := []byte("\xff\xe1\x00\x22Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00")
	data := slices.Concat(b.Bytes()[:2], exif, b.Bytes()[2:])
	path := filepath.Join(t.TempDir(), "a.jpg")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if f := first(t, path); f.W != 16 || f.H != 32 {
		t.Errorf("%dx%d, want it upright: 16x32", f.W, f.H)
	}
}
