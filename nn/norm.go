package nn

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

// Settings of BatchNorm, PyTorch's defaults.
const (
	batchNormEps      = 1e-5
	batchNormMomentum = 0.1
)

// NormConfig describes a batch norm; the zero value is PyTorch's default.
type NormConfig struct {
	Eps      float64 // added to the variance; 0: 1e-5
	Momentum float64 // share of each batch in the running statistics; 0: 0.1
	Gamma    Init    // of "weight"; nil: 1. Residual recipes start the last norm of a block at 0.
	// Frozen uses the running statistics in training too and leaves them alone.
	Frozen bool
	// Splits is the number of equal parts of the batch, in its order, that are
	// normalised apart, as several devices would; 0 means 1.
	Splits int
}

// BatchNorm normalises x (N,C,…) by channel: "weight", "bias", and the
// buffers "running_mean" and "running_var", all (C). Eps is 1e-5, the running
// statistics take 0.1 of each batch's.
func BatchNorm(s Scope, x *gorgonia.Node) *gorgonia.Node { return BatchNormWith(s, x, NormConfig{}) }

// BatchNormWith is BatchNorm with other settings, and the same names.
func BatchNormWith(s Scope, x *gorgonia.Node, c NormConfig) *gorgonia.Node {
	channels := []int{x.Shape()[1]}
	gamma := c.Gamma
	if gamma == nil {
		gamma = Ones
	}
	return op.BatchNorm(x,
		s.Param("weight", channels, gamma, Norm),
		s.Param("bias", channels, Zeros, Norm),
		s.Buffer("running_mean", channels, Zeros),
		s.Buffer("running_var", channels, Ones),
		device.BatchNormAttrs{Eps: orElse(c.Eps, batchNormEps), Momentum: orElse(c.Momentum, batchNormMomentum),
			Frozen: c.Frozen, Splits: c.Splits})
}

func orElse(v, otherwise float64) float64 {
	if v == 0 {
		return otherwise
	}
	return v
}

// GroupNorm normalises each of groups runs of channels of each sample of x
// (N,C,…), then scales by "weight" and shifts by "bias", both (C) (Wu and He,
// arXiv:1803.08494). Eps is 1e-5.
func GroupNorm(s Scope, x *gorgonia.Node, groups int) *gorgonia.Node {
	channels := []int{x.Shape()[1]}
	return op.GroupNorm(x, s.Param("weight", channels, Ones, Norm), s.Param("bias", channels, Zeros, Norm),
		device.GroupNormAttrs{Groups: groups, Eps: batchNormEps})
}
