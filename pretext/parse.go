package pretext

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Weighted names a task and its weight in the loss.
type Weighted struct {
	Name   string
	Weight float64 // more than 0
}

// ParseTask reads `clip-pairs`, or weighted parts such as
// `clip-pairs=1,frame-order=0.5`; a part without a weight weighs 1. Every name
// must be in r, once.
func ParseTask(r Registry, text string) ([]Weighted, error) {
	var parts []Weighted
	seen := map[string]bool{}
	for field := range strings.SplitSeq(text, ",") {
		part, err := parsePart(r, strings.TrimSpace(field))
		if err != nil {
			return nil, fmt.Errorf("pretext: task %q: %w", text, err)
		}
		if seen[part.Name] {
			return nil, fmt.Errorf("pretext: task %q: %s stands in it twice: join the weights", text, part.Name)
		}
		seen[part.Name] = true
		parts = append(parts, part)
	}
	return parts, nil
}

func parsePart(r Registry, field string) (Weighted, error) {
	name, number, weighted := strings.Cut(field, "=")
	part := Weighted{Name: strings.TrimSpace(name), Weight: 1}
	if part.Name == "" {
		return part, fmt.Errorf("a part has no name: write it as name=weight,name=weight")
	}
	if _, err := r.Lookup("pretext task", part.Name); err != nil {
		return part, err
	}
	if !weighted {
		return part, nil
	}
	weight, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(weight > 0) || math.IsInf(weight, 0) {
		return part, fmt.Errorf("weight %q of %s, want a number more than 0", number, part.Name)
	}
	part.Weight = weight
	return part, nil
}

// FormatTask writes parts as ParseTask reads them; weights of 1 are left out.
func FormatTask(parts []Weighted) string {
	fields := make([]string, len(parts))
	for i, p := range parts {
		fields[i] = p.Name
		if p.Weight != 1 {
			fields[i] += "=" + strconv.FormatFloat(p.Weight, 'g', -1, 64)
		}
	}
	return strings.Join(fields, ",")
}
