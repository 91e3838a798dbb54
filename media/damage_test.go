package media

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func ExampleDamage() {
	d := &Damage{Frames: 89, Decoded: 84, Sound: 80}
	for _, i := range []int{36, 37, 38, 52, 60} {
		d.Add(i, time.Duration(i)*40*time.Millisecond, i == 38, "the bitstream is damaged")
	}
	fmt.Println(d)
	fmt.Println(d.Ranges[0].Lost, d.Ranges[1])
	// Output:
	// corrupt data: 80 of 89 frames are sound; frames 36 to 38 (1.440 s to 1.520 s): the bitstream is damaged; and 2 more places
	// 1 frame 52 (2.080 s): the bitstream is damaged
}

// TestDamageIsBounded: a file that is damaged everywhere has a report of some
// lines.
func TestDamageIsBounded(t *testing.T) {
	d := &Damage{Frames: 1000}
	for i := 0; i < 1000; i += 2 {
		d.Add(i, 0, false, "r")
	}
	if len(d.Ranges) != maxRanges || d.Omitted != 500-maxRanges || !strings.HasSuffix(d.Error(), "and more than 99 more places") {
		t.Errorf("%d ranges, %d omitted: %v", len(d.Ranges), d.Omitted, d)
	}
	if err := error(&Error{Op: "frames", Path: "a.mp4", Err: d}); !errors.Is(err, ErrCorrupt) || !strings.HasPrefix(err.Error(), "media: frames a.mp4: corrupt data: 0 of 1000") {
		t.Errorf("as an error: %v", err)
	}
}
