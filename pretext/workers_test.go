package pretext_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"testing"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/loader"
	"github.com/clvid/clvid/media/mediatest"
	"github.com/clvid/clvid/pretext"
)

// An epoch is the same to the last bit with any number of workers.
func TestWorkersDoNotMatter(t *testing.T) {
	dec := &mediatest.Decoder{Movies: map[string]mediatest.Movie{}}
	for i := range 12 {
		dec.Movies[fmt.Sprint(i)] = mediatest.Movie{Frames: 20 + i, Paint: func(t, x, y int) [3]byte {
			return [3]byte{byte(t * (i + 1)), byte(x * y), byte(x + t)}
		}}
	}
	parts := []pretext.Part{
		{Name: "clip-pairs", Weight: 1, Task: mustTask(t, "clip-pairs", nil, env(media.InputDiff))},
		{Name: "frame-order", Weight: 1, Task: mustTask(t, "frame-order", nil, env(media.InputDiff))},
	}
	epoch := func(workers int) uint64 {
		sum := fnv.New64()
		order := pretext.Order(1, 0, 12)
		for sample, err := range loader.Map(t.Context(), 0, 12, workers, 2*workers, func(ctx context.Context, _, i int) (pretext.Sample, error) {
			at := order[i]
			video, err := dec.Open(ctx, fmt.Sprint(at))
			if err != nil {
				return pretext.Sample{}, err
			}
			defer video.Close()
			return pretext.Draw(ctx, pretext.RNG(1, 0, at), video, pretext.Video{Index: at}, parts)
		}) {
			if err != nil {
				t.Fatal(err)
			}
			for _, views := range sample.Views {
				for _, v := range views {
					if err := binary.Write(sum, binary.LittleEndian, v.Data); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		return sum.Sum64()
	}
	one := epoch(1)
	for _, workers := range []int{2, 4, 7} {
		if got := epoch(workers); got != one {
			t.Errorf("%d workers: epoch %x, want %x as with one", workers, got, one)
		}
	}
}
