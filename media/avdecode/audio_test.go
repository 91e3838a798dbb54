package avdecode

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/clvid/clvid/internal/sharedtest"
	"github.com/clvid/clvid/media"
)

func openSound(t *testing.T, path string, o SoundOptions) media.Sound {
	t.Helper()
	s, err := New(Options{IndexCache: "off"}).OpenSound(context.Background(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// ffmpegMono is the whole stream as the ffmpeg command gives it: mono float at
// the stream's own rate.
func ffmpegMono(t *testing.T, path string, channels int) []float32 {
	t.Helper()
	requireFFmpeg(t)
	raw, err := exec.Command("ffmpeg", "-v", "error", "-i", path, "-map", "0:a:0", "-f", "f32le", "-c:a", "pcm_f32le", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float32, len(raw)/4/channels)
	for i := range out {
		sum := 0.
		for c := range channels {
			sum += float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*(i*channels+c):])))
		}
		out[i] = float32(sum / float64(channels))
	}
	return out
}

func requireFFmpeg(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("no ffmpeg command")
	}
}

// native returns n samples from the stream's first one on, at its own rate.
func native(t *testing.T, s media.Sound, n int) []float32 {
	t.Helper()
	start := int64(math.Round(s.Info().Offset.Seconds() * float64(s.Info().SampleRate)))
	got, err := s.Spans(context.Background(), media.SoundSpan{Start: start, N: n})
	if err != nil {
		t.Fatal(err)
	}
	return got[0]
}

func TestSoundEqualsFFmpeg(t *testing.T) {
	dir := sharedtest.Dir(t)
	for _, file := range []string{"audio/fsdd/0_george_0.wav", "audio/av/00139.mp4", "clips/cockatoo.mp4", "clips/grid_bbaf2n.mpg", "clips/nasa_13013.mp4"} {
		t.Run(filepath.Base(file), func(t *testing.T) {
			path := filepath.Join(dir, "data", file)
			s := openSound(t, path, SoundOptions{})
			want := ffmpegMono(t, path, s.Info().Channels)
			got := native(t, s, len(want))
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("%+v: sample %d of %d is %v, ffmpeg gives %v", s.Info(), i, len(want), got[i], want[i])
				}
			}
		})
	}
}

// makeSound lets the ffmpeg command make three seconds of stereo noise and tone.
func makeSound(t *testing.T, name string, args ...string) string {
	t.Helper()
	requireFFmpeg(t)
	path := filepath.Join(t.TempDir(), name)
	all := append([]string{"-v", "error", "-f", "lavfi", "-i", "aevalsrc='.4*sin(700*t*t)|.2*random(0)':s=44100:d=3"}, args...)
	if out, err := exec.Command("ffmpeg", append(all, path)...).CombinedOutput(); err != nil {
		t.Skipf("ffmpeg cannot make %s: %s", name, out)
	}
	return path
}

// Random spans equal the same part of the whole, whatever the codec, kept in
// memory or streamed.
func TestSoundSpansAreExact(t *testing.T) {
	files := map[string][]string{
		"a.wav": nil, "a8.wav": {"-c:a", "pcm_u8"}, "a24.wav": {"-c:a", "pcm_s24le"}, "f.wav": {"-c:a", "pcm_f64le"},
		"a.flac": nil, "a.mp3": nil, "a.m4a": nil, "a.ogg": {"-c:a", "libvorbis"}, "a.opus": {"-c:a", "libopus"},
		"a.mp2": nil, "a.ac3": nil, "a.mka": {"-c:a", "aac"}, "a.ts": {"-c:a", "aac"},
	}
	for name, args := range files {
		if testing.Short() && !slices.Contains([]string{"a24.wav", "a.m4a"}, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			path := makeSound(t, name, args...)
			s := openSound(t, path, SoundOptions{Rate: 16000})
			const n = 3 * 16000
			whole, err := s.Spans(context.Background(), media.SoundSpan{Start: -500, N: n + 1000})
			if err != nil {
				t.Fatal(err)
			}
			if energy(whole[0]) < .01*n {
				t.Fatalf("energy %g: silence", energy(whole[0]))
			}
			rng := rand.New(rand.NewPCG(1, 1))
			for range 4 {
				spans := make([]media.SoundSpan, 3)
				for i := range spans {
					start := rng.IntN(n)
					spans[i] = media.SoundSpan{Start: int64(start) - 500, N: 1 + rng.IntN(n+500-start)}
				}
				fresh := openSound(t, path, SoundOptions{Rate: 16000})
				fresh.(*track).info.Duration = 0 // unknown length: streamed, not kept
				for _, from := range []media.Sound{s, fresh} {
					got, err := from.Spans(context.Background(), spans...)
					if err != nil {
						t.Fatal(err)
					}
					for i, span := range spans {
						sameSamples(t, got[i], whole[0][span.Start+500:][:span.N])
					}
				}
			}
		})
	}
}

func sameSamples(t *testing.T, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d samples, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("sample %d is %v, want %v", i, got[i], want[i])
		}
	}
}

