package eval

import (
	"fmt"
	"slices"
	"strings"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/checkpoint"
)

// Load copies the tensors of a weights file whose names start with prefix into
// a store. Every such parameter of the store must be in the file, of its
// shape; what the file holds beside is left alone.
func Load(path string, store *nn.Store, prefix string) error {
	file, err := checkpoint.Open(path)
	if err != nil {
		return fmt.Errorf("eval: weights: %w", err)
	}
	defer file.Close()
	loaded := 0
	for _, name := range store.Names() {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		to, _ := store.Lookup(name)
		from, ok := file.Lookup(name)
		if !ok || !slices.Equal(from.Shape, to.Shape) {
			return fmt.Errorf("eval: weights: %s has no %s of shape %v: it was trained with another encoder or input: use the run's own settings", path, name, to.Shape)
		}
		if err := file.CopyF32(name, to.F32); err != nil {
			return fmt.Errorf("eval: weights: %w", err)
		}
		loaded++
	}
	if loaded == 0 {
		return fmt.Errorf("eval: weights: no parameter starts with %q", prefix)
	}
	return nil
}
