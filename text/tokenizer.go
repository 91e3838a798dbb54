package text

import (
	"fmt"
	"maps"
	"strings"

	"github.com/sugarme/tokenizer"
	"github.com/sugarme/tokenizer/model/wordlevel"
	"github.com/sugarme/tokenizer/normalizer"
)

// normalizers run in this order on every text. Stripping is left to the
// splitting that follows.
var normalizers = []normalizer.Normalizer{nfc{}, lowercase{}}

// Tokenizer turns captions into sequences of L token ids. It is safe for
// concurrent use.
type Tokenizer struct {
	model  tokenizer.Model
	length int
}

// Encoding is one caption as the network reads it.
type Encoding struct {
	IDs  []int32   // (L) token ids, Pad after the last
	Mask []float32 // (L) 1 on tokens, 0 on padding; never all 0
	// Words is the number of words in the caption, of which Cut did not fit
	// into L and Unknown of the others are not in the vocabulary.
	Words, Cut, Unknown int
}

// NewTokenizer returns a tokenizer for sequences of length L, at least 1.
func NewTokenizer(v *Vocabulary, length int) (*Tokenizer, error) {
	if length < 1 {
		return nil, fmt.Errorf("text: tokenizer: length is %d, want at least 1: set text.length", length)
	}
	// New, not the builder: its UnkToken gives [UNK] a second, last id. The
	// model keeps the map, so it gets its own.
	model, err := wordlevel.New(maps.Clone(v.ids), unknownToken)
	if err != nil {
		return nil, fmt.Errorf("text: tokenizer: word-level model: %w", err)
	}
	return &Tokenizer{model: model, length: length}, nil
}

// Length returns L.
func (t *Tokenizer) Length() int { return t.length }

// Encode accepts any bytes. What is not UTF-8 is read as U+FFFD, so that it
// shows as an unknown word. A caption without any word is one [UNK]: the mean
// of its embeddings is then defined.
func (t *Tokenizer) Encode(caption string) (Encoding, error) {
	ws, err := split(caption)
	if err != nil {
		return Encoding{}, fmt.Errorf("text: encode: %w", err)
	}
	e := Encoding{IDs: make([]int32, t.length), Mask: make([]float32, t.length), Words: len(ws)}
	e.Cut = max(0, len(ws)-t.length)
	if len(ws) == 0 {
		e.IDs[0], e.Mask[0] = Unknown, 1
	}
	for i, w := range ws[:len(ws)-e.Cut] {
		tokens, err := t.model.Tokenize(w)
		if err != nil || len(tokens) != 1 {
			return Encoding{}, fmt.Errorf("text: encode: word %q gave %d tokens, want 1: %w", w, len(tokens), err)
		}
		e.IDs[i], e.Mask[i] = int32(tokens[0].Id), 1
		if tokens[0].Id == Unknown {
			e.Unknown++
		}
	}
	return e, nil
}

// split returns the normalised words of any text.
func split(s string) ([]string, error) {
	// The library counts bytes from runes and panics on invalid UTF-8.
	n := normalizer.NewNormalizedFrom(strings.ToValidUTF8(s, "\uFFFD"))
	var err error
	for _, f := range normalizers {
		if n, err = f.Normalize(n); err != nil {
			return nil, fmt.Errorf("normalise: %w", err)
		}
	}
	p, err := words{}.PreTokenize(tokenizer.NewPreTokenizedStringFromNS(n))
	if err != nil {
		return nil, fmt.Errorf("split: %w", err)
	}
	splits := p.GetSplits(normalizer.NormalizedTarget, tokenizer.Byte)
	out := make([]string, len(splits))
	for i, w := range splits {
		out[i] = w.Value
	}
	return out, nil
}
