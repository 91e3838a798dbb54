package plan

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/clvid/clvid/nn/device"
)

// Key tells apart the programs of one network: shapes are fixed when a graph is
// built, and a program depends on how it was compiled.
type Key struct {
	Shapes    string // of the inputs, in order
	Train     bool
	Precision device.Precision
	Outputs   string // which are computed, where there is a choice
}

// KeyOf is the key of a program compiled with o for inputs of these shapes.
func KeyOf(o Options, outputs string, shapes ...[]int) Key {
	return Key{Shapes: fmt.Sprint(shapes), Train: o.Train, Precision: o.Precision, Outputs: outputs}
}

// Cache keeps programs by key, at most a number of them: the least recently
// used leaves first and is closed. P is a Machine or what holds one. One
// goroutine at a time may use it.
type Cache[P io.Closer] struct {
	limit   int
	entries []cacheEntry[P] // the most recently used last
}

type cacheEntry[P io.Closer] struct {
	key     Key
	program P
}

// NewCache returns an empty cache of at most limit programs, at least one.
func NewCache[P io.Closer](limit int) *Cache[P] { return &Cache[P]{limit: max(1, limit)} }

// Get returns the program of a key, building it where there is none. It stays
// valid until limit other keys were asked for, or Close.
func (c *Cache[P]) Get(k Key, build func() (P, error)) (P, error) {
	at := slices.IndexFunc(c.entries, func(e cacheEntry[P]) bool { return e.key == k })
	if at >= 0 {
		e := c.entries[at]
		c.entries = append(slices.Delete(c.entries, at, at+1), e)
		return e.program, nil
	}
	if len(c.entries) >= c.limit { // its memory first, then that of the new one
		oldest := c.entries[0].program
		c.entries = slices.Delete(c.entries, 0, 1)
		if err := oldest.Close(); err != nil {
			var none P
			return none, fmt.Errorf("plan: cache: %w", err)
		}
	}
	p, err := build()
	if err == nil {
		c.entries = append(c.entries, cacheEntry[P]{k, p})
	}
	return p, err
}

// Len is the number of programs held.
func (c *Cache[P]) Len() int { return len(c.entries) }

// Close closes all programs. A second Close does nothing.
func (c *Cache[P]) Close() error {
	var errs []error
	for _, e := range c.entries {
		errs = append(errs, e.program.Close())
	}
	c.entries = nil
	return errors.Join(errs...)
}
