package main

import (
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clvid/clvid/media/synth"
)

// demoSet makes a small set of real videos.
func demoSet(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "set")
	mustRun(t, "synth", "--out", dir, "--unlabelled", "20", "--train", "20", "--test", "10", "--frames", "20")
	return dir
}

// TestSynthWritesRealVideos decodes what was encoded.
func TestSynthWritesRealVideos(t *testing.T) {
	dir := demoSet(t)
	set := jsonOf[setFinding](t, "inspect", dir, "--json")
	if set.Videos != 50 || len(set.Classes) != 10 || set.Splits["unlabelled"] != 20 || set.Text != 50 {
		t.Errorf("%+v", set)
	}
	for name, codec := range map[string]string{"train/0000.mp4": "h264", "train/0010.mp4": "mpeg4"} {
		video := jsonOf[videoFinding](t, "inspect", filepath.Join(dir, name), "--check", "--json")
		if video.Codec != codec || video.Frames != 20 || video.Decoded != 20 || video.Width != 64 || video.Height != 64 || video.Damage != "" {
			t.Errorf("%s: %+v", name, video)
		}
	}
	if _, _, status := clvid(t, "synth", "--out", dir); status != exitError {
		t.Errorf("synth over a set: status %d, want %d", status, exitError)
	}
}

// Without an encoder of H.264 all videos are MPEG-4, and that is said.
func TestSynthWithoutH264(t *testing.T) {
	for _, tc := range []struct{ actual, encoder, codec, want, note string }{
		{"h264", "libx264", "mixed", "mixed", ""},
		{"h264", "libopenh264", "mixed", "mixed", "so libopenh264 writes the videos"},
		{"mpeg4", "mpeg4", "mixed", "mpeg4", "writes no h264"},
		{"mpeg4", "mpeg4", "h264", "mpeg4", "writes no h264"},
		{"mpeg4", "mpeg4", "mpeg4", "mpeg4", ""},
	} {
		c := synth.Default()
		c.Codec = tc.codec
		var notes strings.Builder
		find := func(string) (string, string, error) { return tc.actual, tc.encoder, nil }
		if err := settleCodec(&c, find, &notes); err != nil || c.Codec != tc.want || !strings.Contains(notes.String(), tc.note) || tc.note == "" && notes.Len() > 0 {
			t.Errorf("%+v: codec %s, note %q, %v", tc, c.Codec, notes.String(), err)
		}
	}
}

// TestPreview draws a sheet of every kind of view.
func TestPreview(t *testing.T) {
	dir := demoSet(t)
	sheet := filepath.Join(t.TempDir(), "sheet.png")
	for _, args := range [][]string{
		{"--config", "synth"},
		{"--config", "synth", "--task", "frame-order"},
		{"--task", "clip-pairs=1,frame-order=0.5", "--set", "order.role=predict"},
		{"--config", "synth-text"},
		{"--task", "action-recognition", "--split", "train", "--set", "media.input=rgb"},
	} {
		args = append([]string{"preview", "--data", dir, "--out", sheet, "--samples", "2", "--json"}, args...)
		said := jsonOf[struct{ Samples, Width, Height int }](t, args...)
		file, err := os.Open(sheet)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		if b := img.Bounds(); said.Samples != 2 || b.Dx() != said.Width || b.Dy() != said.Height || b.Dx() < 400 {
			t.Errorf("%v: %+v, picture %v", args, said, b)
		}
	}
}

// A sheet whose name ends in .apng plays: the decoder finds as many frames in it
// as a view has steps.
func TestMovingPreview(t *testing.T) {
	dir := demoSet(t)
	out := filepath.Join(t.TempDir(), "sheet.apng")
	said := jsonOf[struct{ Samples, Width, Height int }](t, "preview", "--config", "synth", "--data", dir, "--out", out, "--samples", "2", "--set", "media.frames=5", "--json")
	video := jsonOf[videoFinding](t, "inspect", out, "--check", "--json")
	if video.Codec != "apng" || video.Frames != 4 || video.Decoded != 4 || video.Width != said.Width || video.Height != said.Height {
		t.Errorf("%+v, want 4 differences of %+v", video, said)
	}
}
