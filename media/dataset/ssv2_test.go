package dataset

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSSv2(t *testing.T) {
	files := map[string]string{
		"labels/something-something-v2-labels.json":     `{"Holding something next to something": "1", "Approaching something with your camera": "0"}`,
		"labels/something-something-v2-train.json":      `[{"id":"78687","label":"holding potato next to vicks vaporub bottle","template":"Holding [something] next to [something]","placeholders":["potato","vicks vaporub bottle"]},{"id":"1","label":"x","template":"Unknown [something]"}]`,
		"labels/something-something-v2-validation.json": `[{"id":2,"label":"approaching mug with your camera","template":"Approaching [something] with your camera","placeholders":["mug"]},{"id":"404","label":"y","template":"Approaching [something] with your camera"}]`,
		"labels/something-something-v2-test.json":       `[{"id":"3"}]`,
	}
	set := openTree(t, Options{}, files, "20bn/78687.webm", "20bn/2.webm", "20bn/3.webm", "20bn/1.webm")
	if set.Format != "ssv2" {
		t.Error(set.Format)
	}
	wantBrief(t, set, "20bn/2.webm Approaching something with your camera val", "20bn/3.webm  test", "20bn/78687.webm Holding something next to something train")
	wantNotes(t, set, "1 videos have a template that the labels do not", "1 annotated videos are not there")
	if it := set.Items[2]; it.Class != 1 || it.Fields["placeholders"] != "potato, vicks vaporub bottle" || !cmp.Equal(it.Captions, []string{"holding potato next to vicks vaporub bottle"}) {
		t.Errorf("%+v", it)
	}
	files["labels/something-something-v2-labels.json"] = `{"A": "0", "B": "2"}`
	if _, err := Open(tree(t, files)); err == nil || !strings.Contains(err.Error(), "want 0 to 1") {
		t.Errorf("%v", err)
	}
	files["labels/something-something-v2-labels.json"] = `{"A": "0"}`
	files["labels/something-something-v2-train.json"] = `[{"id":["x"],"template":"A"}]`
	if _, err := Open(tree(t, files)); err == nil || !strings.Contains(err.Error(), "train.json") {
		t.Errorf("%v", err)
	}
}
