package eval

import (
	"fmt"
	"strings"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/checkpoint"
)

// Load copies the tensors of a weights file whose names start with prefix into
// a store. Every such parameter of the store must be in the file, of its
// shape; what the file holds beside is left alone.
func Load(path string, store *nn.Store, prefix string) error {
	file, err := checkpoint.ReadSafetensors(path)
	if err != nil {
		return fmt.Errorf("eval: weights: %w", err)
	}
	loaded := 0
	for _, name := range store.Names() {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		to, _ := store.Lookup(name)
		from, ok := file.Lookup(name)
		if !ok || len(from.F32) != len(to.F32) {
			return fmt.Errorf("eval: weights: %s has no %s of shape %v: it was trained with another encoder or input: use the run's own settings", path, name, to.Shape)
		}
		copy(to.F32, from.F32)
		loaded++
	}
	if loaded == 0 {
		return fmt.Errorf("eval: weights: no parameter starts with %q", prefix)
	}
	return nil
}
