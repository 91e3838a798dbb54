package clvid

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/clvid/clvid"

// node is one package of the import graph.
type node struct {
	imports []string // without tests
	cgo     bool
}

// graph maps import paths to packages. Packages outside the module are leaves.
type graph map[string]node

// fences name who may import an outside package: a path and what lies below it.
var fences = []struct {
	outside string
	allowed []string // patterns of path.Match under the module
	why     string
}{
	{"github.com/asticode/go-astiav", []string{"media/avdecode"}, "its version is tied to FFmpeg's"},
	{"gorgonia.org", []string{"nn", "nn/op", "nn/op/*", "nn/plan", "nn/encoder", "nn/loss", "nn/onnx", "methods", "methods/*"}, "only networks know the graph library"},
	{"google.golang.org/protobuf", []string{"nn/onnx"}, "only exported files speak protobuf"},
	{"github.com/sugarme/tokenizer", []string{"text"}, "its traps are guarded there"},
	{"github.com/spf13/viper", []string{"configs"}, "settings are typed before anybody sees them"},
	{"github.com/spf13/cobra", []string{"cmd/clvid"}, "libraries know no command line"},
	{"github.com/spf13/pflag", []string{"cmd/clvid"}, "libraries know no command line"},
	{"github.com/vbauerster/mpb", []string{"cmd/clvid"}, "libraries report progress by calls"},
	{"github.com/jedib0t/go-pretty", []string{"cmd/clvid", "methods/eval"}, "tables are for people"},
	{"github.com/parquet-go/parquet-go", []string{"media/dataset", "methods/search"}, "index formats live there"},
	{"github.com/coder/hnsw", []string{"methods/search"}, "archive search lives there"},
	{"github.com/jackc/pgx", []string{"methods/search"}, "archive search lives there"},
	{"math/rand", nil, "randomness is math/rand/v2 with an explicit source"},
}

// cgoAllowed lists the packages that may hold C.
// media/internal/kernel has a twin in Go and builds without cgo: without C, sampling was a
// seventh of what a clip of a long GOP costs, and most of what one of a short GOP does.
var cgoAllowed = []string{"media/avdecode", "media/internal/kernel", "nn/device/*", "nn/device/*/internal/*"}

// arrows lists what each package of the module may import, directly or through
// others, itself and internal/* apart. Names ending in test are fixtures, see
// fixtures below. A package that is not here fails the test: a new package is
// a decision.
var arrows = map[string][]string{
	"":      {},
	"media": {"media/internal/kernel"},
	// C kernels of sampling.
	"media/internal/kernel": {},
	"media/loader":          {"media"},
	"media/framecache":      {"media"},
	"media/sound":           {},
	"media/avdecode":        {"media", "media/sound"},
	"media/isolate":         {"media"},
	"media/dataset":         {"media", "media/loader"},
	"media/synth":           {"media", "media/loader", "media/dataset"},
	"media/prepare":         {"media", "media/loader", "media/dataset"},
	"media/extract":         {"media", "media/loader"},
	"text":                  {},
	"pretext":               {"media", "text"},

	"nn/device":   {},
	"nn/device/*": {"nn/device", "nn/device/*/internal/*"},
	// C kernels of a back end.
	"nn/device/*/internal/*": {"nn/device"},
	"nn/op":                  {"nn/device"},
	"nn/plan":                {"nn/device", "nn/op"},
	"nn":                     {"nn/device", "nn/op"},
	"nn/optim":               {},
	"nn/checkpoint":          {},
	"nn/encoder":             {"nn", "nn/op", "nn/device"},
	"nn/loss":                {"nn", "nn/op", "nn/device"},
	"nn/onnx":                {"nn", "nn/op", "nn/device", "nn/encoder"},

	"methods": {"pretext", "media", "media/*", "text", "nn", "nn/*"},
	// Decoding reaches the trainer as an interface of media.
	"methods/train":  {"methods", "methods/eval", "pretext", "media", "media/loader", "media/dataset", "text", "nn", "nn/*"},
	"methods/eval":   {"methods", "pretext", "media", "media/loader", "media/dataset", "text", "nn", "nn/*"},
	"methods/bench":  {"methods", "methods/train", "methods/eval", "pretext", "media", "media/loader", "media/dataset", "text", "nn", "nn/*"},
	"methods/search": {"methods", "methods/eval", "pretext", "media", "media/loader", "media/dataset", "text", "nn", "nn/*"},

	"bench":       {}, // Python; its test runs it
	"configs":     {"methods", "methods/*", "pretext", "media", "media/loader", "media/dataset", "text", "nn", "nn/*"},
	"cmd/clvid":   everything,
	"cmd/clvid/*": {"pretext", "media"},
	"golden":      {}, // reads vectors; its tests, which are not looked at, run them through all of the module
	"internal/*":  {},
}

