package golden

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, text string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "method")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "name.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoad(t *testing.T) {
	c, err := Load(write(t, `{"params":{"op":"x","k":3},"inputs":{
		"a":{"shape":[2,1],"data":[1,2.5]},
		"input":{"shape":[2,3],"rule":"u('input',i)","first":[0.5980662722140551,0.1435205601155758,0.772134346421808,-0.4596892106346786]}},
		"expected":{"loss":{"shape":[],"data":[3]},"text":{"strings":["é"]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Method != "method" || c.Name != "name" || c.Tolerance != 1e-6 || c.Params.Op() != "x" {
		t.Errorf("%q %q %v %q", c.Method, c.Name, c.Tolerance, c.Params.Op())
	}
	if in := c.Inputs["input"]; len(in.Data) != 6 || in.Data[4] != Rule("input", 4) {
		t.Errorf("input by rule: %v", in)
	}
	if k, err := Get[int](c.Params, "k"); k != 3 || err != nil {
		t.Errorf("k = %d, %v", k, err)
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"no JSON":              {`{`, "unexpected end"},
		"data of other shape":  {`{"inputs":{"a":{"shape":[2],"data":[1]}}}`, "input a: 1 numbers for shape [2]"},
		"expected without any": {`{"expected":{"a":{"shape":[2]}}}`, "expected a: 0 numbers for shape [2]"},
		"an unknown rule":      {`{"inputs":{"a":{"shape":[2],"rule":"i*i"}}}`, `unknown rule "i*i"`},
		"a rule that is off":   {`{"inputs":{"a":{"shape":[2],"rule":"u('input',i)","first":[0.5]}}}`, "rule u('input',i): entry 0"},
		"too many first":       {`{"inputs":{"a":{"shape":[],"rule":"u('input',i)","first":[0,0]}}}`, "2 first numbers of 1"},
	} {
		if _, err := Load(write(t, tc.text)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, tc.want)
		}
	}
}

// The numbers are params.rule_check of the encoder cases.
func TestRule(t *testing.T) {
	want := []float64{-0.6265562679618597, 0.7020800979807973, -0.10891841258853674, 0.8530001090839505}
	w := make([]float64, 4)
	FillWeight("fc.weight", []int{1, 4}, w)
	for i, u := range want {
		if got := Rule("fc.weight", i); math.Abs(got-u) > 1e-15 {
			t.Errorf("u('fc.weight',%d) = %v, want %v", i, got, u)
		}
		if math.Abs(w[i]-u*math.Sqrt(.75)) > 1e-15 {
			t.Errorf("weight %d = %v", i, w[i])
		}
	}
	for name, interval := range map[string][2]float64{
		"a.running_var": {.5, 1.5}, "a.running_mean": {-.1, .1}, "a.bias": {-.1, .1}, "a.weight": {.9, 1.1},
	} {
		v := make([]float64, 1000)
		FillWeight(name, []int{1000}, v)
		low, high := math.Inf(1), math.Inf(-1)
		for _, x := range v {
			low, high = math.Min(low, x), math.Max(high, x)
		}
		// A thousand draws come within 2 % of either end.
		slack := .02 * (interval[1] - interval[0])
		if low < interval[0] || low > interval[0]+slack || high > interval[1] || high < interval[1]-slack {
			t.Errorf("%s lies in [%v, %v], want %v", name, low, high, interval)
		}
	}
}

func TestCompare(t *testing.T) {
	want := Numbers([]float64{0, -10, 1e-9}, 3)
	for name, tc := range map[string]struct {
		got  Tensor
		fits bool
	}{
		"equal":                     {want, true},
		"within the largest entry":  {Numbers([]float64{9e-6, -10, 0}, 3), true},
		"past it":                   {Numbers([]float64{1.1e-5, -10, 0}, 3), false},
		"not a number":              {Numbers([]float64{math.NaN(), -10, 0}, 3), false},
		"infinite":                  {Numbers([]float64{0, math.Inf(-1), 0}, 3), false},
		"another shape":             {Numbers([]float64{0, -10, 1e-9}, 1, 3), false},
		"an entry less":             {Numbers([]float64{0, -10}, 2), false},
		"data that miss their size": {Numbers([]float64{0, -10}, 3), false},
	} {
		if err := Compare(tc.got, want, 1e-6); (err == nil) != tc.fits {
			t.Errorf("%s: %v", name, err)
		}
	}
	zero := Scalar(0)
	if Compare(Scalar(2e-12), zero, 1e-6) == nil || Compare(Scalar(5e-13), zero, 1e-6) != nil {
		t.Error("zeros are compared with a bound other than 1e-12")
	}
	if Compare(Tensor{Strings: []string{"b"}}, Tensor{Strings: []string{"a"}}, 1) == nil {
		t.Error("other strings fit")
	}
}

func TestCompareAllNamesWhatIsMissing(t *testing.T) {
	want := Values{"loss": Scalar(1), "grad_q": Scalar(2), "ptr": Scalar(3)}
	errs := CompareAll(Values{"loss": Scalar(1), "ptr": Scalar(4), "more": Scalar(0)}, want, func(string) float64 { return 1e-6 })
	if len(errs) != 2 || !strings.Contains(errs[0].Error(), "grad_q is expected and was not produced") || !strings.HasPrefix(errs[1].Error(), "ptr: entry 0") {
		t.Errorf("got %v", errs)
	}
}
