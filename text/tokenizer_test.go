package text

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
)

func trained(t testing.TB, length int, captions ...string) *Tokenizer {
	t.Helper()
	v, err := Train(captions, Options{MaxVocab: 100, MinCount: 1})
	if err != nil {
		t.Fatal(err)
	}
	tok, err := NewTokenizer(v, length)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestEncode(t *testing.T) {
	tok := trained(t, 5, "a red square, moving", "a red a") // a 2, red 3, "," 4, moving 5, square 6
	for _, tc := range []struct {
		name, caption string
		want          Encoding
	}{
		{"padded", "A RED  square", Encoding{[]int32{2, 3, 6, 0, 0}, []float32{1, 1, 1, 0, 0}, 3, 0, 0}},
		{"punctuation is a word", "red,square", Encoding{[]int32{3, 4, 6, 0, 0}, []float32{1, 1, 1, 0, 0}, 3, 0, 0}},
		{"unknown", "a blue square", Encoding{[]int32{2, 1, 6, 0, 0}, []float32{1, 1, 1, 0, 0}, 3, 0, 1}},
		{"cut", "a a a a red red moving", Encoding{[]int32{2, 2, 2, 2, 3}, []float32{1, 1, 1, 1, 1}, 7, 2, 0}},
		{"empty", "", Encoding{[]int32{1, 0, 0, 0, 0}, []float32{1, 0, 0, 0, 0}, 0, 0, 0}},
		{"blank", " \t\n\u00a0", Encoding{[]int32{1, 0, 0, 0, 0}, []float32{1, 0, 0, 0, 0}, 0, 0, 0}},
		{"special token spelt out", "[PAD]", Encoding{[]int32{1, 1, 1, 0, 0}, []float32{1, 1, 1, 0, 0}, 3, 0, 3}},
		{"not UTF-8", "a\xff\xfe red", Encoding{[]int32{1, 3, 0, 0, 0}, []float32{1, 1, 0, 0, 0}, 2, 0, 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := tok.Encode(tc.caption)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// The texts on which components of the library fail or panic.
func TestSplit(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"longer lower case", " İstanbul ß ΣΑΣ", []string{"i\u0307stanbul", "ß", "σασ"}},
		{"shorter lower case", "ẞ K Å", []string{"ß", "k", "å"}},
		{"composed", "Cafe\u0301 nai\u0308ve", []string{"café", "naïve"}},
		{"mark without a letter", "\u0301abc", []string{"\u0301abc"}},
		{"hangul jamo", "\u1112\u1161\u11ab \u1100\u1161", []string{"한", "가"}},
		{"no-break space", "a\u00a0b\u2003c", []string{"a", "b", "c"}},
		{"line ends", "\r\nwindows\r\nlines\r\n", []string{"windows", "lines"}},
		{"joiner and control are kept", "a\u200db\u0001", []string{"a\u200db\u0001"}},
		{"punctuation", "don't!! ¿qué? $5+1", []string{"don", "'", "t", "!", "!", "¿", "qué", "?", "$", "5", "+", "1"}},
		{"invalid", "\xffab\xc3", []string{"\ufffdab\ufffd"}},
		{"NUL", "a\x00b", []string{"a\x00b"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := split(tc.text)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("%q: %s", tc.text, d)
			}
		})
	}
}

// plainSplit is what the pipeline must do, without the library.
func plainSplit(s string) []string {
	var spaced strings.Builder
	for _, r := range norm.NFC.String(strings.ToValidUTF8(s, "\ufffd")) {
		low := string(unicode.ToLower(r))
		if r == 'İ' {
			low = "i\u0307"
		}
		if isPunctuation(r) {
			low = " " + low + " "
		}
		spaced.WriteString(low)
	}
	return strings.Fields(spaced.String())
}

func TestSplitAgainstPlain(t *testing.T) {
	alphabet := []string{"a", "B", " ", "é", "\u0301", "\u0308", "İ", ",", "!", "한", "ㄱ", "\u1100", "\u1161", "\u200d", "\n", "\u00a0", "日", "x", "\xff", "\xc3", "😀", "\u0130\u0307", "ẞ", "\u1e9b\u0323", "\u0344"}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		var b strings.Builder
		for range 1 + rng.IntN(14) {
			b.WriteString(alphabet[rng.IntN(len(alphabet))])
		}
		got, err := split(b.String())
		if err != nil {
			t.Fatalf("%q: %v", b.String(), err)
		}
		if want := plainSplit(b.String()); !cmp.Equal(got, want) && len(got)+len(want) > 0 {
			t.Fatalf("%q: got %q, want %q", b.String(), got, want)
		}
	}
}

func FuzzEncode(f *testing.F) {
	for _, s := range []string{"", "a red square", " İ", "ab\xff\xfecd", "cafe\u0301", "</s> <|endoftext|>"} {
		f.Add(s)
	}
	tok := trained(f, 4, "a red square")
	f.Fuzz(func(t *testing.T, s string) {
		e, err := tok.Encode(s)
		if err != nil {
			t.Fatal(err)
		}
		want := plainSplit(s)
		if e.Words != len(want) || e.Mask[0] != 1 {
			t.Fatalf("%q: %d words, mask %v, want %q", s, e.Words, e.Mask, want)
		}
	})
}

func TestLongTexts(t *testing.T) {
	if testing.Short() {
		t.Skip("a second")
	}
	tok := trained(t, 8, "a red square moves")
	for _, s := range []string{
		strings.Repeat("a red square moves ", 55_000), strings.Repeat("a", 1<<20),
		strings.Repeat("e\u0301 ", 260_000), strings.Repeat("!", 1<<20),
	} {
		start := time.Now()
		e, err := tok.Encode(s)
		if err != nil || e.Words != len(plainSplit(s)) {
			t.Errorf("%d bytes: %d words, error %v", len(s), e.Words, err)
		}
		// Far above what 1 MB takes, far below what quadratic work would.
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%d bytes took %v", len(s), took)
		}
	}
}

func TestEncodeConcurrently(t *testing.T) {
	tok := trained(t, 6, "a red square moves left")
	want, err := tok.Encode("a red square")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if got, err := tok.Encode("a red square"); err != nil || !cmp.Equal(got, want) {
					t.Errorf("got %v, error %v", got, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestNewTokenizerLength(t *testing.T) {
	_, err := NewTokenizer(newVocabulary([]string{"a"}), 0)
	if got, want := fmt.Sprint(err), "text: tokenizer: length is 0, want at least 1: set text.length"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
