//go:build !ffmpeg7

package avdecode

import astiav "github.com/asticode/go-astiav"

// openWriting opens a file to write to, by the binding of FFmpeg 5.1 (go.mod).
func openWriting(url string) (*astiav.IOContext, error) {
	return astiav.OpenIOContext(url, astiav.NewIOContextFlags(astiav.IOContextFlagWrite))
}
