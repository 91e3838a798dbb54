package media

import (
	"errors"
	"fmt"
	"strings"
)

// Stages at which a file turns out bad.
const (
	StageCheck = "check" // before the first step
	StageTrain = "train" // while training
)

// MaxAttempts is how many draws of clips a damaged video gets before it counts
// as unusable.
const MaxAttempts = 8

// Bad is one file that a run set aside, or uses in part. It carries no time of
// day, so that equal runs write equal lines.
type Bad struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
	Stage  string `json:"stage"` // StageCheck or StageTrain
	// InPart says that the file stays in use: clips that damage touches are
	// drawn again.
	InPart bool `json:"in_part"`
	// TimedOut files took longer than the limit, so another machine might have
	// read them: the one way in which the pace of a machine can change a result.
	TimedOut bool `json:"timed_out,omitempty"`
	// Damage is what a whole pass found; nil where the file was not decoded
	// through, or could not be opened.
	Damage *Damage `json:"damage,omitempty"`
}

// NewBad describes a file that failed with err.
func NewBad(path, stage string, inPart bool, err error) Bad {
	b := Bad{Path: path, Reason: Reason(err), Stage: stage, InPart: inPart, TimedOut: errors.Is(err, ErrTimeout)}
	if d := (*Damage)(nil); errors.As(err, &d) && d.Frames > 0 {
		b.Damage = d
	}
	return b
}

// Reason is what err says of a file, without the file's name.
func Reason(err error) string {
	var e *Error
	text := err.Error()
	if errors.As(err, &e) && e.Err != nil {
		if text = e.Err.Error(); e.Detail != "" {
			text += ": " + e.Detail
		}
	}
	return text
}

// Use says what a run does with the file: "set aside", "used in part" or, past
// the time limit, "timed out".
func (b Bad) Use() string {
	switch {
	case b.InPart:
		return "used in part"
	case b.TimedOut:
		return "timed out"
	}
	return "set aside"
}

// Counts reads "5 of 60 files are broken: 3 set aside, 1 timed out, 1 used in
// part", or "" where none is.
func Counts(bad []Bad, total int) string {
	if len(bad) == 0 {
		return ""
	}
	count := map[string]int{}
	for _, b := range bad {
		count[b.Use()]++
	}
	var parts []string
	for _, use := range []string{"set aside", "timed out", "used in part"} {
		if n := count[use]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, use))
		}
	}
	return fmt.Sprintf("%d of %d files are broken: %s", len(bad), total, strings.Join(parts, ", "))
}
