package avdecode

import (
	"archive/tar"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// seedFiles are small files of many containers and codecs. What is done to them
// follows from (seed, index) alone.
var seedFiles = []string{
	"hostile/vfr.mp4",                                 // H.264
	"hostile/h265_10bits.mp4",                         // HEVC
	"clips/h265_video.mp4",                            // HEVC, 8 bit
	"hostile/minimal.mp4",                             // few packets
	"hostile/gray.mp4",                                // one plane
	"hostile/unordered.mov",                           // QuickTime, edit list
	"clips/av1_video.mkv",                             // AV1, Matroska
	"hostile/testsrc2_odd_height_and_width_mpeg2.mp4", // MPEG-2
	"hostile/interlaced_mpeg2.mpg",                    // program stream
	"hostile/ts_no_keyframe_start.ts",                 // transport stream
	"hostile/resolution_change.ts",                    // two sizes
	"clips/weizmann_daria_jack.avi",                   // MPEG-4 ASP
	"hostile/mjpeg.avi",                               // intra only
	"hostile/ffv1.mkv",                                // lossless
	"hostile/small_webm.webm",                         // VP8
	"clips/testsrc2_vp9.webm",                         // VP9
	"hostile/animated.gif",                            // palette
	"hostile/pillow_apng_different_durations.png",     // APNG
	"hostile/gradient_interlaced.png",                 // Adam7
	"hostile/pillow_invalid-exif.jpg",                 // JPEG with orientation
	"hostile/gradient_10bit.avif",                     // AV1 still
	"hostile/rgba.webp",                               // still
	"hostile/no_timescale.mp4",                        // broken as it is
}

// largestSeed bounds a seed file: a race-checked pass over 10,000 has to end.
const largestSeed = 48 << 10

// loadSeeds reads the seed files; larger ones are cut there, as an interrupted
// download would be.
func loadSeeds(t testing.TB) [][]byte {
	t.Helper()
	var out [][]byte
	for _, name := range seedFiles {
		data, err := os.ReadFile(sharedFile(t, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, data[:min(len(data), largestSeed)])
	}
	return out
}

// mutations are what disks, networks and people do to files.
var mutations = []struct {
	name string
	do   func(rng *rand.Rand, b []byte) []byte
}{
	{"bit flips", func(rng *rand.Rand, b []byte) []byte {
		for range 1 + rng.IntN(32) {
			b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
		}
		return b
	}},
	{"truncation", func(rng *rand.Rand, b []byte) []byte { return b[:1+rng.IntN(len(b))] }},
	{"header", func(rng *rand.Rand, b []byte) []byte { return scribble(rng, b, 0, min(len(b), 64+rng.IntN(1024))) }},
	{"tail", func(rng *rand.Rand, b []byte) []byte {
		return scribble(rng, b, max(len(b)-64-rng.IntN(1024), 0), len(b))
	}},
	{"block noise", func(rng *rand.Rand, b []byte) []byte {
		from, to := block(rng, b)
		for i := from; i < to; i++ {
			b[i] = byte(rng.Uint32())
		}
		return b
	}},
	{"block of one byte", func(rng *rand.Rand, b []byte) []byte {
		from, to := block(rng, b)
		value := []byte{0, 0xff, byte(rng.Uint32())}[rng.IntN(3)]
		for i := from; i < to; i++ {
			b[i] = value
		}
		return b
	}},
	{"deletion", func(rng *rand.Rand, b []byte) []byte {
		from, to := block(rng, b)
		return append(b[:from:from], b[to:]...)
	}},
	{"duplication", func(rng *rand.Rand, b []byte) []byte {
		from, to := block(rng, b)
		return bytes.Join([][]byte{b[:to], b[from:]}, nil)
	}},
	{"swap", func(rng *rand.Rand, b []byte) []byte {
		from, to := block(rng, b)
		middle := from + rng.IntN(to-from)
		return bytes.Join([][]byte{b[:from], b[middle:to], b[from:middle], b[to:]}, nil)
	}},
	{"number", func(rng *rand.Rand, b []byte) []byte { // a size or count that cannot be
		at := rng.IntN(len(b))
		copy(b[at:], [][]byte{{0, 0, 0, 0}, {0xff, 0xff, 0xff, 0xff}, {0x7f, 0xff, 0xff, 0xff}, {0, 0, 0, 1}, {0x80, 0, 0, 0}}[rng.IntN(5)])
		return b
	}},
}

// block draws a range that is not empty, short ones more often.
func block(rng *rand.Rand, b []byte) (from, to int) {
	from = rng.IntN(len(b))
	return from, from + 1 + rng.IntN(min(len(b)-from, 1<<(2+rng.IntN(12))))
}

// scribble overwrites some bytes of a range.
func scribble(rng *rand.Rand, b []byte, from, to int) []byte {
	for range 1 + rng.IntN(16) {
		b[from+rng.IntN(to-from)] = byte(rng.Uint32())
	}
	return b
}

// mutant is one broken file.
type mutant struct {
	name   string // as it lies in a folder: seed, index and ending
	member string // "" or what follows the name to open it in a shard
	what   string // in words
	data   []byte
	rng    *rand.Rand // for what is then asked of it
}

// makeMutant makes file index of a seed.
func makeMutant(seeds [][]byte, seed, index uint64) mutant {
	rng := rand.New(rand.NewPCG(seed, index))
	n := rng.IntN(len(seeds))
	m := mutant{data: bytes.Clone(seeds[n]), what: seedFiles[n], rng: rng}
	for range 1 + rng.IntN(3) {
		if len(m.data) == 0 {
			break
		}
		mutation := mutations[rng.IntN(len(mutations))]
		m.data = mutation.do(rng, m.data)
		m.what += ", " + mutation.name
	}
	m.name = fmt.Sprintf("seed%d-index%05d%s", seed, index, filepath.Ext(seedFiles[n]))
	if rng.IntN(8) == 0 {
		m.shelve()
	}
	return m
}

// shelve makes the file a member of a tar shard.
func (m *mutant) shelve() {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	// Writing to memory does not fail, and the header is a valid one.
	_ = w.WriteHeader(&tar.Header{Name: m.name, Mode: 0o644, Size: int64(len(m.data))})
	_, _ = w.Write(m.data)
	_ = w.Close()
	m.member, m.name, m.data, m.what = "#"+m.name, m.name+".tar", b.Bytes(), m.what+", in a shard"
}

func TestMutantsRepeat(t *testing.T) {
	seeds := loadSeeds(t)
	met := map[string]bool{}
	for i := range uint64(200) {
		a, b := makeMutant(seeds, 7, i), makeMutant(seeds, 7, i)
		if a.name != b.name || a.what != b.what || !bytes.Equal(a.data, b.data) || a.rng.Uint64() != b.rng.Uint64() {
			t.Fatalf("file %d of one seed differs: %s, %s", i, a.what, b.what)
		}
		if bytes.Equal(a.data, makeMutant(seeds, 8, i).data) {
			t.Errorf("file %d of two seeds is the same: %s", i, a.what)
		}
		met[filepath.Ext(a.name)] = true
	}
	if len(met) < 11 {
		t.Errorf("%d kinds of files in 200: %v", len(met), met)
	}
}
