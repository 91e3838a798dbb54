package main

import (
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/clvid/clvid/media/avdecode"
)

// versions is what `clvid version` tells.
type versions struct {
	Version string         `json:"version"`
	FFmpeg  ffmpegVersions `json:"ffmpeg"`
}

type ffmpegVersions struct {
	Version       string `json:"version"`
	Licence       string `json:"licence"`
	Configuration string `json:"configuration"`
}

func newVersion() *cobra.Command {
	cmd := &cobra.Command{
		Use: "version", Short: "print the version, and which FFmpeg it runs on under which licence", Args: noArgs,
	}
	asJSON := cmd.Flags().Bool("json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		v := versions{version(), ffmpegVersions(avdecode.FFmpeg())}
		if *asJSON {
			return writeJSON(cmd.OutOrStdout(), v)
		}
		return writeVersions(cmd.OutOrStdout(), v)
	}
	return cmd
}

func writeVersions(w io.Writer, v versions) error {
	_, err := fmt.Fprintf(w, "clvid %s\nFFmpeg %s, %s, configured with\n", v.Version, v.FFmpeg.Version, v.FFmpeg.Licence)
	if err != nil {
		return err
	}
	for _, line := range wrapWords(v.FFmpeg.Configuration, 116) {
		if _, err := fmt.Fprintln(w, "   ", line); err != nil {
			return err
		}
	}
	return nil
}

// wrapWords breaks text between words into lines of at most width bytes; a
// longer word has a line of its own.
func wrapWords(text string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > width:
			lines, line = append(lines, line), word
		default:
			line += " " + word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// version names the build: a tag, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "devel " + s.Value[:min(12, len(s.Value))]
		}
	}
	return "devel"
}
