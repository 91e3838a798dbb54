package pretext_test

import (
	"strings"
	"testing"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/pretext"
)

func TestActionRecognition(t *testing.T) {
	task := mustTask(t, "action-recognition", nil, env(media.InputDiff))
	if v := draw(t, 1, 30, task)[0]; v.Target != labelled.Class || task.Spec().Classes != 5 {
		t.Errorf("target %d of %d, want %d of 5", v.Target, task.Spec().Classes, labelled.Class)
	}
	for _, class := range []int{-1, 5} {
		_, err := task.Views(pretext.RNG(1, 0, 0), pretext.Video{Name: "m.mp4", Class: class}, nil)
		if err == nil || !strings.Contains(err.Error(), "m.mp4 has class") {
			t.Errorf("class %d: error %v", class, err)
		}
	}
}
