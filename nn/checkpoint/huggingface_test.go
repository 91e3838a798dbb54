package checkpoint

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	ct "github.com/clvid/clvid/nn/checkpoint/checkpointtest"
)

// folder writes files by name: tensors, PyTorch values or text.
func folder(t *testing.T, files map[string]any) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		var err error
		switch content := content.(type) {
		case []Tensor:
			err = WriteSafetensors(path, content, nil)
		case string:
			err = os.WriteFile(path, []byte(content), 0o644)
		default:
			ct.Write(t, path, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func one(name string, v float32) []Tensor {
	return []Tensor{{Name: name, Shape: []int{1}, F32: []float32{v}}}
}

func index(entries ...string) string {
	return fmt.Sprintf(`{"metadata":{"total_size":8},"weight_map":{%s}}`, strings.Join(entries, ","))
}

func TestHuggingFaceFolders(t *testing.T) {
	bin := ct.Dict{"a", ct.Tensor{Storage: ct.Floats(1), Shape: []int{1}}, "b", ct.Tensor{Storage: ct.Floats(2), Shape: []int{1}}}
	config := `{"model_type":"vit","hidden_size":192,"architectures":["ViTModel"],"qkv_bias":true}`
	for name, dir := range map[string]string{
		"safetensors": folder(t, map[string]any{"config.json": config, "pytorch_model.bin": "not looked at",
			"model.safetensors": append(one("a", 1), one("b", 2)...)}),
		"shards": folder(t, map[string]any{"config.json": config,
			"model.safetensors.index.json":     index(`"a":"model-00001-of-00002.safetensors"`, `"b":"model-00002-of-00002.safetensors"`),
			"model-00001-of-00002.safetensors": append(one("a", 1), one("left out", 3)...), "model-00002-of-00002.safetensors": one("b", 2)}),
		"a pickle": folder(t, map[string]any{"config.json": config, "pytorch_model.bin": bin}),
		"shards of pickles": folder(t, map[string]any{"config.json": config,
			"pytorch_model.bin.index.json": index(`"a":"p1.bin"`, `"b":"p2.bin"`), "p1.bin": bin[:2], "p2.bin": bin[2:]}),
	} {
		f := open(t, dir)
		a, err := f.Float32s("a")
		b, too := f.Float32s("b")
		if err != nil || too != nil || a[0] != 1 || b[0] != 2 || len(f.Tensors()) != 2 {
			t.Errorf("%s: %v %v, %v %v, %d tensors", name, a, err, b, too, len(f.Tensors()))
		}
		if diff := cmp.Diff(map[string]string{"model_type": "vit", "hidden_size": "192", "qkv_bias": "true"}, f.Metadata); diff != "" || f.Format != HuggingFace {
			t.Errorf("%s: %s %s", name, f.Format, diff)
		}
		if !Is(dir) {
			t.Errorf("%s: Is does not see it", name)
		}
	}
	dir := folder(t, map[string]any{"x.safetensors.index.json": index(`"a":"x1.safetensors"`), "x1.safetensors": one("a", 1)})
	if f := open(t, filepath.Join(dir, "x.safetensors.index.json")); len(f.Tensors()) != 1 {
		t.Error("an index by itself is not opened")
	}
}

func TestHuggingFaceRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		files map[string]any
		want  string
	}{
		"nothing":            {map[string]any{"config.json": "{}"}, "a folder without weights: want one of model.safetensors"},
		"a lost shard":       {map[string]any{"model.safetensors.index.json": index(`"a":"m1.safetensors"`)}, "shard m1.safetensors: open"},
		"a lost tensor":      {map[string]any{"model.safetensors.index.json": index(`"a":"m1"`), "m1": one("b", 1)}, `tensor "a" is not in it`},
		"a way out":          {map[string]any{"model.safetensors.index.json": index(`"a":"../m1"`)}, "lies outside the folder"},
		"a way to the root":  {map[string]any{"model.safetensors.index.json": index(`"a":"/etc/passwd"`)}, "lies outside the folder"},
		"an empty index":     {map[string]any{"model.safetensors.index.json": "{}"}, "lists no tensors"},
		"a broken index":     {map[string]any{"model.safetensors.index.json": "{"}, "model.safetensors.index.json: unexpected end"},
		"a broken config":    {map[string]any{"model.safetensors": one("a", 1), "config.json": "[]"}, "config.json: json"},
		"a huge config":      {map[string]any{"model.safetensors": one("a", 1), "config.json": strings.Repeat(" ", 1<<20+1)}, "want at most 1048576"},
		"a broken file":      {map[string]any{"model.safetensors": "12345678{"}, "model.safetensors: the header claims"},
		"a pickle with code": {map[string]any{"pytorch_model.bin": ct.Call{Module: "os", Name: "system"}}, "it holds a os.system"},
	} {
		if _, err := Open(folder(t, tc.files)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, tc.want)
		}
	}
}

func TestIs(t *testing.T) {
	for content, want := range map[string]bool{
		string(raw("{}", "")): true, "\x80\x02.": true, "PK\x03\x04": true, "": false, "hello, world": false,
		"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00": false,
	} {
		dir := folder(t, map[string]any{"f": content})
		if got := Is(filepath.Join(dir, "f")); got != want {
			t.Errorf("%q: %v, want %v", content, got, want)
		}
	}
	if Is(filepath.Join(t.TempDir(), "absent")) || Is(t.TempDir()) {
		t.Error("an absent file or an empty folder is a checkpoint")
	}
}
