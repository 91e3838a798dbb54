package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/checkpoint"
)

// Files of a run's folder.
const (
	WeightsFile = "weights.safetensors"
	StateFile   = "state"
	MetricsFile = "metrics.jsonl"
)

// Prefixes of the tensors in a state file.
const (
	paramPrefix  = "param."
	optimPrefix  = "optim."
	methodPrefix = "method."
)

const stateVersion = 1

// stateKey is the metadata that holds a stateInfo as JSON.
const stateKey = "clvid.state"

// stateInfo says what a state belongs to.
type stateInfo struct {
	Version     int         `json:"version"`
	Step        int         `json:"step"`
	Steps       int         `json:"steps"`
	Fingerprint Fingerprint `json:"fingerprint"`
}

// save writes the state, which alone decides where a run resumes, and then
// the weights. A kill between the two leaves older weights beside a newer
// state, which open mends when the run is resumed.
func (t *trainer) save() error {
	if t.Dir == "" {
		return nil
	}
	if err := t.saveState(); err != nil {
		return err
	}
	return t.saveWeights()
}

func (t *trainer) saveWeights() error {
	return checkpoint.WriteSafetensors(filepath.Join(t.Dir, WeightsFile), Weights(t.env.Store), t.weightsMetadata())
}

func (t *trainer) weightsMetadata() map[string]string {
	out := map[string]string{"step": strconv.Itoa(t.step)}
	for k, v := range t.Metadata {
		out[k] = v
	}
	return out
}

// Weights lists parameters and running statistics by state-dict name.
func Weights(store *nn.Store) []checkpoint.Tensor {
	var out []checkpoint.Tensor
	for _, name := range store.Names() {
		p, _ := store.Lookup(name)
		out = append(out, checkpoint.Tensor{Name: name, Shape: p.Shape, F32: p.F32})
	}
	return out
}

func (t *trainer) saveState() error {
	tensors := Weights(t.env.Store)
	for i := range tensors {
		tensors[i].Name = paramPrefix + tensors[i].Name
	}
	for _, s := range t.optimizer.State() {
		tensors = append(tensors, checkpoint.Tensor{Name: optimPrefix + s.Name, Shape: []int{len(s.Data)}, F32: s.Data})
	}
	for _, s := range t.Method.State() {
		tensors = append(tensors, checkpoint.Tensor{Name: methodPrefix + s.Name, Shape: s.Shape, F32: s.F32, I64: s.I64})
	}
	info, err := json.Marshal(stateInfo{Version: stateVersion, Step: t.step, Steps: t.Steps, Fingerprint: t.Fingerprint})
	if err != nil {
		return fmt.Errorf("train: state: %w", err)
	}
	return checkpoint.WriteSafetensors(filepath.Join(t.Dir, StateFile), tensors, map[string]string{stateKey: string(info)})
}

// restore loads Dir's state, where the run resumes and has one.
func (t *trainer) restore() error {
	if t.Dir == "" || !t.Resume {
		return nil
	}
	err := t.restoreState()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// open opens the log at the step where the run stands, and mends weights that
// a kill left behind the state.
func (t *trainer) open() error {
	if t.Dir == "" {
		return nil
	}
	if t.step > 0 && WeightsStep(t.Dir) != t.step {
		if err := t.saveWeights(); err != nil {
			return err
		}
	}
	var err error
	t.log, err = openMetrics(filepath.Join(t.Dir, MetricsFile), t.step)
	return err
}

// WeightsStep is the step of dir's weights, -1 where they cannot be read.
func WeightsStep(dir string) int {
	file, err := checkpoint.Open(filepath.Join(dir, WeightsFile))
	if err != nil {
		return -1
	}
	defer file.Close()
	step, err := strconv.Atoi(file.Metadata["step"])
	if err != nil {
		return -1
	}
	return step
}

func (t *trainer) restoreState() error {
	path := filepath.Join(t.Dir, StateFile)
	if _, err := os.Stat(path); err != nil {
		return err
	}
	file, info, err := readState(path)
	if err != nil {
		return fmt.Errorf("train: resume: %w", err)
	}
	defer file.Close()
	if err := t.accept(path, info); err != nil {
		return err
	}
	if err := t.fill(file); err != nil {
		return fmt.Errorf("train: resume: %s: %w", path, err)
	}
	t.step = info.Step
	return nil
}

// accept refuses the state of another program, run or data set.
func (t *trainer) accept(path string, info stateInfo) error {
	switch {
	case info.Version != stateVersion:
		return fmt.Errorf("train: resume: %s has version %d, this program reads %d", path, info.Version, stateVersion)
	case info.Fingerprint.Settings != t.Fingerprint.Settings:
		return fmt.Errorf("train: resume: %s was written with other settings: resume with those of %s, or start a new run in another --out",
			path, filepath.Join(t.Dir, "config.yaml"))
	case info.Fingerprint.Data != t.Fingerprint.Data:
		return fmt.Errorf("train: resume: %s was written with other data: %d videos then, %d now, or other names, labels or captions: restore the data, or start a new run in another --out",
			path, info.Fingerprint.Videos, t.Fingerprint.Videos)
	case info.Fingerprint.Init != "" && t.Fingerprint.Init != "" && info.Fingerprint.Init != t.Fingerprint.Init:
		return fmt.Errorf("train: resume: %s began from other weights: resume with the same --init-from, or start a new run in another --out", path)
	case info.Step < 0 || info.Step > t.Steps:
		return fmt.Errorf("train: resume: %s is at step %d, want 0 to %d", path, info.Step, t.Steps)
	}
	return nil
}

// fill copies every tensor of a state file to where it lives.
func (t *trainer) fill(file *checkpoint.File) error {
	for _, name := range t.env.Store.Names() {
		p, _ := t.env.Store.Lookup(name)
		if err := file.CopyF32(paramPrefix+name, p.F32); err != nil {
			return err
		}
	}
	for _, s := range t.optimizer.State() {
		if err := file.CopyF32(optimPrefix+s.Name, s.Data); err != nil {
			return err
		}
	}
	for _, s := range t.Method.State() {
		if err := fillMethod(file, s); err != nil {
			return err
		}
	}
	return nil
}

func fillMethod(file *checkpoint.File, s methods.State) error {
	if s.I64 != nil {
		return file.CopyI64(methodPrefix+s.Name, s.I64)
	}
	return file.CopyF32(methodPrefix+s.Name, s.F32)
}

// SavedStep returns the step of dir's checkpoint and the last step of its run;
// both are 0 where there is no checkpoint.
func SavedStep(dir string) (step, steps int, err error) {
	path := filepath.Join(dir, StateFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return 0, 0, nil
	}
	file, info, err := readState(path)
	if err != nil {
		return 0, 0, err
	}
	return info.Step, info.Steps, file.Close()
}

// readState opens a state file; close it.
func readState(path string) (*checkpoint.File, stateInfo, error) {
	var info stateInfo
	file, err := checkpoint.Open(path)
	if err != nil {
		return nil, info, err
	}
	if err := json.Unmarshal([]byte(file.Metadata[stateKey]), &info); err != nil {
		return nil, info, errors.Join(fmt.Errorf("%s is no state of a run: %w", path, err), file.Close())
	}
	return file, info, nil
}
