package eval

import (
	"fmt"
	"testing"
)

func clip4clipNames(got map[string][]float64, way string, m Recall) {
	got[way+"R1"], got[way+"R5"], got[way+"R10"] = []float64{100 * m.R1}, []float64{100 * m.R5}, []float64{100 * m.R10}
	got[way+"MedianR"], got[way+"MeanR"] = []float64{m.MedianRank}, []float64{m.MeanRank}
}

func transposed(m Matrix) Matrix {
	out := NewMatrix(m.Cols, m.Rows)
	for i := range m.Rows {
		for j, x := range m.Row(i) {
			out.Row(j)[i] = x
		}
	}
	return out
}

func TestGoldenTiesAppended(t *testing.T) {
	run := func(t *testing.T, c goldenCase) map[string][]float64 {
		got := map[string][]float64{}
		sims := c.Inputs["sims"].matrix()
		for way, m := range map[string]Matrix{"t2v_": sims, "v2t_": transposed(sims)} {
			ranks, err := TiesAppended(m)
			if err != nil {
				t.Fatal(err)
			}
			got[way+"cols"] = floatsOf(ranks...)
			clip4clipNames(got, way, Summarize(floatsOf(ranks...)))
		}
		return got
	}
	for _, pattern := range []string{"clip4clip_square", "clip4clip_ties"} {
		goldenCases(t, "retrieval-metrics", pattern, run)
	}
}

func TestGoldenMultiSentence(t *testing.T) {
	goldenCases(t, "retrieval-metrics", "clip4clip_multi_sentence", func(t *testing.T, c goldenCase) map[string][]float64 {
		all := c.Inputs["sims"]
		perVideo := all.Shape[1]
		var rows, owner []int
		for v, n := range c.Params["counts"].([]any) {
			for i := range int(n.(float64)) {
				rows, owner = append(rows, v*perVideo+i), append(owner, v)
			}
		}
		toVideo, toText, err := MultiSentence(all.matrix().Select(rows), owner)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string][]float64{}
		clip4clipNames(got, "t2v_", toVideo)
		clip4clipNames(got, "v2t_", toText)
		return got
	})
}

func TestTiesAppendedErrors(t *testing.T) {
	if _, err := TiesAppended(NewMatrix(1, 2)); fmt.Sprint(err) != "eval: retrieval: similarities (1, 2), want a square" {
		t.Error(err)
	}
	if _, _, err := MultiSentence(NewMatrix(1, 2), []int{5}); err == nil {
		t.Error("took a caption of no video")
	}
}
