package main

import (
	"io"
	"runtime"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/avdecode"
	"github.com/clvid/clvid/media/isolate"
)

// newDecoder opens files within the bounds of the settings.
func newDecoder(d configs.Decode) *avdecode.Decoder {
	return avdecode.New(decoderOptions(d))
}

func decoderOptions(d configs.Decode) avdecode.Options {
	return avdecode.Options{
		Pixels: int(d.Pixels), Streams: d.Streams, Timeout: d.Timeout, Strict: d.Strict, CacheBytes: int64(d.CacheMB) << 20,
	}
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
	d.CacheMB /= users // each has a cache of its own
	return isolate.New(isolate.Options{
		Command: workerCommand(d), Workers: users, Timeout: d.Timeout, Memory: workerMemory(d),
	})
}

// closeDecoder ends the processes of a decoder, where it has any.
func closeDecoder(d media.Decoder) error {
	if c, ok := d.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
