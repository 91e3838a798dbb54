package eval

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/loader"
	"github.com/clvid/clvid/methods"
)

// Item is one video under evaluation.
type Item struct {
	Path     string
	Name     string
	Class    int // label, -1 without
	Captions []string
	// Start and End bound the stretch of the file that is the video, see media.Between.
	Start, End time.Duration
}

// Clips says which clips of a video are looked at.
type Clips struct {
	Config  media.ClipConfig
	PerItem int // clips of one video, placed by the sampler of Config, at least 1
	Crops   int // windows of every clip, 1 or 3 (media.CropViews)
	Workers int // goroutines that decode, at least 1
}

// Views is how many views of one video the network sees.
func (c Clips) Views() int { return c.PerItem * c.Crops }

// Features are the outputs of a network for items: X (N,D) row-major, in the
// order of Items, which lacks the files that could not be read.
type Features struct {
	Items []Item
	X     []float32
	D     int
	Bad   []BadItem
	Moved []BadItem // items in use whose clips were cut away from damage
}

// BadItem is a file of an evaluation that is broken.
type BadItem struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// Row returns the features of item i: (D).
func (f *Features) Row(i int) []float32 { return f.X[i*f.D : (i+1)*f.D] }

// Labels returns the class of every item: (N).
func (f *Features) Labels() []int {
	out := make([]int, len(f.Items))
	for i, item := range f.Items {
		out[i] = item.Class
	}
	return out
}

// Extract runs the network on PerItem clips of every item through Crops windows
// each. combine folds the outputs (PerItem·Crops, D) of one item into its row (D),
// as Mean does.
func Extract(ctx context.Context, net *methods.Network, dec media.Decoder, items []Item, clips Clips,
	combine func(row []float32, outputs [][]float32)) (*Features, error) {
	f := &Features{D: net.Width()}
	batch := newRowBatch(net)
	var outputs [][]float32
	flush := func() error {
		out, err := batch.run()
		for i := range out {
			if outputs = append(outputs, out[i]); len(outputs) == clips.Views() {
				row := make([]float32, f.D)
				combine(row, outputs)
				f.X, outputs = append(f.X, row...), nil
			}
		}
		return err
	}
	all := loader.Map(ctx, 0, len(items), clips.Workers, 2*clips.Workers, func(ctx context.Context, _, i int) (views, error) {
		return testViews(ctx, dec, items[i], clips)
	})
	i := 0
	for rendered, err := range all {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		item := items[i]
		i++
		if err != nil {
			f.Bad = append(f.Bad, BadItem{Path: item.Path, Reason: media.Reason(err)})
			continue
		}
		f.Items = append(f.Items, item)
		if rendered.moved > 0 {
			f.Moved = append(f.Moved, BadItem{Path: item.Path, Reason: fmt.Sprintf("%d of %d clips", rendered.moved, clips.PerItem)})
		}
		for _, v := range rendered.data {
			if batch.add(v) {
				if err := flush(); err != nil {
					return nil, err
				}
			}
		}
	}
	if len(f.Items) == 0 {
		return nil, fmt.Errorf("eval: none of %d videos can be read%s", len(items), firstReason(f.Bad))
	}
	return f, flush()
}

func firstReason(bad []BadItem) string {
	if len(bad) == 0 {
		return ""
	}
	return ", such as: " + bad[0].Reason
}

// Mean averages the clips of an item.
func Mean(row []float32, outputs [][]float32) {
	for _, o := range outputs {
		for j, v := range o {
			row[j] += v / float32(len(outputs))
		}
	}
}

// views are those of one video.
type views struct {
	data  [][]float32
	moved int // clips that were cut away from damage
}

// testViews decodes the clips of a video in one pass and shows each through its
// windows.
func testViews(ctx context.Context, dec media.Decoder, item Item, clips Clips) (out views, err error) {
	video, err := dec.Open(ctx, item.Path)
	if err != nil {
		return views{}, err
	}
	defer func() { err = errors.Join(err, video.Close()) }()
	stretch, err := media.Between(video, item.Start, item.End)
	if err != nil {
		return views{}, err
	}
	paced, err := media.AtRate(stretch, clips.Config.FrameRate)
	if err != nil {
		return views{}, err
	}
	spans, err := clips.Config.TestSpans(paced.Len(), clips.PerItem)
	if err != nil {
		return views{}, err
	}
	cut, moved, err := media.SoundClips(ctx, paced, spans...)
	if err != nil {
		return views{}, err
	}
	for _, clip := range cut {
		v, err := media.RenderCrops(clip, clips.Config, clips.Crops)
		clip.Release()
		if err != nil {
			return views{}, err
		}
		out.data = append(out.data, v...)
	}
	out.moved = moved
	return out, nil
}

// rowBatch gathers rows up to the batch size of a network.
type rowBatch struct {
	net    *methods.Network
	data   []float32
	filled int
}

func newRowBatch(net *methods.Network) *rowBatch { return &rowBatch{net: net} }

// add appends a row and reports whether the batch is full.
func (b *rowBatch) add(row []float32) bool {
	if b.data == nil {
		b.data = make([]float32, b.net.Rows()*len(row))
	}
	copy(b.data[b.filled*len(row):], row)
	b.filled++
	return b.filled == b.net.Rows()
}

// run computes the outputs of the rows gathered so far and empties the batch.
func (b *rowBatch) run() ([][]float32, error) {
	if b.filled == 0 {
		return nil, nil
	}
	out, err := b.net.Run(b.data[:b.filled*len(b.data)/b.net.Rows()])
	if err != nil {
		return nil, err
	}
	width, rows := b.net.Width(), make([][]float32, b.filled)
	for i := range rows {
		rows[i] = append([]float32(nil), out[i*width:(i+1)*width]...)
	}
	b.filled = 0
	return rows, nil
}
