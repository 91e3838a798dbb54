// Package text turns captions into token ids and masks. It knows no tensors
// and no network.
//
// The pipeline is composed of the interfaces of github.com/sugarme/tokenizer
// (Normalizer, PreTokenizer, Model), which this package alone imports. Its
// components stay where they agree with the reference; those that do not are
// replaced here by implementations of the same interface, each in its own
// file with the failing texts as its test. The driver, truncation and padding
// are ours.
package text
