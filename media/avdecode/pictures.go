package avdecode

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/clvid/clvid/media"
)

// pictureExtensions are those of files that can be frames in a folder.
var pictureExtensions = []string{".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}

// pictures is a folder of numbered pictures as a video: one picture a frame, in
// the order of their numbers, all of one size. There are no times.
type pictures struct {
	decoder *Decoder
	path    string
	files   []string // names in the folder
	info    media.Info
	bytes   int64 // of all files
	stats   media.Stats
}

// isFolder tells whether a path is to be opened as pictures.
func isFolder(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

// openPictures lists the folder and decodes its first picture.
func (d *Decoder) openPictures(ctx context.Context, path string) (*pictures, error) {
	v := &pictures{decoder: d, path: path}
	if err := v.list(); err != nil {
		return nil, err
	}
	if err := v.first(ctx); err != nil {
		return nil, err
	}
	return v, nil
}

func (v *pictures) list() error {
	entries, err := os.ReadDir(v.path)
	if err != nil {
		return &failure{err, ""}
	}
	for _, e := range entries {
		if st, err := e.Info(); err == nil && isNumbered(e.Name()) {
			v.files = append(v.files, e.Name())
			v.bytes += st.Size()
		}
	}
	switch {
	case len(v.files) == 0:
		return &failure{media.ErrUnsupported, "it is a folder without numbered pictures (jpg, png, webp, bmp, tif), not a file"}
	case len(v.files) > maxPackets:
		return &failure{media.ErrTooLarge, fmt.Sprintf("more than %d pictures: split the folder", maxPackets)}
	}
	slices.SortFunc(v.files, compareNatural)
	return nil
}

// isNumbered tells whether a file's name is a picture's that ends in a number.
func isNumbered(name string) bool {
	ext := filepath.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	return !strings.HasPrefix(name, ".") && stem != "" && isDigit(stem[len(stem)-1]) &&
		slices.Contains(pictureExtensions, strings.ToLower(ext))
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// compareNatural orders names with their runs of digits as numbers: frame2
// comes before frame10.
func compareNatural(a, b string) int {
	whole := strings.Compare(a, b)
	for a != "" && b != "" {
		if !isDigit(a[0]) || !isDigit(b[0]) {
			if a[0] != b[0] {
				return int(a[0]) - int(b[0])
			}
			a, b = a[1:], b[1:]
			continue
		}
		var x, y string
		x, a = cutDigits(a)
		y, b = cutDigits(b)
		if len(x) != len(y) {
			return len(x) - len(y)
		}
		if c := strings.Compare(x, y); c != 0 {
			return c
		}
	}
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return whole // names that differ in leading zeros alone
}

// cutDigits takes the number at the start of s, without leading zeros.
func cutDigits(s string) (digits, rest string) {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return strings.TrimLeft(s[:n], "0"), s[n:]
}

// first learns from the first picture what all are like.
func (v *pictures) first(ctx context.Context) error {
	g := newGuard()
	defer g.free()
	defer g.arm(ctx, v.decoder.options.Timeout)()
	path := filepath.Join(v.path, v.files[0])
	x, err := buildIndex(ctx, path, v.decoder.options, g)
	if err != nil {
		return fail(path, "open", v.decoder.options, err)
	}
	v.info = x.Info
	v.info.Container, v.info.Frames = "folder of "+x.Info.Container, len(v.files)
	v.info.Path, v.info.FrameRate, v.info.Duration = v.path, 0, 0
	return nil
}

// Info is that of the first picture; there is no frame rate.
func (v *pictures) Info() media.Info { return v.info }

// Len is the number of pictures.
func (v *pictures) Len() int { return len(v.files) }

// Times are zero: pictures have none.
func (v *pictures) Times() []time.Duration { return make([]time.Duration, len(v.files)) }

// Stats returns the work done since the folder was opened.
func (v *pictures) Stats() media.Stats { return v.stats }

// Close has nothing to free.
func (v *pictures) Close() error { return nil }

// Clips decodes each picture of the spans once.
func (v *pictures) Clips(ctx context.Context, spans ...media.Span) ([]*media.Clip, error) {
	frames := map[int]*media.Frame{}
	clips := make([]*media.Clip, len(spans))
	for i, s := range spans {
		if err := s.Validate(); err != nil {
			return nil, fail(v.path, "clip", v.decoder.options, &failure{errSpan, fmt.Sprintf("number %d of %d: %v", i, len(spans), err)})
		}
		clips[i] = &media.Clip{Video: v.path, Span: s, Frames: make([]*media.Frame, s.N)}
		for j := range s.N {
			n := s.Frame(j, v.Len())
			if frames[n] == nil {
				f, err := v.frame(ctx, n)
				if err == nil && f.Damage != "" {
					err = media.DamagedAt(n, 0, v.files[n]+": "+f.Damage)
				}
				if err != nil {
					return nil, fail(v.path, "clip", v.decoder.options, err)
				}
				frames[n] = f
			}
			clips[i].Frames[j] = frames[n]
		}
	}
	return clips, nil
}

// Frames decodes all pictures in order. One that does not decode, or has
// another size, is damage.
func (v *pictures) Frames(ctx context.Context) iter.Seq2[*media.Frame, error] {
	return func(yield func(*media.Frame, error) bool) {
		damage := media.Damage{Frames: v.Len(), Bytes: v.bytes, Read: v.bytes}
		for i := range v.files {
			f, err := v.frame(ctx, i)
			if ctx.Err() != nil {
				yield(nil, fail(v.path, "frames", v.decoder.options, ctx.Err()))
				return
			}
			if err != nil {
				damage.Add(i, 0, true, err.Error())
				continue
			}
			damage.Decoded++
			if f.Damage == "" {
				damage.Sound++
			} else {
				damage.Add(i, 0, false, f.Damage)
			}
			if !yield(f, nil) {
				return
			}
		}
		if damage.Reason != "" {
			yield(nil, fail(v.path, "frames", v.decoder.options, &damage))
		}
	}
}

// frame decodes one picture.
func (v *pictures) frame(ctx context.Context, i int) (*media.Frame, error) {
	v.stats.Opens++
	im, mark, err := v.decode(ctx, filepath.Join(v.path, v.files[i]))
	var f *failure
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, errLate), errors.Is(err, errAbandoned):
		return nil, err
	case errors.As(err, &f):
		return nil, &failure{f.kind, fmt.Sprintf("frame %d (%s): %s", i, v.files[i], f.detail)}
	case err != nil:
		return nil, &failure{media.ErrCorrupt, fmt.Sprintf("frame %d (%s): %v", i, v.files[i], err)}
	case im.W != v.info.Width || im.H != v.info.Height:
		return nil, &failure{media.ErrCorrupt, fmt.Sprintf("frame %d (%s) is %dx%d, the first is %dx%d: want one size",
			i, v.files[i], im.W, im.H, v.info.Width, v.info.Height)}
	}
	v.stats.Frames++
	return &media.Frame{Index: i, Key: true, Damage: mark, Image: im}, nil
}

// decode reads the picture of a file that holds one, and why it cannot be
// trusted. The watchdog sees to it that a file which hangs costs one picture.
func (v *pictures) decode(ctx context.Context, path string) (media.Image, string, error) {
	type result struct {
		im   media.Image
		mark string
	}
	r := new(result) // an abandoned call may still write to it
	err := v.decoder.dog.run(ctx, v.decoder.options.Timeout, func() (err error) {
		r.im, r.mark, err = v.picture(ctx, path)
		return err
	}, nil)
	if errors.Is(err, errAbandoned) {
		return media.Image{}, "", err
	}
	return r.im, r.mark, err
}

func (v *pictures) picture(ctx context.Context, path string) (im media.Image, mark string, err error) {
	g := newGuard()
	defer g.free()
	defer g.arm(ctx, v.decoder.options.Timeout)()
	if _, err := regular(path); err != nil {
		return im, "", err
	}
	s, err := openSession(ctx, path, v.decoder.options, g)
	if err != nil {
		return im, "", err
	}
	defer s.close()
	s.tones.made = &v.decoder.toners
	if err := s.openCodec(v.decoder.options); err != nil {
		return im, "", err
	}
	if err := s.next(ctx); err != nil {
		return im, "", &failure{media.ErrCorrupt, fmt.Sprintf("no picture could be decoded: %s", s.explain(err))}
	}
	if mark = s.flagged(); mark == "" {
		mark = s.taint.first()
	}
	im, err = s.picture(framePointer(s.frame), v.decoder.options, fresh)
	return im, mark, err
}
