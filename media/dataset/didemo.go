package dataset

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// DiDeMo (Hendricks et al., ICCV 2017): each description is about a moment, in
// chunks of 5 seconds as several people saw it. A moment runs from the mean of
// their first chunks to the end of the mean of their last; retrieval of
// paragraphs joins all descriptions of a video, of its first 31 seconds. Both
// as the loaders of the retrieval literature have it.

const (
	didemoChunk     = 5 * time.Second
	didemoParagraph = 31 * time.Second
	didemoChunks    = 1000 // most that a number of a chunk can be
)

func isDiDeMo(p place) bool { return len(p.annotations(isDiDeMoFile)) > 0 }

func isDiDeMoFile(file string) bool {
	s := jsonShape(file)
	return s.list && s.has("video", "description", "times")
}

type didemoMoment struct {
	Video       string       `json:"video"`
	Description string       `json:"description"`
	Times       [][2]float64 `json:"times"` // first and last chunk, by person
}

// stretch is the time of a moment.
func (m didemoMoment) stretch() (start, end time.Duration, ok bool) {
	var first, last float64
	for _, t := range m.Times {
		if !(t[0] >= 0 && t[0] <= t[1] && t[1] <= didemoChunks) {
			return 0, 0, false
		}
		first, last = first+t[0], last+t[1]
	}
	n := float64(len(m.Times))
	if n == 0 {
		return 0, 0, false
	}
	return time.Duration(first / n * float64(didemoChunk)), time.Duration((last/n + 1) * float64(didemoChunk)), true
}

// readDiDeMo calls use with every moment of a listed video.
func readDiDeMo(p place, use func(set *Set, lib *library, split string, moments []didemoMoment)) (*Set, error) {
	files := p.annotations(isDiDeMoFile)
	if len(files) == 0 {
		return nil, fmt.Errorf("dataset: %s: no JSON list of moments with video, description and times", p.path)
	}
	set, lib, err := p.begin()
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		var moments []didemoMoment
		if err := readJSON(file, &moments); err != nil {
			return nil, err
		}
		if moments, err = set.listedMoments(file, moments); err != nil {
			return nil, err
		}
		use(set, lib, splitOf(file), moments)
	}
	return set, nil
}

// listedMoments keeps the videos of train_list.txt beside train_data.json, and
// so on, where there is such a list.
func (s *Set) listedMoments(file string, moments []didemoMoment) ([]didemoMoment, error) {
	list := filepath.Join(filepath.Dir(file), strings.Replace(filepath.Base(file), "_data.json", "_list.txt", 1))
	if list == file || head(list) == nil {
		return moments, nil
	}
	data, err := readText(list)
	if err != nil {
		return nil, err
	}
	listed := map[string]bool{}
	for _, name := range lines(data) {
		listed[stemOfMedia(name)] = true
	}
	var out []didemoMoment
	for _, m := range moments {
		if !listed[stemOfMedia(m.Video)] {
			s.note("moments are of videos that "+filepath.Base(list)+" leaves out", m.Video)
			continue
		}
		out = append(out, m)
	}
	return out, nil
}

func readDiDeMoMoments(p place) (*Set, error) {
	return readDiDeMo(p, func(set *Set, lib *library, split string, moments []didemoMoment) {
		for _, m := range moments {
			start, end, ok := m.stretch()
			if !ok {
				set.note("moments have no times, or impossible ones", m.Video)
				continue
			}
			set.addFound(lib, m.Video, Item{Split: split, Captions: appendCaption(nil, m.Description), Start: start, End: end})
		}
	})
}

func readDiDeMoParagraphs(p place) (*Set, error) {
	return readDiDeMo(p, func(set *Set, lib *library, split string, moments []didemoMoment) {
		var order []string
		texts := map[string][]string{}
		for _, m := range moments {
			if texts[m.Video] == nil {
				order = append(order, m.Video)
			}
			texts[m.Video] = append(texts[m.Video], strings.Join(strings.Fields(m.Description), " "))
		}
		for _, video := range order {
			set.addFound(lib, video, Item{Split: split, Captions: []string{strings.Join(texts[video], " ")}, End: didemoParagraph})
		}
	})
}
