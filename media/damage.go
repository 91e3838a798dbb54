package media

import (
	"fmt"
	"strings"
	"time"
)

// Damage is the report of a file that is not wholly sound: what is damaged and
// what could be saved. Video.Frames ends with it, inside an *Error; find it
// with errors.As. It is ErrCorrupt too. The error of Video.Clips holds one without
// counts, of the one frame that ended the call. Sound means that no sign of damage was
// seen, as some damage shows none.
type Damage struct {
	Reason  string     `json:"reason"`     // of the first damage, in words
	Ranges  []BadRange `json:"ranges"`     // ascending, no two overlap, the first 100
	Omitted int        `json:"omitted"`    // damaged frames past those
	Frames  int        `json:"frames"`     // indexed, or announced by the container where that is more
	Decoded int        `json:"decoded"`    // pictures that came out, marked ones included
	Sound   int        `json:"sound"`      // of them, those without a mark
	Bytes   int64      `json:"bytes"`      // size of the file
	Read    int64      `json:"bytes_read"` // how far into the file packets were found
}

// BadRange is a run of frames that cannot be trusted or did not come out.
type BadRange struct {
	First  int           `json:"first"` // frame in display order
	Last   int           `json:"last"`  // frame, itself in the range
	From   time.Duration `json:"from_ns"`
	To     time.Duration `json:"to_ns"` // presentation time of Last
	Lost   int           `json:"lost"`  // frames of the range that did not come out at all
	Reason string        `json:"reason"`
}

// Error reads "corrupt data: 42 of 89 frames are sound; frames 36 to 52
// (1.440 s to 2.080 s): the bitstream is damaged; and 2 more places".
func (d *Damage) Error() string {
	if d.Frames == 0 && len(d.Ranges) == 1 {
		return fmt.Sprintf("%v: %s", ErrCorrupt, d.Ranges[0])
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%v: %d of %d frames are sound", ErrCorrupt, d.Sound, d.Frames)
	if len(d.Ranges) == 0 {
		return b.String() + ": " + d.Reason
	}
	fmt.Fprintf(&b, "; %s", d.Ranges[0])
	if more := d.More(1); more != "" {
		b.WriteString("; " + more)
	}
	return b.String()
}

// More says what the report holds beside its first n ranges: "and 2 more places",
// or "" for nothing.
func (d *Damage) More(n int) string {
	rest := len(d.Ranges) - n
	switch {
	case d.Omitted > 0:
		return fmt.Sprintf("and more than %d more places", max(rest, 0))
	case rest > 1:
		return fmt.Sprintf("and %d more places", rest)
	case rest == 1:
		return "and 1 more place"
	}
	return ""
}

// Unwrap makes every Damage an ErrCorrupt.
func (d *Damage) Unwrap() error { return ErrCorrupt }

// String reads "frames 36 to 52 (1.440 s to 2.080 s): the bitstream is damaged".
func (r BadRange) String() string {
	if r.First == r.Last {
		return fmt.Sprintf("frame %d (%.3f s): %s", r.First, r.From.Seconds(), r.Reason)
	}
	return fmt.Sprintf("frames %d to %d (%.3f s to %.3f s): %s", r.First, r.Last, r.From.Seconds(), r.To.Seconds(), r.Reason)
}

// DamagedAt is the error for a clip that shows frame i, which is damaged.
func DamagedAt(i int, t time.Duration, reason string) *Damage {
	d := &Damage{}
	d.Add(i, t, false, reason)
	return d
}

// maxRanges bounds a report on a file that is damaged everywhere.
const maxRanges = 100

// Add notes that frame i, shown at t, is damaged, or lost where it did not come
// out. Frames come in display order.
func (d *Damage) Add(i int, t time.Duration, lost bool, reason string) {
	gone := 0
	if lost {
		gone = 1
	}
	if d.Reason == "" {
		d.Reason = reason
	}
	if n := len(d.Ranges); n > 0 && d.Ranges[n-1].Last == i-1 {
		r := &d.Ranges[n-1]
		r.Last, r.To = i, t
		r.Lost += gone
		return
	}
	if len(d.Ranges) == maxRanges {
		d.Omitted++
		return
	}
	d.Ranges = append(d.Ranges, BadRange{First: i, Last: i, From: t, To: t, Lost: gone, Reason: reason})
}
