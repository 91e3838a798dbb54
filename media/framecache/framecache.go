// Package framecache keeps decoded videos, whole, in memory or on disk, so that
// later epochs decode nothing. It wraps any media.Decoder.
//
// # Note [Equal bits]
//
// With a side set, every picture that leaves this package went through the same
// reduction, whether it was kept or has just been decoded; with none, pictures
// are those of the decoder. So a hit and a miss give equal bits, and only the
// side belongs to what decides a run.
//
// A video is kept only if all of its frames came out without a sign of damage
// and are of one kind; it fills at most a sixteenth of the bound. What is kept
// is found again by path, size and time of change of its file, the side, and the
// settings that change pictures.
package framecache

import (
	"context"
	"os"
	"path/filepath"

	"github.com/clvid/clvid/internal/tarindex"
	"github.com/clvid/clvid/media"
)

// shareOfCache is the part of the cache that one video may fill.
const shareOfCache = 16

// Options say how much is kept, and of what size.
type Options struct {
	Bytes int64  // bound of all that is kept; 0 keeps nothing and only reduces
	Side  int    // pixels of the short side of what is kept and handed out; 0 and larger than the picture: as decoded
	Dir   string // folder of kept videos; "" is memory
	Salt  string // settings of the decoder that change pictures
}

// Decoder hands out videos whose clips come from the cache where they are there.
type Decoder struct {
	media.Decoder
	options Options
	store   store // nil keeps nothing
}

// store keeps videos. It may be used by many goroutines.
type store interface {
	// get returns the wanted frames as clips of spans. Without the video it
	// tells whether there is room for so many bytes.
	get(v *video, spans []media.Span) (clips []*media.Clip, room bool)
	// begin starts to keep a video; nil where that fails.
	begin(v *video) keeper
	// refuse marks a video that cannot be kept.
	refuse(id identity)
}

// keeper takes the frames of one video in order. Exactly one of keep and drop
// ends it.
type keeper interface {
	add(f *media.Frame) error
	keep() error
	drop()
}

// New wraps a decoder. An error says that the folder cannot be made.
func New(d media.Decoder, o Options) (*Decoder, error) {
	c := &Decoder{Decoder: d, options: o}
	switch {
	case o.Bytes <= 0:
	case o.Dir == "":
		c.store = newMemory(o.Bytes)
	default:
		disk, err := newDisk(o.Dir, o.Bytes)
		if err != nil {
			return nil, err
		}
		c.store = disk
	}
	return c, nil
}

// Open opens a video as the wrapped decoder does.
func (d *Decoder) Open(ctx context.Context, path string) (media.Video, error) {
	v, err := d.Decoder.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	id, ok := identify(path, d.options)
	return &video{Video: v, decoder: d, id: id, path: path, keepable: ok && d.store != nil, reducer: reducer{side: d.options.Side}}, nil
}

// Close closes the wrapped decoder, where it can be.
func (d *Decoder) Close() error {
	if c, ok := d.Decoder.(interface{ Close() error }); ok {
		return c.Close()
	}
	return nil
}

// identity tells one state of a file, as it is handed out, from another.
type identity struct {
	Path    string `json:"path"` // absolute, with the member of a shard
	Size    int64  `json:"size"`
	Changed int64  `json:"mtime_ns"`
	Side    int    `json:"side"`
	Salt    string `json:"salt"`
}

// identify looks at a regular file, or at the shard of a member; nothing else
// can be kept.
func identify(path string, o Options) (identity, bool) {
	file := path
	if shard, _, ok := tarindex.Split(path); ok {
		if _, err := os.Stat(path); err != nil {
			file = shard
		}
	}
	st, err := os.Stat(file)
	abs, bad := filepath.Abs(path)
	if err != nil || bad != nil || !st.Mode().IsRegular() {
		return identity{}, false
	}
	return identity{Path: abs, Size: st.Size(), Changed: st.ModTime().UnixNano(), Side: o.Side, Salt: o.Salt}, true
}
