package onednn

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"unsafe"
)

// childVariable makes the test binary play a program of its own.
const childVariable = "CLVID_TEST_ENVIRONMENT_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		child()
		return
	}
	os.Exit(m.Run())
}

// child does what main does: prepare, then load.
func child() {
	if err := EnsureEnvironment(); err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	if _, err := Open("", 1); err != nil {
		os.Exit(3)
	}
	fmt.Printf("policy %s\ncpus %d\n", os.Getenv(waitPolicy), runtime.NumCPU())
}

// runChild returns what the child and its libgomp say; the latter tells how it
// read its environment, each time it is loaded.
func runChild(t *testing.T, preload string, variables ...string) string {
	t.Helper()
	openOrSkip(t)
	c := exec.Command(os.Args[0])
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, waitPolicy+"=") {
			c.Env = append(c.Env, v)
		}
	}
	c.Env = append(append(c.Env, childVariable+"=1", "OMP_DISPLAY_ENV=verbose"), variables...)
	if preload != "" {
		c.Env = append(c.Env, "LD_PRELOAD="+preload)
	}
	said, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("child: %v: %s", err, said)
	}
	return string(said)
}

// passive is what libgomp displays where waiting threads do not spin.
const passive = "GOMP_SPINCOUNT = '0'"

func TestEnvironmentSetBeforeLoading(t *testing.T) {
	said := runChild(t, "")
	if !strings.Contains(said, "policy passive") || !strings.Contains(said, passive) {
		t.Errorf("want a passive wait policy, got:\n%s", said)
	}
}

// Where OpenMP is in the process from the start, the program starts again:
// its libgomp then displays its settings twice, spinning and not.
func TestEnvironmentStartsAgain(t *testing.T) {
	said := runChild(t, "libgomp.so.1")
	if n := strings.Count(said, "GOMP_SPINCOUNT"); n != 2 {
		t.Fatalf("libgomp was loaded %d times, want 2:\n%s", n, said)
	}
	last := said[strings.LastIndex(said, "GOMP_SPINCOUNT"):]
	if !strings.HasPrefix(last, passive) || !strings.Contains(said, "policy passive") {
		t.Errorf("want a passive wait policy after the second start, got:\n%s", said)
	}
}

// OpenMP's variables that bind threads must not cost Go its processors, whether
// oneDNN brings libgomp or the program has it from the start.
func TestBindingLeavesProcessors(t *testing.T) {
	want := fmt.Sprintf("cpus %d\n", runtime.NumCPU())
	for _, preload := range []string{"", "libgomp.so.1"} {
		for _, variable := range []string{"OMP_PROC_BIND=true", "OMP_PROC_BIND=close", "OMP_PLACES=threads"} {
			for _, policy := range []string{"", waitPolicy + "=passive"} {
				said := runChild(t, preload, variable, policy)
				if !strings.Contains(said, want) {
					t.Errorf("%s %s, preloaded %q: want %s, got:\n%s", variable, policy, preload, want, said)
				}
			}
		}
	}
}

func openOrSkip(t *testing.T) *Library {
	t.Helper()
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	l, err := Open("", 2)
	if errors.Is(err, ErrNotFound) {
		t.Skip("no oneDNN library here")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestOpenNamesTheReason(t *testing.T) {
	_, err := Open("/nowhere/libdnnl.so", 1)
	if err == nil || !strings.Contains(err.Error(), "onednn: open /nowhere/libdnnl.so: ") {
		t.Errorf("error %v must name the path", err)
	}
	_, err = Open("libm.so.6", 1)
	if err == nil || !strings.Contains(err.Error(), "no symbol dnnl_version") {
		t.Errorf("error %v must name the missing symbol", err)
	}
}

func TestConvIsMadeOnce(t *testing.T) {
	l := openOrSkip(t)
	one := [3]int{1, 1, 1}
	d := ConvDesc{Spatial: 3, InLayout: ChannelsLast, OutLayout: ChannelsLast, Groups: 1, N: 1, C: 16, K: 16,
		In: [3]int{4, 4, 4}, Kernel: [3]int{3, 3, 3}, Out: [3]int{4, 4, 4}, Stride: one, Pad: one, Dilation: one}
	a, err := l.Conv(d)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := l.Conv(d); a != b {
		t.Error("the same descriptor made two convolutions")
	}
	d.N = 2
	if b, _ := l.Conv(d); a == b {
		t.Error("another batch size gave the same convolution")
	}
	d.Out = [3]int{9, 9, 9} // does not follow from the rest
	if _, err := l.Conv(d); err == nil {
		t.Error("a wrong output size made a convolution")
	}
}

// The numbers of format tags differ between 2.x and 3.x: the probe must find
// ours right on the library at hand.
func TestBlocksAreWhatWeThink(t *testing.T) {
	libraries := []*Library{openOrSkip(t)}
	if path := os.Getenv("CLVID_ONEDNN3"); path != "" {
		l, err := Open(path, 2)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		libraries = append(libraries, l)
	}
	for _, l := range libraries {
		for spatial := 1; spatial <= 3; spatial++ {
			if !l.blocks[spatial] {
				t.Errorf("oneDNN %s: %d axes: the tag of blocks of 16 channels has another number", l.Version(), spatial)
			}
		}
	}
}

func TestMatMulTransposed(t *testing.T) {
	l := openOrSkip(t)
	var pins runtime.Pinner
	defer pins.Unpin()
	addr := func(s []float32) uintptr {
		pins.Pin(&s[0])
		return uintptr(unsafe.Pointer(&s[0]))
	}
	x, y, z := []float32{1, 2, 3, 4, 5, 6}, []float32{1, 0, 2, 0, 1, 3}, make([]float32, 4)
	// x (2,3), y stored (2,3) and used transposed: rows against rows.
	if err := l.MatMul(false, true, 2, 2, 3, addr(x), addr(y), addr(z)); err != nil {
		t.Fatal(err)
	}
	for i, want := range []float32{7, 11, 16, 23} {
		if z[i] != want {
			t.Fatalf("product is %v", z)
		}
	}
}
