package main

import (
	"fmt"
	"io"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media/avdecode"
	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/media/framecache"
)

// openSet reads the data set of the settings and tells what of it was passed
// over. Close it.
func openSet(cfg *configs.Config, notes io.Writer) (*dataset.Set, error) {
	set, err := cfg.Dataset.Open(cfg.Data)
	if err != nil {
		return nil, err
	}
	for _, n := range set.Notes {
		fmt.Fprintf(notes, "note: %s: %s\n", set.Root, n)
	}
	return set, nil
}

// useIndex lets the decoder take from the index beside a manifest what it would
// have to scan the videos for.
func (s *session) useIndex(set *dataset.Set) {
	decoder := s.decoder
	if cache, ok := decoder.(*framecache.Decoder); ok {
		decoder = cache.Decoder
	}
	d, ok := decoder.(*avdecode.Decoder)
	if name := set.File + indexSuffix; ok && set.File != "" && exists(name) {
		if _, err := d.ReadIndexes(name); err != nil {
			fmt.Fprintf(s.notes, "note: %v: videos are scanned again\n", err)
		}
	}
}
