package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/methods/train"
)

// runFinding is the folder of a run.
type runFinding struct {
	Kind      string                    `json:"kind"`
	Path      string                    `json:"path"`
	Settings  map[string]any            `json:"settings"`
	Step      int                       `json:"step"` // of the checkpoint
	Steps     int                       `json:"steps"`
	Finished  bool                      `json:"finished"`
	First     *train.Metrics            `json:"first,omitempty"`
	Last      *train.Metrics            `json:"last,omitempty"`
	Logged    int                       `json:"logged_steps"`
	Evals     map[string]map[string]any `json:"evals"` // top-level numbers of eval-<name>.json
	SetAside  int                       `json:"set_aside"`
	InPart    int                       `json:"used_in_part"`
	broken    []media.Bad
	summaries [][2]string
}

func inspectRun(dir string) (*runFinding, error) {
	cfg, err := configs.Load(configs.Source{File: filepath.Join(dir, configFile), Sections: sections()})
	if err != nil {
		return nil, err
	}
	f := &runFinding{Kind: "run", Path: dir, summaries: settingsSummary(cfg)}
	if f.Settings, err = cfg.Map(); err != nil {
		return nil, err
	}
	if f.Step, f.Steps, err = train.SavedStep(dir); err != nil {
		return nil, err
	}
	f.Finished = f.Steps > 0 && f.Step == f.Steps
	if err := f.readMetrics(filepath.Join(dir, train.MetricsFile)); err != nil {
		return nil, err
	}
	if f.Evals, err = readEvals(dir); err != nil {
		return nil, err
	}
	f.broken, err = media.ReadQuarantine(filepath.Join(dir, quarantineFile))
	f.SetAside = media.Aside(f.broken)
	f.InPart = len(f.broken) - f.SetAside
	return f, err
}

func settingsSummary(c *configs.Config) [][2]string {
	return [][2]string{
		{"task", c.Task}, {"method", c.Method}, {"encoder", c.Encoder}, {"data", c.Data},
		{"input", fmt.Sprintf("%s, %s, %d px", c.Clip.Input, c.Clip.Sampling(), c.Clip.Size)},
		{"batch", fmt.Sprint(c.Batch)}, {"seed", fmt.Sprint(c.Seed)},
	}
}

// readMetrics keeps the first and the last whole line of the log.
func (f *runFinding) readMetrics(path string) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 1<<24)
	for scanner.Scan() {
		m := new(train.Metrics)
		if json.Unmarshal(scanner.Bytes(), m) != nil {
			break // a line cut short by a kill
		}
		if f.First == nil {
			f.First = m
		}
		f.Last = m
		f.Logged++
	}
	return scanner.Err()
}

// readEvals collects the numbers at the top of every evaluation, and of the
// groups right below, such as text_to_video.
func readEvals(dir string) (map[string]map[string]any, error) {
	paths, err := filepath.Glob(filepath.Join(escapeGlob(dir), "eval-*.json"))
	if err != nil {
		return nil, err
	}
	out := map[string]map[string]any{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var report map[string]any
		if err := json.Unmarshal(data, &report); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		numbers := map[string]any{}
		addNumbers(numbers, "", report, 1)
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "eval-"), ".json")
		out[name] = numbers
	}
	return out, nil
}

func addNumbers(to map[string]any, prefix string, from map[string]any, deep int) {
	for key, value := range from {
		switch v := value.(type) {
		case float64:
			to[prefix+key] = v
		case map[string]any:
			if deep > 0 && key != "settings" {
				addNumbers(to, key+".", v, deep-1)
			}
		}
	}
}

// escapeGlob takes the meaning from the characters of a folder's name.
func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

func (f *runFinding) show(w io.Writer) error {
	rows := append([][2]string{{"run", f.Path}}, f.summaries...)
	rows = append(rows, [2]string{"progress", f.progress()})
	if f.Last != nil {
		rows = append(rows, [2]string{"loss", fmt.Sprintf("%.3f at step %d, %.3f at step %d", f.First.Loss, f.First.Step, f.Last.Loss, f.Last.Step)})
	}
	if len(f.broken) > 0 {
		rows = append(rows, [2]string{"broken files", fmt.Sprintf("%d set aside, %d used in part: below, whole in %s", f.SetAside, f.InPart, quarantineFile)})
	}
	for _, name := range slices.Sorted(maps.Keys(f.Evals)) {
		rows = append(rows, [2]string{"eval " + name, evalText(f.Evals[name])})
	}
	if err := showPairs(w, rows); err != nil || len(f.broken) == 0 {
		return err
	}
	fmt.Fprintln(w)
	return brokenTable(w, f.broken)
}

func (f *runFinding) progress() string {
	switch {
	case f.Finished:
		return fmt.Sprintf("finished, %d steps", f.Steps)
	case f.Steps == 0:
		return "no checkpoint yet"
	}
	return fmt.Sprintf("checkpoint at step %d of %d; continue with --resume", f.Step, f.Steps)
}

// evalText shows shares in percent, counts and ranks as they are.
func evalText(numbers map[string]any) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(numbers)) {
		v, _ := numbers[key].(float64)
		last := key[strings.LastIndex(key, ".")+1:]
		if strings.HasPrefix(last, "top") || strings.HasPrefix(strings.ToLower(last), "r") && !strings.Contains(last, "rank") || strings.HasPrefix(last, "mean_per") {
			parts = append(parts, fmt.Sprintf("%s %.1f %%", key, 100*v))
			continue
		}
		parts = append(parts, fmt.Sprintf("%s %.4g", key, v))
	}
	return strings.Join(parts, ", ")
}