// everything fits every package, back ends with their kernels included.
var everything = []string{"*", "*/*", "*/*/*", "*/*/*/*", "*/*/*/*/*"}

// never lists what must not be reached, whatever arrows allows.
var never = []struct{ from, to, why string }{
	{"methods", "media/avdecode", "all but avdecode and cmd builds without FFmpeg"},
	{"methods/*", "media/avdecode", "all but avdecode and cmd builds without FFmpeg"},
	{"configs", "media/avdecode", "settings build without FFmpeg"},
	{"*", "cmd/*", "nothing imports the command"},
	{"*/*", "cmd/*", "nothing imports the command"},
	{"*/*/*", "cmd/*", "nothing imports the command"},
}

// networkless packages must not reach gorgonia, not even through others.
var networkless = []string{"media", "media/*", "text", "pretext", "nn/device", "nn/device/*", "nn/device/*/internal/*", "nn/optim", "nn/checkpoint"}

// TestLayout holds the import graph of this module against the rules above.
func TestLayout(t *testing.T) {
	g := listPackages(t)
	if len(g) < 5 {
		t.Fatalf("go list found %d packages: the test looks at the wrong place", len(g))
	}
	for _, problem := range check(g) {
		t.Error(problem)
	}
}

// check returns one line for each rule that is broken, in a stable order.
func check(g graph) []string {
	var out []string
	for _, pkg := range sortedModulePackages(g) {
		out = append(out, checkFences(g, pkg)...)
		out = append(out, checkCgo(g, pkg)...)
		out = append(out, checkArrows(g, pkg)...)
		out = append(out, checkNever(g, pkg)...)
	}
	return out
}

func checkFences(g graph, pkg string) []string {
	var out []string
	for _, fence := range fences {
		for _, imp := range g[pkg].imports {
			if below(imp, fence.outside) && imp != "math/rand/v2" && !matches(short(pkg), fence.allowed) {
				out = append(out, fmt.Sprintf("%s imports %s, which only %s may: %s",
					name(pkg), imp, orNobody(fence.allowed), fence.why))
			}
		}
	}
	return out
}

func checkCgo(g graph, pkg string) []string {
	if !g[pkg].cgo || matches(short(pkg), cgoAllowed) {
		return nil
	}
	return []string{fmt.Sprintf("%s uses cgo, which only %s may", name(pkg), orNobody(cgoAllowed))}
}

// checkArrows compares all that pkg reaches with its row of arrows.
func checkArrows(g graph, pkg string) []string {
	if fixture(short(pkg)) {
		return nil
	}
	allowed, known := row(short(pkg))
	if !known {
		return []string{fmt.Sprintf("%s has no row in arrows: decide what it may import", name(pkg))}
	}
	var out []string
	for _, to := range sortedModulePackages(g) {
		if to == pkg || !fixture(short(to)) && (path.Dir(short(to)) == "internal" || matches(short(to), allowed) || matches(owner(short(to)), allowed)) {
			continue
		}
		// Only the package that draws the arrow is told, not all above it.
		if slices.Contains(g[pkg].imports, to) {
			out = append(out, fmt.Sprintf("%s must not import %s: %s", name(pkg), name(to), arrow([]string{pkg, to})))
		} else if c := chain(g, pkg, to); c != nil && !through(c) {
			out = append(out, fmt.Sprintf("%s must not reach %s: %s", name(pkg), name(to), arrow(c)))
		}
	}
	return out
}

