package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/clvid/clvid/media"
)

// What views are normalised with: the means and deviations of ImageNet.
var (
	viewMean = [3]float32{.485, .456, .406}
	viewStd  = [3]float32{.229, .224, .225}
)

// DecodeConfig says which clips of a video are cut: at random places, in passes
// of Views clips that are decoded together.
type DecodeConfig struct {
	Clips  int // in all
	Frames int // T
	Stride int // source frames from one to the next
	Size   int // H and W of a view in pixels
	Views  int // clips in a pass
	Seed   uint64
	Reopen bool // open the video for each pass, as a run does; else once, before the clock starts
}

// Validate checks the ranges.
func (c DecodeConfig) Validate() error {
	switch {
	case c.Clips < 1 || c.Frames < 1 || c.Stride < 1 || c.Views < 1:
		return fmt.Errorf("bench: %d clips of %d frames, stride %d, %d views: want at least 1 each", c.Clips, c.Frames, c.Stride, c.Views)
	case c.Frames > 1024 || c.Size < 1 || c.Size > 1024:
		return fmt.Errorf("bench: %d frames of %d pixels: want 1 to 1024 each", c.Frames, c.Size)
	}
	return nil
}

// Pass is one request: its clips and what was seen of each.
type Pass struct {
	Spans   []media.Span `json:"spans"`
	Crops   [][4]float64 `json:"crops"` // left, top, width, height in source pixels
	Seconds float64      `json:"seconds"`
	CPU     float64      `json:"cpu_seconds"` // of the whole process: on a busy machine the better measure
}

// DecodeReport is what was measured.
type DecodeReport struct {
	Video          media.Info `json:"video"`
	Clips          int        `json:"clips"`
	Size           int        `json:"size"`
	Seconds        float64    `json:"seconds"`
	CPUSeconds     float64    `json:"cpu_seconds"`
	ClipsPerSecond float64    `json:"clips_per_second"`
	FramesDecoded  int        `json:"frames_decoded"` // pictures that the decoder gave, wanted or not
	Seeks          int        `json:"seeks"`
	PeakRSSBytes   int64      `json:"peak_rss_bytes"`
	Passes         []Pass     `json:"passes"`
}

// Decode times the whole way from a file to normalised float32 views: decode,
// random crop, antialiased resize, normalisation. The first open, which reads
// the file's index, and the first frame are not timed.
func Decode(ctx context.Context, d media.Decoder, path string, c DecodeConfig) (r *DecodeReport, err error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	j := &decodeJob{DecodeConfig: c, decoder: &meter{Decoder: d}, path: path, view: make([]float32, 3*c.Frames*c.Size*c.Size)}
	if j.video, err = j.decoder.Open(ctx, path); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, j.video.Close()) }()
	if _, err := j.video.Clips(ctx, media.Span{N: 1, Stride: 1}); err != nil { // opens demuxer and decoder
		return nil, err
	}
	r = &DecodeReport{Video: j.video.Info(), Clips: c.Clips, Size: c.Size, Passes: j.draw()}
	for i := range r.Passes {
		if err := j.pass(ctx, &r.Passes[i]); err != nil {
			return nil, err
		}
		r.Seconds += r.Passes[i].Seconds
		r.CPUSeconds += r.Passes[i].CPU
	}
	if err := j.video.Close(); err != nil { // hands its numbers in
		return nil, err
	}
	stats := j.decoder.stats()
	r.ClipsPerSecond, r.FramesDecoded, r.Seeks = float64(c.Clips)/r.Seconds, stats.Frames, stats.Seeks
	r.PeakRSSBytes, err = PeakRSS()
	return r, err
}

type decodeJob struct {
	DecodeConfig
	decoder *meter
	path    string
	video   media.Video
	view    []float32
}

// draw places all clips before the clock starts.
func (j *decodeJob) draw() []Pass {
	rng := rand.New(rand.NewPCG(j.Seed, 0))
	info, places := j.video.Info(), max(1, j.video.Len()-(j.Frames-1)*j.Stride)
	passes := make([]Pass, (j.Clips+j.Views-1)/j.Views)
	for i := range j.Clips {
		p := &passes[i/j.Views]
		p.Spans = append(p.Spans, media.Span{Start: rng.IntN(places), N: j.Frames, Stride: j.Stride})
		crop := media.RandomCrop(rng, info.Width, info.Height, media.DefaultAugment())
		p.Crops = append(p.Crops, [4]float64{crop.X, crop.Y, crop.W, crop.H})
	}
	return passes
}

// pass cuts and renders the clips of one request.
func (j *decodeJob) pass(ctx context.Context, p *Pass) (err error) {
	start, used := time.Now(), cpuTime()
	defer func() { p.Seconds, p.CPU = time.Since(start).Seconds(), (cpuTime() - used).Seconds() }()
	video := j.video
	if j.Reopen {
		if video, err = j.decoder.Open(ctx, j.path); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, video.Close()) }()
	}
	clips, err := video.Clips(ctx, p.Spans...)
	if err != nil {
		return err
	}
	for i, clip := range clips {
		c := p.Crops[i]
		v := media.View{Crop: media.Rect{X: c[0], Y: c[1], W: c[2], H: c[3]}, W: j.Size, H: j.Size, Mean: viewMean, Std: viewStd}
		err := clip.Sample(j.view, v)
		clip.Release()
		if err != nil {
			return err
		}
	}
	return nil
}
