package golden

import (
	"errors"
	"fmt"
	"math"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/nn/device"
)

var samplingOperations = []operation{
	{name: "spaced clips", run: spacedClips, fits: func(c *Case) bool { return c.Params.Has("clip_sizes") }},
	{name: "test views", run: testViews, fits: func(c *Case) bool { return c.Params.Has("clip_size", "views") }},
	{name: "three crops", run: threeCrops, fits: func(c *Case) bool { return c.Params.Has("height", "width", "size") }},
}

func testViews(c *Case, _ device.DType) (Values, error) {
	var p struct {
		Frames  int     `json:"video_frames"`
		Extent  float64 `json:"clip_size"`
		Views   int     `json:"views"`
		Samples int     `json:"num_samples"`
		Offset  bool    `json:"use_offset"`
	}
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	views, err := c.input("view_index")
	if err != nil {
		return nil, err
	}
	var ranges []float64
	var frames []int
	for _, i := range ints(views) {
		start, end := media.TestViewRange(p.Frames, p.Extent, i, p.Views, p.Offset)
		ranges = append(ranges, start, end)
		frames = append(frames, media.LinspaceFrames(start, end, p.Samples, p.Frames)...)
	}
	n := len(views.Data)
	return Values{"start_end": Numbers(ranges, n, 2), "frame_index": Numbers(frames, n, p.Samples)}, nil
}

func spacedClips(c *Case, _ device.DType) (Values, error) {
	var p struct {
		Frames  int       `json:"video_frames"`
		Extents []float64 `json:"clip_sizes"`
		Samples int       `json:"num_samples"`
		Used    *int      `json:"draws_used"`
	}
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	low, err := bound(c.Params, "min_delta", math.Inf(-1))
	if err != nil {
		return nil, err
	}
	high, err := bound(c.Params, "max_delta", math.Inf(1))
	if err != nil {
		return nil, err
	}
	u, err := c.input("u")
	if err != nil {
		return nil, err
	}
	drawn := 0
	rows := media.SpacedClips(p.Frames, p.Extents, low, high, func() float64 {
		drawn++
		return u.Data[min(drawn, len(u.Data))-1]
	})
	if drawn > len(u.Data) || p.Used != nil && drawn != *p.Used {
		return nil, fmt.Errorf("golden: %d numbers were drawn of %d", drawn, len(u.Data))
	}
	var flat []float64
	var frames []int
	for _, r := range rows {
		flat = append(flat, r[:]...)
		frames = append(frames, media.LinspaceFrames(r[0], r[1], p.Samples, p.Frames)...)
	}
	return Values{"start_end_delta": Numbers(flat, len(rows), 3), "frame_index": Numbers(frames, len(rows), p.Samples)}, nil
}

// bound reads a number that may be absent, or the text "inf" or "-inf", which JSON
// has no number for.
func bound(p Params, key string, otherwise float64) (float64, error) {
	v, err := GetOr(p, key, otherwise)
	if err == nil {
		return v, nil
	}
	text, textErr := Get[string](p, key)
	switch {
	case textErr != nil:
		return 0, errors.Join(err, textErr)
	case text == "-inf":
		return math.Inf(-1), nil
	case text == "inf":
		return math.Inf(1), nil
	}
	return 0, err
}

func threeCrops(c *Case, _ device.DType) (Values, error) {
	var p struct{ Height, Width, Size int }
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	var flat []int
	for _, offset := range media.CropOffsets(p.Width, p.Height, p.Size) {
		flat = append(flat, offset[1], offset[0])
	}
	return Values{"top_left": Numbers(flat, 3, 2)}, nil
}
