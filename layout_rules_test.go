package clvid

import (
	"strings"
	"testing"
)

// made builds a graph from lines such as "text -> nn, gorgonia.org/gorgonia";
// names before an arrow are packages of the module, and a trailing C marks cgo.
func made(lines ...string) graph {
	full := func(s string) string {
		if s = strings.TrimSpace(s); strings.Contains(strings.SplitN(s, "/", 2)[0], ".") || s == "math/rand" || s == "math/rand/v2" {
			return s
		}
		return module + "/" + s
	}
	g := graph{}
	for _, line := range lines {
		from, to, _ := strings.Cut(line, "->")
		from, cgo := strings.CutSuffix(strings.TrimSpace(from), " C")
		n := node{cgo: cgo}
		for _, imp := range strings.Split(to, ",") {
			if imp = full(imp); imp != module+"/" {
				n.imports = append(n.imports, imp)
				if _, seen := g[imp]; !seen {
					g[imp] = node{}
				}
			}
		}
		g[full(from)] = n
	}
	return g
}

// TestLayoutCheckerFinds shows that every kind of rule can fail, and how.
func TestLayoutCheckerFinds(t *testing.T) {
	for _, tc := range []struct {
		name  string
		graph graph
		want  string // part of the only line, "" for none
	}{
		{"a good graph", made("cmd/clvid -> configs, methods/train, media/avdecode, github.com/spf13/cobra",
			"methods/train -> methods, math/rand/v2", "methods -> nn, gorgonia.org/gorgonia", "configs -> github.com/spf13/viper",
			"media/avdecode C -> media, github.com/asticode/go-astiav", "nn/device/cuda C -> nn/device", "media -> internal/registry"), ""},
		{"a fenced package", made("media -> github.com/asticode/go-astiav"),
			"media imports github.com/asticode/go-astiav, which only media/avdecode may: its version is tied to FFmpeg's"},
		{"below a fenced package", made("methods/train -> github.com/vbauerster/mpb/v8"),
			"methods/train imports github.com/vbauerster/mpb/v8, which only cmd/clvid may"},
		{"the old random numbers", made("media -> math/rand"), "media imports math/rand, which only nobody may"},
		{"C in the wrong place", made("nn/op C -> nn/device"), "nn/op uses cgo, which only media/avdecode, media/internal/kernel, nn/device/*"},
		{"an arrow to the left", made("nn -> pretext"), "nn must not import pretext: nn -> pretext"},
		{"an arrow to the left, further on", made("media -> internal/registry", "internal/registry -> nn/optim"),
			"internal/registry must not import nn/optim: internal/registry -> nn/optim"},
		{"a back end that knows the graph", made("nn/device/cpu C -> nn/op"), "nn/device/cpu must not import nn/op: nn/device/cpu -> nn/op"},
		{"a network below the text", made("text -> github.com/x/y", "methods -> nn", "nn -> gorgonia.org/gorgonia"), ""},
		{"a network below the text, through others", func() graph {
			g := made("text -> github.com/x/y", "nn -> gorgonia.org/tensor")
			g["github.com/x/y"] = node{imports: []string{"gorgonia.org/tensor"}}
			return g
		}(), "text must never reach gorgonia.org/tensor (it knows no network): text -> github.com/x/y -> gorgonia.org/tensor"},
		{"an unknown package", made("helpers -> media"), "helpers has no row in arrows"},
		{"a fixture outside tests", made("nn -> nn/op", "nn/op -> nn/optest"), "nn/op must not import nn/optest"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			problems := check(tc.graph)
			if tc.want == "" {
				if len(problems) > 0 {
					t.Fatalf("want no problem, got:\n%s", strings.Join(problems, "\n"))
				}
				return
			}
			if !strings.Contains(strings.Join(problems, "\n"), tc.want) {
				t.Fatalf("want a line with %q, got:\n%s", tc.want, strings.Join(problems, "\n"))
			}
		})
	}
}

// TestLayoutCheckerChains shows the whole way to a decoder that the trainer
// must not know.
func TestLayoutCheckerChains(t *testing.T) {
	g := made("methods/train -> media/loader", "media/loader -> media/avdecode", "media/avdecode -> media")
	all := strings.Join(check(g), "\n")
	for _, want := range []string{
		"media/loader must not import media/avdecode: media/loader -> media/avdecode",
		"methods/train must never reach media/avdecode (all but avdecode and cmd builds without FFmpeg): methods/train -> media/loader -> media/avdecode",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("want %q in:\n%s", want, all)
		}
	}
	if strings.Contains(all, "methods/train must not reach") {
		t.Errorf("only the package that draws the arrow is told by arrows:\n%s", all)
	}
}
