package main

import (
	"context"
	"fmt"
	"io"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/avdecode"
)

// soundFinding is a file that holds sound alone.
type soundFinding struct {
	Kind  string            `json:"kind"`
	Path  string            `json:"path"`
	Bytes int64             `json:"bytes"`
	Sound []media.SoundInfo `json:"sound"`
}

// inspectedSounds bounds the sound streams that are told.
const inspectedSounds = 16

// inspectSound lists the sound streams that decode; none where there are none, or
// where decoding must not happen in this process.
func inspectSound(ctx context.Context, path string, decode configs.Decode) []media.SoundInfo {
	if decode.Isolate {
		return nil
	}
	decoder := newDecoder(decode)
	var found []media.SoundInfo
	for nth := range inspectedSounds {
		s, err := decoder.OpenSound(ctx, path, avdecode.SoundOptions{Stream: nth})
		if err != nil {
			break
		}
		found = append(found, s.Info())
		s.Close()
	}
	return found
}

func (f *soundFinding) show(w io.Writer) error {
	rows := [][2]string{{"file", fmt.Sprintf("%s (%s)", f.Path, byteCount(f.Bytes))}}
	return showPairs(w, append(rows, soundRows(f.Sound)...))
}

func soundRows(sounds []media.SoundInfo) [][2]string {
	var rows [][2]string
	for _, s := range sounds {
		rows = append(rows, [2]string{"sound", soundText(s)})
	}
	return rows
}
