package dataset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/clvid/clvid/internal/pickle"
)

// MSVD (Chen and Dolan, ACL 2011) as the retrieval literature splits it: lists
// of ids, and captions of every id, as sentences or as lists of words.

var msvdLists = []string{"train_list.txt", "val_list.txt", "test_list.txt"}

func isMSVD(p place) bool {
	if !p.isDir() {
		return false
	}
	found := map[bool]bool{}
	for _, file := range p.annotations(isMSVDFile) {
		found[isMSVDCaptions(file)] = true
	}
	return found[true] && found[false]
}

func isMSVDFile(file string) bool {
	return slices.Contains(msvdLists, filepath.Base(file)) || isMSVDCaptions(file)
}

func isMSVDCaptions(file string) bool {
	name := filepath.Base(file)
	return name == "raw-captions.json" || name == "raw-captions.pkl"
}

func readMSVD(p place) (*Set, error) {
	var captions map[string][]string
	var lists []string
	for _, file := range p.annotations(isMSVDFile) {
		if !isMSVDCaptions(file) {
			lists = append(lists, file)
			continue
		}
		if captions != nil {
			continue // raw-captions.json comes before .pkl, and is what was made of it
		}
		var err error
		if captions, err = readRawCaptions(file); err != nil {
			return nil, err
		}
	}
	if captions == nil || lists == nil {
		return nil, fmt.Errorf("dataset: %s: want raw-captions.json or .pkl beside one of %s", p.path, strings.Join(msvdLists, ", "))
	}
	set, lib, err := p.begin()
	if err != nil {
		return nil, err
	}
	for _, file := range lists {
		data, err := readText(file)
		if err != nil {
			return nil, err
		}
		for _, id := range lines(data) {
			if captions[id] == nil {
				set.note("listed videos have no caption", id)
			}
			set.addFound(lib, id, Item{Split: splitOf(file), Captions: captions[id]})
		}
	}
	return set, nil
}

func readRawCaptions(file string) (map[string][]string, error) {
	data, err := readBounded(file)
	if err != nil {
		return nil, err
	}
	parse := parseRawJSON
	if filepath.Ext(file) == ".pkl" {
		parse = parseRawPickle
	}
	captions, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", file, err)
	}
	return captions, nil
}

// parseRawJSON reads {"id": ["a sentence", ["or", "its", "words"]]}.
func parseRawJSON(data []byte) (map[string][]string, error) {
	var raw map[string][]json.RawMessage
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &raw); err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for id, sentences := range raw {
		for _, s := range sentences {
			var words []string
			var text string
			if json.Unmarshal(s, &words) == nil {
				text = strings.Join(words, " ")
			} else if err := json.Unmarshal(s, &text); err != nil {
				return nil, fmt.Errorf("captions of %q: want text or lists of words: %w", id, err)
			}
			out[id] = appendCaption(out[id], text)
		}
	}
	return out, nil
}

// parseRawPickle reads the same from a pickle of plain lists and texts.
func parseRawPickle(data []byte) (map[string][]string, error) {
	value, err := pickle.Reader{}.Read(data)
	if err != nil {
		return nil, err
	}
	dict, ok := value.(*pickle.Dict)
	if !ok {
		return nil, fmt.Errorf("the pickle is a %T, want a dictionary", value)
	}
	out := map[string][]string{}
	for i, key := range dict.Keys {
		id, ok := key.(string)
		sentences, fits := dict.Values[i].(*pickle.List)
		if !ok || !fits {
			return nil, fmt.Errorf("the pickle's entry %v is no list of captions", key)
		}
		for _, s := range sentences.Items {
			out[id] = appendCaption(out[id], pickledSentence(s))
		}
	}
	return out, nil
}

func pickledSentence(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case *pickle.List:
		var words []string
		for _, w := range v.Items {
			if word, ok := w.(string); ok {
				words = append(words, word)
			}
		}
		return strings.Join(words, " ")
	}
	return ""
}
