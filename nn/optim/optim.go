// Package optim changes parameters along their gradients: optimizers, learning
// rate schedules, gradient clipping and exponential moving averages. It works
// on plain slices and knows no graph; the float64 instance of the same code is
// what the golden vectors check.
//
// Results do not depend on the number of threads: updates are elementwise, and
// sums run over chunks of a fixed size that are added in a fixed order.
package optim

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Float is an element type of parameters.
type Float interface{ float32 | float64 }

// ParamOf is one trained tensor as the optimizer sees it.
type ParamOf[T Float] struct {
	Name  string // state-dict name, unique
	Data  []T    // flat, written by Step
	Group Group  // how it is treated
}

// StateOf is one tensor of an optimizer's memory.
type StateOf[T Float] struct {
	Name string // parameter's name, a dot, and PyTorch's name of the buffer
	Data []T    // flat, of the parameter's size; one number for "step"
}

// Rates are the numbers of one step, which schedules move.
type Rates struct {
	LR          float64 // learning rate, finite
	WeightDecay float64 // of the groups that decay, at least 0
}

// OptimizerOf takes steps on the parameters it was made for.
type OptimizerOf[T Float] interface {
	// Step updates every parameter. grads[i] belongs to parameter i and is only
	// read. A gradient of another size, a rate that is no finite number, or a
	// norm that is none where norms are needed, is an error and changes nothing.
	Step(r Rates, grads [][]T) error
	// State lists what a resumed run needs to continue bit for bit. The slices
	// are the live memory: reading saves, writing restores.
	State() []StateOf[T]
}

// Param, NamedState and Optimizer are the float32 types that training uses.
type (
	Param      = ParamOf[float32]
	NamedState = StateOf[float32]
	Optimizer  = OptimizerOf[float32]
)

// The optimizers. Published code disagrees on what LARS is, so
// each form has its name.
const (
	SGD       = "sgd"        // momentum, Nesterov, dampening, as torch.optim.SGD
	LARS      = "lars"       // of SimCLR's code: the learning rate enters the momentum buffer
	LARSTorch = "lars-torch" // of MoCo v3, Barlow Twins, VICReg, BYOL: the rate stays outside
	LARC      = "larc"       // of apex, around SGD (SwAV)
	LARSSolo  = "lars-solo"  // of solo-learn: LARC that caps the trust ratio at the rate
	Adam      = "adam"       // arXiv:1412.6980, decay added to the gradient
	AdamW     = "adamw"      // arXiv:1711.05101, decay apart from the gradient
)

// trusts has the layer-wise rule of every optimizer with momentum alone.
var trusts = map[string]trust{SGD: nil, LARS: larsTrust, LARSTorch: larsTrust, LARC: larcTrust, LARSSolo: soloTrust}

// New makes the optimizer that c names for params.
func New[T Float](c Config, params []ParamOf[T]) (OptimizerOf[T], error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, p := range params {
		if seen[p.Name] {
			return nil, fmt.Errorf("optim: parameter %q is listed twice: list shared weights once", p.Name)
		}
		seen[p.Name] = true
	}
	if rule, ok := trusts[c.Name]; ok {
		return newDescent(c, rule, params), nil
	}
	return newAdam(c, params), nil
}

// Names lists the optimizers, sorted.
func Names() []string {
	return slices.Sorted(maps.Keys(docs))
}

// docs says what each optimizer is, in a line.
var docs = map[string]string{
	SGD:       "momentum, Nesterov and dampening as in PyTorch",
	LARS:      "SimCLR's: trust ratio, learning rate inside the momentum (arXiv:1708.03888)",
	LARSTorch: "MoCo v3's, Barlow Twins', VICReg's and BYOL's: learning rate outside the momentum",
	LARC:      "apex's around SGD, as SwAV uses it: a sum of norms below, nothing excluded there",
	LARSSolo:  "solo-learn's: LARC that caps the trust ratio at the learning rate, trust 0.02",
	Adam:      "moments of the gradient, weight decay in the gradient (arXiv:1412.6980)",
	AdamW:     "Adam with weight decay apart from the gradient (arXiv:1711.05101)",
}

// Doc says what an optimizer is; "" for an unknown name.
func Doc(name string) string { return docs[name] }

func unknownName(name string) error {
	return fmt.Errorf("optim: no optimizer %q: set optimizer.name to one of %s", name, strings.Join(Names(), ", "))
}

// checkStep refuses what no optimizer can step with.
func checkStep[T Float](r Rates, params []ParamOf[T], grads [][]T) error {
	if math.IsNaN(r.LR) || math.IsInf(r.LR, 0) {
		return fmt.Errorf("optim: learning rate %v is not a finite number", r.LR)
	}
	if !(r.WeightDecay >= 0 && r.WeightDecay <= maxSetting) {
		return fmt.Errorf("optim: weight decay %v is no number of at least 0", r.WeightDecay)
	}
	if len(grads) != len(params) {
		return fmt.Errorf("optim: %d gradients for %d parameters", len(grads), len(params))
	}
	for i, p := range params {
		if len(grads[i]) != len(p.Data) {
			return fmt.Errorf("optim: gradient of %q has %d elements, want %d", p.Name, len(grads[i]), len(p.Data))
		}
	}
	return nil
}

// zerosLike allocates one buffer for each parameter.
func zerosLike[T Float](params []ParamOf[T]) [][]T {
	buffers := make([][]T, len(params))
	for i, p := range params {
		buffers[i] = make([]T, len(p.Data))
	}
	return buffers
}
