package bench

import (
	"context"
	"sync"

	"github.com/clvid/clvid/media"
)

// meter is a decoder that adds up what its videos did, when they are closed.
type meter struct {
	media.Decoder
	mu    sync.Mutex
	total media.Stats
}

func (m *meter) Open(ctx context.Context, path string) (media.Video, error) {
	v, err := m.Decoder.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	return &metered{Video: v, meter: m}, nil
}

func (m *meter) stats() media.Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.total
}

type metered struct {
	media.Video
	meter *meter
}

func (v *metered) Close() error {
	if s, ok := v.Video.(interface{ Stats() media.Stats }); ok {
		v.meter.mu.Lock()
		v.meter.total.Add(s.Stats())
		v.meter.mu.Unlock()
	}
	return v.Video.Close()
}
