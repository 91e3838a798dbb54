package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/dataset"
)

// check decodes every frame of a video; where nothing shows, once more with a
// decoder that stops at what a lenient one hides.
func (f *videoFinding) check(ctx context.Context, video media.Video, decode configs.Decode) error {
	f.Checked = true
	for _, err := range video.Frames(ctx) {
		if err == nil {
			f.Decoded++
			continue
		}
		f.Damage = media.Reason(err)
		errors.As(err, &f.Report)
	}
	if f.Damage == "" && ctx.Err() == nil {
		f.Damage = strictDamage(ctx, f.Path, decode)
	}
	return ctx.Err()
}

// strictDamage decodes again and stops at the first sign.
func strictDamage(ctx context.Context, path string, decode configs.Decode) string {
	decode.Strict = true
	decoder := openDecoder(decode, 1)
	defer closeDecoder(decoder)
	video, err := decoder.Open(ctx, path)
	if err != nil {
		return media.Reason(err)
	}
	defer video.Close()
	for _, err := range video.Frames(ctx) {
		if err != nil {
			return media.Reason(err)
		}
	}
	return ""
}

// broken is why a check must end with an error.
func (f *videoFinding) broken() error {
	switch {
	case !f.Checked || f.Damage == "":
		return nil
	case f.Report != nil:
		return fmt.Errorf("%s is damaged: %d of %d frames are sound", f.Path, f.Report.Sound, f.Report.Frames)
	}
	return fmt.Errorf("%s is damaged", f.Path)
}

// rangeColumns is the room for a line beside the names of the rows.
const rangeColumns = screenColumns - 11

// damageRows tell what is damaged and what could be saved.
func (f *videoFinding) damageRows() [][2]string {
	d := f.Report
	switch {
	case f.Damage == "" && f.Checked:
		return [][2]string{{"damage", fmt.Sprintf("none in %d frames", f.Decoded)}}
	case f.Damage == "":
		return nil
	case d == nil:
		return [][2]string{{"damage", oneLine(f.Damage)}}
	}
	rows := [][2]string{
		{"damage", cut(oneLine(d.Reason), rangeColumns)},
		{"saved", fmt.Sprintf("%d of %d frames are sound; %d are marked, %d did not come out", d.Sound, d.Frames, d.Decoded-d.Sound, d.Frames-d.Decoded)},
	}
	for i, r := range d.Ranges[:min(len(d.Ranges), brokenListed)] {
		name := ""
		if i == 0 {
			name = "damaged"
		}
		rows = append(rows, [2]string{name, cut(oneLine(r.String()), rangeColumns)})
	}
	if more := d.More(brokenListed); more != "" {
		rows = append(rows, [2]string{"", more})
	}
	return append(rows, [2]string{"read", fmt.Sprintf("up to byte %d of %d", d.Read, d.Bytes)})
}

// check decodes every file of a data set.
func (f *setFinding) check(ctx context.Context, set *dataset.Set, decode configs.Decode, notes io.Writer) error {
	f.Checked = true
	paths := make([]string, len(set.Items))
	for i, item := range set.Items {
		paths[i] = item.Path
	}
	workers := runtime.NumCPU()
	decoder := openDecoder(decode, workers)
	defer closeDecoder(decoder)
	bar := newCounter(notes, "checking videos", len(paths))
	reports, err := media.Check(ctx, decoder, paths, true, workers, bar.set)
	bar.done()
	if err != nil {
		return err
	}
	keep := configs.Default(nil).MinSound
	for _, r := range reports {
		if r.Err != nil {
			f.Broken = append(f.Broken, media.NewBad(r.Path, media.StageCheck, r.Usable(keep), r.Err))
		}
	}
	return nil
}

// broken is why a check must end with an error.
func (f *setFinding) broken() error {
	if len(f.Broken) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d files are broken", len(f.Broken), f.Videos)
}
