package pretext

import (
	"fmt"
	"math/rand/v2"

	"github.com/clvid/clvid/media"
)

// Roles that the shuffled copy of frame-order can play.
const (
	OrderPositive = "positive" // of its own clip; all other videos are negatives
	OrderNegative = "negative" // a hard negative beside a second clip as positive
	OrderPredict  = "predict"  // its permutation must be named
)

// maxPredictPieces keeps the permutations to name at 24.
const maxPredictPieces = 4

// OrderConfig holds the settings of frame-order.
type OrderConfig struct {
	Role string `yaml:"role" doc:"positive, negative or predict"`
	// Pieces is how many runs of frames of the clip are shuffled, at least 2;
	// 0 shuffles single frames. With predict at most 4, as there are Pieces! classes, and
	// pieces must be equally long, as a short one would tell its place.
	Pieces int `yaml:"pieces" doc:"runs of frames that are shuffled; 0: single frames"`
	// MergeReversed gives an order and its reversal one class (OPN), with a fair
	// coin between them: Pieces!/2 classes. For predict only.
	MergeReversed bool            `yaml:"merge_reversed" doc:"predict: an order and its reversal are one class"`
	Gap           media.GapConfig `yaml:"gap" doc:"distance of the second clip, for negative only"`
}

// DefaultOrder shuffles quarters of a clip as a hard negative.
func DefaultOrder() OrderConfig {
	return OrderConfig{Role: OrderNegative, Pieces: 4, Gap: media.DefaultGap()}
}

// Validate names the first setting that is out of bounds for clips of the given
// number of frames.
func (c OrderConfig) Validate(frames int) error {
	pieces := c.pieces(frames)
	switch {
	case c.Role != OrderPositive && c.Role != OrderNegative && c.Role != OrderPredict:
		return fmt.Errorf("pretext: frame-order: order.role is %q, want positive, negative or predict", c.Role)
	case c.Pieces < 0 || c.Pieces == 1:
		return fmt.Errorf("pretext: frame-order: order.pieces is %d, want at least 2, or 0 for single frames", c.Pieces)
	case pieces > frames || pieces < 2:
		return fmt.Errorf("pretext: frame-order: %d pieces of a clip of %d frames, want 2 to %d: lower order.pieces or raise media.frames", pieces, frames, max(frames, 2))
	case c.MergeReversed && c.Role != OrderPredict:
		return fmt.Errorf("pretext: frame-order: order.merge_reversed goes with order.role predict, not %s", c.Role)
	case c.Role == OrderPredict && pieces > maxPredictPieces:
		return fmt.Errorf("pretext: frame-order: %d pieces have more than 24 orders to name, want 2 to %d: set order.pieces", pieces, maxPredictPieces)
	case c.Role == OrderPredict && frames%pieces != 0:
		return fmt.Errorf("pretext: frame-order: %d frames do not make %d equal pieces: change media.frames or order.pieces", frames, pieces)
	case c.MergeReversed && pieces == 2:
		return fmt.Errorf("pretext: frame-order: 2 pieces leave a single class when reversed orders merge: raise order.pieces or unset order.merge_reversed")
	}
	return c.Gap.Validate("order.gap")
}

// pieces is the number of runs that are shuffled.
func (c OrderConfig) pieces(frames int) int {
	if c.Pieces == 0 {
		return frames
	}
	return c.Pieces
}

// FrameOrder learns from the order of frames. A copy of a clip with its pieces
// shuffled is the positive of the clip, or its hard negative, or must have its
// permutation named (VCOP, CVPR 2019, on one clip instead of several). Departs
// from VCOP: one network sees the whole shuffled clip, so no features of pairs
// are joined; pieces touch, so cuts within a view are part of what it sees.
type FrameOrder struct {
	cfg    OrderConfig
	env    Env
	orders [][]int // of each class, for predict
}

var _ Task = (*FrameOrder)(nil)

var frameOrderEntry = Entry{
	Name:    "frame-order",
	Doc:     "a copy of the clip with shuffled frames is positive, hard negative, or must have its order named",
	Section: "order",
	Config:  func() any { c := DefaultOrder(); return &c },
	New:     newFrameOrder,
}

func newFrameOrder(cfg any, env Env) (Task, error) {
	c, err := settings("frame-order", cfg, DefaultOrder)
	if err != nil {
		return nil, err
	}
	if err := c.Validate(env.Clip.Frames); err != nil {
		return nil, err
	}
	t := &FrameOrder{cfg: c, env: env}
	if c.Role == OrderPredict {
		t.orders = classOrders(c.pieces(env.Clip.Frames), c.MergeReversed)
	}
	return t, nil
}

// classOrders lists one order for each class, in lexicographic order.
func classOrders(pieces int, merge bool) [][]int {
	if merge {
		return mergedOrders(pieces)
	}
	orders := make([][]int, factorial(pieces))
	for i := range orders {
		orders[i] = Permutation(i, pieces)
	}
	return orders
}

// Spec depends on the role of the shuffled copy.
func (t *FrameOrder) Spec() Spec {
	switch t.cfg.Role {
	case OrderPositive:
		return Spec{Roles: []Role{Anchor, Positive}}
	case OrderNegative:
		return Spec{Roles: []Role{Anchor, Positive, Negative}}
	}
	return Spec{Roles: []Role{Predict}, Classes: len(t.orders)}
}

// Spans draws one clip, or two for the hard negative.
func (t *FrameOrder) Spans(rng *rand.Rand, v Video) ([]media.Span, error) {
	if t.cfg.Role == OrderNegative {
		return t.env.pair(rng, v, t.cfg.Gap)
	}
	return t.env.span(rng, v)
}

// Views draws the order and renders the views.
func (t *FrameOrder) Views(rng *rand.Rand, v Video, clips []*media.Clip) ([]View, error) {
	return t.env.views(rng, "frame-order", v, clips, t.shots(rng)...)
}

func (t *FrameOrder) shots(rng *rand.Rand) []shot {
	frames := t.env.Clip.Frames
	if t.cfg.Role == OrderPredict {
		target := rng.IntN(len(t.orders))
		pieces := t.orders[target]
		if t.cfg.MergeReversed && rng.IntN(2) == 1 {
			pieces = reversed(pieces)
		}
		return []shot{{role: Predict, target: target, order: frameOrder(pieces, frames)}}
	}
	order := frameOrder(shuffle(rng, t.cfg.pieces(frames)), frames)
	if t.cfg.Role == OrderPositive {
		return []shot{{role: Anchor}, {role: Positive, order: order}}
	}
	return []shot{{role: Anchor}, {role: Positive, clip: 1}, {role: Negative, order: order}}
}
