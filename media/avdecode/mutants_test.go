package avdecode

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/clvid/clvid/media"
)

// Settings of TestMutants, from the environment. Without them it is a small
// test; `make fuzz` sets them.
const (
	fuzzFiles = "CLVID_FUZZ_FILES" // how many files
	fuzzSeed  = "CLVID_FUZZ_SEED"
	fuzzFrom  = "CLVID_FUZZ_FROM" // first index, to look at one again
	fuzzDir   = "CLVID_FUZZ_DIR"  // where files that fail are kept
	fuzzPart  = "CLVID_FUZZ_PART" // set in the processes that a long run is split into
)

const (
	hangBound = 60 * time.Second // of one file, on a busy machine under the race detector
	perPart   = 1000             // files of one process
	// A leaked demuxer or decoder holds more than 100 kB. Allocators alone move the
	// figure by some MB, and the race detector keeps four bytes for each.
	growthBound = 96 << 20
)

// tally is what became of some files.
type tally struct {
	Files, Opened, Whole, Damaged, Frames int
	Crashes, Hangs, Leaks                 int
	Wrong                                 []string // broken promises
	Kinds                                 map[string]int
	Slowest                               time.Duration
	SlowestName                           string
	Grown                                 int64 // bytes of resident memory, from the first quarter to the end
	Goroutines, Descriptors, Threads      int   // more than at the first quarter
}

func (a *tally) add(b tally) {
	a.Files, a.Opened, a.Whole, a.Damaged, a.Frames = a.Files+b.Files, a.Opened+b.Opened, a.Whole+b.Whole, a.Damaged+b.Damaged, a.Frames+b.Frames
	a.Crashes, a.Hangs, a.Leaks = a.Crashes+b.Crashes, a.Hangs+b.Hangs, a.Leaks+b.Leaks
	a.Wrong = append(a.Wrong, b.Wrong...)
	if a.Kinds == nil {
		a.Kinds = map[string]int{}
	}
	for kind, n := range b.Kinds {
		a.Kinds[kind] += n
	}
	if b.Slowest > a.Slowest {
		a.Slowest, a.SlowestName = b.Slowest, b.SlowestName
	}
	a.Grown = max(a.Grown, b.Grown)
	a.Goroutines, a.Descriptors, a.Threads = max(a.Goroutines, b.Goroutines), max(a.Descriptors, b.Descriptors), max(a.Threads, b.Threads)
}

// table is the summary that `make fuzz` prints.
func (a *tally) table() string {
	var b strings.Builder
	for _, row := range [][2]string{
		{"files", fmt.Sprint(a.Files)},
		{"opened", fmt.Sprintf("%d, whole %d, damaged %d, %d frames", a.Opened, a.Whole, a.Damaged, a.Frames)},
		{"crashes", fmt.Sprint(a.Crashes)},
		{"hangs", fmt.Sprintf("%d, slowest file %v (%s)", a.Hangs, a.Slowest.Round(time.Millisecond), a.SlowestName)},
		{"leaks", fmt.Sprintf("%d, resident memory %+.1f MB, goroutines %+d, descriptors %+d, threads %+d at most",
			a.Leaks, float64(a.Grown)/(1<<20), a.Goroutines, a.Descriptors, a.Threads)},
		{"broken promises", fmt.Sprint(len(a.Wrong))},
	} {
		fmt.Fprintf(&b, "%-16s %s\n", row[0], row[1])
	}
	for _, kind := range slices.Sorted(maps.Keys(a.Kinds)) {
		fmt.Fprintf(&b, "%-16s %d\n", "  "+kind, a.Kinds[kind])
	}
	return b.String()
}

func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s is %q, want a whole number", name, text)
	}
	return n
}

