package clvid

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// scripts lists every shell script of the project.
func scripts(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("scripts/*.sh")
	if err != nil || len(found) == 0 {
		t.Fatalf("scripts/*.sh: %v, %v", found, err)
	}
	return append(found, ".ci/run")
}

func TestScriptsParse(t *testing.T) {
	for _, script := range scripts(t) {
		if out, err := exec.Command("bash", "-n", script).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", script, err, out)
		}
		if info, err := os.Stat(script); err != nil || info.Mode()&0o111 == 0 {
			t.Errorf("%s cannot be executed: %v", script, err)
		}
	}
}

func TestScriptsLint(t *testing.T) {
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skip("no shellcheck here")
	}
	out, err := exec.Command("shellcheck", append([]string{"--exclude=SC1091"}, scripts(t)...)...).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// A wrong argument ends a script before it does anything.
func TestScriptsRefuse(t *testing.T) {
	for _, tc := range []struct{ command, want string }{
		{"scripts/install-deps.sh statik", "install-deps: unknown argument statik: want static or none"},
		{"scripts/build-static.sh --help-me", "build-static: unknown option --help-me: want --ffmpeg DIR or --env"},
		{"scripts/build-static.sh --ffmpeg /nowhere", "build-static: --ffmpeg wants a folder with lib/pkgconfig in it"},
		{"scripts/build-static.sh --ffmpeg", "build-static: --ffmpeg wants a folder with lib/pkgconfig in it"},
		{"scripts/pkg-config-static.sh --libs zlib", "pkg-config-static: names no folders of .pc files"},
	} {
		args := strings.Fields(tc.command)
		command := exec.Command(args[0], args[1:]...)
		command.Env = append(os.Environ(), "CLVID_STATIC_LIBRARIES=")
		out, err := command.CombinedOutput()
		if err == nil || !strings.Contains(string(out), tc.want) {
			t.Errorf("%s: %v, want a failure with %q:\n%s", tc.command, err, tc.want, out)
		}
	}
}
