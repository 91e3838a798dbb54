package dataset

import (
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/clvid/clvid/internal/tarindex"
)

// WebDataset: members of a tar shard whose names agree up to the first point
// are one sample; the rest of the name says what they are.

// StandardInput is the name of shards that come from there.
const StandardInput = "-"

const (
	sidecarBytes = 1 << 20 // most of a text beside a video
	mostShards   = 1 << 16
)

var braces = regexp.MustCompile(`\{([^{}]*)\}`)

// isPattern tells names that stand for shards from names of files.
func isPattern(name string) bool {
	if name == StandardInput {
		return true
	}
	_, err := os.Stat(name)
	return err != nil && braces.MatchString(name)
}

func isWebDataset(p place) bool {
	switch {
	case p.info == nil:
		return true
	case p.isFile():
		return p.ext() == ".tar"
	}
	shards, other := p.shardsInFolder()
	return len(shards) > 0 && !other
}

// shardsInFolder lists the shards of a folder, or of folders in it, and tells
// whether there are videos or annotations beside them.
func (p place) shardsInFolder() (shards []string, other bool) {
	for _, pattern := range []string{"*.tar", "*/*.tar"} {
		found, err := filepath.Glob(filepath.Join(globEscape(p.path), pattern))
		if err == nil {
			shards = append(shards, found...)
		}
	}
	if len(shards) == 0 || manifestIn(p.path) != "" {
		return shards, true
	}
	entries, err := os.ReadDir(p.path)
	other = err != nil || slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		return slices.Contains(extensions, strings.ToLower(filepath.Ext(e.Name())))
	})
	return shards, other
}

func readWebDataset(p place) (*Set, error) {
	set := &Set{}
	shards, err := p.shards(set)
	if err != nil {
		return nil, err
	}
	root := p.path
	if !p.isDir() {
		root = filepath.Dir(p.path)
	}
	for _, shard := range shards {
		if _, err := os.Stat(shard); err != nil {
			set.note("shards are not there", shard)
			continue
		}
		prefix := filepath.ToSlash(shard)
		if rel, err := filepath.Rel(root, shard); err == nil && !strings.HasPrefix(rel, "..") {
			prefix = filepath.ToSlash(rel)
		}
		if p.path == StandardInput {
			prefix = "stdin.tar"
		}
		if err := set.addShard(shard, prefix); err != nil {
			return nil, err
		}
	}
	if classes := integerClasses(set.Items); classes != nil {
		set.Classes = classes
	}
	return set, nil
}

// shards lists the tar files that a place stands for.
func (p place) shards(set *Set) ([]string, error) {
	switch {
	case p.path == StandardInput:
		file, err := spool(os.Stdin, p.spoolBytes())
		set.spooled = file
		return []string{file}, err
	case p.info == nil:
		return expandBraces(p.path)
	case p.isFile():
		return []string{p.path}, nil
	}
	shards, _ := p.shardsInFolder()
	return shards, nil
}

// spool copies what comes from r to a temporary file, as members are read from
// any place and more than once.
func spool(r io.Reader, most int64) (name string, err error) {
	f, err := os.CreateTemp("", "clvid-*.tar")
	if err != nil {
		return "", fmt.Errorf("dataset: spool standard input: %w", err)
	}
	n, err := io.Copy(f, io.LimitReader(r, most+1))
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil && n > most {
		err = fmt.Errorf("it is larger than %d MB: raise dataset.spool_mb, or name files", most>>20)
	}
	if err != nil {
		os.Remove(f.Name())
		return "", fmt.Errorf("dataset: spool standard input: %w", err)
	}
	return f.Name(), nil
}

// expandBraces writes out {000..003}, with the zeros of its begin, and {a,b}.
func expandBraces(pattern string) ([]string, error) {
	out := []string{pattern}
	for {
		m := braces.FindStringSubmatchIndex(out[0])
		if m == nil {
			return out, nil
		}
		var next []string
		for _, name := range out {
			m := braces.FindStringSubmatchIndex(name)
			choices, err := braceChoices(name[m[2]:m[3]])
			if err != nil {
				return nil, fmt.Errorf("dataset: %s: %w", pattern, err)
			}
			if len(next)+len(choices) > mostShards {
				return nil, fmt.Errorf("dataset: %s stands for more than %d shards", pattern, mostShards)
			}
			for _, c := range choices {
				next = append(next, name[:m[0]]+c+name[m[1]:])
			}
		}
		out = next
	}
}

func braceChoices(text string) ([]string, error) {
	from, to, isRange := strings.Cut(text, "..")
	if !isRange {
		return strings.Split(text, ","), nil
	}
	a, errA := strconv.ParseUint(from, 10, 31)
	b, errB := strconv.ParseUint(to, 10, 31)
	if errA != nil || errB != nil || b < a || b-a >= mostShards {
		return nil, fmt.Errorf("{%s}: want a range such as {000..009}", text)
	}
	var out []string
	for i := a; i <= b; i++ {
		out = append(out, fmt.Sprintf("%0*d", len(from), i))
	}
	return out, nil
}

