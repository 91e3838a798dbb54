package text

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTrain(t *testing.T) {
	captions := []string{"b a", "c B", "b, a"}
	for _, tc := range []struct {
		name string
		o    Options
		want []string
	}{
		{"count, then word", Options{100, 1}, []string{"[PAD]", "[UNK]", "b", "a", ",", "c"}},
		{"minimum count", Options{100, 2}, []string{"[PAD]", "[UNK]", "b", "a"}},
		{"size", Options{3, 1}, []string{"[PAD]", "[UNK]", "b"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, cs := range [][]string{captions, {captions[2], captions[0], captions[1]}} {
				v, err := Train(cs, tc.o)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(tc.want, v.words); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

func TestTrainErrors(t *testing.T) {
	for _, tc := range []struct {
		name     string
		captions []string
		o        Options
		want     string
	}{
		{"no words", []string{"", " "}, Options{10, 1}, "text: train vocabulary: none of 0 words in 2 captions occurs at least 1 times: check the captions of the data set or lower text.min_count"},
		{"all rare", []string{"a b"}, Options{10, 2}, "text: train vocabulary: none of 2 words in 1 captions occurs at least 2 times: check the captions of the data set or lower text.min_count"},
		{"size", []string{"a"}, Options{2, 1}, "text: train vocabulary: size 2 and minimum count 1, want at least 3 and 1: set text.vocab_size and text.min_count"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := Train(tc.captions, tc.o); fmt.Sprint(err) != tc.want {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

func TestVocabularyLookup(t *testing.T) {
	v := newVocabulary([]string{"a"})
	if id, ok := v.ID("a"); !ok || id != 2 || v.Size() != 3 {
		t.Errorf("a has id %d, %t, size %d", id, ok, v.Size())
	}
	if w, ok := v.Word(2); !ok || w != "a" {
		t.Errorf("id 2 is %q, %t", w, ok)
	}
	for _, id := range []int{-1, 3} {
		if _, ok := v.Word(id); ok {
			t.Errorf("id %d exists", id)
		}
	}
	if id, ok := v.ID("b"); ok {
		t.Errorf("b has id %d", id)
	}
}

func TestSaveLoad(t *testing.T) {
	v, err := Train([]string{"ein rotes <Quadrat> & café\u2028 \xff \"x\" \\"}, Options{MaxVocab: 50, MinCount: 1})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "vocab.json")
	var files []string
	for range 2 {
		if err := v.Save(path); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, string(b))
	}
	if files[0] != files[1] {
		t.Error("two saves of one vocabulary differ")
	}
	got, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(v.words, got.words); d != "" {
		t.Error(d)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("temporary files left: %v", left)
	}
}

func TestLoadErrors(t *testing.T) {
	file := func(vocab string) string {
		return `{"pre_tokenizer":{"type":"BertPreTokenizer"},"model":{"type":"WordLevel","unk_token":"[UNK]","vocab":` + vocab + `}}`
	}
	for _, tc := range []struct{ name, data, want string }{
		{"cut short", `{"model":`, "unexpected end of JSON input"},
		{"another model", `{"model":{"type":"BPE"}}`, `model "BPE"`},
		{"gap in the ids", file(`{"[PAD]":0,"[UNK]":1,"a":3}`), `word "a" has id 3, want each of [0, 3) once`},
		{"id twice", file(`{"[PAD]":0,"[UNK]":1,"a":1}`), "want each of [0, 3) once"},
		{"special tokens elsewhere", file(`{"a":0,"[UNK]":1,"[PAD]":2}`), "want [PAD], [UNK] and at least one word first"},
		{"no words", file(`{"[PAD]":0,"[UNK]":1}`), "2 entries"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "vocab.json")
			if err := os.WriteFile(path, []byte(tc.data), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := Load(path)
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), "text: load vocabulary ") {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("loaded a file that is not there")
	}
	if err := newVocabulary([]string{"a"}).Save(filepath.Join(t.TempDir(), "none", "vocab.json")); err == nil {
		t.Error("saved into a folder that is not there")
	}
}

func TestConfig(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	c := DefaultConfig()
	c.Length = 0
	if got, want := fmt.Sprint(c.Validate()), "text: config: length is 0, want at least 1: set text.length"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
