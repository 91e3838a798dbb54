package text

import (
	"cmp"
	"fmt"
	"slices"
)

// The special tokens. No caption can spell them: brackets are words of their own.
const (
	Pad     = 0 // id of [PAD], which fills a short sequence
	Unknown = 1 // id of [UNK], which stands for every word outside the vocabulary

	padToken     = "[PAD]"
	unknownToken = "[UNK]"
	specials     = 2 // words have ids from here
)

// Vocabulary maps words to ids in [0, Size). It is read-only after Train or Load.
type Vocabulary struct {
	words []string       // by id
	ids   map[string]int // by word
}

// Options bound a vocabulary.
type Options struct {
	MaxVocab int // most entries, the two special tokens included, at least 3
	MinCount int // rarer words are left out, at least 1
}

// Train counts the words of captions, after the normalisation of Tokenizer,
// and keeps the most frequent: ids go by count, largest first, then by word.
// Equal captions in any order give equal vocabularies. It is an error that no
// word is left, since every caption would read the same.
func Train(captions []string, o Options) (*Vocabulary, error) {
	if o.MaxVocab <= specials || o.MinCount < 1 {
		return nil, fmt.Errorf("text: train vocabulary: size %d and minimum count %d, want at least %d and 1: set text.vocab_size and text.min_count",
			o.MaxVocab, o.MinCount, specials+1)
	}
	counts, err := countWords(captions)
	if err != nil {
		return nil, err
	}
	kept := make([]string, 0, len(counts))
	for w, n := range counts {
		if n >= o.MinCount {
			kept = append(kept, w)
		}
	}
	if len(kept) == 0 {
		return nil, fmt.Errorf("text: train vocabulary: none of %d words in %d captions occurs at least %d times: check the captions of the data set or lower text.min_count",
			len(counts), len(captions), o.MinCount)
	}
	slices.SortFunc(kept, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return newVocabulary(kept[:min(len(kept), o.MaxVocab-specials)]), nil
}

func countWords(captions []string) (map[string]int, error) {
	counts := map[string]int{}
	for i, c := range captions {
		ws, err := split(c)
		if err != nil {
			return nil, fmt.Errorf("text: train vocabulary: caption %d: %w", i, err)
		}
		for _, w := range ws {
			counts[w]++
		}
	}
	return counts, nil
}

// newVocabulary gives words, all different, the ids after the special tokens.
func newVocabulary(words []string) *Vocabulary {
	v := &Vocabulary{words: append([]string{padToken, unknownToken}, words...)}
	v.ids = make(map[string]int, len(v.words))
	for id, w := range v.words {
		v.ids[w] = id
	}
	return v
}

// Size returns the number of entries, the special tokens included.
func (v *Vocabulary) Size() int { return len(v.words) }

// ID returns the id of a normalised word.
func (v *Vocabulary) ID(word string) (id int, ok bool) {
	id, ok = v.ids[word]
	return id, ok
}

// Word returns the entry of an id.
func (v *Vocabulary) Word(id int) (word string, ok bool) {
	if id < 0 || id >= len(v.words) {
		return "", false
	}
	return v.words[id], true
}
