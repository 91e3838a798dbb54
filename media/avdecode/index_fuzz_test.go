package avdecode

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/clvid/clvid/media"
)

// FuzzIndexCache puts an index that other code may have written before a real
// file. It is refused, or the file decodes by it without a crash, a hang or
// memory beyond bounds.
func FuzzIndexCache(f *testing.F) {
	path, err := filepath.Abs(sharedFile(f, "hostile", "minimal.mp4"))
	if err != nil {
		f.Fatal(err)
	}
	folder := f.TempDir()
	writer := New(Options{IndexCache: folder})
	v, err := writer.Open(f.Context(), path)
	if err != nil {
		f.Fatal(err)
	}
	id := v.(*video).id
	payload, err := json.Marshal(v.(*video).index)
	if err != nil {
		f.Fatal(err)
	}
	name := writer.indexes.name(id)
	whole, err := os.ReadFile(name)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(payload, true)
	f.Add(whole, false)
	f.Fuzz(func(t *testing.T, data []byte, signed bool) {
		if signed { // else the digest refuses nearly everything
			head, err := json.Marshal(stored{indexFormat, id, digest(data)})
			if err != nil {
				t.Fatal(err)
			}
			data = append(append(head, '\n'), data...)
		}
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
		useIndex(t.Context(), New(Options{IndexCache: folder, Timeout: 5 * time.Second}), path)
	})
}

// useIndex asks for what an index serves. Errors are as good as frames here.
func useIndex(ctx context.Context, d *Decoder, path string) {
	v, err := d.Open(ctx, path)
	if err != nil {
		return
	}
	defer v.Close()
	v.Info()
	v.Clips(ctx, media.Span{N: 4, Stride: 3}, media.Span{Start: v.Len() - 1, N: 1, Stride: 1})
	n := 0
	for range v.Frames(ctx) {
		if n++; n > 1000 {
			break
		}
	}
}
