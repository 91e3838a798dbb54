package pretext

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/clvid/clvid/media"
)

// Draw makes the sample of one open video: the clips of all parts are decoded in
// one pass, then each part renders its views. v.Frames is taken from the video.
// Tokens are left to the caller.
func Draw(ctx context.Context, rng *rand.Rand, file media.Video, v Video, parts []Part) (Sample, error) {
	v.Frames = file.Len()
	if v.Frames < 1 {
		return Sample{}, fmt.Errorf("pretext: %s: no frames", v.Name)
	}
	var spans []media.Span
	ends := make([]int, len(parts))
	for p, part := range parts {
		drawn, err := part.Task.Spans(rng, v)
		if err != nil {
			return Sample{}, fmt.Errorf("pretext: %s: %w", v.Name, err)
		}
		spans = append(spans, drawn...)
		ends[p] = len(spans)
	}
	clips, err := file.Clips(ctx, spans...)
	if err != nil {
		return Sample{}, err
	}
	defer func() { // views hold no pixel of a clip
		for _, c := range clips {
			c.Release()
		}
	}()
	if len(clips) != len(spans) {
		return Sample{}, fmt.Errorf("pretext: %s: %d clips decoded, %d asked for", v.Name, len(clips), len(spans))
	}
	sample := Sample{Video: v, Views: make([][]View, len(parts))}
	from := 0
	for p, part := range parts {
		if sample.Views[p], err = part.Task.Views(rng, v, clips[from:ends[p]]); err != nil {
			return Sample{}, err
		}
		from = ends[p]
	}
	return sample, nil
}
