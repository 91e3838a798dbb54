package avdecode

import (
	"context"
	"time"

	"github.com/clvid/clvid/media"
)

// Options bound what a file may cost. The zero value is the safe default.
type Options struct {
	Pixels     int           // largest width x height; 0 means 4096*4096
	Streams    int           // most streams in a container; 0 means 64
	Timeout    time.Duration // for one open, one call of Clips, one frame of Frames; 0 means 30 s
	Strict     bool          // refuse a file at its first sign of damage
	IndexCache string        // folder of packet indexes; "" is os.UserCacheDir()/clvid/index, "off" is none
	CacheBytes int64         // bound of the cache of decoded small videos; 0 is off
}

// DefaultCacheBytes is the recommended bound of the cache of decoded videos.
const DefaultCacheBytes = 256 << 20

// Decoder opens videos and still images with FFmpeg. It may be used by many
// goroutines; each opened video by one at a time.
type Decoder struct{ options Options }

var _ media.Decoder = (*Decoder)(nil)

// New returns a decoder.
func New(o Options) *Decoder { return &Decoder{options: o} }

// Open opens a regular file.
func (d *Decoder) Open(ctx context.Context, path string) (media.Video, error) {
	panic("avdecode: in work")
}