// TestMutants opens, indexes and decodes broken files. A long run is split into
// processes, so that a crash is counted and what comes behind it still runs; a
// file that fails stays in the folder with the words to see it again.
func TestMutants(t *testing.T) {
	otherwise := uint64(300)
	if testing.Short() {
		otherwise = 60
	}
	files, seed, from := setting(t, fuzzFiles, otherwise), setting(t, fuzzSeed, 1), setting(t, fuzzFrom, 0)
	dir := os.Getenv(fuzzDir)
	if dir == "" {
		dir = filepath.Join(os.TempDir(), "clvid-fuzz")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var all tally
	switch {
	case os.Getenv(fuzzPart) != "":
		all = decodeMutants(t, dir, seed, from, from+files)
		report, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("\n%s%s\n", partMark, report)
		return
	case os.Getenv(fuzzFiles) == "":
		all = decodeMutants(t, dir, seed, from, from+files)
	default:
		all = inParts(t, dir, seed, from, from+files)
	}
	t.Logf("seed %d, files %d to %d\n%s", seed, from, from+files-1, all.table())
	for _, wrong := range all.Wrong {
		t.Error(wrong)
	}
	if all.Crashes+all.Hangs+all.Leaks > 0 {
		t.Errorf("%d crashes, %d hangs, %d leaks: see the files in %s; again: %s=1 %s=%d %s=INDEX go test ./media/avdecode -run TestMutants",
			all.Crashes, all.Hangs, all.Leaks, dir, fuzzFiles, fuzzSeed, seed, fuzzFrom)
	}
}

// partMark begins the line with which a part ends.
const partMark = "TALLY "

// inParts runs files in processes of their own; one that crashes is followed by
// another that begins behind the file.
func inParts(t *testing.T, dir string, seed, from, to uint64) (all tally) {
	for at := from; at < to; {
		end := min(at+perPart, to)
		part, out, err := runPart(dir, seed, at, end)
		if err == nil {
			all.add(part)
			at = end
			t.Logf("%d files, %d frames, slowest %v, memory %+.1f MB", at-from, all.Frames, all.Slowest.Round(time.Millisecond), float64(part.Grown)/(1<<20))
			continue
		}
		crashed, ok := lastMutant(dir, seed, at, end)
		if !ok {
			t.Fatalf("files %d to %d: %v\n%s", at, end, err, out)
		}
		t.Errorf("file %d: %v, see %s\n%s", crashed, err, dir, out)
		if bytes.Contains(out, []byte(hangWords)) {
			all.Hangs++
		} else {
			all.Crashes++
		}
		all.Files += int(crashed + 1 - at)
		at = crashed + 1
	}
	return all
}

func runPart(dir string, seed, from, to uint64) (part tally, out []byte, err error) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestMutants$", "-test.count=1", "-test.timeout=20m")
	cmd.Env = append(os.Environ(), fuzzPart+"=1", fmt.Sprintf("%s=%d", fuzzFiles, to-from), fmt.Sprintf("%s=%d", fuzzSeed, seed),
		fmt.Sprintf("%s=%d", fuzzFrom, from), fuzzDir+"="+dir)
	out, err = cmd.CombinedOutput()
	if err != nil {
		return part, out[max(len(out)-4000, 0):], err
	}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), partMark); ok {
			return part, out, json.Unmarshal([]byte(text), &part)
		}
	}
	return part, out, errors.New("the process ended without its tally")
}

// lastMutant finds the file that a dead process had begun.
func lastMutant(dir string, seed, from, to uint64) (uint64, bool) {
	for i := to; i > from; i-- {
		if left, _ := filepath.Glob(filepath.Join(dir, fmt.Sprintf("seed%d-index%05d.*", seed, i-1))); len(left) > 0 {
			return i - 1, true
		}
	}
	return 0, false
}

const hangWords = "avdecode: a file takes too long"

