package avdecode

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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

// literalWords finds the words in the package's strings, tests apart, and a file
// that each is in: one that encodes, where it is in several.
func literalWords(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	word := regexp.MustCompile(`\b[a-z][a-z0-9_]+\b`)
	where := map[string]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || file == "formats.go" {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				text, _ := strconv.Unquote(l.Value)
				for _, w := range word.FindAllString(text, -1) {
					if !strings.HasPrefix(where[w], "encode") {
						where[w] = file
					}
				}
			}
			return true
		})
	}
	return where
}

// TestStaticParts holds the list of the static build against what the code asks
// for by name: filters, and encoders and muxers of the files that encode.
func TestStaticParts(t *testing.T) {
	parts := staticParts(t)
	// FFmpeg always has the buffers; the GPL's encoder stays with the dynamic
	// build; h264 names the codec, not the muxer of raw streams.
	exempt := []string{"buffer", "buffersink", "abuffer", "abuffersink", "libx264", "h264"}
	for word, file := range literalWords(t) {
		encodes := strings.HasPrefix(file, "encode")
		for kind, known := range map[string]bool{
			"filter":  astiav.FindFilterByName(word) != nil,
			"encoder": encodes && astiav.FindEncoderByName(word) != nil,
			"muxer":   encodes && astiav.FindOutputFormat(word) != nil,
		} {
			if known && !slices.Contains(parts[kind], word) && !slices.Contains(exempt, word) {
				t.Errorf("%s may ask for the %s %s, which scripts/static-parts.txt lacks", file, kind, word)
			}
		}
	}
	for _, kind := range []string{"decoder", "demuxer", "encoder", "muxer", "protocol", "filter", "bsf"} {
		if len(parts[kind]) == 0 {
			t.Errorf("scripts/static-parts.txt names no %s", kind)
		}
		if sorted := slices.Sorted(slices.Values(parts[kind])); len(slices.Compact(sorted)) != len(parts[kind]) {
			t.Errorf("scripts/static-parts.txt names a %s twice", kind)
		}
	}
}
