package checkpoint

import (
	"fmt"

	"github.com/clvid/clvid/internal/atomicfile"
)

// WriteFileAtomic replaces the file at path by data: whoever reads it, also
// after a crash at any moment, finds the old content or the new, whole.
func WriteFileAtomic(path string, data []byte) error {
	if err := atomicfile.Write(path, data); err != nil {
		return fmt.Errorf("checkpoint: write %s: %w", path, err)
	}
	return nil
}
