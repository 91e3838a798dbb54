package golden

import (
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/nn/device"
)

var paceOperations = []operation{
	{name: "pace", run: pace, fits: func(c *Case) bool { return c.Params.Has("start_frame_1based", "pace", "clip_len", "num_frames") }},
}

// pace numbers frames from 1, as the official code does.
func pace(c *Case, _ device.DType) (Values, error) {
	var p struct {
		Start  int `json:"start_frame_1based"`
		Pace   int `json:"pace"`
		Length int `json:"clip_len"`
		Frames int `json:"num_frames"`
	}
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	frames := media.PaceFrames(p.Start-1, p.Pace, p.Length, p.Frames)
	for i := range frames {
		frames[i]++
	}
	return Values{"frame_numbers_1based": Numbers(frames, len(frames)), "label": Scalar(float64(p.Pace - 1))}, nil
}
