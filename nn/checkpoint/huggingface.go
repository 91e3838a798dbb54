package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// indexSuffix ends the name of a list of shards.
const indexSuffix = ".index.json"

// weightNames are the files that a Hugging Face folder keeps weights in, the
// ones that are read first, first.
var weightNames = []string{
	"model.safetensors", "model.safetensors" + indexSuffix,
	"pytorch_model.bin", "pytorch_model.bin" + indexSuffix,
}

const configName = "config.json"

// Bounds on the JSON files of a folder.
const (
	maxConfigBytes = 1 << 20
	maxIndexBytes  = 64 << 20
)

// weightsOf is the first file of weights in a folder.
func weightsOf(dir string) (string, error) {
	for _, name := range weightNames {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return name, nil
		}
	}
	return "", fmt.Errorf("a folder without weights: want one of %s in it", strings.Join(weightNames, ", "))
}

// openFolder takes in the tensors of a Hugging Face folder.
func (f *File) openFolder(dir string) error {
	name, err := weightsOf(dir)
	if err != nil {
		return err
	}
	if strings.HasSuffix(name, indexSuffix) {
		if err := f.openShards(dir, name); err != nil {
			return err
		}
	} else if err := f.openFile(filepath.Join(dir, name)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	f.Format = HuggingFace
	return f.readConfig(filepath.Join(dir, configName))
}

// readConfig keeps the numbers and texts at the top of config.json, if it is
// there.
func (f *File) readConfig(path string) error {
	data, err := readUpTo(path, maxConfigBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var config map[string]any
	if err := json.Unmarshal(data, &config); err != nil {
		return fmt.Errorf("%s: %w", configName, err)
	}
	for key, value := range config {
		switch value.(type) {
		case string, float64, bool:
			f.Metadata[key] = fmt.Sprint(value)
		}
	}
	return nil
}

// openShards takes in the tensors that an index lists. Each must be in the
// shard that the index names; others in the shards are left out.
func (f *File) openShards(dir, index string) error {
	data, err := readUpTo(filepath.Join(dir, index), maxIndexBytes)
	if err != nil {
		return err
	}
	var list struct {
		Map map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return fmt.Errorf("%s: %w", index, err)
	}
	byShard := map[string][]string{}
	for tensor, shard := range list.Map {
		if !filepath.IsLocal(shard) || shard != filepath.Base(shard) {
			return fmt.Errorf("%s: shard %q lies outside the folder", index, shard)
		}
		byShard[shard] = append(byShard[shard], tensor)
	}
	if len(byShard) == 0 {
		return fmt.Errorf("%s lists no tensors under weight_map", index)
	}
	for _, shard := range slices.Sorted(maps.Keys(byShard)) {
		if err := f.openShard(filepath.Join(dir, shard), byShard[shard]); err != nil {
			return fmt.Errorf("shard %s: %w", shard, err)
		}
	}
	f.Format = HuggingFace
	return nil
}

func (f *File) openShard(path string, names []string) error {
	shard := &File{Path: path, Metadata: map[string]string{}, index: map[string]int{}}
	err := shard.openFile(path)
	f.mappings = append(f.mappings, shard.mappings...)
	if err != nil {
		return err
	}
	listed := map[string]bool{}
	for _, name := range names {
		if _, ok := shard.index[name]; !ok {
			return fmt.Errorf("tensor %s is not in it, though the index says so: fetch the folder anew", quoted(name))
		}
		listed[name] = true
	}
	for _, t := range shard.tensors {
		if listed[t.Name] {
			if err := f.add(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// readUpTo reads a small file whole.
func readUpTo(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("%s has %d bytes or is no file, want at most %d", filepath.Base(path), info.Size(), most)
	}
	return os.ReadFile(path)
}
