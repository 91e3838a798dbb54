package main

import (
	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media/avdecode"
)

// newDecoder opens files within the bounds of the settings.
func newDecoder(d configs.Decode) *avdecode.Decoder {
	return avdecode.New(avdecode.Options{
		Pixels: int(d.Pixels), Streams: d.Streams, Timeout: d.Timeout, Strict: d.Strict, CacheBytes: int64(d.CacheMB) << 20,
	})
}
