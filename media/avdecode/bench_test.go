package avdecode

import (
	"testing"

	"github.com/clvid/clvid/media"
)

// BenchmarkClips decodes two 16-frame clips of one video, index at hand, with
// and without leaving out unneeded pictures.
func BenchmarkClips(b *testing.B) {
	for _, name := range []string{"flipping_a_pancake.mkv", "weizmann_daria_jack.avi"} {
		for _, skip := range []bool{true, false} {
			b.Run(map[bool]string{true: "skip/", false: "plain/"}[skip]+name, func(b *testing.B) {
				v, err := plain().Open(b.Context(), sharedFile(b, "clips", name))
				if err != nil {
					b.Fatal(err)
				}
				defer v.Close()
				x := v.(*video).index
				x.Skip = x.Skip && skip
				start := 0
				for b.Loop() {
					start = (start + 37) % v.Len()
					if _, err := v.Clips(b.Context(), media.Span{Start: start, N: 16, Stride: 2}, media.Span{Start: (start + 20) % v.Len(), N: 16, Stride: 3}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
