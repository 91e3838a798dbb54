package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/clvid/clvid/media"
)

func TestTellBroken(t *testing.T) {
	bad := []media.Bad{
		{Path: "/data/a/" + strings.Repeat("long", 30) + ".mp4", Reason: strings.Repeat("reason ", 40)},
		{Path: "/data/b\x1b[31m.mp4", Reason: "two\nlines", InPart: true},
		{Path: "/data/c.mp4", Reason: "time limit exceeded", TimedOut: true},
	}
	for i := range 22 {
		d := &media.Damage{Frames: 50, Sound: 40}
		d.Add(i, 0, false, "the bitstream is damaged")
		bad = append(bad, media.Bad{Path: fmt.Sprintf("/data/%d.mp4", i), Damage: d})
	}
	var b strings.Builder
	if err := tellBroken(&b, bad, 60); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != 22 || lines[0] != "25 of 60 files are broken: 23 set aside, 1 timed out, 1 used in part" || lines[21] != "  and 5 more" {
		t.Errorf("%d lines:\n%s", len(lines), b.String())
	}
	for i, want := range map[int]string{1: "  set aside     …onglong", 2: "  used in part  b [31m.mp4", 3: "  timed out     c.mp4", 4: "40 of 50 sound; frame 0 (0.000 s): the bitstream is damaged"} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d is %q, want %q in it", i, lines[i], want)
		}
	}
	for _, line := range lines {
		if n := len([]rune(line)); n > screenColumns || strings.ContainsRune(line, '\x1b') {
			t.Errorf("%d characters: %q", n, line)
		}
	}
	if b.Reset(); tellBroken(&b, nil, 60) != nil || b.Len() > 0 {
		t.Errorf("of no broken file it tells %q", b.String())
	}
}

func TestCommonFolder(t *testing.T) {
	for want, paths := range map[string][]string{"/a/": {"/a/b/c", "/a/d", "/a/b/e"}, "/": {"/a/b", "/b"}, "": {"a", "/b"}, "a/b/": {"a/b/c"}} {
		var bad []media.Bad
		for _, p := range paths {
			bad = append(bad, media.Bad{Path: p})
		}
		if got := commonFolder(bad); got != want {
			t.Errorf("%v share %q, want %q", paths, got, want)
		}
	}
}
