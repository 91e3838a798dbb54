package avdecode

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clvid/clvid/internal/sharedtest"
	"github.com/clvid/clvid/media"
)

// pack writes files into a tar file, by their base names.
func pack(t testing.TB, path string, files ...string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := tar.NewWriter(f)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.WriteHeader(&tar.Header{Name: "set/" + filepath.Base(file), Mode: 0o644, Size: int64(len(data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// decoded is every frame's number, time, size and sum, and the last error's kind.
func decoded(t testing.TB, d *Decoder, path string) (out []string, last error) {
	t.Helper()
	v, err := d.Open(context.Background(), path)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	for f, err := range v.Frames(context.Background()) {
		if err != nil {
			return out, err
		}
		sum := uint32(0)
		for _, plane := range f.Planes {
			sum = crc32.Update(sum, crc32.IEEETable, plane)
		}
		out = append(out, fmt.Sprint(f.Index, f.Time, f.W, f.H, sum))
	}
	return out, nil
}

// A member of a shard decodes to the pictures of the file it was made of, from
// every container, sequentially and at random.
func TestShardMembersEqualTheirFiles(t *testing.T) {
	dir := filepath.Join(sharedtest.Dir(t), "data", "clips")
	files := []string{"carphone.mp4", "h265_video.mp4", "grid_bbaf2n.mpg", "av1_video.mkv", "isl_hello.gif", "ps7_action2.avi", "msvd_j2Dhf.avi"}
	if testing.Short() {
		files = []string{"isl_hello.gif", "ps7_action2.avi", "grid_bbaf2n.mpg"}
	}
	var paths []string
	for _, f := range files {
		paths = append(paths, filepath.Join(dir, f))
	}
	shard := filepath.Join(t.TempDir(), "set-000.tar")
	pack(t, shard, paths...)
	d := New(Options{IndexCache: "off"})
	for i, path := range paths {
		member := shard + "#set/" + files[i]
		want, wantErr := decoded(t, d, path)
		got, err := decoded(t, d, member)
		if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (wantErr == nil) || len(got) == 0 {
			t.Errorf("%s: %d frames (%v), in the shard %d (%v)\n%.500s", files[i], len(want), wantErr, len(got), err, diff)
		}
		equalClips(t, d, path, member)
	}
}

func equalClips(t *testing.T, d *Decoder, a, b string) {
	t.Helper()
	var planes [2][][]byte
	for i, path := range []string{a, b} {
		v, err := d.Open(context.Background(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		clips, err := v.Clips(context.Background(), media.Span{Start: v.Len() / 2, N: 3, Stride: 2}, media.Span{Start: 1, N: 2, Stride: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range clips {
			for _, f := range c.Frames {
				planes[i] = append(planes[i], f.Planes[:]...)
			}
		}
	}
	if !slices.EqualFunc(planes[0], planes[1], bytes.Equal) {
		t.Errorf("%s: clips differ from those of the file", b)
	}
}

func TestShardMemberErrors(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "note.txt")
	empty := filepath.Join(dir, "empty.mp4")
	for path, content := range map[string]string{text: "words and words", empty: "", filepath.Join(dir, "no.tar"): strings.Repeat("x", 3000)} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	shard := filepath.Join(dir, "s.tar")
	pack(t, shard, text, empty)
	d := New(Options{IndexCache: "off"})
	for path, want := range map[string]struct {
		kind error
		text string
	}{
		shard + "#set/gone.mp4":  {fs.ErrNotExist, "no such member among its 2"},
		shard + "#set/empty.mp4": {media.ErrCorrupt, "member is empty"},
		shard:                    {media.ErrUnsupported, "name a video in it, as in shard.tar#clip.mp4"},
		shard + "#set/note.txt":  {media.ErrUnsupported, "plain text"},
		dir + "/no.tar#a.mp4":    {media.ErrCorrupt, "shard is damaged"},
		dir + "/gone.tar#a.mp4":  {fs.ErrNotExist, "no such file"},
	} {
		_, err := d.Open(context.Background(), path)
		if !errors.Is(err, want.kind) || !strings.Contains(err.Error(), want.text) {
			t.Errorf("%s: %v, want %v with %q", path, err, want.kind, want.text)
		}
	}
}

// A file whose name has the sign in it is opened as it is.
func TestFileBeforeMember(t *testing.T) {
	dir := t.TempDir()
	clip := filepath.Join(sharedtest.Dir(t), "data", "clips", "isl_hello.gif")
	data, err := os.ReadFile(clip)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "a.tar#b.gif")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	d := New(Options{IndexCache: "off"})
	want, _ := decoded(t, d, clip)
	if got, err := decoded(t, d, path); err != nil || len(got) == 0 || !cmp.Equal(got, want) {
		t.Errorf("%d frames, %v, want %d", len(got), err, len(want))
	}
}

// A shard that is written anew is read anew, and an open video says so.
func TestShardChanges(t *testing.T) {
	dir := filepath.Join(sharedtest.Dir(t), "data", "clips")
	gif, avi := filepath.Join(dir, "isl_hello.gif"), filepath.Join(dir, "ps7_action2.avi")
	shard := filepath.Join(t.TempDir(), "s.tar")
	pack(t, shard, gif)
	d := New(Options{IndexCache: t.TempDir()})
	v, err := d.Open(context.Background(), shard+"#set/isl_hello.gif")
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	pack(t, shard, avi, gif)
	if _, err := v.Clips(context.Background(), media.Span{N: 1, Stride: 1}); err == nil || !strings.Contains(err.Error(), "changed") {
		t.Errorf("%v, want that the file changed", err)
	}
	want, _ := decoded(t, d, gif)
	if got, err := decoded(t, d, shard+"#set/isl_hello.gif"); err != nil || !cmp.Equal(got, want) {
		t.Errorf("%d frames, %v, want %d", len(got), err, len(want))
	}
}

// A folder of the pictures that a file decodes to gives the same pictures.
func TestFolderOfPictures(t *testing.T) {
	dir := t.TempDir()
	clip := filepath.Join(sharedtest.Dir(t), "data", "clips", "isl_hello.gif")
	out, err := exec.Command("ffmpeg", "-v", "error", "-i", clip, "-frames:v", "12", "-start_number", "0", filepath.Join(dir, "frame%d.png")).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, out)
	}
	for _, other := range []string{"cover.png", ".hidden1.png", "notes1.txt"} {
		if err := os.WriteFile(filepath.Join(dir, other), []byte("no frame"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	d := New(Options{IndexCache: "off"})
	frames, err := decoded(t, d, dir)
	if err != nil || len(frames) != 12 {
		t.Fatalf("%d frames, %v, want 12", len(frames), err)
	}
	for i := range 12 {
		one, err := decoded(t, d, filepath.Join(dir, fmt.Sprintf("frame%d.png", i)))
		_, want, _ := strings.Cut(one[0], " ")
		if _, got, _ := strings.Cut(frames[i], " "); err != nil || got != want {
			t.Errorf("frame %d is %s, want %s (%v)", i, got, want, err)
		}
	}
	v, err := d.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	order := []int{9, 11, 1, 3}
	clips, err := v.Clips(context.Background(), media.Span{Start: 9, N: 4, Stride: 2}, media.Span{N: 4, Picks: order})
	if err != nil {
		t.Fatal(err)
	}
	for j, want := range order {
		for i, clip := range clips {
			if got := clip.Frames[j].Index; got != want {
				t.Errorf("picture %d of clip %d is frame %d, want %d", j, i, got, want)
			}
		}
	}
	if info := v.Info(); info.Frames != 12 || info.FrameRate != 0 || info.Width == 0 || len(v.(*pictures).Times()) != 12 {
		t.Errorf("%+v", info)
	}
}

func TestFolderOfOddPictures(t *testing.T) {
	dir := t.TempDir()
	for i, size := range []string{"32x24", "32x24", "16x16", "32x24"} {
		out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size="+size, "-frames:v", "1", filepath.Join(dir, fmt.Sprintf("%d.jpg", i+8))).CombinedOutput()
		if err != nil {
			t.Fatalf("ffmpeg: %v: %s", err, out)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "12.jpg"), []byte("\xff\xd8 broken"), 0o644); err != nil {
		t.Fatal(err)
	}
	d := New(Options{IndexCache: "off"})
	got, err := decoded(t, d, dir)
	var damage *media.Damage
	if !errors.As(err, &damage) || len(got) != 3 || damage.Sound != 3 || damage.Frames != 5 || !strings.Contains(damage.Reason, "frame 2 (10.jpg) is 16x16") {
		t.Errorf("%d frames, %v", len(got), err)
	}
	v, err := d.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if _, err := v.Clips(context.Background(), media.Span{N: 2, Stride: 1}); err != nil {
		t.Error(err)
	}
	for start, want := range map[int]string{2: "frame 2 (10.jpg) is 16x16, the first is 32x24", 4: "frame 4 (12.jpg)"} {
		if _, err := v.Clips(context.Background(), media.Span{Start: start, N: 1, Stride: 1}); !errors.Is(err, media.ErrCorrupt) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := d.Open(context.Background(), t.TempDir()); !errors.Is(err, media.ErrUnsupported) {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestNaturalOrder(t *testing.T) {
	order := []string{"a1.jpg", "a2.jpg", "a10.jpg", "a010b1.jpg", "a10b2.jpg", "b001.jpg", "b01.jpg", "b1.jpg"}
	for i := range order {
		for j := range order {
			if got := compareNatural(order[i], order[j]); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("compare %s with %s: %d", order[i], order[j], got)
			}
		}
	}
}
