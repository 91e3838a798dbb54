package device

import "fmt"

// Precision is the arithmetic of convolutions, linear layers and attention.
// Values keep their types; a back end without the precision uses the better one.
type Precision uint8

// The precisions: 24 and 8 bits of mantissa. With bfloat16, weights, their
// gradients, statistics and sums stay float32.
const (
	PrecisionF32 Precision = iota
	PrecisionBF16
)

// Precisions are the names that ParsePrecision takes.
func Precisions() []string { return []string{"f32", "bf16"} }

// String is the precision's name in settings.
func (p Precision) String() string { return Precisions()[p] }

// ParsePrecision is the precision of that name.
func ParsePrecision(name string) (Precision, error) {
	for p, known := range Precisions() {
		if name == known {
			return Precision(p), nil
		}
	}
	return 0, fmt.Errorf("device: precision %q: want f32 or bf16", name)
}
