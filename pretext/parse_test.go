package pretext

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseTask(t *testing.T) {
	for text, want := range map[string][]Weighted{
		"frame-order":                         {{"frame-order", 1}},
		"clip-pairs=1,frame-order=0.5":        {{"clip-pairs", 1}, {"frame-order", .5}},
		" clip-pairs , frame-order = 2.5e-1 ": {{"clip-pairs", 1}, {"frame-order", .25}},
	} {
		got, err := ParseTask(Builtin(), text)
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%q: %v (-want +got):\n%s", text, err, d)
		}
		again, err := ParseTask(Builtin(), FormatTask(got))
		if d := cmp.Diff(want, again); err != nil || d != "" {
			t.Errorf("%q does not come back: %v\n%s", FormatTask(got), err, d)
		}
	}
}

func TestParseTaskErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "a part has no name",
		"clip-pairs,":                "a part has no name",
		"=1":                         "a part has no name",
		"clip-pair":                  `unknown pretext task "clip-pair" (did you mean "clip-pairs"?)`,
		"clip-pairs=0":               `weight "0" of clip-pairs, want a number more than 0`,
		"clip-pairs=-1":              "more than 0",
		"clip-pairs=NaN":             "more than 0",
		"clip-pairs=Inf":             "more than 0",
		"clip-pairs=":                `weight "" of`,
		"clip-pairs=1;frame-order=1": `weight "1;frame-order=1" of clip-pairs`,
		"clip-pairs,clip-pairs=2":    "clip-pairs stands in it twice",
	} {
		if _, err := ParseTask(Builtin(), text); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "pretext: task ") {
			t.Errorf("ParseTask(%q) = %v, want %q", text, err, want)
		}
	}
}