// decodeMutants decodes files from..to-1 in this process. The one under way lies
// in dir, and stays there where the process does not get past it.
func decodeMutants(t *testing.T, dir string, seed, from, to uint64) (all tally) {
	seeds := loadSeeds(t)
	all.Kinds = map[string]int{}
	var before usage
	for i := from; i < to; i++ {
		if i == from+(to-from)/4 {
			before = used(t)
		}
		m := makeMutant(seeds, seed, i)
		path := filepath.Join(dir, m.name)
		if err := os.WriteFile(path, m.data, 0o644); err != nil {
			t.Fatal(err)
		}
		watchdog := time.AfterFunc(hangBound, func() { panic(hangWords + ": " + path) })
		start := time.Now()
		wrong := all.decode(path+m.member, m)
		watchdog.Stop()
		if took := time.Since(start); took > all.Slowest {
			all.Slowest, all.SlowestName = took, m.what
		}
		if wrong != "" {
			all.Wrong = append(all.Wrong, fmt.Sprintf("%s (%s): %s", path, m.what, wrong))
			continue
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	all.weigh(before, used(t), to-from)
	return all
}

// weigh compares what the process held at the first quarter and at the end.
func (a *tally) weigh(before, after usage, files uint64) {
	a.Grown = after.memory - before.memory
	a.Goroutines, a.Descriptors, a.Threads = after.goroutines-before.goroutines, after.descriptors-before.descriptors, after.threads-before.threads
	if files >= 40 && (a.Grown > growthBound || a.Goroutines > 0 || a.Descriptors > 0 || a.Threads > 4) { // Go adds threads while C runs
		a.Leaks++
	}
}

// usage is what a process holds.
type usage struct {
	memory                           int64
	goroutines, descriptors, threads int
}

func used(t *testing.T) usage {
	t.Helper()
	u := usage{memory: resident(t), goroutines: runtime.NumGoroutine()}
	for folder, n := range map[string]*int{"/proc/self/fd": &u.descriptors, "/proc/self/task": &u.threads} {
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		*n = len(entries)
	}
	return u
}

// decode asks for what a run asks for, and returns a promise that was broken,
// or "".
func (a *tally) decode(path string, m mutant) (wrong string) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	d := New(Options{IndexCache: "off", Timeout: 10 * time.Second, Pixels: 2048 * 2048, Strict: m.rng.IntN(8) == 0})
	a.Files++
	v, err := d.Open(ctx, path)
	if err != nil {
		return a.failed(err)
	}
	a.Opened++
	defer func() {
		if err := v.Close(); err != nil && wrong == "" {
			wrong = "close: " + err.Error()
		}
	}()
	if v.Len() < 1 {
		return "it opened without a frame"
	}
	if wrong := a.clips(ctx, v, m); wrong != "" {
		return wrong
	}
	return a.frames(ctx, v, m.rng.IntN(10) == 0)
}

// clips cuts two short ones, twice.
func (a *tally) clips(ctx context.Context, v media.Video, m mutant) string {
	for range 2 {
		spans := make([]media.Span, 2)
		for i := range spans {
			spans[i] = media.Span{Start: m.rng.IntN(v.Len()), N: 1 + m.rng.IntN(4), Stride: 1 + m.rng.IntN(3)}
		}
		clips, err := v.Clips(ctx, spans...)
		if err != nil {
			if wrong := a.failed(err); wrong != "" {
				return wrong
			}
			continue
		}
		for i, c := range clips {
			for j, f := range c.Frames {
				if f == nil || f.Index != spans[i].Frame(j, v.Len()) || f.Damage != "" {
					return fmt.Sprintf("frame %d of span %+v is not the one asked for", j, spans[i])
				}
				_ = hash(&f.Image)
			}
		}
	}
	return ""
}

// frames decodes all, or leaves early.
func (a *tally) frames(ctx context.Context, v media.Video, leave bool) string {
	last, sound := -1, 0
	for f, err := range v.Frames(ctx) {
		if err != nil {
			a.Damaged++
			return a.failed(err)
		}
		if f.Index <= last || f.Index >= v.Len() {
			return fmt.Sprintf("frame %d of %d comes behind frame %d", f.Index, v.Len(), last)
		}
		last = f.Index
		a.Frames++
		if f.Damage == "" {
			sound++
		}
		if leave && sound > 2 {
			return ""
		}
	}
	a.Whole++
	if sound != v.Len() {
		return fmt.Sprintf("%d of %d frames are sound, and no error", sound, v.Len())
	}
	return ""
}

// failed counts an error by its kind; one without a kind is a broken promise.
func (a *tally) failed(err error) string {
	var e *media.Error
	if !errors.As(err, &e) || e.Path == "" {
		return fmt.Sprintf("%T is no *media.Error with a path: %v", err, err)
	}
	for name, kind := range map[string]error{"no video": media.ErrNoVideo, "unsupported": media.ErrUnsupported, "corrupt": media.ErrCorrupt,
		"too large": media.ErrTooLarge, "timeout": media.ErrTimeout} {
		if errors.Is(err, kind) {
			a.Kinds[name]++
			return ""
		}
	}
	return "an error of no kind: " + err.Error()
}
