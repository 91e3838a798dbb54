package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/clvid/clvid/media/avdecode"
)

func TestVersion(t *testing.T) {
	library := avdecode.FFmpeg()
	v := jsonOf[versions](t, "version", "--json")
	if v.Version != version() || v.FFmpeg != ffmpegVersions(library) {
		t.Errorf("--json gives %+v", v)
	}
	out := mustRun(t, "version")
	first := "clvid " + version() + "\nFFmpeg " + library.Version + ", " + library.Licence + ", configured with\n"
	if !strings.HasPrefix(out, first) {
		t.Errorf("want it to begin with %q:\n%s", first, out)
	}
	for _, line := range strings.Split(out, "\n") {
		if len(line) > 120 && strings.Contains(strings.TrimSpace(line), " ") {
			t.Errorf("a line of %d columns: %s", len(line), line)
		}
	}
	if got := strings.Fields(strings.TrimPrefix(out, first)); !slices.Equal(got, strings.Fields(library.Configuration)) {
		t.Errorf("configuration: %q, want the words of %q", got, library.Configuration)
	}
}

func TestWrapWords(t *testing.T) {
	for _, tc := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"a bb ccc", []string{"a bb", "ccc"}},
		{"long-word a", []string{"long-word", "a"}},
		{"ab cd", []string{"ab cd"}},
	} {
		if got := wrapWords(tc.text, 5); !slices.Equal(got, tc.want) {
			t.Errorf("wrapWords(%q, 5) = %q, want %q", tc.text, got, tc.want)
		}
	}
}
