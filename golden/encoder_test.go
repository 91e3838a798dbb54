package golden

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/encoder"
	"github.com/clvid/clvid/nn/loss"
	"github.com/clvid/clvid/nn/op"
)

// encoderOperations are what the cases of encoders ask for, told by what they
// expect: logits of a classifier, or pooled features.
var encoderOperations = []operation{
	{name: "encoder", run: encode, single: true,
		fits: func(c *Case) bool { return c.Params.Has("num_classes") && c.expects("logits_eval") }},
	{name: "pooled", run: poolSquares, single: true,
		fits: func(c *Case) bool { return c.expects("pooled_eval", "loss_sum_squares_of_pooled") }},
	{name: "embedding", run: embedSquares, single: true,
		fits: func(c *Case) bool { return c.expects("video_embedding_eval", "loss_mean_square_embedding_train") }},
}

// published tells, for each method, which encoder it is and how its cases call
// the maps behind its stages, stem first, and the global mean.
var published = map[string]struct {
	encoder string
	stages  []string
	pool    string
}{
	"enc-c3d":         {"c3d", []string{"pool1", "pool2", "pool3", "pool4"}, "pool5"},
	"enc-mc3-18":      {"mc3-18", torchvisionStages, "avgpool"},
	"enc-r21d-mini":   {"r21d-mini", miniStages, "pool"},
	"enc-r2plus1d-18": {"r2plus1d-18", torchvisionStages, "avgpool"},
	"enc-r3d-18":      {"r3d-18", torchvisionStages, "avgpool"},
	"enc-r3d-mini":    {"r3d-mini", miniStages, "pool"},
	"enc-resnet18":    {"resnet-18", torchvisionStages, "avgpool"},
	"enc-resnet50":    {"resnet-50", torchvisionStages, "avgpool"},
	"enc-s3d":         {"s3d", nil, ""},
	"enc-s3dg":        {"s3d-g", nil, ""},
	"enc-slowfast":    {"slowfast-r50", nil, ""},
	"enc-x3d":         {"x3d-s", nil, ""},
}

var (
	torchvisionStages = []string{"stem", "layer1", "layer2", "layer3", "layer4"}
	miniStages        = []string{"conv1", "conv2", "conv3", "conv4", "conv5"}
)

// encoderSettings are the parameters of a case.
type encoderSettings struct {
	Classes    int      `json:"num_classes"`
	Labels     []int32  `json:"labels"`
	Parameters []string `json:"parameter_names"`
	Running    []string `json:"running_names"`
	Count      int      `json:"num_parameters"`

	Alpha        int `json:"alpha"`
	Beta         int `json:"beta_inverse"`
	FusionKernel int `json:"fusion_kernel"`
}

// encoderNet is the encoder of a case, drawn without what stands on it.
type encoderNet struct {
	*net
	encoderSettings
	entry    encoder.Entry
	x        *gorgonia.Node
	config   encoder.Config
	features *gorgonia.Node
}

func newEncoderNet(c *Case, dtype device.DType) (*encoderNet, error) {
	n := &encoderNet{net: newNet(dtype), config: encoder.Default()}
	if err := c.Params.Decode(&n.encoderSettings); err != nil {
		return nil, err
	}
	n.config.Alpha, n.config.Beta, n.config.FusionKernel = n.Alpha, n.Beta, n.FusionKernel
	in, err := n.inputs(c, "input")
	if err != nil {
		return nil, err
	}
	n.entry, err = encoder.Builtin().Lookup("encoder", published[c.Method].encoder)
	if err != nil {
		return nil, err
	}
	n.x = in[0]
	n.features = n.entry.Build(n.scope, n.x, n.config)
	return n, nil
}

// classifier is the published linear layer on the features.
func (n *encoderNet) classifier(out int) *gorgonia.Node {
	return nn.Linear(n.scope.Sub(n.entry.Classifier), n.features, out, true)
}

// run computes first in evaluation and then in training, with gradients of the
// objective; that moves the running statistics.
func (n *encoderNet) run(objective *gorgonia.Node, eval, train map[string]*gorgonia.Node) (e, t Values, err error) {
	if err := n.gradients(objective, train, n.scope.Params()...); err != nil {
		return nil, nil, err
	}
	n.fill()
	if e, err = n.once(false, eval); err != nil {
		return nil, nil, err
	}
	t, err = n.once(true, train)
	return e, t, err
}

