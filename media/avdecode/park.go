package avdecode

import (
	"container/list"
	"sync"
)

const (
	defaultOpenFiles = 8
	parkedBytes      = 64 << 20 // bound of what parked decoders hold, as estimated
	heldPictures     = 20       // that a decoder holds: 16 references and some on their way
)

// park keeps the sessions of closed videos, so that a file that is opened again
// needs neither its header read nor its decoder primed. The least recently
// parked leaves first. It is shared by goroutines.
type park struct {
	mu     sync.Mutex
	limit  int // sessions; 0 keeps none
	used   int64
	byPath map[string]*list.Element
	order  *list.List // of *parked, most recently parked first
}

// parked is a session that no video uses.
type parked struct {
	id      fileID
	session *session
	guard   *guard // which the session's demuxer asks
	at      int    // frame that comes next, where every frame is decoded in order; else -1
	bytes   int64
}

func newPark(limit int) *park {
	if limit == 0 {
		limit = defaultOpenFiles
	}
	return &park{limit: max(limit, 0), byPath: map[string]*list.Element{}, order: list.New()}
}

// put keeps a session, or frees it where there is no room for it at all.
func (p *park) put(e *parked) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limit == 0 || e.bytes > parkedBytes {
		e.free()
		return
	}
	p.drop(p.byPath[e.id.Path])
	p.byPath[e.id.Path] = p.order.PushFront(e)
	p.used += e.bytes
	for p.order.Len() > p.limit || p.used > parkedBytes {
		p.drop(p.order.Back())
	}
}

// take hands out the session of that state of the file, or nil. One of another
// state is of no more use.
func (p *park) take(id fileID) *parked {
	p.mu.Lock()
	defer p.mu.Unlock()
	el := p.byPath[id.Path]
	if el == nil {
		return nil
	}
	e := p.remove(el)
	if e.id != id {
		e.free()
		return nil
	}
	return e
}

func (p *park) remove(el *list.Element) *parked {
	e := p.order.Remove(el).(*parked)
	delete(p.byPath, e.id.Path)
	p.used -= e.bytes
	return e
}

func (p *park) drop(el *list.Element) {
	if el != nil {
		p.remove(el).free()
	}
}

// close frees all sessions, and every one that is put from now on.
func (p *park) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limit = 0
	for p.order.Len() > 0 {
		p.drop(p.order.Back())
	}
}

func (e *parked) free() {
	e.session.close()
	e.guard.free()
}

// leave parks what the video has open.
func (v *video) leave() {
	e := &parked{id: v.id, session: v.session, guard: v.guard, at: -1, bytes: heldPictures * v.index.FrameBytes}
	if v.index.Access == through && v.lenient {
		e.at = v.at
	}
	v.session, v.guard = nil, nil
	v.forget()
	v.decoder.parked.put(e)
}

// enterParked takes a session of the unchanged file, if one is parked. A decoder
// with threads does not serve a file that showed damage since.
func (v *video) enterParked() bool {
	e := v.decoder.parked.take(v.id)
	if e == nil {
		return false
	}
	if e.session.threaded && v.index.fragile.Load() || v.unchanged() != nil {
		e.free()
		return false
	}
	v.session, v.guard = e.session, e.guard
	v.at, v.lenient = e.at, e.at >= 0
	return true
}
