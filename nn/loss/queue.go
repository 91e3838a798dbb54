package loss

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Queue holds the last K keys of MoCo (arXiv:1911.05722, section 3.2): unit rows,
// the oldest overwritten first. It lives outside the graph and enters it as
// an input. Departs from the released code: a batch need not divide K; it
// wraps in the middle.
type Queue[T float32 | float64] struct {
	size, width int
	rows        []T
	pointer     []int64
}

// NewQueue returns a queue of size keys of width D, filled with random
// directions.
func NewQueue[T float32 | float64](size, width int, rng *rand.Rand) *Queue[T] {
	q := &Queue[T]{size: size, width: width, rows: make([]T, size*width), pointer: make([]int64, 1)}
	for k := range size {
		row, sum := q.rows[k*width:(k+1)*width], 0.
		draws := make([]float64, width)
		for j := range draws {
			draws[j] = rng.NormFloat64()
			sum += draws[j] * draws[j]
		}
		for j, v := range draws {
			row[j] = T(v / math.Max(math.Sqrt(sum), 1e-12))
		}
	}
	return q
}

// Rows are the keys (K,D) in the live memory: reading saves, writing restores.
func (q *Queue[T]) Rows() []T { return q.rows }

// Pointer is the one position, in [0,K), that the next key overwrites, in the
// live memory.
func (q *Queue[T]) Pointer() []int64 { return q.pointer }

// Enqueue overwrites the oldest keys by keys (N,D), which have unit rows, in
// order. Numbers that are not finite are an error and change nothing: they
// would stay for K/N steps.
func (q *Queue[T]) Enqueue(keys []T) error {
	if len(keys)%q.width != 0 {
		return fmt.Errorf("loss: queue: %d numbers are no rows of %d", len(keys), q.width)
	}
	at := q.pointer[0]
	if at < 0 || at >= int64(q.size) {
		return fmt.Errorf("loss: queue: pointer %d is outside [0,%d): the state it came from is damaged", at, q.size)
	}
	for i, v := range keys {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("loss: queue: key %d holds %v: lower optimizer.lr or raise the temperature", i/q.width, v)
		}
	}
	for i := 0; i < len(keys); i += q.width {
		copy(q.rows[int(at)*q.width:], keys[i:i+q.width])
		at = (at + 1) % int64(q.size)
	}
	q.pointer[0] = at
	return nil
}
