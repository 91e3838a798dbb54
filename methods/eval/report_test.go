package eval

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func report(t *testing.T, predictions, labels []int, classes ...string) *Report {
	t.Helper()
	scores := NewMatrix(len(predictions), len(classes))
	for i, p := range predictions {
		scores.Row(i)[p] = 1
	}
	r, err := NewReport("linear", scores, labels, classes, map[string]any{"c": .01, "seed": 3})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReportJSON(t *testing.T) {
	r := report(t, []int{0, 1, 1, 0}, []int{0, 0, 1, 0}, "left", "<right>")
	path := filepath.Join(t.TempDir(), "eval-linear.json")
	if err := r.WriteJSON(path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	class := func(name string, accuracy, count float64) any {
		return map[string]any{"class": name, "accuracy": accuracy, "count": count}
	}
	twoThirds := 2. / 3 // a variable: constants are added exactly
	want := map[string]any{
		"name": "linear", "top1": .75, "top5": 1., "mean_per_class": (twoThirds + 1) / 2, "top1_std": 0.,
		"classes": []any{"left", "<right>"}, "per_class": []any{class("left", 2./3, 3), class("<right>", 1, 1)},
		"confusion": []any{[]any{2., 1.}, []any{0., 1.}},
		"settings":  map[string]any{"c": .01, "seed": 3.},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if err := r.WriteJSON(path); err != nil {
		t.Fatal(err)
	}
	if again, _ := os.ReadFile(path); string(again) != string(data) {
		t.Error("two files of one report differ")
	}
	if err := r.WriteJSON(filepath.Join(t.TempDir(), "none", "x.json")); err == nil {
		t.Error("wrote into a folder that is not there")
	}
}

func TestReportErrors(t *testing.T) {
	_, err := NewReport("knn", NewMatrix(1, 2), []int{0}, []string{"a"}, nil)
	if got, want := fmt.Sprint(err), "eval: report knn: scores for 2 classes, but 1 names"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := NewReport("knn", NewMatrix(1, 1), []int{1}, []string{"a"}, nil); err == nil {
		t.Error("took a label outside the classes")
	}
}

func TestMergeDraws(t *testing.T) {
	a := report(t, []int{0, 1, 1, 0}, []int{0, 0, 1, 0}, "l", "r") // 3 of 4
	b := report(t, []int{0, 0, 0, 1}, []int{0, 0, 1, 0}, "l", "r") // 2 of 4
	m, err := MergeDraws([]*Report{a, b})
	if err != nil {
		t.Fatal(err)
	}
	if !approx(m.Top1, .625, 1e-15) || !approx(m.Top1Std, .125*1.4142135623730951, 1e-15) || m.Top5 != 1 {
		t.Errorf("top-1 %g ± %g, top-5 %g", m.Top1, m.Top1Std, m.Top5)
	}
	if !approx(m.MeanPerClass, (5./6+1./3)/2, 1e-15) || len(m.Draws) != 2 || m.Draws[1].Top1 != .5 {
		t.Errorf("mean per class %g, draws %v", m.MeanPerClass, m.Draws)
	}
	if d := cmp.Diff([][]int{{4, 2}, {1, 1}}, m.Confusion); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([][]int{{2, 1}, {0, 1}}, a.Confusion); d != "" {
		t.Error("the merge changed its first part: " + d)
	}
	if _, err := MergeDraws(nil); err == nil {
		t.Error("merged nothing")
	}
	if _, err := MergeDraws([]*Report{a, report(t, []int{0}, []int{0}, "l")}); err == nil {
		t.Error("merged reports of other classes")
	}
}

func TestReportText(t *testing.T) {
	r := report(t, []int{0, 1, 1, 0}, []int{0, 0, 1, 0}, "left", "right")
	r.Notes = []string{"k was 4"}
	want := `linear: top-1 75.0 %, top-5 100.0 %, mean per class 83.3 %

┌───────┬──────────┬────────┐
│ class │ accuracy │ videos │
├───────┼──────────┼────────┤
│ left  │   66.7 % │      3 │
│ right │  100.0 % │      1 │
└───────┴──────────┴────────┘

confusion (rows are true, columns predicted)
        0 1
0 left  2 1
1 right . 1
note: k was 4
`
	if d := cmp.Diff(want, r.String()); d != "" {
		t.Error(d)
	}
	m, err := MergeDraws([]*Report{r, r})
	if err != nil {
		t.Fatal(err)
	}
	if line, _, _ := strings.Cut(m.String(), "\n"); line != "linear: top-1 75.0 % ± 0.0 % over 2 draws, top-5 100.0 %, mean per class 83.3 %" {
		t.Error(line)
	}
}

// Tables keep to their width with 24 letters, and with more classes than a
// matrix has room for.
func TestReportTextWidth(t *testing.T) {
	for _, n := range []int{1, 24, 29, 30, 101} {
		var classes []string
		var predictions, labels []int
		for c := range n {
			classes = append(classes, fmt.Sprintf("a rather long name of a class, number %d", c))
			for i := range 30 {
				labels, predictions = append(labels, c), append(predictions, (c+i/28)%n)
			}
		}
		out := report(t, predictions, labels, classes...).String()
		if !utf8.ValidString(out) {
			t.Errorf("%d classes: not UTF-8", n)
		}
		for line := range strings.Lines(out) {
			if w := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); w > tableColumns {
				t.Errorf("%d classes: %d columns: %s", n, w, line)
			}
		}
		if matrix := strings.Contains(out, "rows are true"); matrix != (n < 30) {
			t.Errorf("%d classes: matrix %t", n, matrix)
		}
	}
}

func TestRetrievalReport(t *testing.T) {
	sims := Matrix{3, 2, []float64{.9, .1, .2, .8, .7, .3}}
	r, err := NewRetrievalReport("retrieval", sims, ByOwner([]int{0, 1, 1}, 2), map[string]any{"split": "test"})
	if err != nil {
		t.Fatal(err)
	}
	want := &RetrievalReport{
		Name:        "retrieval",
		TextToVideo: Recall{R1: 2. / 3, R5: 1, R10: 1, R50: 1, MedianRank: 1, MeanRank: 4. / 3},
		VideoToText: Recall{R1: 1, R5: 1, R10: 1, R50: 1, MedianRank: 1, MeanRank: 1},
		Captions:    3, Videos: 2, Settings: map[string]any{"split": "test"},
	}
	if d := cmp.Diff(want, r); d != "" {
		t.Error(d)
	}
	wantText := `┌───────────────┬─────────┬─────────┬─────────┬─────────┬─────────────┬───────────┐
│ retrieval     │     R@1 │     R@5 │    R@10 │    R@50 │ median rank │ mean rank │
├───────────────┼─────────┼─────────┼─────────┼─────────┼─────────────┼───────────┤
│ text to video │  66.7 % │ 100.0 % │ 100.0 % │ 100.0 % │           1 │       1.3 │
│ video to text │ 100.0 % │ 100.0 % │ 100.0 % │ 100.0 % │           1 │       1.0 │
└───────────────┴─────────┴─────────┴─────────┴─────────┴─────────────┴───────────┘
3 captions, 2 videos; ties averaged
`
	if d := cmp.Diff(wantText, r.String()); d != "" {
		t.Error(d)
	}
	if err := r.WriteJSON(filepath.Join(t.TempDir(), "eval-retrieval.json")); err != nil {
		t.Error(err)
	}
}
