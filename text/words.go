package text

import (
	"unicode"

	"github.com/sugarme/tokenizer"
	"github.com/sugarme/tokenizer/normalizer"
)

// words splits at white space, which is dropped, and around every punctuation
// mark, which becomes a word of its own (BertPreTokenizer in tokenizer.json).
// It replaces the library's, whose white space is that of ASCII only, so that
// a no-break space stays inside a word, and which takes seconds for 1 MB.
type words struct{}

var _ tokenizer.PreTokenizer = words{}

// PreTokenize splits every part that has no tokens yet. Offsets are not kept.
func (words) PreTokenize(p *tokenizer.PreTokenizedString) (*tokenizer.PreTokenizedString, error) {
	return p.Split(func(_ int, n *normalizer.NormalizedString) []tokenizer.SplitIdx {
		var parts []tokenizer.SplitIdx
		for _, w := range splitWords(n.GetNormalized()) {
			parts = append(parts, tokenizer.SplitIdx{Normalized: normalizer.NewNormalizedFrom(w)})
		}
		return parts
	}), nil
}

// splitWords returns the words and punctuation marks of s, in order. Joined,
// they are s without its white space.
func splitWords(s string) []string {
	var out []string
	start := 0
	flush := func(end int) {
		if end > start {
			out = append(out, s[start:end])
		}
	}
	for i, r := range s {
		width := len(string(r))
		switch {
		case unicode.IsSpace(r):
			flush(i)
		case isPunctuation(r):
			flush(i)
			out = append(out, s[i:i+width])
		default:
			continue
		}
		start = i + width
	}
	flush(len(s))
	return out
}

// isPunctuation holds for Unicode punctuation and for all ASCII symbols, as
// in BERT: "$" and "+" are marks too.
func isPunctuation(r rune) bool {
	if r < unicode.MaxASCII {
		return r >= '!' && r <= '/' || r >= ':' && r <= '@' || r >= '[' && r <= '`' || r >= '{' && r <= '~'
	}
	return unicode.IsPunct(r)
}
