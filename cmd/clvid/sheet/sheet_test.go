package sheet

import (
	"image/color"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/pretext"
)

// roleTask declares views and draws nothing.
type roleTask []pretext.Role

func (t roleTask) Spec() pretext.Spec { return pretext.Spec{Roles: t} }

func (t roleTask) Spans(*rand.Rand, pretext.Video) ([]media.Span, error) { return nil, nil }

func (t roleTask) Views(*rand.Rand, pretext.Video, []*media.Clip) ([]pretext.View, error) {
	return nil, nil
}

// testSheet has one row of two views; the second is shuffled. Every value of a
// view is its step.
func testSheet(input string) *Sheet {
	clip := media.ClipConfig{Frames: 4, Stride: 2, Size: 16, Input: input}
	data := make([]float32, clip.Len())
	plane := clip.Size * clip.Size
	for i := range data {
		data[i] = float32(i / plane % clip.Steps())
	}
	span := media.Span{Start: 3, N: 4, Stride: 2}
	views := []pretext.View{
		{Role: pretext.Anchor, Data: data, Target: -1, Span: span},
		{Role: pretext.Negative, Data: data, Target: 5, Span: span, Order: []int{2, 0, 3, 1}},
	}
	return &Sheet{
		Title: "a task", Subtitle: "settings", Clip: clip,
		Parts: []pretext.Part{{Name: "a-task", Weight: 1, Task: roleTask{pretext.Anchor, pretext.Negative}}},
		Rows:  []Row{{Label: "a class", Sample: pretext.Sample{Video: pretext.Video{Name: "dir/a_video.mp4", Frames: 24}, Views: [][]pretext.View{views}}}},
	}
}

// TestPicturesAreWhatTheViewHolds looks at the middle of each picture.
func TestPicturesAreWhatTheViewHolds(t *testing.T) {
	for _, input := range media.Inputs() {
		s := testSheet(input)
		l, err := s.layout(0, s.Clip.Steps())
		if err != nil {
			t.Fatal(err)
		}
		img, err := s.Draw()
		if err != nil {
			t.Fatal(err)
		}
		if img.Rect.Dx() != l.w || img.Rect.Dy() != l.h {
			t.Errorf("%s: %v, laid out as %d x %d", input, img.Rect, l.w, l.h)
		}
		size := s.Clip.Size * l.scale
		for v, x := range l.columnX {
			for step := range l.steps {
				for stacked := range l.stack {
					at := [2]int{x + frameGap + step*(size+frameGap) + size/2, border + titleH + partH + headH + perfH + stacked*(size+stackGap) + size/2}
					want := math.Round(255 * min(.45+.225*float64(step), 1))
					if input == media.InputDiff || stacked == 1 {
						want = math.Round(255 * min(.5+.225/2*differenceGain*float64(step), 1))
					}
					if got := img.RGBAAt(at[0], at[1]); got != (color.RGBA{uint8(want), uint8(want), uint8(want), 255}) {
						t.Errorf("%s: view %d, step %d, layer %d: %v, want %g", input, v, step, stacked, got, want)
					}
				}
			}
		}
	}
}

// TestPlayShowsOneStepAtATime looks at the middle of each view's picture.
func TestPlayShowsOneStepAtATime(t *testing.T) {
	s := testSheet(media.InputRGB)
	l, err := s.layout(0, 1)
	if err != nil {
		t.Fatal(err)
	}
	pictures, err := s.Play()
	if err != nil || len(pictures) != s.Clip.Steps() {
		t.Fatalf("%d pictures, %v; want %d", len(pictures), err, s.Clip.Steps())
	}
	size := s.Clip.Size * l.scale
	if size < moving {
		t.Errorf("pictures of %d px, want %d at least", size, moving)
	}
	for step, im := range pictures {
		for v, x := range l.columnX {
			want := uint8(math.Round(255 * min(.45+.225*float64(step), 1)))
			if got := im.RGBAAt(x+frameGap+size/2, border+titleH+partH+headH+perfH+size/2); got != (color.RGBA{want, want, want, 255}) {
				t.Errorf("view %d, step %d: %v, want %d", v, step, got, want)
			}
		}
	}
}

func TestTexts(t *testing.T) {
	s := testSheet(media.InputDiff)
	anchor, negative := s.Rows[0].Sample.Views[0][0], s.Rows[0].Sample.Views[0][1]
	for got, want := range map[string]string{
		s.orderText(anchor):                               "in order",
		s.orderText(negative):                             "shuffled: 2 0 3 1, target 5",
		spanText(anchor.Span):                             "from frame 3, 4 of stride 2",
		spanText(media.Span{N: 3, Picks: []int{4, 9, 1}}): "frames 1 to 9, 3 of them",
		s.frameText(anchor, 1, 24):                        "5 → 7",
		s.frameText(negative, 0, 24):                      "7 → 3",
		s.frameText(anchor, 2, 8):                         "7 → 1", // past the end a clip goes on at its start
		shortName("a/b/c.mp4"):                            "b/c.mp4",
		strings.Join(words("a_b c"), "|"):                 "a_|b |c",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestDrawRefuses(t *testing.T) {
	for want, change := range map[string]func(*Sheet){
		"nothing to draw":                       func(s *Sheet) { s.Rows = nil },
		"a view has 1 values, want":             func(s *Sheet) { s.Rows[0].Sample.Views[0][0].Data = []float32{0} },
		"has more views than its tasks declare": func(s *Sheet) { s.Parts[0].Task = roleTask{pretext.Anchor} },
	} {
		s := testSheet(media.InputRGB)
		change(s)
		if _, err := s.Draw(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestSheetsStayNarrow: many views are drawn small, few large.
func TestSheetsStayNarrow(t *testing.T) {
	s := testSheet(media.InputRGB)
	s.Clip = media.ClipConfig{Frames: 8, Stride: 1, Size: 64, Input: media.InputRGB}
	s.Parts[0].Task = roleTask{pretext.Anchor, pretext.Positive, pretext.Negative}
	if l, _ := s.layout(0, s.Clip.Steps()); l.scale != 1 || l.w > wide {
		t.Errorf("three views: scale %d, width %d", l.scale, l.w)
	}
	s.Parts[0].Task = roleTask{pretext.Predict}
	if l, _ := s.layout(0, s.Clip.Steps()); l.scale != 3 {
		t.Errorf("one view: scale %d, want 3", l.scale)
	}
}
