package cpu

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/clvid/clvid/nn/device"
)

func openGo(t *testing.T) *backend {
	t.Helper()
	be, err := Open(Options{Threads: 2, Library: "none"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 2 { // a second Close does nothing
			if err := be.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return be.(*backend)
}

// kindsOf collects the constants of type Kind in a file.
func kindsOf(t *testing.T, path string, kinds map[device.Kind]bool) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Type == nil || spec.Type.(*ast.Ident).Name != "Kind" {
			return true
		}
		name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		kinds[device.Kind(name)] = true
		return true
	})
}

// Every kind of the contract has a pure-Go kernel, and no other has.
func TestEveryKindHasAKernel(t *testing.T) {
	files, err := filepath.Glob("../kinds*.go")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[device.Kind]bool{}
	for _, path := range files {
		kindsOf(t, path, kinds)
	}
	if len(kinds) < 30 {
		t.Fatalf("found %d kinds in %v", len(kinds), files)
	}
	kernels := float32Builders
	for k := range kinds {
		if kernels[k] == nil {
			t.Errorf("kind %s has no kernel", k)
		}
	}
	if len(kernels) != len(kinds) {
		t.Errorf("%d kernels for %d kinds", len(kernels), len(kinds))
	}
}

func TestMemory(t *testing.T) {
	be := openGo(t)
	for _, bytes := range []int64{0, 1, 100, 1 << 20} {
		m, err := be.Alloc(bytes)
		if err != nil {
			t.Fatal(err)
		}
		if m.Ptr%64 != 0 || m.Bytes != bytes {
			t.Errorf("%d bytes lie at %x, %d long", bytes, m.Ptr, m.Bytes)
		}
		for _, v := range be.HostView(m) {
			if v != 0 {
				t.Fatal("memory is not zeroed")
			}
		}
		be.Free(m)
	}
	if _, err := be.Alloc(-1); err == nil {
		t.Error("allocated -1 bytes")
	}
	if len(be.memory.blocks) != 0 {
		t.Errorf("%d blocks left", len(be.memory.blocks))
	}
}

func TestUploadAndDownload(t *testing.T) {
	be := openGo(t)
	v := device.Value{Type: device.Type{DType: device.Int32, Shape: []int{2}}}
	m, err := be.Alloc(8)
	if err != nil {
		t.Fatal(err)
	}
	if err := be.Upload(m, v, []byte{1, 0, 0, 0, 2, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 8)
	if err := be.Download(got, v, m); err != nil || got[4] != 2 {
		t.Errorf("downloaded %v, %v", got, err)
	}
	if be.Upload(m, v, got[:7]) == nil || be.Download(got[:7], v, m) == nil {
		t.Error("copied a value of another size")
	}
}

// All steps run on one OS thread, and an error names its step.
func TestRun(t *testing.T) {
	be := openGo(t)
	threads := map[int]bool{}
	step := func(err error) device.Step {
		return device.Step{Name: "conv layer1.weight #7", Kernel: func(*device.Args) error {
			threads[syscall.Gettid()] = true
			return err
		}}
	}
	for range 50 {
		if err := be.Run(&device.Program{Steps: []device.Step{step(nil), step(nil)}}); err != nil {
			t.Fatal(err)
		}
	}
	if len(threads) != 1 {
		t.Errorf("steps ran on %d OS threads", len(threads))
	}
	broken := errors.New("broken")
	err := be.Run(&device.Program{Steps: []device.Step{step(nil), step(broken)}})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "cpu: step 2 of 2, conv layer1.weight #7") {
		t.Errorf("error %v", err)
	}
}

func TestClosedBackEndRefuses(t *testing.T) {
	be := openGo(t)
	if err := be.Close(); err != nil {
		t.Fatal(err)
	}
	_, lower := be.Lower(device.OpDesc{Kind: device.ReLU}, nil, nil)
	if run := be.Run(&device.Program{}); lower != errClosed || run != errClosed {
		t.Errorf("errors %v and %v, want %v", lower, run, errClosed)
	}
}

func TestOpenRefusesNegativeThreads(t *testing.T) {
	if _, err := Open(Options{Threads: -1}); err == nil {
		t.Error("opened with -1 threads")
	}
}

func TestParallelVisitsEveryTaskOnce(t *testing.T) {
	for _, threads := range []int{1, 2, 7} {
		for _, tasks := range []int{0, 1, 3, 100} {
			seen := make([]int, tasks)
			parallel(threads, tasks, func(worker, task int) {
				seen[task]++
				if worker >= threads {
					t.Errorf("worker %d of %d", worker, threads)
				}
			})
			for task, n := range seen {
				if n != 1 {
					t.Errorf("%d threads: task %d of %d ran %d times", threads, task, tasks, n)
				}
			}
		}
	}
}

func TestBatchNormRefusesOneValue(t *testing.T) {
	c := device.Type{Shape: []int{3}}
	x := device.Type{Shape: []int{1, 3}}
	_, err := openGo(t).Lower(device.OpDesc{Kind: device.BatchNorm, Attrs: device.BatchNormAttrs{}, Train: true,
		In: []device.Type{x, c, c, c, c}, Out: x, Saved: []device.Type{c, c}}, nil, nil)
	if err == nil || !strings.Contains(err.Error(), "raise the batch size") {
		t.Errorf("error %v", err)
	}
}
