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
	"math"
	"strings"
)

// Float is an element type of parameters.
type Float interface{ float32 | float64 }

// ParamOf is one trained tensor as the optimizer sees it.
type ParamOf[T Float] struct {
	Name  string // state-dict name, unique
	Decay bool   // weight decay applies to it
	Data  []T    // flat, written by Step
}

// StateOf is one tensor of an optimizer's memory.
type StateOf[T Float] struct {
	Name string // parameter's name, a dot, and PyTorch's name of the buffer
	Data []T    // flat, of the parameter's size; one number for "step"
}

// OptimizerOf takes steps on the parameters it was made for.
type OptimizerOf[T Float] interface {
	// Step updates every parameter with learning rate lr. grads[i] belongs to
	// parameter i and is only read. A gradient of another size, or a rate that
	// is no finite number, is an error and changes nothing.
	Step(lr float64, grads [][]T) error
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
	switch c.Name {
	case "sgd":
		return newSGD(c, params), nil
	case "adamw":
		return newAdamW(c, params), nil
	}
	return nil, unknownName(c.Name)
}

// Names lists the optimizers, sorted.
func Names() []string { return []string{"adamw", "sgd"} }

func unknownName(name string) error {
	return fmt.Errorf("optim: no optimizer %q: set optimizer.name to one of %s", name, strings.Join(Names(), ", "))
}

// prepare checks a step's arguments and returns the factor that clipping puts
// on every gradient, 1 without.
func prepare[T Float](c Config, lr float64, params []ParamOf[T], grads [][]T) (float64, error) {
	if math.IsNaN(lr) || math.IsInf(lr, 0) {
		return 0, fmt.Errorf("optim: learning rate %v is not a finite number", lr)
	}
	if len(grads) != len(params) {
		return 0, fmt.Errorf("optim: %d gradients for %d parameters", len(grads), len(params))
	}
	for i, p := range params {
		if len(grads[i]) != len(p.Data) {
			return 0, fmt.Errorf("optim: gradient of %q has %d elements, want %d", p.Name, len(grads[i]), len(p.Data))
		}
	}
	if c.ClipNorm <= 0 {
		return 1, nil
	}
	return ClipFactor(grads, c.ClipNorm)
}

// zerosLike allocates one buffer for each parameter.
func zerosLike[T Float](params []ParamOf[T]) [][]T {
	buffers := make([][]T, len(params))
	for i, p := range params {
		buffers[i] = make([]T, len(p.Data))
	}
	return buffers
}
