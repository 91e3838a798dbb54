package encoder

import "fmt"

// dropPathAt is the probability with which block i of so many leaves out what it
// adds to a sample. It rises linearly from 0 in the first block to rate in the
// last (Huang et al., arXiv:1603.09382), as in timm and torchvision.
func dropPathAt(rate float64, i, blocks int) float64 {
	return rate * float64(i) / float64(max(blocks-1, 1))
}

// validateDropPath checks the probability.
func (c Config) validateDropPath() error {
	if !(c.DropPath >= 0 && c.DropPath < 1) {
		return fmt.Errorf("encoder: drop path %g: set encoder_options.drop_path to at least 0 and less than 1", c.DropPath)
	}
	return nil
}
