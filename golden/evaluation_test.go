package golden

import (
	"fmt"
	"slices"
	"strings"

	"github.com/clvid/clvid/methods/eval"
	"github.com/clvid/clvid/nn/device"
)

var knnOperations = []operation{{
	name: "knn", run: knn,
	fits: func(c *Case) bool { return c.Params.Has("k", "temperature", "classes") },
}}

var linearProbeOperations = []operation{{
	name: "sgd probe", run: sgdProbe,
	fits: func(c *Case) bool { return c.Params.Has("lr", "momentum", "steps") && c.expects("losses") },
}}

var retrievalOperations = []operation{
	{name: "averaged ties", run: retrieval, fits: func(c *Case) bool { return c.Params.Has("captions_per_video") }},
	{name: "joined captions", run: joinedCaptions, fits: func(c *Case) bool { return c.Params.Has("counts") && c.expects("t2v_MedianR") }},
	{name: "appended ties", run: appendedTies, fits: func(c *Case) bool { return c.Params.Has("ties") && c.expects("t2v_cols") }},
}

var videoRetrievalOperations = []operation{{
	name: "nearest hits", run: nearestHits,
	fits: func(c *Case) bool { return c.Params.Has("clips_per_video") },
}}

// matrix reads an input of two axes, or of more with the leading ones joined.
func (c *Case) matrix(name string) (eval.Matrix, error) {
	t, err := c.input(name)
	if err != nil {
		return eval.Matrix{}, err
	}
	cols := t.Shape[len(t.Shape)-1]
	return eval.Matrix{Rows: len(t.Data) / cols, Cols: cols, Data: t.Data}, nil
}

