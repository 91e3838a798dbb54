package train

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/clvid/clvid/internal/atomicfile"
	"github.com/clvid/clvid/methods/eval"
)

// Metrics is one line of RUN/metrics.jsonl. Seconds, ClipsPerSecond and
// DataWait are measured; all else is equal for equal runs.
type Metrics struct {
	Step  int                    `json:"step"`  // steps done, from 1
	Epoch int                    `json:"epoch"` // from 0
	Loss  float64                `json:"loss"`
	LR    float64                `json:"lr"`
	Terms map[string]TermMetrics `json:"terms,omitempty"`
	// Embeddings are looked at every few steps; a collapse shows there before
	// it shows in the loss.
	Embeddings     *eval.Embedding `json:"embeddings,omitempty"`
	Seconds        float64         `json:"seconds"`
	ClipsPerSecond float64         `json:"clips_per_second"`
	DataWait       float64         `json:"data_wait"` // share of the step spent waiting for data
}

// TermMetrics describe one summand of the loss.
type TermMetrics struct {
	Loss     float64 `json:"loss"`
	Guess    float64 `json:"guess"`    // loss of a guess: ln of the number of choices
	Accuracy float64 `json:"accuracy"` // share of rows whose target scores highest
}

// add takes in the metrics of one of a step's batches: means of the losses and
// accuracies, and what the last batch says of all else.
func (m *Metrics) add(one Metrics, batches int) {
	before := *m
	*m = one
	m.Loss = before.Loss + one.Loss/float64(batches)
	for name, term := range one.Terms {
		sum := before.Terms[name]
		term.Loss = sum.Loss + term.Loss/float64(batches)
		term.Accuracy = sum.Accuracy + term.Accuracy/float64(batches)
		m.Terms[name] = term
	}
}

// metricsLog appends lines to RUN/metrics.jsonl.
type metricsLog struct {
	file *os.File
}

// openMetrics opens the log and cuts it after the line of step, so that a
// resumed run repeats nothing. A last line cut short by a kill goes with it.
func openMetrics(path string, step int) (*metricsLog, error) {
	kept, err := linesUpTo(path, step)
	if err != nil {
		return nil, err
	}
	if err := atomicfile.Write(path, kept); err != nil {
		return nil, fmt.Errorf("train: metrics: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("train: metrics: %w", err)
	}
	return &metricsLog{file: f}, nil
}

func linesUpTo(path string, step int) ([]byte, error) {
	old, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("train: metrics: %w", err)
	}
	var kept bytes.Buffer
	scanner := bufio.NewScanner(bytes.NewReader(old))
	scanner.Buffer(nil, 1<<24)
	for scanner.Scan() {
		var m Metrics
		if json.Unmarshal(scanner.Bytes(), &m) != nil || m.Step > step {
			break
		}
		kept.Write(scanner.Bytes())
		kept.WriteByte('\n')
	}
	return kept.Bytes(), nil
}

func (l *metricsLog) write(m Metrics) error {
	if l == nil {
		return nil
	}
	line, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("train: metrics of step %d: %w", m.Step, err)
	}
	if _, err := l.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("train: metrics of step %d: %w", m.Step, err)
	}
	return nil
}

func (l *metricsLog) close() error { return l.file.Close() }

// cached keeps the last two values of f.
func cached(f func(int) []int) func(int) []int {
	var mu sync.Mutex
	keys, values, at := [2]int{-1, -1}, [2][]int{}, 0
	return func(key int) []int {
		mu.Lock()
		defer mu.Unlock()
		for i, k := range keys {
			if k == key {
				return values[i]
			}
		}
		at = 1 - at
		keys[at], values[at] = key, f(key)
		return values[at]
	}
}