// encode compares logits, features, stages, gradients and statistics.
func encode(c *Case, dtype device.DType) (Values, error) {
	n, err := newEncoderNet(c, dtype)
	if err != nil {
		return nil, err
	}
	logits := n.classifier(n.Classes)
	mean := loss.CrossEntropy(logits, loss.Targets(n.graph, n.Labels))
	eval := map[string]*gorgonia.Node{"logits_eval": logits, "features_eval": n.features}
	names := published[c.Method]
	if names.stages != nil {
		// The same maps once more: only what evaluation asks for is computed.
		for i, m := range n.entry.Stages(n.scope.Shared(), n.x, n.config) {
			if i == 0 && names.stages[0] == "conv1" {
				m = op.Operands(op.Operands(m)[0])[0] // what norm and ReLU were given
			}
			if i < len(names.stages) {
				eval[names.stages[i]] = m
			}
		}
	}
	train := map[string]*gorgonia.Node{"logits_train": logits, "features_train": n.features, "loss_train": mean}
	e, t, err := n.run(mean, eval, train)
	if err != nil {
		return nil, err
	}
	values := Values{}
	n.evalValues(values, e, names.pool)
	if err := n.trainValues(values, t); err != nil {
		return nil, err
	}
	if n.Count != 0 && n.parameters(t) != n.Count {
		return nil, fmt.Errorf("golden: the encoder has %d parameters, want %d", n.parameters(t), n.Count)
	}
	return values, nil
}

// evalValues adds shape and norm of each stage, as the cases give them.
func (n *encoderNet) evalValues(values, e Values, pool string) {
	features := e["features_eval"]
	spatial := len(n.x.Shape()) - 2
	e[pool] = Numbers(features.Data, append(slices.Clone(features.Shape), slices.Repeat([]int{1}, spatial)...)...)
	for name, t := range e {
		values[name] = t
		values["eval_"+name+"_shape"] = Numbers(t.Shape, len(t.Shape))
		values["eval_"+name+"_l2"] = Scalar(norm(t.Data))
	}
}

// trainValues adds the norms of gradients and running statistics, in the
// case's order.
func (n *encoderNet) trainValues(values, t Values) error {
	maps.Copy(values, t)
	var grads, running []float64
	for _, name := range n.Parameters {
		g, ok := t["grad_"+name]
		if !ok {
			return fmt.Errorf("golden: the encoder has no parameter %s", name)
		}
		grads = append(grads, norm(g.Data))
	}
	if own := len(n.scope.Params()); own != len(grads) {
		return fmt.Errorf("golden: the encoder has %d trained tensors, want %d", own, len(grads))
	}
	for _, name := range n.Running {
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

// parameters counts the trained numbers.
func (n *encoderNet) parameters(t Values) int {
	count := 0
	for _, p := range n.scope.Params() {
		count += len(t["grad_"+p.Name()].Data)
	}
	return count
}

// poolSquares compares pooled features, and gradients of the sum of their
// squares.
func poolSquares(c *Case, dtype device.DType) (Values, error) {
	n, err := newEncoderNet(c, dtype)
	if err != nil {
		return nil, err
	}
	objective := op.Sum(op.Square(n.features))
	maps := n.entry.Stages(n.scope.Shared(), n.x, n.config)
	e, t, err := n.run(objective,
		map[string]*gorgonia.Node{"pooled_eval": n.features, "last": maps[len(maps)-1]},
		map[string]*gorgonia.Node{"pooled_train": n.features, "loss_sum_squares_of_pooled": objective})
	if err != nil {
		return nil, err
	}
	e["feature_shape"] = Numbers(e["last"].Shape, len(e["last"].Shape))
	if err := n.trainValues(e, t); err != nil {
		return nil, err
	}
	const classes = 400
	want, err := GetOr(c.Params, "num_parameters_400_classes", 0)
	if got := n.parameters(t) + classes*(n.features.Shape()[1]+1); err == nil && want != 0 && got != want {
		err = fmt.Errorf("golden: the encoder has %d parameters with %d classes, want %d", got, classes, want)
	}
	return e, err
}

// embeddingFeatures is the width of HowTo100M's joint embedding.
const embeddingFeatures = 512

// embedSquares compares features and the joint embedding, and gradients of the
// mean square of that.
func embedSquares(c *Case, dtype device.DType) (Values, error) {
	n, err := newEncoderNet(c, dtype)
	if err != nil {
		return nil, err
	}
	embedding := n.classifier(embeddingFeatures)
	objective := op.Mean(op.Square(embedding))
	e, t, err := n.run(objective,
		map[string]*gorgonia.Node{"mixed_5c_pooled_eval": n.features, "video_embedding_eval": embedding},
		map[string]*gorgonia.Node{"mixed_5c_pooled_train": n.features, "loss_mean_square_embedding_train": objective})
	if err != nil {
		return nil, err
	}
	if err := n.trainValues(e, t); err != nil {
		return nil, err
	}
	want, err := GetOr(c.Params, "num_parameters_visual", 0)
	if got := n.parameters(t); err == nil && want != 0 && got != want {
		err = fmt.Errorf("golden: the encoder has %d parameters, want %d", got, want)
	}
	return e, err
}

func norm(data []float64) float64 {
	sum := 0.
	for _, v := range data {
		sum += v * v
	}
	return math.Sqrt(sum)
}
