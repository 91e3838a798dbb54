package golden

import (
	"fmt"
	"math/rand/v2"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/loss"
	"github.com/clvid/clvid/nn/op"
)

var rhoOperations = []operation{
	{name: "rho_byol", run: rhoBYOL, single: true, fits: takes("p0", "k0")},
	{name: "rho_moco", run: rhoMoCo, single: true, fits: takes("q0", "k0", "queue")},
	{name: "rho_swav", run: rhoSwAV, single: true, fits: takes("z0", "prototypes")},
	{name: "rho_simclr", run: rhoSimCLR, single: true, fits: func(c *Case) bool { return takes("z0", "z1")(c) && !takes("prototypes")(c) }},
}

// takes tells cases by their inputs.
func takes(names ...string) func(*Case) bool {
	return func(c *Case) bool {
		for _, n := range names {
			if _, ok := c.Inputs[n]; !ok {
				return false
			}
		}
		return true
	}
}

// numbered adds the inputs prefix0, prefix1, and so on, as many as there are.
func (n *net) numbered(c *Case, prefix string) []*gorgonia.Node {
	var nodes []*gorgonia.Node
	for i := 0; ; i++ {
		name := fmt.Sprint(prefix, i)
		t, ok := c.Inputs[name]
		if !ok {
			return nodes
		}
		nodes = append(nodes, n.input(name, t))
	}
}

// clips checks that a case has as many as it says, rho or clips, at least 2.
func clips(c *Case, sets ...[]*gorgonia.Node) error {
	want, err := GetOr(c.Params, "rho", len(sets[0]))
	if err == nil {
		want, err = GetOr(c.Params, "clips", want)
	}
	if err != nil {
		return err
	}
	for _, s := range sets {
		if len(s) != want || want < 2 {
			return fmt.Errorf("golden: %d clips, want %d, and at least 2", len(s), want)
		}
	}
	return nil
}

// rhoLosses runs the losses of each clip, whose sum has the gradient, and
// reports them as the training log of the official code does.
func (n *net) rhoLosses(losses []*gorgonia.Node, outputs map[string]*gorgonia.Node, wanted []*gorgonia.Node) (Values, error) {
	sum := losses[0]
	for _, l := range losses[1:] {
		sum = op.Add(sum, l)
	}
	for i, l := range losses {
		outputs[fmt.Sprint("loss_", i)] = l
	}
	outputs["reported_loss"] = op.Scale(sum, 1/float64(2*len(losses)))
	if err := n.gradients(sum, outputs, wanted...); err != nil {
		return nil, err
	}
	values, err := n.once(true, outputs)
	if err != nil {
		return nil, err
	}
	all := make([]float64, len(losses))
	for i := range losses {
		all[i] = values[fmt.Sprint("loss_", i)].Data[0]
	}
	values["losses"] = Numbers(all, len(all))
	return values, nil
}

func rhoBYOL(c *Case, dtype device.DType) (Values, error) {
	temperature, err := Get[float64](c.Params, "T")
	if err != nil {
		return nil, err
	}
	n := newNet(dtype)
	p, k := n.numbered(c, "p"), n.numbered(c, "k")
	if err := clips(c, p, k); err != nil {
		return nil, err
	}
	return n.rhoLosses(loss.RhoCosine(p, k, temperature), map[string]*gorgonia.Node{}, p)
}

// rhoMoCo contrasts unit queries against the queue, then puts the keys of all
// clips into it, one clip after the other.
func rhoMoCo(c *Case, dtype device.DType) (Values, error) {
	temperature, err := Get[float64](c.Params, "T")
	if err != nil {
		return nil, err
	}
	n := newNet(dtype)
	q, k := n.numbered(c, "q"), n.numbered(c, "k")
	if err := clips(c, q, k); err != nil {
		return nil, err
	}
	in, err := n.inputs(c, "queue")
	if err != nil {
		return nil, err
	}
	outputs := map[string]*gorgonia.Node{}
	for i := range q {
		outputs[fmt.Sprint("logits_query", i)] = rhoLogits(q[i], append(append([]*gorgonia.Node{}, k[:i]...), k[i+1:]...), in[0], temperature)
	}
	values, err := n.rhoLosses(loss.RhoInfoNCE(q, k, in[0], loss.InfoNCEOptions{Temperature: temperature, Raw: true}), outputs, q)
	if err != nil {
		return nil, err
	}
	return values, enqueued(c, values, len(k))
}

