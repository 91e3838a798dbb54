package avdecode

import (
	"fmt"

	"github.com/clvid/clvid/media"
)

// taint updates the taint for frame i, see Note [Damage].
func (v *video) taint(i int) {
	s := v.session
	if why := v.sign(i); why != "" {
		if !v.tainted {
			v.tainted, v.blame, v.blamed = true, why, i
		}
		if s.flagged() != "" {
			return
		}
	}
	if !v.tainted || !s.key() || s.pts() == noPTS {
		return
	}
	// A key picture is a clean start only if it was sent after the damage: with
	// reordering it may come out after a later packet was refused.
	if sent, ok := s.keysSent[s.pts()]; ok && sent > s.damage.sentAt {
		v.tainted, v.blame = false, ""
		s.damage = damage{}
	}
}

// sign tells in words what speaks against frame i, or "".
func (v *video) sign(i int) string {
	s := v.session
	if why := s.flagged(); why != "" {
		return why
	}
	if s.damage.refused > 0 {
		return s.damage.why
	}
	if v.index.Access != through && s.wanted == nil && i > v.at {
		return fmt.Sprintf("%d frames before %s are missing", i-v.at, at(i, v.index.Times[i]))
	}
	return ""
}

// damaged is the error for a frame that damage touches.
func (v *video) damaged(i int) error {
	from := ""
	if v.tainted && v.blamed < i {
		from = fmt.Sprintf(" since %s", at(v.blamed, v.index.Times[v.blamed]))
	}
	return &failure{media.ErrCorrupt, fmt.Sprintf("%s of %d frames is damaged%s: %s", at(i, v.index.Times[i]), v.Len(), from, v.reason())}
}

func (v *video) reason() string {
	for _, why := range []string{v.blame, v.session.damage.why, v.index.Damage} {
		if why != "" {
			return why
		}
	}
	return "the decoder left out a picture"
}

// shortfall is the error where the stream ends before a promised frame.
func (v *video) shortfall() error {
	return &failure{media.ErrCorrupt, fmt.Sprintf("%d of %d frames decoded: %s", max(v.at, 0), v.Len(), v.reason())}
}
