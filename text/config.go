package text

import "fmt"

// Config describes the vocabulary, the token sequences and the encoder of
// captions (the network itself is built elsewhere, from these sizes).
type Config struct {
	VocabSize int `yaml:"vocab_size" doc:"most entries of the vocabulary, the two special tokens included, at least 3"`
	MinCount  int `yaml:"min_count" doc:"a word seen less often in the training captions is [UNK], at least 1"`
	Length    int `yaml:"length" doc:"L, tokens of a sequence; longer captions are cut, shorter ones padded"`
	Dim       int `yaml:"dim" doc:"D of the word embeddings"`
	Hidden    int `yaml:"hidden" doc:"width of the hidden layer"`
	Out       int `yaml:"out" doc:"D of the text embedding, that of the video side"`
}

// DefaultConfig returns the setting for short captions: 64-dimensional word
// embeddings, then 128 and 64.
func DefaultConfig() Config {
	return Config{VocabSize: 8192, MinCount: 1, Length: 32, Dim: 64, Hidden: 128, Out: 64}
}

// Validate returns an error that names the first setting out of its bounds.
func (c Config) Validate() error {
	for _, s := range []struct {
		name       string
		value, min int
	}{
		{"vocab_size", c.VocabSize, specials + 1},
		{"min_count", c.MinCount, 1},
		{"length", c.Length, 1},
		{"dim", c.Dim, 1},
		{"hidden", c.Hidden, 1},
		{"out", c.Out, 1},
	} {
		if s.value < s.min {
			return fmt.Errorf("text: config: %s is %d, want at least %d: set text.%s", s.name, s.value, s.min, s.name)
		}
	}
	return nil
}

// Options returns what Train needs of c.
func (c Config) Options() Options { return Options{MaxVocab: c.VocabSize, MinCount: c.MinCount} }
