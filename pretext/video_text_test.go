package pretext_test

import (
	"strings"
	"testing"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/pretext"
)

func TestVideoText(t *testing.T) {
	task := mustTask(t, "video-text", nil, env(media.InputRGBDiff))
	if !task.Spec().Text {
		t.Error("the caption is not the second modality")
	}
	_, err := task.Views(pretext.RNG(1, 0, 0), pretext.Video{Name: "m.mp4"}, nil)
	if err == nil || !strings.Contains(err.Error(), "m.mp4 has no caption") {
		t.Errorf("error %v", err)
	}
}
