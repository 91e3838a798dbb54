package avdecode

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/clvid/clvid/internal/sharedtest"
	"github.com/clvid/clvid/media"
)

// plain is a decoder without caches on disk or in memory.
func plain() *Decoder { return New(Options{IndexCache: "off"}) }

// hash is the picture's identity: its geometry, colour and planes.
func hash(im *media.Image) [32]byte {
	h := sha256.New()
	var head [18]byte
	binary.LittleEndian.PutUint32(head[:], uint32(im.W))
	binary.LittleEndian.PutUint32(head[4:], uint32(im.H))
	head[8] = im.SubX<<4 | im.SubY
	head[9] = byte(im.Matrix)
	binary.LittleEndian.PutUint32(head[10:], math.Float32bits(im.SiteX))
	binary.LittleEndian.PutUint32(head[14:], math.Float32bits(im.SiteY))
	h.Write(head[:])
	for _, p := range im.Planes {
		h.Write(p)
	}
	return [32]byte(h.Sum(nil))
}

// sequence decodes a whole video and returns the hash of each frame.
func sequence(t *testing.T, v media.Video) [][32]byte {
	t.Helper()
	var hashes [][32]byte
	for f, err := range v.Frames(context.Background()) {
		if err != nil {
			t.Fatalf("after %d frames: %v", len(hashes), err)
		}
		if f.Index != len(hashes) {
			t.Fatalf("frame %d comes in place %d", f.Index, len(hashes))
		}
		hashes = append(hashes, hash(&f.Image))
	}
	return hashes
}

func open(t *testing.T, d *Decoder, path string) *video {
	t.Helper()
	v, err := d.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v.(*video)
}

// table reads a CSV file of the shared data as maps from column to value.
func table(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, r := range rows[1:] {
		m := map[string]string{}
		for i, name := range rows[0] {
			m[name] = r[i]
		}
		out = append(out, m)
	}
	return out
}

func sharedFile(t testing.TB, parts ...string) string {
	return filepath.Join(append([]string{sharedtest.Dir(t), "data"}, parts...)...)
}
