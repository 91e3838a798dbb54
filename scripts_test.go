package clvid

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
		{"scripts/build-static.sh --help-me", "build-static: unknown option --help-me: want --source DIR, or -- and a command"},
		{"scripts/build-static.sh --source /nowhere", "build-static: --source wants a folder with FFmpeg's source"},
		{"scripts/build-static.sh --", "build-static: -- wants a command to run"},
		{"scripts/build-static.sh --source", "build-static: --source wants a folder with FFmpeg's source"},
		{"scripts/ffmpeg7.sh", "ffmpeg7: unknown command : want mod, build, test or debian13"},
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

// TestFFmpeg7Module holds the second module file against go.mod: the binding of
// FFmpeg is all that may differ.
func TestFFmpeg7Module(t *testing.T) {
	read := func(name string) (lines []string) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			if !strings.Contains(line, "github.com/asticode/") {
				lines = append(lines, line)
			}
		}
		return lines
	}
	for _, kind := range []string{"mod", "sum"} {
		if diff := cmp.Diff(read("go."+kind), read("go.ffmpeg7."+kind)); diff != "" {
			t.Errorf("go.ffmpeg7.%s does not follow go.%s: run `scripts/ffmpeg7.sh mod`\n%s", kind, kind, diff)
		}
	}
}
