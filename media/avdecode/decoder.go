package avdecode

import (
	"context"
	"runtime"
	"time"

	"github.com/clvid/clvid/media"
)

// Options bound what a file may cost. The zero value is the safe default.
type Options struct {
	Pixels  int           // largest width x height; 0 means 4096*4096
	Streams int           // most streams in a container; 0 means 64
	Timeout time.Duration // for one open, one call of Clips, one frame of Frames; 0 means 30 s
	Threads int           // of one decoder; 0 means 1, which is best where several videos are decoded at once
	// ToneMap is the curve, one of ToneMaps, by which HDR pictures become SDR; "" leaves
	// them as they are.
	ToneMap string
	// Deinterlace is "", DeinterlaceAuto or DeinterlaceOn.
	Deinterlace string
	Strict      bool   // refuse a file at its first sign of damage
	MaxBytes    int64  // of the pictures that one file's decoder and clips hold, estimated; 0 means DefaultMaxBytes
	IndexCache  string // folder of packet indexes; "" is os.UserCacheDir()/clvid/index, "off" is none
	OpenFiles   int    // closed videos whose demuxer and decoder wait for the next opening, within 64 MB; 0 means 8, below 0 none
}

// Decoder opens videos and still images with FFmpeg. It may be used by many
// goroutines; each opened video by one at a time. Close it.
type Decoder struct {
	options Options
	indexes *indexCache
	pool    *media.Pool // of the memory of clips
	parked  *park
	toners  toners
	dog     watchdog
}

// poolBytes bounds the free memory of clips that is kept: a pass of two clips of
// 16 frames of 1080p takes 100 MB.
const poolBytes = 256 << 20

var _ media.Decoder = (*Decoder)(nil)

// New returns a decoder.
func New(o Options) *Decoder {
	quietLog()
	if o.Pixels <= 0 {
		o.Pixels = 4096 * 4096
	}
	if o.Streams <= 0 {
		o.Streams = 64
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	d := &Decoder{dog: watchdog{grace: graceTime}, options: o, indexes: newIndexCache(o.IndexCache), pool: media.NewPool(poolBytes), parked: newPark(o.OpenFiles)}
	runtime.AddCleanup(d, (*park).close, d.parked) // for a decoder that nobody closes
	return d
}

// Close closes the files that wait for their next opening; from now on a video
// closes its own. The error is always nil.
func (d *Decoder) Close() error {
	d.parked.close()
	return nil
}

// Open opens a regular file as a video, a still image as a video of one frame, a
// member of a tar shard (shard.tar#name) like a file, and a folder of numbered
// pictures as a video of that many frames, without times and without an index.
// The first open of a file reads all its packets; later ones take the index
// from the cache, and touch no more than the file's size and time of change
// until a frame is asked for. Errors are *media.Error over media.ErrNoVideo,
// ErrUnsupported, ErrCorrupt (also where not one picture decodes),
// ErrTooLarge, ErrTimeout or ErrHung, fs.ErrNotExist, or the context's.
func (d *Decoder) Open(ctx context.Context, path string) (media.Video, error) {
	var opened media.Video
	err := d.dog.run(ctx, d.options.Timeout, func() (err error) {
		opened, err = d.openAny(ctx, path)
		return err
	}, nil) // an open video holds nothing yet
	if err != nil {
		return nil, fail(path, "open", d.options, err)
	}
	return opened, nil
}

func (d *Decoder) openAny(ctx context.Context, path string) (media.Video, error) {
	if isFolder(path) {
		return d.openPictures(ctx, path)
	}
	return d.open(ctx, path)
}

func (d *Decoder) open(ctx context.Context, path string) (*video, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	src, err := regular(path)
	if err != nil {
		return nil, err
	}
	id := src.id()
	x, ok := d.indexes.get(id)
	if !ok {
		if x, err = d.index(ctx, src.path); err != nil {
			return nil, err
		}
		d.indexes.put(id, x)
	}
	if err := d.admit(x); err != nil {
		return nil, err
	}
	return &video{decoder: d, path: path, id: id, index: x, at: -1}, nil
}

func (d *Decoder) index(ctx context.Context, path string) (*index, error) {
	g := newGuard()
	defer g.free()
	defer g.arm(ctx, d.options.Timeout)()
	o := d.options
	o.ToneMap = "" // an index is of what is stored
	o.Threads = 1  // what the index holds of damage is a single thread's
	return buildIndex(ctx, path, o, g)
}

// admit holds this decoder's limits against an index that another may have
// cached.
func (d *Decoder) admit(x *index) error {
	if int64(x.Info.Width)*int64(x.Info.Height) > int64(d.options.Pixels) {
		return tooLarge(x.Info.Width, x.Info.Height, d.options, "")
	}
	if err := x.affords(1, d.options); err != nil {
		return err
	}
	if d.options.Strict && x.Damage != "" {
		return &failure{media.ErrCorrupt, x.Damage}
	}
	return nil
}
