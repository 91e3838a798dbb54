package registry

import (
	"slices"
	"strings"
	"testing"
)

type entry string

func (e entry) EntryName() string { return string(e) }

func TestTable(t *testing.T) {
	table := Table[entry]{"clip", "moco-v2", "simclr"}
	if e, err := table.Lookup("method", "simclr"); err != nil || e != "simclr" {
		t.Fatalf("Lookup(simclr) = %q, %v", e, err)
	}
	_, err := table.Lookup("method", "simclrr")
	if err == nil || !strings.Contains(err.Error(), `did you mean "simclr"`) {
		t.Errorf("no hint in %v", err)
	}
	_, err = table.Lookup("method", "zzzzzzzz")
	if err == nil || strings.Contains(err.Error(), "did you mean") {
		t.Errorf("a hint for something far away: %v", err)
	}
	grown := table.With("byol").With("clip")
	if want := []string{"byol", "clip", "moco-v2", "simclr"}; !slices.Equal(grown.Names(), want) {
		t.Errorf("With: %v, want %v", grown.Names(), want)
	}
	if len(table) != 3 {
		t.Error("With changed the table it was called on")
	}
}

func TestDistance(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "", 3}, {"", "ab", 2}, {"kitten", "sitting", 3}, {"frames", "farmes", 2}} {
		if got := distance(tc.a, tc.b); got != tc.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tc.a, tc.b, got, tc.want)
		}
	}
}