// rhoLogits is (clips*N, 1+K): a query against each key, then the queue.
func rhoLogits(q *gorgonia.Node, keys []*gorgonia.Node, queue *gorgonia.Node, temperature float64) *gorgonia.Node {
	past := op.MatMul(q, queue, device.MatMulAttrs{TransB: true})
	var rows []*gorgonia.Node
	for _, k := range keys {
		own := op.Reshape(op.Dot(q, k, 1), q.Shape()[0], 1)
		rows = append(rows, op.Concat(1, own, past))
	}
	if len(rows) > 1 {
		rows = []*gorgonia.Node{op.Concat(0, rows...)}
	}
	return op.Scale(rows[0], 1/temperature)
}

// enqueued adds the queue after the step to values.
func enqueued(c *Case, values Values, keys int) error {
	t := c.Inputs["queue"]
	queue := loss.NewQueue[float64](t.Shape[0], t.Shape[1], rand.New(rand.NewPCG(1, 1)))
	copy(queue.Rows(), t.Data)
	if ptr, ok := c.Inputs["ptr"]; ok {
		queue.Pointer()[0] = int64(ptr.Data[0])
	}
	for i := range keys {
		if err := queue.Enqueue(c.Inputs[fmt.Sprint("k", i)].Data); err != nil {
			return err
		}
	}
	values["queue_after"] = Numbers(queue.Rows(), t.Shape...)
	values["ptr_after"] = Numbers(queue.Pointer(), 1)
	return nil
}

func rhoSimCLR(c *Case, dtype device.DType) (Values, error) {
	temperature, err := Get[float64](c.Params, "T")
	if err != nil {
		return nil, err
	}
	n := newNet(dtype)
	z := n.numbered(c, "z")
	if err := clips(c, z); err != nil {
		return nil, err
	}
	pairs := loss.RhoNTXent(z, loss.NTXentOptions{Temperature: temperature})
	sum := pairs[0].Loss
	for _, p := range pairs[1:] {
		sum = op.Add(sum, p.Loss)
	}
	outputs := map[string]*gorgonia.Node{"loss": sum}
	if err := n.gradients(sum, outputs, z...); err != nil {
		return nil, err
	}
	return n.once(true, outputs)
}

// rhoSwAV predicts the codes of the first two clips from all others. Prototypes
// are normalised ahead of the pass, so that theirs is the gradient of unit rows.
func rhoSwAV(c *Case, dtype device.DType) (Values, error) {
	p := struct {
		Temperature float64 `json:"T"`
		Epsilon     float64 `json:"sinkhorn_eps"`
		Iterations  int     `json:"sinkhorn_iters"`
	}{Epsilon: .05, Iterations: 3}
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	n := newNet(dtype)
	z := n.numbered(c, "z")
	if err := clips(c, z); err != nil {
		return nil, err
	}
	leaf, err := normalised(c, "prototypes", dtype)
	if err != nil {
		return nil, err
	}
	weights := n.input("unit_prototypes", leaf)
	var scores, codes []*gorgonia.Node
	for i := range z {
		scores = append(scores, op.MatMul(op.Normalize(z[i]), weights, device.MatMulAttrs{TransB: true}))
		if i < 2 {
			codes = append(codes, loss.Sinkhorn(scores[i], p.Epsilon, p.Iterations))
		}
	}
	total := loss.SwappedPrediction(scores, codes, p.Temperature)
	outputs := map[string]*gorgonia.Node{"loss": total}
	if err := n.gradients(total, outputs, append(z, weights)...); err != nil {
		return nil, err
	}
	values, err := n.once(true, outputs)
	if err != nil {
		return nil, err
	}
	values["prototypes_normalised"], values["grad_prototypes"] = leaf, values["grad_unit_prototypes"]
	return values, nil
}

// normalised runs an input's rows through the production normalisation.
func normalised(c *Case, name string, dtype device.DType) (Tensor, error) {
	n := newNet(dtype)
	in, err := n.inputs(c, name)
	if err != nil {
		return Tensor{}, err
	}
	values, err := n.once(false, map[string]*gorgonia.Node{"unit": op.Normalize(in[0])})
	return values["unit"], err
}
