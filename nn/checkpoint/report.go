package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// Report says what became of the tensors of a file and of those wanted. Every
// tensor of the file is in Loaded, Mismatched, Unexpected or Skipped; every one
// wanted is in Loaded, Missing or Mismatched.
type Report struct {
	File   string `json:"file"`
	Format Format `json:"format"`
	Prefix string `json:"prefix"` // taken off the names in the file
	// Others are further prefixes behind which as much is found.
	Others     []string   `json:"other_prefixes,omitempty"`
	Wanted     int        `json:"wanted"`
	Loaded     []Pair     `json:"loaded"`
	Missing    []Want     `json:"missing"`
	Mismatched []Mismatch `json:"shape_mismatch"`
	Unexpected []Info     `json:"unexpected"`
	Skipped    []Skipped  `json:"skipped"`

	wantedValues int64
	inside       []string // of Unexpected, in modules that the network has
}

// Pair is a tensor that is wanted and in the file.
type Pair struct {
	Name  string `json:"name"`
	From  string `json:"from"` // name in the file
	DType DType  `json:"dtype"`
	Shape []int  `json:"shape"`
}

// Mismatch is a tensor that is in the file with another shape.
type Mismatch struct {
	Name string `json:"name"`
	From string `json:"from"`
	Have []int  `json:"file_shape"`
	Want []int  `json:"wanted_shape"`
}

// Skipped is a tensor of the file that no encoder needs.
type Skipped struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

func (r *Report) skip(t Info, why string) { r.Skipped = append(r.Skipped, Skipped{t.Name, why}) }

// enough is the share of tensors, and of values, that must be there.
const enough = .9

// Refusal is the error of a file that is not of the network: no or too few
// tensors fit, one has another shape, or the network in the file is larger. A
// few missing tensors are no error, see Complete.
func (r *Report) Refusal() error {
	there, values := len(r.Loaded)+len(r.Mismatched), int64(0)
	for _, p := range r.Loaded {
		values += Info{Shape: p.Shape}.Elements()
	}
	switch {
	case there == 0:
		return fmt.Errorf("checkpoint: %s: none of the %d tensors is there, such as %s: %w", r.File, r.Wanted, names(r.Missing), errOther)
	case float64(there) < enough*float64(r.Wanted):
		return fmt.Errorf("checkpoint: %s: only %d of %d tensors are there; missing are %s: %w", r.File, there, r.Wanted, names(r.Missing), errOther)
	case len(r.Mismatched) > 0:
		m := r.Mismatched[0]
		return fmt.Errorf("checkpoint: %s: %d of %d tensors have another shape, such as %s: %s in the file, %s wanted: %w",
			r.File, len(r.Mismatched), r.Wanted, m.Name, shapeText(m.Have), shapeText(m.Want), errOther)
	case float64(values) < enough*float64(r.wantedValues):
		return fmt.Errorf("checkpoint: %s: only %d of %d values are there; missing are %s: %w", r.File, values, r.wantedValues, names(r.Missing), errOther)
	case float64(len(r.inside)) > (1-enough)*float64(r.Wanted):
		return fmt.Errorf("checkpoint: %s: the network in it is larger: %d tensors more, such as %s: %w", r.File, len(r.inside), r.inside[0], errOther)
	}
	return nil
}

var errOther = errors.New("it is of another encoder, or of the same with other options")

// Complete is Refusal, and an error where anything is missing.
func (r *Report) Complete() error {
	if err := r.Refusal(); err != nil {
		return err
	}
	if len(r.Missing) > 0 {
		return fmt.Errorf("checkpoint: %s: %d of %d tensors are missing: %s: those would keep their initial values", r.File, len(r.Missing), r.Wanted, names(r.Missing))
	}
	return nil
}

// names lists the first few.
func names(wants []Want) string {
	const most = 5
	var out []string
	for _, w := range wants[:min(most, len(wants))] {
		out = append(out, w.Name)
	}
	if more := len(wants) - most; more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(out, ", ")
}

// Line sums the report up.
func (r *Report) Line() string {
	line := fmt.Sprintf("%s (%s): %d of %d tensors loaded", r.File, r.Format, len(r.Loaded), r.Wanted)
	if r.Prefix != "" {
		line += fmt.Sprintf(", prefix %q taken off", r.Prefix)
	}
	for _, part := range r.counts()[1:] {
		if part.n > 0 {
			line += fmt.Sprintf(", %d %s", part.n, part.what)
		}
	}
	for _, other := range r.Others {
		line += fmt.Sprintf("; as much is behind %q", other)
	}
	return line
}

type count struct {
	what string
	n    int
}

func (r *Report) counts() []count {
	return []count{{"loaded", len(r.Loaded)}, {"missing", len(r.Missing)}, {"of another shape", len(r.Mismatched)},
		{"unexpected", len(r.Unexpected)}, {"skipped", len(r.Skipped)}}
}

// String is the report as a table: the line, then all that was not loaded. What
// is skipped for the same reason is counted; the JSON names it.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintln(&b, r.Line())
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	if len(r.Missing)+len(r.Mismatched)+len(r.Unexpected) > 0 {
		fmt.Fprintln(w, "what\ttensor\tin the file\twanted")
	}
	for _, m := range r.Missing {
		fmt.Fprintf(w, "missing\t%s\t-\t%s\n", m.Name, shapeText(m.Shape))
	}
	for _, m := range r.Mismatched {
		fmt.Fprintf(w, "other shape\t%s\t%s\t%s\n", m.Name, shapeText(m.Have), shapeText(m.Want))
	}
	for _, t := range r.Unexpected {
		fmt.Fprintf(w, "unexpected\t%s\t%s\t-\n", t.Name, shapeText(t.Shape))
	}
	for _, why := range r.reasons() {
		fmt.Fprintf(w, "skipped\t%s\n", why)
	}
	w.Flush() // writing to memory does not fail
	return strings.TrimSuffix(b.String(), "\n")
}

// reasons counts what is skipped, by why.
func (r *Report) reasons() []string {
	var order []string
	count := map[string]int{}
	for _, s := range r.Skipped {
		if count[s.Why] == 0 {
			order = append(order, s.Why)
		}
		count[s.Why]++
	}
	slices.Sort(order)
	for i, why := range order {
		order[i] = fmt.Sprintf("%d (%s)", count[why], why)
	}
	return order
}

// JSON is the whole report, indented.
func (r *Report) JSON() ([]byte, error) { return json.MarshalIndent(r, "", "  ") }

func shapeText(shape []int) string {
	if len(shape) == 0 {
		return "scalar"
	}
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(shape), " ", " x "), "[]")
}
