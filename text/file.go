package text

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"github.com/clvid/clvid/internal/atomicfile"
)

// tokenizerFile is the part of the tokenizer.json format that a word-level
// vocabulary uses, so that other readers of that format load the file too.
type tokenizerFile struct {
	Version       string         `json:"version"`
	Truncation    any            `json:"truncation"`
	Padding       any            `json:"padding"`
	AddedTokens   []addedToken   `json:"added_tokens"`
	Normalizer    component      `json:"normalizer"`
	PreTokenizer  component      `json:"pre_tokenizer"`
	PostProcessor any            `json:"post_processor"`
	Decoder       any            `json:"decoder"`
	Model         wordLevelModel `json:"model"`
}

type addedToken struct {
	ID         int    `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}

type component struct {
	Type        string      `json:"type"`
	Normalizers []component `json:"normalizers,omitempty"`
}

type wordLevelModel struct {
	Type     string         `json:"type"`
	Vocab    map[string]int `json:"vocab"`
	UnkToken string         `json:"unk_token"`
}

// Save writes the vocabulary to path as a tokenizer.json of type WordLevel:
// equal bytes for equal vocabularies, and the whole file or none of it.
func (v *Vocabulary) Save(path string) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	err := enc.Encode(tokenizerFile{
		Version: "1.0",
		AddedTokens: []addedToken{
			{ID: Pad, Content: padToken, Special: true},
			{ID: Unknown, Content: unknownToken, Special: true},
		},
		Normalizer:   component{Type: "Sequence", Normalizers: []component{{Type: "NFC"}, {Type: "Lowercase"}}},
		PreTokenizer: component{Type: "BertPreTokenizer"},
		Model:        wordLevelModel{Type: "WordLevel", Vocab: v.ids, UnkToken: unknownToken},
	})
	if err == nil {
		err = atomicfile.Write(path, b.Bytes())
	}
	if err != nil {
		return fmt.Errorf("text: save vocabulary %s: %w", path, err)
	}
	return nil
}

// Load reads a vocabulary that Save wrote. A file that would read a text
// differently is refused.
func Load(path string) (*Vocabulary, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("text: load vocabulary: %w", err)
	}
	var f tokenizerFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("text: load vocabulary %s: %w", path, err)
	}
	v, err := f.vocabulary()
	if err != nil {
		return nil, fmt.Errorf("text: load vocabulary %s: %w: train it again from the captions", path, err)
	}
	return v, nil
}

func (f *tokenizerFile) vocabulary() (*Vocabulary, error) {
	if f.Model.Type != "WordLevel" || f.Model.UnkToken != unknownToken || f.PreTokenizer.Type != "BertPreTokenizer" {
		return nil, fmt.Errorf("model %q with unknown token %q, split by %q, want a word-level vocabulary of clvid", f.Model.Type, f.Model.UnkToken, f.PreTokenizer.Type)
	}
	words := make([]string, len(f.Model.Vocab))
	seen := make([]bool, len(words))
	for w, id := range f.Model.Vocab {
		if id < 0 || id >= len(words) || seen[id] {
			return nil, fmt.Errorf("word %q has id %d, want each of [0, %d) once", w, id, len(words))
		}
		words[id], seen[id] = w, true
	}
	if len(words) <= specials || words[Pad] != padToken || words[Unknown] != unknownToken {
		return nil, fmt.Errorf("%d entries, want %s, %s and at least one word first", len(words), padToken, unknownToken)
	}
	return newVocabulary(words[specials:]), nil
}
