package framecache

import (
	"container/list"
	"sync"

	"github.com/clvid/clvid/media"
)

// patience is in how many rounds over all videos an entry must be used, or may
// leave.
const patience = 4

// memory keeps all frames of small videos within a bound of bytes. The least
// recently used video leaves for a new one only if it was idle for several
// rounds over all the videos seen: an epoch over more videos than fit would
// otherwise drive out every entry before its next use, and decode whole videos
// for nothing.
type memory struct {
	mu    sync.Mutex
	limit int64
	used  int64
	clock int
	seen  map[identity]bool // true: refused for good
	byID  map[identity]*list.Element
	order *list.List // of *entry, most recently used first
}

type entry struct {
	id     identity
	frames []*media.Frame
	bytes  int64
	at     int // clock of the last use
}

func newMemory(limit int64) *memory {
	return &memory{limit: limit, seen: map[identity]bool{}, byID: map[identity]*list.Element{}, order: list.New()}
}

func (m *memory) get(v *video, spans []media.Span) ([]*media.Clip, bool) {
	frames, room := m.find(v.id, v.bytes())
	if frames == nil {
		return nil, room
	}
	clips, _ := wanted(v, spans, func(i int) (*media.Frame, error) { return frames[i], nil })
	return clips, true
}

// find returns the frames of a video, or tells whether there is room for its
// bytes.
func (m *memory) find(id identity, bytes int64) (frames []*media.Frame, room bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if bytes > m.limit/shareOfCache {
		return nil, false
	}
	m.clock++
	if e, ok := m.byID[id]; ok {
		m.order.MoveToFront(e)
		found := e.Value.(*entry)
		found.at = m.clock
		return found.frames, true
	}
	if m.seen[id] {
		return nil, false
	}
	m.seen[id] = false
	return nil, m.makeRoom(bytes)
}

// makeRoom lets idle entries go until bytes fit.
func (m *memory) makeRoom(bytes int64) bool {
	for m.used+bytes > m.limit {
		last := m.order.Back()
		if last == nil || m.clock-last.Value.(*entry).at <= patience*len(m.seen) {
			return false
		}
		m.remove(last)
	}
	return true
}

func (m *memory) remove(e *list.Element) {
	gone := e.Value.(*entry)
	m.order.Remove(e)
	delete(m.byID, gone.id)
	m.used -= gone.bytes
}

func (m *memory) refuse(id identity) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen[id] = true
}

func (m *memory) begin(v *video) keeper { return &memoryKeeper{memory: m, entry: &entry{id: v.id}} }

// memoryKeeper collects frames; they are seen once all are there.
type memoryKeeper struct {
	memory *memory
	entry  *entry
}

func (k *memoryKeeper) add(f *media.Frame) error {
	if len(k.entry.frames) > 0 && !f.SameKind(&k.entry.frames[0].Image) {
		return errKinds
	}
	k.entry.frames = append(k.entry.frames, f)
	k.entry.bytes += int64(imageBytes(&f.Image))
	return nil
}

func (k *memoryKeeper) drop() {}

// keep adds the video, unless another goroutine was first or took the room.
func (k *memoryKeeper) keep() error {
	m := k.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.byID[k.entry.id]; ok || m.used+k.entry.bytes > m.limit {
		return nil
	}
	k.entry.at = m.clock
	m.byID[k.entry.id] = m.order.PushFront(k.entry)
	m.used += k.entry.bytes
	return nil
}