// matrices reads several inputs.
func (c *Case) matrices(names ...string) ([]eval.Matrix, error) {
	out := make([]eval.Matrix, len(names))
	for i, name := range names {
		var err error
		if out[i], err = c.matrix(name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func knn(c *Case, _ device.DType) (Values, error) {
	var p struct {
		K           int
		Temperature float64
		Classes     int
	}
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	m, err := c.matrices("bank", "query")
	if err != nil {
		return nil, err
	}
	r, err := eval.KNN(m[0], ints(c.Inputs["bank_labels"]), m[1], p.Classes, eval.KNNConfig{K: p.K, Temperature: p.Temperature})
	if err != nil {
		return nil, err
	}
	labels := ints(c.Inputs["query_labels"])
	values := Values{
		"neighbours":   Numbers(slices.Concat(r.Neighbours...), len(r.Neighbours), r.K),
		"class_scores": Numbers(r.Scores.Data, r.Scores.Rows, r.Scores.Cols),
		"predictions":  Numbers(r.Predictions, len(r.Predictions)),
	}
	for _, k := range []int{1, 5} {
		share, err := eval.TopK(r.Scores, labels, k)
		if err != nil {
			return nil, err
		}
		values[fmt.Sprintf("top%d", k)] = Scalar(share)
	}
	return values, nil
}

func sgdProbe(c *Case, _ device.DType) (Values, error) {
	var p struct {
		LR          float64
		Momentum    float64
		WeightDecay float64 `json:"weight_decay"`
		Steps       int
	}
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	m, err := c.matrices("features")
	if err != nil {
		return nil, err
	}
	labels := ints(c.Inputs["labels"])
	// A class may have no label; only the shape of the weights tells of it.
	classes := max(slices.Max(labels)+1, len(c.Expected["bias"].Data))
	r, err := eval.SGDProbe(m[0], labels, classes, eval.SGDConfig(p))
	if err != nil {
		return nil, err
	}
	return Values{
		"losses": Numbers(r.Losses, p.Steps), "lrs": Numbers(r.LRs, p.Steps),
		"weight": Numbers(r.Weight.Data, r.Weight.Rows, r.Weight.Cols), "bias": Numbers(r.Bias, classes),
		"predictions": Numbers(r.Predictions, len(labels)),
	}, nil
}

func retrieval(c *Case, _ device.DType) (Values, error) {
	perVideo, err := Get[int](c.Params, "captions_per_video")
	if err != nil {
		return nil, err
	}
	m, err := c.matrices("sims")
	if err != nil {
		return nil, err
	}
	p := eval.Contiguous(m[0].Cols, perVideo)
	if mask, ok := c.Inputs["query_mask"]; ok {
		for _, there := range mask.Data {
			p.Masked = append(p.Masked, there == 0)
		}
	}
	values := Values{}
	for direction, ranksOf := range map[string]func(eval.Matrix, eval.Pairing) ([]float64, error){
		"t2v": eval.TextToVideo, "v2t": eval.VideoToText,
	} {
		ranks, err := ranksOf(m[0], p)
		if err != nil {
			return nil, err
		}
		values.addRecall(direction, "MedR", eval.Summarize(ranks))
	}
	return values, nil
}

// addRecall adds the summary of a direction in percent, as the cases have it.
func (v Values) addRecall(direction, median string, r eval.Recall) {
	for name, x := range map[string]float64{
		"R1": 100 * r.R1, "R5": 100 * r.R5, "R10": 100 * r.R10, "R50": 100 * r.R50, median: r.MedianRank, "MeanR": r.MeanRank,
	} {
		v[direction+"_"+name] = Scalar(x)
	}
}

// appendedTies follows the code that counts every tied place as a query.
func appendedTies(c *Case, _ device.DType) (Values, error) {
	sims, err := c.input("sims")
	if err != nil {
		return nil, err
	}
	values := Values{}
	for direction, t := range map[string]Tensor{"t2v": sims, "v2t": transposed(sims)} {
		ranks, err := eval.TiesAppended(eval.Matrix{Rows: t.Shape[0], Cols: t.Shape[1], Data: t.Data})
		if err != nil {
			return nil, err
		}
		places := Numbers(ranks, len(ranks))
		values[direction+"_cols"] = places
		values.addRecall(direction, "MedianR", eval.Summarize(places.Data))
	}
	return values, nil
}

// joinedCaptions reads sims (V,C,V), of which only the first counts[v] captions
// of video v are there.
func joinedCaptions(c *Case, _ device.DType) (Values, error) {
	counts, err := Get[[]int](c.Params, "counts")
	if err != nil {
		return nil, err
	}
	sims, err := c.input("sims")
	if err != nil {
		return nil, err
	}
	rows := eval.Matrix{Cols: sims.Shape[2]}
	var owner []int
	for v, captions := range steps(sims) {
		rows.Rows += counts[v]
		rows.Data = append(rows.Data, captions.Data[:counts[v]*rows.Cols]...)
		for range counts[v] {
			owner = append(owner, v)
		}
	}
	toVideo, toText, err := eval.MultiSentence(rows, owner)
	if err != nil {
		return nil, err
	}
	values := Values{}
	values.addRecall("t2v", "MedianR", toVideo)
	values.addRecall("v2t", "MedianR", toText)
	return values, nil
}

func nearestHits(c *Case, _ device.DType) (Values, error) {
	clips, err := Get[int](c.Params, "clips_per_video")
	if err != nil {
		return nil, err
	}
	m, err := c.matrices("train_features", "test_features")
	if err != nil {
		return nil, err
	}
	for i := range m {
		if m[i], err = eval.MeanClips(m[i], clips); err != nil {
			return nil, err
		}
	}
	var names []string
	var ks []int
	for name := range c.Expected {
		var k int
		if n, _ := fmt.Sscanf(strings.TrimSuffix(name, "_correct"), "top%d", &k); n == 1 {
			names, ks = append(names, name), append(ks, k)
		}
	}
	hits, err := eval.NearestHits(m[0], ints(c.Inputs["train_labels"]), m[1], ints(c.Inputs["test_labels"]), ks)
	if err != nil {
		return nil, err
	}
	values := Values{}
	for i, name := range names {
		values[name] = Scalar(float64(hits[i]))
	}
	return values, nil
}
