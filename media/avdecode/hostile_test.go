package avdecode

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/clvid/clvid/media"
)

func TestHostileFiles(t *testing.T) {
	d := New(Options{IndexCache: "off", Timeout: 10 * time.Second})
	for _, row := range table(t, sharedFile(t, "hostile", "files.csv")) {
		t.Run(row["path"], func(t *testing.T) {
			start := time.Now()
			got, err := survive(d, sharedFile(t, "hostile", row["path"]))
			want, _ := strconv.Atoi(row["frames_decoded"])
			t.Logf("%d frames, %d by FFmpeg, %v: %v", got, want, time.Since(start).Round(time.Millisecond), err)
			// Largest: 4096x4096. The bound leaves room for a busy machine.
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
			var e *media.Error
			if err != nil && !errors.As(err, &e) {
				t.Errorf("%T is no *media.Error", err)
			}
			if err == nil && got == 0 {
				t.Error("no frames and no error")
			}
			if err == nil && got != want {
				t.Errorf("%d frames without an error, FFmpeg decodes %d", got, want)
			}
		})
	}
}

// survive opens and decodes a file all through.
func survive(d *Decoder, path string) (frames int, err error) {
	ctx := context.Background()
	v, err := d.Open(ctx, path)
	if err != nil {
		return 0, err
	}
	defer v.Close()
	for f, err := range v.Frames(ctx) {
		if err != nil {
			return frames, err
		}
		_ = hash(&f.Image)
		frames++
	}
	return frames, nil
}
