package avdecode

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	astiav "github.com/asticode/go-astiav"
)

// staticParts reads the list of FFmpeg's parts in the static build.
func staticParts(t *testing.T) map[string][]string {
	t.Helper()
	data, err := os.ReadFile("../../scripts/static-parts.txt")
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string][]string{}
	for line := range strings.Lines(string(data)) {
		words := strings.Fields(line)
		if len(words) > 0 && !strings.HasPrefix(words[0], "#") {
			parts[words[0]] = append(parts[words[0]], words[1:]...)
		}
	}
	return parts
}

// literalWords finds the words in the strings of the package's files that hold
// one of the marks, tests apart.
func literalWords(t *testing.T, marks ...string) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	where := map[string]string{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		has := func(mark string) bool { return strings.Contains(string(source), mark) }
		if strings.HasSuffix(file, "_test.go") || !slices.ContainsFunc(marks, has) {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				for _, w := range word.FindAllString(l.Value, -1) {
					where[w] = file
				}
			}
			return true
		})
	}
	return where
}

var word = regexp.MustCompile(`\b[a-z][a-z0-9_]+\b`)

// TestStaticParts holds the list of the static build against what the code asks
// for by name: filters in files that draw graphs, encoders and muxers in files
// that write.
func TestStaticParts(t *testing.T) {
	parts := staticParts(t)
	// FFmpeg always has the buffers; the GPL's encoder stays with the dynamic
	// build; h264 names the codec, not the muxer of raw streams.
	exempt := []string{"buffer", "buffersink", "abuffer", "abuffersink", "libx264", "h264"}
	check := func(kind string, known func(string) bool, marks ...string) {
		for word, file := range literalWords(t, marks...) {
			if known(word) && !slices.Contains(parts[kind], word) && !slices.Contains(exempt, word) {
				t.Errorf("%s may ask for the %s %s, which scripts/static-parts.txt lacks", file, kind, word)
			}
		}
	}
	check("filter", func(s string) bool { return astiav.FindFilterByName(s) != nil }, "FilterGraph", "FindFilterByName", "avfilter")
	check("encoder", func(s string) bool { return astiav.FindEncoderByName(s) != nil }, "FindEncoderByName", "FindEncoder(")
	check("muxer", func(s string) bool { return astiav.FindOutputFormat(s) != nil }, "AllocOutputFormatContext")
	for _, kind := range []string{"decoder", "demuxer", "parser", "encoder", "muxer", "protocol", "filter", "bsf"} {
		if len(parts[kind]) == 0 {
			t.Errorf("scripts/static-parts.txt names no %s", kind)
		}
		if sorted := slices.Sorted(slices.Values(parts[kind])); len(slices.Compact(sorted)) != len(parts[kind]) {
			t.Errorf("scripts/static-parts.txt names a %s twice", kind)
		}
	}
}
