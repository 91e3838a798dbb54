package encoder

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/op"
)

// mapsFunc draws feature maps, the finest first.
type mapsFunc func(s nn.Scope, x *gorgonia.Node, c Config) []*gorgonia.Node

// framewise makes Build of a network on images: the global mean of its last
// map, over frames by byFrame.
func framewise(maps mapsFunc) func(nn.Scope, *gorgonia.Node, Config) *gorgonia.Node {
	return func(s nn.Scope, x *gorgonia.Node, c Config) *gorgonia.Node {
		return byFrame(x, func(x *gorgonia.Node) *gorgonia.Node {
			frames := maps(s, x, c)
			return nn.GlobalMean(frames[len(frames)-1])
		})
	}
}

// byFrame applies an image encoder to images x (N,C,H,W), or to each frame of
// clips (N,C,T,H,W), whose features (N,D) are averaged over time (as TSN does,
// arXiv:1608.00859).
func byFrame(x *gorgonia.Node, encode func(x *gorgonia.Node) *gorgonia.Node) *gorgonia.Node {
	f, s := encode(framesOf(x)), x.Shape()
	if len(s) == 4 {
		return f
	}
	return op.Mean(op.Reshape(f, s[0], s[2], f.Shape()[1]), 1)
}

// frameMaps makes Stages of a network on images; those of clips are
// (N,C,T,H,W).
func frameMaps(maps mapsFunc) mapsFunc {
	return func(s nn.Scope, x *gorgonia.Node, c Config) []*gorgonia.Node {
		out := maps(s, framesOf(x), c)
		if len(x.Shape()) == 4 {
			return out
		}
		for i, m := range out {
			f := m.Shape()
			out[i] = op.Permute(op.Reshape(m, x.Shape()[0], x.Shape()[2], f[1], f[2], f[3]), 0, 2, 1, 3, 4)
		}
		return out
	}
}

// framesOf folds clips (N,C,T,H,W) to images (N·T,C,H,W); images stay.
func framesOf(x *gorgonia.Node) *gorgonia.Node {
	s := x.Shape()
	if len(s) == 4 {
		return x
	}
	return op.Reshape(op.Permute(x, 0, 2, 1, 3, 4), s[0]*s[2], s[1], s[3], s[4])
}
