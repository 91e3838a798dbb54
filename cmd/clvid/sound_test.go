package main

import (
	"bytes"
	"encoding/binary"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/clvid/clvid/internal/sharedtest"
)

func TestSoundCommand(t *testing.T) {
	file := filepath.Join(sharedtest.Dir(t), "data", "audio", "av", "00139.mp4")
	dir := t.TempDir()
	wav, mel := filepath.Join(dir, "a.wav"), filepath.Join(dir, "a.png")
	r := jsonOf[soundResult](t, "sound", file, "--start", "0.5s", "--duration", "0.25s", "--rate", "8000", "--out", wav, "--mel", mel, "--json")
	if r.Samples != 2000 || r.Start != 4000 || r.Rate != 8000 || r.SampleRate != 16000 || r.Bands != 64 || r.Frames != 26 {
		t.Errorf("result %+v", r)
	}
	data, err := os.ReadFile(wav)
	if err != nil {
		t.Fatal(err)
	}
	if size := int(binary.LittleEndian.Uint32(data[4:])); len(data) != 58+4*2000 || size != len(data)-8 {
		t.Errorf("WAV of %d bytes that says %d, want %d", len(data), size, 58+4*2000)
	}
	loudest := 0.
	for i := 58; i < len(data); i += 4 {
		loudest = max(loudest, math.Abs(float64(math.Float32frombits(binary.LittleEndian.Uint32(data[i:])))))
	}
	if loudest != r.Peak || loudest == 0 {
		t.Errorf("peak %g in the file, %g told", loudest, r.Peak)
	}
	picture, err := os.ReadFile(mel)
	if err != nil {
		t.Fatal(err)
	}
	if im, err := png.Decode(bytes.NewReader(picture)); err != nil || im.Bounds().Dx() != 26 || im.Bounds().Dy() != 256 {
		t.Errorf("picture %v, error %v", im, err)
	}
}

func TestSoundUsage(t *testing.T) {
	file := filepath.Join(sharedtest.Dir(t), "data", "audio", "fsdd", "0_george_0.wav")
	for _, args := range [][]string{
		{"sound", file},
		{"sound", file, "--out", "x.wav", "--rate", "-1"},
		{"sound", file, "--out", "x.wav", "--duration", "-1s"},
		{"sound", file, "--out", "x.wav", "--start", "10s"},
		{"sound"},
	} {
		var out, errs bytes.Buffer
		if status := run(t.Context(), args, &out, &errs); status != exitUsage {
			t.Errorf("%v: status %d, want %d: %s", args, status, exitUsage, errs.String())
		}
	}
}

func TestInspectTellsSound(t *testing.T) {
	dir := filepath.Join(sharedtest.Dir(t), "data")
	video := jsonOf[videoFinding](t, "inspect", filepath.Join(dir, "audio", "av", "00139.mp4"), "--json")
	if len(video.Sound) != 1 || video.Sound[0].Codec != "aac" || video.Kind != "video" {
		t.Errorf("video: %+v", video)
	}
	sound := jsonOf[soundFinding](t, "inspect", filepath.Join(dir, "audio", "fsdd", "0_george_0.wav"), "--json")
	if sound.Kind != "sound" || len(sound.Sound) != 1 || sound.Sound[0].SampleRate != 8000 {
		t.Errorf("sound: %+v", sound)
	}
}
