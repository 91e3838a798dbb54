package avdecode

import (
	"container/list"
	"sync"

	"github.com/clvid/clvid/media"
)

const (
	shareOfCache = 16 // one video may fill this part of the cache
	patience     = 4  // rounds over all videos in which an entry must be used, or may leave
)

// frameCache keeps all frames of small videos, shared by goroutines, within a
// bound of bytes. The least recently used video leaves for a new one only if
// it was idle for several rounds over all the videos seen: an epoch over more
// videos than fit would otherwise drive out every entry before its next use,
// and decode whole videos for nothing.
type frameCache struct {
	mu    sync.Mutex
	limit int64
	used  int64
	clock int
	seen  map[fileID]bool // true: refused for good, it is damaged
	byID  map[fileID]*list.Element
	order *list.List // of *cached, most recently used first
}

type cached struct {
	id     fileID
	frames []*media.Frame
	bytes  int64
	at     int // clock of the last use
}

func newFrameCache(limit int64) *frameCache {
	return &frameCache{limit: limit, seen: map[fileID]bool{}, byID: map[fileID]*list.Element{}, order: list.New()}
}

// get returns the frames of a video, or tells whether there is room for its
// bytes.
func (c *frameCache) get(id fileID, bytes int64) (frames []*media.Frame, room bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if bytes > c.limit/shareOfCache {
		return nil, false
	}
	c.clock++
	if e, ok := c.byID[id]; ok {
		c.order.MoveToFront(e)
		entry := e.Value.(*cached)
		entry.at = c.clock
		return entry.frames, true
	}
	if c.seen[id] {
		return nil, false
	}
	c.seen[id] = false
	return nil, c.makeRoom(bytes)
}

// makeRoom lets idle entries go until bytes fit.
func (c *frameCache) makeRoom(bytes int64) bool {
	for c.used+bytes > c.limit {
		last := c.order.Back()
		if last == nil || c.clock-last.Value.(*cached).at <= patience*len(c.seen) {
			return false
		}
		c.remove(last)
	}
	return true
}

func (c *frameCache) remove(e *list.Element) {
	entry := e.Value.(*cached)
	c.order.Remove(e)
	delete(c.byID, entry.id)
	c.used -= entry.bytes
}

// refuse marks a video that cannot be kept.
func (c *frameCache) refuse(id fileID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[id] = true
}

// put adds a video, unless another goroutine was first or took the room.
func (c *frameCache) put(id fileID, frames []*media.Frame) {
	entry := &cached{id: id, frames: frames}
	for _, f := range frames {
		entry.bytes += imageBytes(&f.Image)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byID[id]; ok || c.used+entry.bytes > c.limit {
		return
	}
	entry.at = c.clock
	c.byID[id] = c.order.PushFront(entry)
	c.used += entry.bytes
}
