package eval

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Draw returns the places of perClass labelled videos of every class that
// occurs in labels, drawn without replacement from rng, in ascending order.
func Draw(labels []int, perClass int, rng *rand.Rand) ([]int, error) {
	if perClass < 1 {
		return nil, fmt.Errorf("eval: draw labels: %d labels for each class, want at least 1", perClass)
	}
	places := map[int][]int{}
	for i, c := range labels {
		places[c] = append(places[c], i)
	}
	if len(places) == 0 {
		return nil, fmt.Errorf("eval: draw labels: no labelled videos: check --data and --split")
	}
	classes := make([]int, 0, len(places))
	for c := range places {
		classes = append(classes, c)
	}
	slices.Sort(classes) // a map's order would change the draw
	var drawn []int
	for _, c := range classes {
		of := places[c]
		if len(of) < perClass {
			return nil, fmt.Errorf("eval: draw labels: class number %d has %d labelled videos, want at least %d: lower --labels-per-class", c, len(of), perClass)
		}
		rng.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
		drawn = append(drawn, of[:perClass]...)
	}
	slices.Sort(drawn)
	return drawn, nil
}