// sample gathers the members of one key.
type sample struct {
	item  Item
	media string // name of the member that is decoded
}

// addShard adds the samples of a shard. What comes before a damaged spot counts.
func (s *Set) addShard(shard, name string) error {
	f, err := os.Open(shard)
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	defer f.Close()
	samples, err := s.readShard(f, name)
	if err != nil {
		s.note("shards are damaged, and read up to there", fmt.Sprintf("%s (%v)", name, err))
		s.damaged = append(s.damaged, Broken{name, shard, fmt.Sprintf("read up to a damaged spot: %v", err)})
	}
	for _, one := range samples {
		if one.media == "" {
			s.note("samples hold neither video nor image", one.item.Name)
			continue
		}
		one.item.Path, one.item.Name = tarindex.Join(shard, one.media), tarindex.Join(name, one.media)
		if one.item.Split == "" {
			one.item.Split = shardSplit(shard)
		}
		s.Items = append(s.Items, one.item)
	}
	return nil
}

// shardSplit reads the split from the name of a shard, or of its folder.
func shardSplit(shard string) string {
	if split := splitOf(shard); split != "" {
		return split
	}
	if dir := filepath.Base(filepath.Dir(shard)); slices.Contains(splitNames, dir) {
		return officialSplit(dir)
	}
	return ""
}

// readShard lists the samples of a shard in its order.
func (s *Set) readShard(r io.ReadSeeker, name string) ([]*sample, error) {
	var order []*sample
	byKey := map[string]*sample{}
	err := tarindex.Walk(r, func(m tarindex.Member, data io.Reader) error {
		base := path.Base(m.Name)
		stem, kind, _ := strings.Cut(base, ".")
		if stem == "" {
			return nil // a hidden file
		}
		key := path.Join(path.Dir(m.Name), stem)
		one := byKey[key]
		if one == nil {
			one = &sample{item: Item{Name: tarindex.Join(name, key), Fields: map[string]string{}}}
			byKey[key], order = one, append(order, one)
		}
		return s.addMember(one, m, strings.ToLower(kind), data)
	})
	return order, err
}

// addMember gives a member its meaning. A video goes before a picture of it.
func (s *Set) addMember(one *sample, m tarindex.Member, kind string, data io.Reader) error {
	switch kind {
	case "txt", "caption", "cls", "json":
		if m.Size > sidecarBytes {
			s.note("texts are larger than 1 MB and left out", m.Name)
			return nil
		}
		text, err := io.ReadAll(data)
		if err != nil {
			return err
		}
		if err := one.describe(kind, text); err != nil {
			s.note("texts are not understood", fmt.Sprintf("%s (%v)", m.Name, err))
		}
		return nil
	}
	ext := path.Ext("." + kind)
	if !slices.Contains(extensions, ext) {
		s.Ignored++
		return nil
	}
	if one.media == "" || slices.Contains(pictureExtensions, strings.ToLower(path.Ext(one.media))) && !slices.Contains(pictureExtensions, ext) {
		one.media = m.Name
	}
	return nil
}

// describe reads a text beside a video: a caption, a label, or JSON with the
// keys of a manifest.
func (one *sample) describe(kind string, text []byte) error {
	if err := checkText("it", text); err != nil {
		return err
	}
	value := strings.TrimSpace(string(text))
	switch kind {
	case "cls":
		return one.item.set("label", value)
	case "json":
		more, err := itemOfJSON(text)
		if err != nil {
			return err
		}
		return one.take(more)
	}
	one.item.Captions = appendCaption(one.item.Captions, value)
	return nil
}

// take adds what JSON says to what other members did.
func (one *sample) take(more Item) error {
	it := &one.item
	for key, value := range more.Fields {
		it.Fields[key] = value
	}
	for _, caption := range more.Captions {
		it.Captions = appendCaption(it.Captions, caption)
	}
	if more.Label != "" {
		it.Label = more.Label
	}
	if more.Split != "" {
		it.Split = officialSplit(more.Split)
	}
	if more.End != 0 && more.End <= more.Start {
		return fmt.Errorf("end %ss is not behind start %ss", seconds(more.End), seconds(more.Start))
	}
	if more.Start != 0 || more.End != 0 {
		it.Start, it.End = more.Start, more.End
	}
	return nil
}

// integerClasses are the classes of items whose labels are all numbers, nil for
// other labels.
func integerClasses(items []Item) []string {
	most := -1
	for _, it := range items {
		if it.Label == "" {
			continue
		}
		n, err := strconv.Atoi(it.Label)
		if err != nil || n < 0 || n >= mostClasses || strconv.Itoa(n) != it.Label {
			return nil
		}
		most = max(most, n)
	}
	if most < 0 {
		return nil
	}
	return numberedClasses(most + 1)
}
