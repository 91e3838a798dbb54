package golden

import (
	"fmt"
	"math"
	"strings"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/encoder"
	"github.com/clvid/clvid/nn/loss"
)

// encoderOperations fit every folder enc-NAME whose NAME is registered.
var encoderOperations = []operation{{
	name: "encoder", run: encode, single: true,
	fits: func(c *Case) bool { return c.Params.Has("weight_rule", "num_classes", "parameter_names") },
}}

// encoderSettings are the parameters of a case.
type encoderSettings struct {
	Classes    int      `json:"num_classes"`
	Labels     []int32  `json:"labels"`
	Parameters []string `json:"parameter_names"`
	Running    []string `json:"running_names"`
	Count      int      `json:"num_parameters"`
}

// encode runs an encoder with a classifier "fc" on top, first in evaluation and
// then in training, which moves the running statistics.
func encode(c *Case, dtype device.DType) (Values, error) {
	var p encoderSettings
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	n := newNet(dtype)
	eval, train, err := p.build(n, c)
	if err != nil {
		return nil, err
	}
	n.fill()
	values := Values{}
	e, err := n.once(false, eval)
	if err != nil {
		return nil, err
	}
	evalValues(values, e)
	t, err := n.once(true, train)
	if err != nil {
		return nil, err
	}
	return values, p.trainValues(values, n, t)
}

// build draws the graph and returns the outputs of both runs.
func (p encoderSettings) build(n *net, c *Case) (eval, train map[string]*gorgonia.Node, err error) {
	entry, err := encoder.Builtin().Lookup("encoder", strings.TrimPrefix(c.Method, "enc-"))
	if err != nil {
		return nil, nil, err
	}
	in, err := n.inputs(c, "input")
	if err != nil {
		return nil, nil, err
	}
	stages := entry.Stages(n.scope, in[0], encoder.Default())
	features := nn.GlobalMean(stages[len(stages)-1])
	logits := nn.Linear(n.scope.Sub("fc"), features, p.Classes, true)
	targets := loss.Targets(n.graph, p.Labels)
	mean := loss.CrossEntropy(logits, targets)

	eval = map[string]*gorgonia.Node{"logits_eval": logits, "features_eval": features, "stem": stages[0]}
	for i, stage := range stages[1:] {
		eval[fmt.Sprintf("layer%d", i+1)] = stage
	}
	train = map[string]*gorgonia.Node{"logits_train": logits, "features_train": features, "loss_train": mean}
	return eval, train, n.gradients(mean, train, n.scope.Params()...)
}

// evalValues adds shape and norm of each stage, as the cases give them.
func evalValues(values, e Values) {
	pooled := e["features_eval"]
	e["avgpool"] = Numbers(pooled.Data, append(append([]int{}, pooled.Shape...), 1, 1, 1)...)
	for name, t := range e {
		values[name] = t
		values["eval_"+name+"_shape"] = Numbers(t.Shape, len(t.Shape))
		values["eval_"+name+"_l2"] = Scalar(norm(t.Data))
	}
}

// trainValues adds the norms of gradients and running statistics.
func (p encoderSettings) trainValues(values Values, n *net, t Values) error {
	var grads, running []float64
	count := 0
	for name, v := range t {
		values[name] = v
	}
	for _, name := range p.Parameters {
		g, ok := t["grad_"+name]
		if !ok {
			return fmt.Errorf("golden: the encoder has no parameter %s", name)
		}
		grads, count = append(grads, norm(g.Data)), count+len(g.Data)
	}
	if p.Count != 0 && count != p.Count {
		return fmt.Errorf("golden: the encoder has %d parameters, want %d", count, p.Count)
	}
	for _, name := range p.Running {
		r, err := n.get(name)
		if err != nil {
			return err
		}
		running = append(running, norm(r.Data))
	}
	values["grad_l2_per_parameter"] = Numbers(grads, len(grads))
	values["running_l2_after"] = Numbers(running, len(running))
	return nil
}

func norm(data []float64) float64 {
	sum := 0.
	for _, v := range data {
		sum += v * v
	}
	return math.Sqrt(sum)
}
