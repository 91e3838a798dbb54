package dataset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/loader"
)

// SurveyOptions say how a set is looked at.
type SurveyOptions struct {
	Decoder  media.Decoder
	Workers  int  // files at a time, at least 1
	Full     bool // decode every frame; else packets are read, and one picture
	Progress func(Progress)
}

// Progress is how far a survey is.
type Progress struct {
	Done, Total int   // files
	Broken      int   // of those done
	Bytes       int64 // of those done
}

// File is what a survey found of one file.
type File struct {
	Path    string
	Name    string // of the first item that it is
	Info    media.Info
	Frames  int    // in display order, as indexed
	Decoded int    // frames that came out, where all were asked for
	Bytes   int64  // of the file, the member of a shard, or all pictures of a folder
	SHA256  string // of those bytes, in hexadecimal; "" where they cannot be read
	Err     error  // why it cannot be used whole; nil where it can

	stretches map[stretchKey]stretchFound // that items are of it
}

// stretchKey is the time of an item.
type stretchKey struct{ start, end time.Duration }

// stretchFound is what an item has of its file.
type stretchFound struct {
	frames  int
	seconds float64
	err     error // the file has no such time
}

// Survey is a set with what its files hold.
type Survey struct {
	Set   *Set
	Full  bool
	Files []File // each once, in the order of the items

	at map[string]int // index of a path in Files
}

