package avdecode

import (
	"os/exec"
	"strings"
	"testing"
)

// The command of the same Debian package tells the same of itself.
func TestFFmpeg(t *testing.T) {
	got := FFmpeg()
	if got.Version == "" || !strings.Contains(got.Licence, "GPL") || !strings.Contains(got.Configuration, "--") {
		t.Fatalf("FFmpeg() = %+v", got)
	}
	out, err := exec.Command("ffmpeg", "-version").Output()
	if err != nil {
		t.Skipf("no ffmpeg command to compare with: %v", err)
	}
	if !strings.Contains(string(out), "version "+got.Version+" ") {
		t.Skipf("the ffmpeg command is another build: %s", strings.SplitN(string(out), "\n", 2)[0])
	}
	if isStatic := strings.Contains(got.Licence, "LGPL"); !isStatic && !strings.Contains(string(out), "configuration: "+got.Configuration) {
		t.Errorf("configuration %q is not in\n%s", got.Configuration, out)
	}
}
