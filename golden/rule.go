package golden

import (
	"fmt"
	"math"
	"regexp"
	"strings"
)

// Rule is u(key, i), the closed form by which large tensors are given: a
// number in [-1, 1) that every language computes to the same bits. key is a
// state-dict name or "input", i the flat row-major index. It is the finaliser of
// MurmurHash3 over i plus the FNV-1a hash of key, modulo 2^32.
func Rule(key string, i int) float64 {
	h := uint32(2166136261)
	for _, b := range []byte(key) {
		h = (h ^ uint32(b)) * 16777619
	}
	return spread(h + uint32(i))
}

// spread is the finaliser, scaled to [-1, 1).
func spread(x uint32) float64 {
	x ^= x >> 16
	x *= 0x85ebca6b
	x ^= x >> 13
	x *= 0xc2b2ae35
	x ^= x >> 16
	return float64(x)/(1<<31) - 1
}

var ruleForm = regexp.MustCompile(`^u\('([^']+)', *i\)$`)

// ruleKey reads the key of a rule such as u('input',i).
func ruleKey(rule string) (string, error) {
	m := ruleForm.FindStringSubmatch(rule)
	if m == nil {
		return "", fmt.Errorf("unknown rule %q, want u('KEY',i)", rule)
	}
	return m[1], nil
}

// FillWeight fills a tensor of a state dictionary by the rule of the encoder
// cases: weights of two and more axes get the variance 1/fan in, norm weights lie around
// 1, running variances too, all else around 0.
func FillWeight[T float32 | float64](name string, shape []int, dst []T) {
	offset, scale := 1., .1
	switch {
	case len(shape) > 1:
		offset, scale = 0, math.Sqrt(3/float64(elements(shape[1:])))
	case strings.HasSuffix(name, "running_var"):
		scale = .5
	case strings.HasSuffix(name, "running_mean"), strings.HasSuffix(name, "bias"), strings.HasSuffix(name, ".beta"):
		offset = 0
	}
	h := uint32(2166136261)
	for _, b := range []byte(name) {
		h = (h ^ uint32(b)) * 16777619
	}
	for i := range dst {
		dst[i] = T(offset + scale*spread(h+uint32(i)))
	}
}
