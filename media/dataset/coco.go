package dataset

import (
	"fmt"
	"maps"
	"slices"
)

// COCO captions (Chen et al., arXiv:1504.00325).

func isCOCO(p place) bool { return len(p.annotations(isCOCOFile)) > 0 }

// isCOCOFile wants captions: files of boxes and keypoints have annotations too,
// and lie in the same folder.
func isCOCOFile(file string) bool {
	s := jsonShape(file)
	if s.list || !s.has("images") && !s.has("annotations") {
		return false
	}
	name := stemOf(file)
	for _, other := range []string{"instances_", "person_keypoints_", "panoptic_", "stuff_", "image_info_"} {
		if len(name) > len(other) && name[:len(other)] == other {
			return false
		}
	}
	return true
}

type cocoData struct {
	Images []struct {
		ID   scalar `json:"id"`
		File string `json:"file_name"`
	} `json:"images"`
	Annotations []struct {
		Image   scalar `json:"image_id"`
		Caption string `json:"caption"`
	} `json:"annotations"`
}

func readCOCO(p place) (*Set, error) {
	files := p.annotations(isCOCOFile)
	if len(files) == 0 {
		return nil, fmt.Errorf("dataset: %s: no JSON file with images and annotations", p.path)
	}
	set, lib, err := p.begin()
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		var d cocoData
		if err := readJSON(file, &d); err != nil {
			return nil, err
		}
		set.addCOCO(lib, d, splitOf(file))
	}
	return set, nil
}

func (s *Set) addCOCO(lib *library, d cocoData, split string) {
	captions := map[scalar][]string{}
	for _, a := range d.Annotations {
		captions[a.Image] = appendCaption(captions[a.Image], a.Caption)
	}
	known := map[scalar]bool{}
	for _, image := range d.Images {
		if known[image.ID] {
			s.note("images are listed twice", image.File)
			continue
		}
		known[image.ID] = true
		s.addFound(lib, image.File, Item{Split: split, Captions: captions[image.ID], Fields: map[string]string{"image_id": string(image.ID)}})
	}
	for _, id := range slices.Sorted(maps.Keys(captions)) {
		if !known[id] {
			s.note("captions are about images that are not listed", string(id))
		}
	}
}