// Look opens every file of a set once and hashes its bytes. Files are in the
// order of the items whatever the workers do. The error is ctx's alone: a
// broken file is a finding.
func Look(ctx context.Context, set *Set, o SurveyOptions) (*Survey, error) {
	s := &Survey{Set: set, Full: o.Full, at: map[string]int{}}
	var paths, names []string
	stretches := map[string][]stretchKey{}
	for _, it := range set.Items {
		if key := (stretchKey{it.Start, it.End}); key != (stretchKey{}) {
			stretches[it.Path] = append(stretches[it.Path], key)
		}
		if _, seen := s.at[it.Path]; !seen {
			s.at[it.Path] = len(paths)
			paths, names = append(paths, it.Path), append(names, it.Name)
		}
	}
	bytes := newContents()
	look := func(ctx context.Context, _, i int) (File, error) {
		f := lookAt(ctx, paths[i], stretches[paths[i]], bytes, o)
		f.Name = names[i]
		return f, nil
	}
	now := Progress{Total: len(paths)}
	for f := range loader.Map(ctx, 0, len(paths), o.Workers, 4*o.Workers, look) {
		if ctx.Err() != nil {
			break
		}
		s.Files = append(s.Files, f)
		now.Done++
		now.Bytes += f.Bytes
		if f.Err != nil {
			now.Broken++
		}
		if o.Progress != nil {
			o.Progress(now)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("dataset: check: %w", err)
	}
	return s, nil
}

// lookAt looks at one file. A panic below it condemns the file, not the run.
func lookAt(ctx context.Context, path string, stretches []stretchKey, bytes *contents, o SurveyOptions) (f File) {
	f.Path = path
	defer func() {
		if p := recover(); p != nil {
			f.Err = fmt.Errorf("dataset: check %s: decoder failed: %v", path, p)
		}
	}()
	var err error
	if f.Bytes, f.SHA256, err = bytes.hash(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		f.Err = err
		return f // else opening says it better
	}
	video, err := o.Decoder.Open(ctx, path)
	if err != nil {
		f.Err = err
		return f
	}
	defer func() { f.Err = errors.Join(f.Err, video.Close()) }()
	f.Info, f.Frames = video.Info(), video.Len()
	f.cut(video, stretches)
	if d, ok := video.(interface{ Damage() string }); ok && d.Damage() != "" {
		f.Err = &media.Error{Path: path, Op: "check", Detail: d.Damage(), Err: media.ErrCorrupt}
	}
	if o.Full {
		f.decode(ctx, video)
	}
	return f
}

// cut looks at the stretches that items are.
func (f *File) cut(video media.Video, stretches []stretchKey) {
	f.stretches = make(map[stretchKey]stretchFound, len(stretches))
	for _, key := range stretches {
		part, err := media.Between(video, key.start, key.end)
		if err != nil {
			f.stretches[key] = stretchFound{err: err}
			continue
		}
		end := f.Info.Duration
		if key.end != 0 {
			end = min(key.end, end)
		}
		f.stretches[key] = stretchFound{frames: part.Len(), seconds: max(end-key.start, 0).Seconds()}
	}
}

// decode counts the frames that come out.
func (f *File) decode(ctx context.Context, video media.Video) {
	for frame, err := range video.Frames(ctx) {
		if err != nil {
			f.Err = err
			return
		}
		f.Decoded++
		if frame.Damage != "" && f.Err == nil {
			f.Err = &media.Error{Path: f.Path, Op: "check", Detail: fmt.Sprintf("frame %d: %s", frame.Index, frame.Damage), Err: media.ErrCorrupt}
		}
	}
	if f.Decoded != f.Frames && f.Err == nil {
		f.Err = &media.Error{Path: f.Path, Op: "check", Detail: fmt.Sprintf("%d frames decoded, %d indexed", f.Decoded, f.Frames), Err: media.ErrCorrupt}
	}
}

// file is what was found of an item's file.
func (s *Survey) file(it Item) *File { return &s.Files[s.at[it.Path]] }

// item is what was found of an item: of its stretch, where it is one.
func (s *Survey) item(it Item) stretchFound {
	f := s.file(it)
	if f.Err != nil {
		return stretchFound{err: f.Err}
	}
	if part, ok := f.stretches[stretchKey{it.Start, it.End}]; ok {
		return part
	}
	return stretchFound{frames: f.Frames, seconds: f.Info.Duration.Seconds()}
}

// The fields that a manifest of a survey adds to each item.
var surveyFields = []struct {
	name  string
	value func(*File) string
}{
	{"frames", func(f *File) string { return strconv.Itoa(f.Frames) }},
	{"fps", func(f *File) string { return number(f.Info.FrameRate) }},
	{"duration", func(f *File) string { return number(f.Info.Duration.Seconds()) }},
	{"width", func(f *File) string { return strconv.Itoa(f.Info.Width) }},
	{"height", func(f *File) string { return strconv.Itoa(f.Info.Height) }},
	{"codec", func(f *File) string { return f.Info.Codec }},
	{"bytes", func(f *File) string { return strconv.FormatInt(f.Bytes, 10) }},
	{"sha256", func(f *File) string { return f.SHA256 }},
}

// MeasuredFields names the fields that a manifest of a survey has of the files,
// which are not those of a copy.
func MeasuredFields() []string {
	var names []string
	for _, f := range surveyFields {
		names = append(names, f.name)
	}
	return names
}

// number writes a value with as many digits as matter.
func number(x float64) string { return strconv.FormatFloat(x, 'g', 8, 64) }

// Manifest lists the items whose file is whole, for WriteManifest to path: by
// names relative to its folder, with frames, fps (frames per second, 0 where it
// is unknown), duration (seconds), width, height (upright pixels), codec, bytes
// and sha256 of the file as fields.
func (s *Survey) Manifest(path string) ([]Item, error) {
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	var out []Item
	for _, it := range s.Set.Items {
		f := s.file(it)
		if s.item(it).err != nil {
			continue
		}
		fields := make(map[string]string, len(it.Fields)+len(surveyFields))
		for name, value := range it.Fields {
			fields[name] = value
		}
		for _, add := range surveyFields {
			fields[add.name] = add.value(f)
		}
		it.Fields = fields
		if it.Name, err = relativeName(folder, it.Path); err != nil {
			return nil, err
		}
		out = append(out, it)
	}
	return out, nil
}

func relativeName(folder, path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("dataset: %w", err)
	}
	rel, err := filepath.Rel(folder, abs)
	if err != nil {
		return "", fmt.Errorf("dataset: %w", err)
	}
	return filepath.ToSlash(rel), nil
}

// Whole lists the files that can be used whole.
func (s *Survey) Whole() []string {
	var out []string
	for _, f := range s.Files {
		if f.Err == nil {
			out = append(out, f.Path)
		}
	}
	return out
}
