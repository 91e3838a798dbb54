package isolate

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/clvid/clvid/media"
)

// still is a video of one picture that costs nothing to decode, so that what is
// measured is the way between processes.
type still struct {
	media.Video
	frame *media.Frame
}

func newStill(path string) (still, bool) {
	var w, h int
	if n, _ := fmt.Sscanf(path, "still/%dx%d", &w, &h); n != 2 {
		return still{}, false
	}
	f := &media.Frame{Image: media.Image{W: w, H: h, SubX: 1, SubY: 1, Strides: [3]int{w, w / 2, w / 2}}}
	for i, n := range []int{w * h, w * h / 4, w * h / 4} {
		f.Planes[i] = []byte(strings.Repeat("x", n))
	}
	return still{frame: f}, true
}

func (s still) Info() media.Info       { return media.Info{} }
func (s still) Len() int               { return 16 }
func (s still) Times() []time.Duration { return make([]time.Duration, 16) }
func (s still) Close() error           { return nil }

func (s still) Clips(_ context.Context, spans ...media.Span) ([]*media.Clip, error) {
	c := &media.Clip{Span: spans[0]}
	for range spans[0].N {
		f := *s.frame
		c.Frames = append(c.Frames, &f)
	}
	return []*media.Clip{c}, nil
}

// BenchmarkClip is what a clip of 16 pictures pays for the other process.
func BenchmarkClip(b *testing.B) {
	for _, size := range []string{"340x256", "854x480", "1920x1080"} {
		for name, ring := range map[string]int{"shared": DefaultRing, "pipe": 1 << 12} {
			b.Run(size+"/"+name, func(b *testing.B) {
				v, err := isolated(b, Options{Ring: ring}).Open(b.Context(), "still/"+size)
				if err != nil {
					b.Fatal(err)
				}
				defer v.Close()
				for b.Loop() {
					if _, err := v.Clips(b.Context(), media.Span{N: 16, Stride: 1}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkStart starts and ends a worker.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		d := isolated(b, Options{})
		v, err := d.Open(b.Context(), "still/2x2")
		if err != nil {
			b.Fatal(err)
		}
		v.Close()
		d.Close()
	}
}
