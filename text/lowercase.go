package text

import (
	"strings"
	"unicode"

	"github.com/sugarme/tokenizer/normalizer"
)

// lowercase maps every code point to lower case by itself, as the reference
// tokenizer does (a final sigma stays σ). It replaces the library's, which
// loses count of the bytes where a code point changes its length and then
// panics (" İ").
type lowercase struct{}

var _ normalizer.Normalizer = lowercase{}

// Normalize returns the lower-case text. Offsets into the original are not kept.
func (lowercase) Normalize(n *normalizer.NormalizedString) (*normalizer.NormalizedString, error) {
	var b strings.Builder
	for _, r := range n.GetNormalized() {
		if r == 'İ' { // the only code point whose lower case is two: i and a dot above
			b.WriteString("i\u0307")
			continue
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return normalizer.NewNormalizedFrom(b.String()), nil
}