func energy(samples []float32) float64 {
	sum := 0.
	for _, v := range samples {
		sum += float64(v) * float64(v)
	}
	return sum
}

// A beep and a flash at one time lie at one time, whatever the streams' starts.
func TestSoundIsAlignedWithPictures(t *testing.T) {
	requireFFmpeg(t)
	for _, tc := range []struct {
		name string
		args []string
	}{
		{"plain.mp4", nil},
		{"plain.mkv", nil},
		{"plain.ts", nil},
		{"shifted.mkv", []string{"-output_ts_offset", "5"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), tc.name)
			args := append([]string{"-v", "error",
				"-f", "lavfi", "-i", "color=black:s=64x64:r=25:d=3,geq=lum='if(eq(N,50),235,16)':cb=128:cr=128",
				"-f", "lavfi", "-itsoffset", "0.2", "-i", "aevalsrc='if(between(t,1.8,1.84),sin(6000*t),0)':s=48000:d=2.5",
				"-c:v", "libx264", "-c:a", "aac"}, tc.args...)
			if out, err := exec.Command("ffmpeg", append(args, path)...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			flash := flashTime(t, path)
			beep := beepTime(t, openSound(t, path, SoundOptions{Rate: 16000}))
			// AAC smears an onset over a window of 2048 samples (43 ms), mostly behind it.
			if d := beep - flash; d < -25*time.Millisecond || d > 25*time.Millisecond {
				t.Errorf("flash at %v, beep at %v", flash, beep)
			}
		})
	}
}

func flashTime(t *testing.T, path string) time.Duration {
	t.Helper()
	v, err := New(Options{IndexCache: "off"}).Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	for f, err := range v.Frames(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		if f.Planes[0][32*f.Strides[0]+32] > 128 {
			return f.Time
		}
	}
	t.Fatal("no flash")
	return 0
}

// beepTime is the first moment at which the sound is loud.
func beepTime(t *testing.T, s media.Sound) time.Duration {
	t.Helper()
	got, err := s.Spans(context.Background(), media.SoundSpan{N: 3 * 16000})
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range got[0] {
		if v > .5 || v < -.5 {
			return time.Duration(i) * time.Second / 16000
		}
	}
	t.Fatal("no beep")
	return 0
}

// Times that damage made absurd are no places to jump to.
func TestNearest(t *testing.T) {
	for samples, want := range map[float64]int64{1.4: 1, -1.6: -2, 1e300: 1 << 52, -1e300: -1 << 52} {
		if got := nearest(samples); got != want {
			t.Errorf("%g: %d, want %d", samples, got, want)
		}
	}
}

func TestSoundErrors(t *testing.T) {
	dir := filepath.Join(sharedtest.Dir(t), "data")
	d := New(Options{IndexCache: "off"})
	for _, tc := range []struct {
		path   string
		stream int
		want   error
	}{
		{"clips/carphone.mp4", 0, media.ErrNoSound},
		{"audio/fsdd/0_george_0.wav", 1, media.ErrNoSound},
		{"hostile/zero_bytes.mp4", 0, media.ErrCorrupt},
		{"hostile/licence_text.mp4", 0, media.ErrUnsupported},
		{"missing.wav", 0, os.ErrNotExist},
	} {
		if _, err := d.OpenSound(context.Background(), filepath.Join(dir, tc.path), SoundOptions{Stream: tc.stream}); !errors.Is(err, tc.want) {
			t.Errorf("%s: error %v, want %v", tc.path, err, tc.want)
		}
	}
	s := openSound(t, filepath.Join(dir, "audio/fsdd/0_george_0.wav"), SoundOptions{})
	if _, err := s.Spans(context.Background(), media.SoundSpan{N: 0}); err == nil {
		t.Error("a span of no samples was accepted")
	}
}

// Damaged sound is refused where it is damaged, and only there.
func TestDamagedSound(t *testing.T) {
	path := makeSound(t, "a.m4a", "-b:a", "128k", "-aac_pns", "0") // noise substitution has a state
	clean := native(t, openSound(t, path, SoundOptions{}), 3*44100-2000)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(data) / 2; i < len(data)/2+1500; i++ {
		data[i] = byte(i * 77)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	s := openSound(t, path, SoundOptions{})
	start := int64(math.Round(s.Info().Offset.Seconds() * 44100))
	good, refused := 0, 0
	for at := 0; at+4410 <= len(clean); at += 4410 {
		got, err := s.Spans(context.Background(), media.SoundSpan{Start: start + int64(at), N: 4410})
		switch {
		case errors.Is(err, media.ErrCorrupt):
			refused++
			continue
		case err != nil:
			t.Fatal(err)
		}
		good++
		if at < len(clean)/3 || at > len(clean)*2/3 {
			sameSamples(t, got[0], clean[at:at+4410])
		}
	}
	if refused == 0 || refused > 6 || good < 20 {
		t.Errorf("%d spans refused, %d given", refused, good)
	}
}
