package golden

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/encoder"
	"github.com/clvid/clvid/nn/loss"
	"github.com/clvid/clvid/nn/op"
)

var bertOperations = []operation{{
	name: "bert", run: bert, single: true,
	fits: func(c *Case) bool {
		return c.Params.Has("weight_rule", "num_hidden_layers") && c.expects("last_hidden_state")
	},
}}

// bertSettings are the sizes by the names of Hugging Face.
type bertSettings struct {
	Vocabulary int      `json:"vocab_size"`
	Width      int      `json:"hidden_size"`
	Layers     int      `json:"num_hidden_layers"`
	Heads      int      `json:"num_attention_heads"`
	Hidden     int      `json:"intermediate_size"`
	Positions  int      `json:"max_position_embeddings"`
	Eps        float64  `json:"layer_norm_eps"`
	Parameters []string `json:"parameter_names"`
}

func (p bertSettings) config() encoder.BERTConfig {
	return encoder.BERTConfig{Vocabulary: p.Vocabulary, Positions: p.Positions, Types: 2, Width: p.Width,
		Layers: p.Layers, Heads: p.Heads, Hidden: p.Hidden, Eps: p.Eps}
}

// bert runs BertForPreTraining: hidden words and the next sentence.
func bert(c *Case, dtype device.DType) (Values, error) {
	var p bertSettings
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	n := newNet(dtype)
	in, err := bertInputs(n, c)
	if err != nil {
		return nil, err
	}
	outputs, mean, err := bertPretraining(n, c, in, p.config())
	if err != nil {
		return nil, err
	}
	outputs["mean_pooled"] = op.MaskedMean(outputs["last_hidden_state"], in.Mask)
	return n.gradientNorms(p.Parameters, mean, outputs)
}

func bertInputs(n *net, c *Case) (in encoder.BERTInputs, err error) {
	if in.IDs, err = n.ids(c, "input_ids"); err != nil {
		return in, err
	}
	if in.Types, err = n.ids(c, "token_type_ids"); err != nil {
		return in, err
	}
	mask, err := n.inputs(c, "attention_mask")
	if err != nil {
		return in, err
	}
	in.Mask = mask[0]
	return in, nil
}

// bertPretraining draws both heads and the sum of their losses.
func bertPretraining(n *net, c *Case, in encoder.BERTInputs, size encoder.BERTConfig) (map[string]*gorgonia.Node, *gorgonia.Node, error) {
	words, err := c.input("mlm_labels_ignore_minus1")
	if err != nil {
		return nil, nil, err
	}
	next, err := c.input("next_sentence_label")
	if err != nil {
		return nil, nil, err
	}
	s := n.scope.Sub("bert")
	hidden := encoder.BERT(s, in, size)
	last := hidden[len(hidden)-1]
	pooled := encoder.BERTPooler(s, last)
	follows := encoder.BERTNextSentence(n.scope.Sub("cls"), pooled)
	table := encoder.BERTWords(s.Sub("embeddings").Shared(), size)
	logits := encoder.BERTMaskedWords(n.scope.Sub("cls.predictions"), last, table, size.Eps)

	d := last.Shape()
	flat := op.Reshape(logits, d[0]*d[1], size.Vocabulary)
	mean := op.Add(loss.CrossEntropy(flat, loss.Targets(n.graph, whole(words.Data))),
		loss.CrossEntropy(follows, loss.Targets(n.graph, whole(next.Data))))
	return map[string]*gorgonia.Node{
		"last_hidden_state": last, "first_layer_hidden": hidden[1], "pooler_output": pooled, "nsp_logits": follows,
		"mlm_logits_first_position": op.Reshape(op.Slice(logits, 1, 0, 1), d[0], size.Vocabulary),
		"loss_mlm_plus_nsp":         mean,
	}, mean, nil
}

var clipTextOperations = []operation{{
	name: "clip-text", run: clipText, single: true,
	fits: func(c *Case) bool { return c.Params.Has("weight_rule", "context_length") && c.expects("text_features") },
}}

// clipText runs encode_text; the mask ends at the largest id, as there.
func clipText(c *Case, dtype device.DType) (Values, error) {
	var p struct {
		Length     int      `json:"context_length"`
		Vocabulary int      `json:"vocab_size"`
		Width      int      `json:"width"`
		Heads      int      `json:"heads"`
		Layers     int      `json:"layers"`
		Features   int      `json:"embed_dim"`
		Parameters []string `json:"parameter_names"`
	}
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	n := newNet(dtype)
	ids, err := n.ids(c, "input_ids")
	if err != nil {
		return nil, err
	}
	mask := n.input("mask", upToLargest(c.Inputs["input_ids"]))
	features := encoder.CLIPText(n.scope, ids, mask, encoder.CLIPTextConfig{Vocabulary: p.Vocabulary, Length: p.Length,
		Width: p.Width, Layers: p.Layers, Heads: p.Heads, Features: p.Features})
	sum := op.Sum(op.Square(features))
	return n.gradientNorms(p.Parameters, sum, map[string]*gorgonia.Node{"text_features": features, "loss_sum_squares": sum})
}

// upToLargest is 1 up to the first largest id of each row, and 0 behind it.
func upToLargest(ids Tensor) Tensor {
	mask := Tensor{Shape: ids.Shape}
	length := ids.Shape[1]
	for from := 0; from < len(ids.Data); from += length {
		row, end := ids.Data[from:from+length], 0
		for i, id := range row {
			if id > row[end] {
				end = i
			}
		}
		for i := range row {
			seen := 0.0
			if i <= end {
				seen = 1
			}
			mask.Data = append(mask.Data, seen)
		}
	}
	return mask
}
