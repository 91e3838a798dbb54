package text

import (
	"github.com/sugarme/tokenizer/normalizer"
	"golang.org/x/text/unicode/norm"
)

// nfc composes characters. It replaces the library's, which leaves
// "e\u0301" and Hangul letters apart, so that one word has several spellings.
type nfc struct{}

var _ normalizer.Normalizer = nfc{}

// Normalize returns the composed text. Offsets into the original are not kept.
func (nfc) Normalize(n *normalizer.NormalizedString) (*normalizer.NormalizedString, error) {
	return normalizer.NewNormalizedFrom(norm.NFC.String(n.GetNormalized())), nil
}
