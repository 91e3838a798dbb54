package optim

// Role says what a parameter is for.
type Role uint8

// The roles of parameters.
const (
	Weight Role = iota // of a convolution, linear layer or embedding
	Offset             // a bias, or the gain or offset of a normalisation
	Scalar             // a single learned number, such as CLIP's logit scale
)

// Tensor describes a parameter for Groups.
type Tensor struct {
	Name string // state-dict name
	Role Role
	Axes int // of its shape
}

// Group is how one parameter is treated; the zero value neither decays nor
// adapts.
type Group struct {
	Decay   bool    // weight decay applies to it
	Adapt   bool    // its step is scaled by a trust ratio, where the optimizer has one
	LRScale float64 // multiplies the learning rate; 0 counts as 1
}

func (g Group) lr(rate float64) float64 {
	if g.LRScale == 0 {
		return rate
	}
	return rate * g.LRScale
}

func (g Group) decay(rate float64) float64 {
	if g.Decay {
		return rate
	}
	return 0
}

// Groups applies the rules of c to all parameters of a network, in the order in
// which the network made them. Scalars neither decay nor adapt. Norms, biases
// and whatever has one axis or none do neither under exclude_norm_and_bias, and
// have their learning rate multiplied by norm_and_bias_lr (Barlow Twins: .024).
// Layer decay is described at LayerScales.
func Groups(c Config, tensors []Tensor) []Group {
	groups := make([]Group, len(tensors))
	names := make([]string, len(tensors))
	for i, t := range tensors {
		names[i] = t.Name
	}
	for i, layer := range LayerScales(names, c.LayerDecay) {
		t, g := tensors[i], &groups[i]
		small := t.Role == Offset || t.Axes <= 1
		g.Decay = t.Role != Scalar && !(small && c.ExcludeNormAndBias)
		g.Adapt = g.Decay
		g.LRScale = layer
		if small && t.Role != Scalar {
			g.LRScale *= c.NormAndBiasLR
		}
	}
	return groups
}