// owner is the package whose internals a package is, "" for none. The compiler
// sees to it that no other imports them; who reaches the owner reaches them.
func owner(pkg string) string {
	before, _, found := strings.Cut(pkg, "/internal/")
	if !found {
		return ""
	}
	return before
}

// through tells whether a later package of the chain breaks the same rule.
func through(c []string) bool {
	for _, pkg := range c[1 : len(c)-1] {
		if allowed, _ := row(short(pkg)); !matches(short(c[len(c)-1]), allowed) {
			return true
		}
	}
	return false
}

// checkNever looks for chains that no row may allow.
func checkNever(g graph, pkg string) []string {
	var out []string
	report := func(to, why string) {
		if c := chain(g, pkg, to); c != nil && to != pkg {
			out = append(out, fmt.Sprintf("%s must never reach %s (%s): %s", name(pkg), name(to), why, arrow(c)))
		}
	}
	for _, rule := range never {
		for to := range g {
			if inModule(to) && matches(short(to), []string{rule.to}) && matches(short(pkg), []string{rule.from}) && !below(pkg, module+"/cmd") {
				report(to, rule.why)
			}
		}
	}
	if matches(short(pkg), networkless) {
		for to := range g {
			if below(to, "gorgonia.org") {
				report(to, "it knows no network")
			}
		}
	}
	slices.Sort(out)
	return out
}

// chain returns a shortest import path from one package to another, or nil.
func chain(g graph, from, to string) []string {
	parent := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if at == to {
			var c []string
			for ; at != ""; at = parent[at] {
				c = append(c, at)
			}
			slices.Reverse(c)
			return c
		}
		for _, next := range g[at].imports {
			if _, seen := parent[next]; !seen {
				parent[next] = at
				queue = append(queue, next)
			}
		}
	}
	return nil
}

// row returns the row of arrows that fits a package: its own, else a pattern.
func row(pkg string) ([]string, bool) {
	if allowed, ok := arrows[pkg]; ok {
		return allowed, true
	}
	for pattern, allowed := range arrows {
		if matches(pkg, []string{pattern}) {
			return allowed, true
		}
	}
	return nil, false
}

// fixture names packages for tests alone: optest, sharedtest. Nothing but a
// test or another fixture imports them, which arrows ensures.
func fixture(pkg string) bool { return strings.HasSuffix(path.Base(pkg), "test") }

func matches(pkg string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, pkg)
		return ok && err == nil
	})
}

func below(pkg, root string) bool { return pkg == root || strings.HasPrefix(pkg, root+"/") }
func inModule(pkg string) bool    { return below(pkg, module) }
func short(pkg string) string     { return strings.TrimPrefix(strings.TrimPrefix(pkg, module), "/") }

func name(pkg string) string {
	if s := short(pkg); s != "" {
		return s
	}
	return pkg
}

func arrow(c []string) string {
	names := make([]string, len(c))
	for i, pkg := range c {
		names[i] = name(pkg)
	}
	return strings.Join(names, " -> ")
}

func orNobody(patterns []string) string {
	if len(patterns) == 0 {
		return "nobody"
	}
	return strings.Join(patterns, ", ")
}

func sortedModulePackages(g graph) []string {
	var out []string
	for pkg := range g {
		if inModule(pkg) {
			out = append(out, pkg)
		}
	}
	slices.Sort(out)
	return out
}

// listPackages asks the go command, so that build constraints are the real ones.
func listPackages(t *testing.T) graph {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-deps", "-json=ImportPath,Imports,CgoFiles", "./...")
	data, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	g := graph{}
	for decoder := json.NewDecoder(strings.NewReader(string(data))); decoder.More(); {
		var p struct {
			ImportPath        string
			Imports, CgoFiles []string
		}
		if err := decoder.Decode(&p); err != nil {
			t.Fatalf("go list: %v", err)
		}
		g[p.ImportPath] = node{imports: p.Imports, cgo: len(p.CgoFiles) > 0}
	}
	return g
}
