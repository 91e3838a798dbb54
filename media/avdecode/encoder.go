package avdecode

// EncodeOptions describe the file that an Encoder writes.
type EncodeOptions struct {
	Width, Height int    // even, in pixels
	FrameRate     int    // frames per second; 0 means 25
	Codec         string // "h264" or "mpeg4"; "" means h264, or mpeg4 where libx264 is missing
	Quality       int    // CRF of h264 (0..51), quantiser of mpeg4 (1..31); 0 means 20 or 3
	GOP           int    // frames from one key frame to the next; 0 means 16
}

// Encoder writes an MP4 file, frame by frame.
type Encoder struct{}

// NewEncoder starts a file. Nothing appears at path until Close.
func NewEncoder(path string, o EncodeOptions) (*Encoder, error) { panic("avdecode: in work") }

// Write adds a frame: rgb holds H*W*3 bytes, rows from the top.
func (e *Encoder) Write(rgb []byte) error { panic("avdecode: in work") }

// Close finishes the file and gives it its name.
func (e *Encoder) Close() error { panic("avdecode: in work") }
