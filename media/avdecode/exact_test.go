package avdecode

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/clvid/clvid/media"
)

// quick are the clips that -short decodes: small, of different containers.
var quick = map[string]bool{"carphone.mp4": true, "h265_video.mp4": true, "weizmann_daria_jack.avi": true, "grid_bbaf2n.mpg": true, "isl_hello.gif": true}

func TestClipsDecodeAllFrames(t *testing.T) {
	for _, row := range table(t, sharedFile(t, "clips", "clips.csv")) {
		t.Run(row["path"], func(t *testing.T) {
			if testing.Short() && !quick[row["path"]] {
				t.Skip("short")
			}
			v := open(t, plain(), sharedFile(t, "clips", row["path"]))
			want, err := strconv.Atoi(row["decoded_frames"])
			if err != nil {
				t.Fatal(err)
			}
			if v.Len() != want {
				t.Errorf("Len is %d, FFmpeg decodes %d", v.Len(), want)
			}
			if got := v.Info().Codec; got != row["codec"] {
				t.Errorf("codec %s, want %s", got, row["codec"])
			}
			hashes := sequence(t, v)
			if len(hashes) != want {
				t.Errorf("%d frames, FFmpeg decodes %d", len(hashes), want)
			}
		})
	}
}

func TestCollectionsAreExact(t *testing.T) {
	for _, name := range []string{"weizmann", "asl-letters"} {
		folder := sharedFile(t, "actions", name)
		rows := table(t, filepath.Join(folder, "clips.csv"))
		for _, row := range []map[string]string{rows[0], rows[len(rows)/2]} {
			v := open(t, plain(), filepath.Join(folder, row["path"]))
			randomAccess(t, v, sequence(t, v), 10)
		}
	}
}

// randomAccess compares single frames and clips with the sequence's hashes.
func randomAccess(t *testing.T, v *video, want [][32]byte, tries int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, uint64(len(want))))
	ctx := context.Background()
	for range tries {
		spans := []media.Span{{Start: rng.IntN(len(want)), N: 1, Stride: 1}}
		if rng.IntN(2) == 0 {
			spans = append(spans, media.Span{Start: rng.IntN(len(want)), N: 8, Stride: 1 + rng.IntN(4)})
		}
		clips, err := v.Clips(ctx, spans...)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range clips {
			for j, f := range c.Frames {
				n := spans[i].Frame(j, len(want))
				if f.Index != n || hash(&f.Image) != want[n] {
					t.Errorf("span %+v: frame %d (index %d) is not the one of sequential decoding", spans[i], n, f.Index)
				}
			}
		}
	}
	t.Logf("%s %s %s: %d frames, %d keys, access %s, skip %t, %+v", filepath.Base(v.path), v.index.Info.Codec, v.index.Info.PixelFormat,
		v.Len(), len(v.index.Keys), v.index.Access, v.index.Skip, v.stats)
}
