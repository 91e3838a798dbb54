package eval

import (
	"encoding/json"
	"fmt"

	"github.com/clvid/clvid/internal/atomicfile"
)

// Report is the result of a classification, as written to eval-<name>.json.
type Report struct {
	Name         string         `json:"name"` // of the evaluation
	Top1         float64        `json:"top1"`
	Top5         float64        `json:"top5"` // 1 where there are no more than five classes
	MeanPerClass float64        `json:"mean_per_class"`
	Top1Std      float64        `json:"top1_std"` // of the sample of draws, 0 for one
	Classes      []string       `json:"classes"`
	PerClass     []ClassResult  `json:"per_class"`
	Confusion    [][]int        `json:"confusion"` // [true][predicted]
	Settings     map[string]any `json:"settings"`
	Draws        []DrawResult   `json:"draws,omitempty"` // where only some labels were used, or several seeds
	Notes        []string       `json:"notes,omitempty"`
}

// ClassResult is the accuracy on the Count videos of one class.
type ClassResult struct {
	Class    string  `json:"class"`
	Accuracy float64 `json:"accuracy"` // 0 where Count is 0
	Count    int     `json:"count"`
}

// DrawResult is the result on one subset of labels.
type DrawResult struct {
	Top1         float64 `json:"top1"`
	Top5         float64 `json:"top5"`
	MeanPerClass float64 `json:"mean_per_class"`
}

// NewReport measures scores (N, C) against labels (N) of named classes (C).
func NewReport(name string, scores Matrix, labels []int, classes []string, settings map[string]any) (*Report, error) {
	if scores.Cols != len(classes) {
		return nil, fmt.Errorf("eval: report %s: scores for %d classes, but %d names", name, scores.Cols, len(classes))
	}
	if err := checkScores(scores, labels); err != nil {
		return nil, err
	}
	confusion, err := Confusion(Predictions(scores), labels, len(classes))
	if err != nil {
		return nil, err
	}
	r := &Report{
		Name: name, Top1: topK(scores, labels, 1), Top5: topK(scores, labels, 5),
		Classes: classes, Settings: settings,
	}
	r.setConfusion(confusion)
	return r, nil
}

func (r *Report) setConfusion(confusion [][]int) {
	r.Confusion, r.MeanPerClass, r.PerClass = confusion, MeanPerClass(confusion), nil
	accuracy, count := PerClass(confusion)
	for c, name := range r.Classes {
		r.PerClass = append(r.PerClass, ClassResult{name, accuracy[c], count[c]})
	}
}

// MergeDraws joins the reports of several draws of labels on the same test
// videos: means of the metrics, the deviation of top-1, and the sum of the
// confusion matrices. Name, classes and settings are those of the first.
func MergeDraws(draws []*Report) (*Report, error) {
	if len(draws) == 0 {
		return nil, fmt.Errorf("eval: merge draws: no reports")
	}
	first := draws[0]
	r := &Report{Name: first.Name, Classes: first.Classes, Settings: first.Settings, Notes: first.Notes}
	confusion := make([][]int, len(r.Classes))
	for i := range confusion {
		confusion[i] = make([]int, len(r.Classes))
	}
	var top1, top5, perClass []float64
	for i, d := range draws {
		if len(d.Confusion) != len(confusion) {
			return nil, fmt.Errorf("eval: merge draws: draw %d has %d classes, the first %d", i, len(d.Confusion), len(confusion))
		}
		for c, row := range d.Confusion {
			for p, n := range row {
				confusion[c][p] += n
			}
		}
		top1, top5, perClass = append(top1, d.Top1), append(top5, d.Top5), append(perClass, d.MeanPerClass)
		r.Draws = append(r.Draws, DrawResult{d.Top1, d.Top5, d.MeanPerClass})
	}
	r.setConfusion(confusion)
	r.Top1, r.Top1Std = MeanStd(top1)
	r.Top5, _ = MeanStd(top5)
	r.MeanPerClass, _ = MeanStd(perClass)
	return r, nil
}

// ReportName is the name of the evaluation.
func (r *Report) ReportName() string { return r.Name }

// WriteJSON writes the report to path, whole or not at all. Equal reports
// give equal bytes.
func (r *Report) WriteJSON(path string) error { return writeJSON(path, r) }

// RetrievalReport is the result of a text-video retrieval, as written to
// eval-retrieval.json.
type RetrievalReport struct {
	Name        string         `json:"name"`
	TextToVideo Recall         `json:"text_to_video"`
	VideoToText Recall         `json:"video_to_text"`
	Captions    int            `json:"queries"` // captions asked for, masked ones left out
	Videos      int            `json:"gallery"` // videos searched
	Settings    map[string]any `json:"settings"`
	Notes       []string       `json:"notes,omitempty"`
}

// NewRetrievalReport ranks similarities (Q, V) both ways.
func NewRetrievalReport(name string, sims Matrix, p Pairing, settings map[string]any) (*RetrievalReport, error) {
	toVideo, err := TextToVideo(sims, p)
	if err != nil {
		return nil, err
	}
	toText, err := VideoToText(sims, p)
	if err != nil {
		return nil, err
	}
	return &RetrievalReport{
		Name: name, TextToVideo: Summarize(toVideo), VideoToText: Summarize(toText),
		Captions: len(toVideo), Videos: sims.Cols, Settings: settings,
	}, nil
}

// ReportName is the name of the evaluation.
func (r *RetrievalReport) ReportName() string { return r.Name }

// WriteJSON writes the report to path, whole or not at all.
func (r *RetrievalReport) WriteJSON(path string) error { return writeJSON(path, r) }

func writeJSON(path string, report any) error {
	data, err := json.MarshalIndent(report, "", "  ")
	if err == nil {
		err = atomicfile.Write(path, append(data, '\n'))
	}
	if err != nil {
		return fmt.Errorf("eval: write report %s: %w", path, err)
	}
	return nil
}
