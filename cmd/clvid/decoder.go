package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/avdecode"
	"github.com/clvid/clvid/media/framecache"
	"github.com/clvid/clvid/media/isolate"
)

// newDecoder opens files within the bounds of the settings.
func newDecoder(d configs.Decode) *avdecode.Decoder {
	return avdecode.New(decoderOptions(d))
}

func decoderOptions(d configs.Decode) avdecode.Options {
	open := d.OpenFiles
	if open == 0 {
		open = -1 // 0 is avdecode's default
	}
	o := avdecode.Options{
		Pixels: int(d.Pixels), Streams: d.Streams, MaxBytes: int64(d.MemoryMB) << 20, Timeout: d.Timeout, Threads: d.Threads, Strict: d.Strict, OpenFiles: open,
	}
	if d.Deinterlace != configs.Off {
		o.Deinterlace = d.Deinterlace
	}
	if d.ToneMap != configs.Off {
		o.ToneMap = d.ToneMap
	}
	return o
}

// openDecoder is newDecoder, in as many worker processes as there are users
// where the settings say so; 0 is one a core. End it with closeDecoder.
func openDecoder(d configs.Decode, users int) media.Decoder {
	if !d.Isolate {
		return newDecoder(d)
	}
	if users <= 0 {
		users = runtime.NumCPU()
	}
	return isolate.New(isolate.Options{
		Command: workerCommand(d), Workers: users, Timeout: d.Timeout, Memory: workerMemory(d),
	})
}

// cachedDecoder is openDecoder behind the cache of decoded videos, for what goes
// over videos again and again.
func cachedDecoder(d configs.Decode, users int) (media.Decoder, error) {
	collectOften()
	o := framecache.Options{Side: d.CacheSide, Salt: pixelSettings(d)}
	switch d.Cache {
	case configs.CacheMemory:
		o.Bytes = int64(d.CacheMB) << 20
	case configs.CacheDisk:
		o.Bytes, o.Dir = int64(d.CacheMB)<<20, d.CacheDir
		if o.Dir == "" {
			base, err := os.UserCacheDir()
			if err != nil {
				return nil, fmt.Errorf("decode.cache=disk: %w: name a folder in decode.cache_dir", err)
			}
			o.Dir = filepath.Join(base, "clvid", "frames")
		}
	}
	return framecache.New(openDecoder(d, users), o)
}

// pixelSettings names all that decides, for a file, the samples of its pictures:
// the settings, and the version of FFmpeg, as not every codec prescribes them to
// the bit.
func pixelSettings(d configs.Decode) string {
	return fmt.Sprintf("FFmpeg %s, deinterlace %s, tonemap %s", avdecode.FFmpeg().Version, d.Deinterlace, d.ToneMap)
}

// collectOften has the garbage collector run when the heap has grown by a
// quarter, not to twice its size, unless the environment says when. Frames and
// views are nearly all of it and hold no pointers, so that a run costs little.
func collectOften() {
	const growth = 25 // percent
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(growth)
	}
}

// closeDecoder ends the processes of a decoder, where it has any.
func closeDecoder(d media.Decoder) error {
	if c, ok := d.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
