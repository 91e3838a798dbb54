package pretext

import (
	"fmt"
	"math/rand/v2"

	"github.com/clvid/clvid/media"
)

// MultiCrop renders the views of one clip by multi-crop: the first is the anchor,
// all others are positives. Local views come last and are smaller than
// Env.Clip.Size: their data have the shape of m.View. Tasks of several sizes
// group views by the size of their Data.
func (e Env) MultiCrop(rng *rand.Rand, v Video, clip *media.Clip, m media.MultiCropConfig) ([]View, error) {
	rendered, err := media.RenderMultiCrop(rng, clip, e.Clip, e.Augment, m)
	if err != nil {
		return nil, fmt.Errorf("pretext: multi-crop: %s: %w", v.Name, err)
	}
	views := make([]View, len(rendered))
	for i, data := range rendered {
		views[i] = View{Role: Positive, Data: data, Target: -1, Span: clip.Span}
	}
	views[0].Role = Anchor
	return views, nil
}
