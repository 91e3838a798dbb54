package bench

import (
	"context"
	"time"

	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/methods/train"
)

// LoadReport is what a loader without a model did.
type LoadReport struct {
	Videos         int     `json:"videos"`
	Batches        int     `json:"batches"`
	Batch          int     `json:"batch"` // videos
	Workers        int     `json:"workers"`
	View           [4]int  `json:"view"`  // C, T, H, W
	Clips          int     `json:"clips"` // views rendered
	Seconds        float64 `json:"seconds"`
	ClipsPerSecond float64 `json:"clips_per_second"`
	FramesDecoded  int     `json:"frames_decoded"` // pictures that decoders gave, wanted or not
	Seeks          int     `json:"seeks"`
	PeakRSSBytes   int64   `json:"peak_rss_bytes"`
	Replaced       int     `json:"replaced"` // samples whose file failed
	Redrawn        int     `json:"redrawn"`  // samples whose first clips touched damage
	Epochs         []Epoch `json:"epochs"`   // as far as they went
	RSS            []int64 `json:"rss_bytes"`
}

// Epoch is one pass over the videos.
type Epoch struct {
	Clips          int     `json:"clips"`
	Seconds        float64 `json:"seconds"`
	ClipsPerSecond float64 `json:"clips_per_second"`
}

// looks is how often the memory is looked at over the whole.
const looks = 20

// Load makes the batches that a run with this setup trains on, by the run's own
// loader, and drops them.
func Load(ctx context.Context, s train.Setup) (*LoadReport, error) {
	m := &meter{Decoder: s.Source.Decoder}
	source := *s.Source
	source.Decoder, s.Source = m, &source
	views := len(s.Env.Views())
	r := &LoadReport{Videos: len(source.Items), Batches: s.Steps, Batch: s.Env.N, Workers: s.Workers, View: s.Env.Clip}
	perEpoch := len(source.Items) / s.Env.N
	start := time.Now()
	begun, done := start, 0
	err := train.Load(ctx, s, func(b *methods.Batch, bad []train.Bad) error {
		done++
		for _, b := range bad {
			if b.Redrawn {
				r.Redrawn++
			} else {
				r.Replaced++
			}
		}
		if done%perEpoch == 0 || done == s.Steps {
			r.epoch(views*b.N*((done-1)%perEpoch+1), time.Since(begun))
			begun = time.Now()
		}
		if done%max(1, s.Steps/looks) == 0 {
			rss, err := RSS()
			r.RSS = append(r.RSS, rss)
			return err
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.Clips, r.Seconds = views*r.Batch*r.Batches, time.Since(start).Seconds()
	r.ClipsPerSecond = float64(r.Clips) / r.Seconds
	stats := m.stats()
	r.FramesDecoded, r.Seeks = stats.Frames, stats.Seeks
	r.PeakRSSBytes, err = PeakRSS()
	return r, err
}

func (r *LoadReport) epoch(clips int, took time.Duration) {
	r.Epochs = append(r.Epochs, Epoch{Clips: clips, Seconds: took.Seconds(), ClipsPerSecond: float64(clips) / took.Seconds()})
}
