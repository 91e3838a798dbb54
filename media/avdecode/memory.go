package avdecode

import (
	"fmt"

	"github.com/clvid/clvid/media"
)

// DefaultMaxBytes bounds the memory of one file's pictures.
const DefaultMaxBytes = 4 << 30

// decoderBytes estimates what a decoder holds of pictures: references, some on
// their way, one more a thread, of up to 16 bits a sample.
func (x *index) decoderBytes(threads int) int64 {
	if x.Access == through && len(x.Order) == 1 { // a still image
		return 4 * x.FrameBytes
	}
	return 2 * x.FrameBytes * int64(heldPictures+max(threads, 1))
}

// handedOut is the bytes of a picture as clips hold it: HDR that is mapped to SDR
// has no subsampled chroma.
func (x *index) handedOut(o Options) int64 {
	if o.ToneMap != "" && isHDR(x.Info.Transfer) {
		return max(3*int64(x.Info.Width)*int64(x.Info.Height), x.FrameBytes)
	}
	return x.FrameBytes
}

// affords refuses a file whose decoder and n pictures need more memory than the
// bound.
func (x *index) affords(n int, o Options) error {
	need := x.decoderBytes(o.Threads) + int64(n)*x.handedOut(o)
	if need <= o.MaxBytes {
		return nil
	}
	return &failure{media.ErrTooLarge, fmt.Sprintf("decoding %d frames of %dx%d takes about %d MB, more than the bound of %d MB: "+
		"raise decode.memory_mb, draw shorter clips, or scale the file down", n, x.Info.Width, x.Info.Height, need>>20, o.MaxBytes>>20)}
}
