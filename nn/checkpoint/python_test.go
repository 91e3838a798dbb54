package checkpoint

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// python is an interpreter with the named modules: CLVID_PYTHON, or python3.
// Where there is none the test is skipped.
func python(t *testing.T, modules string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts Python, which takes seconds")
	}
	exe := os.Getenv("CLVID_PYTHON")
	if exe == "" {
		exe = "python3"
	}
	if out, err := exec.Command(exe, "-c", "import "+modules).CombinedOutput(); err != nil {
		t.Skipf("%s without %s: set CLVID_PYTHON to one that has them: %v %s", exe, modules, err, out)
	}
	return exe
}

// TestAgainstTorch reads what the real torch.save writes.
func TestAgainstTorch(t *testing.T) {
	exe := python(t, "torch")
	dir := t.TempDir()
	out, err := exec.Command(exe, "-c", `
import sys, argparse, collections, torch
d = sys.argv[1]
x = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
net = torch.nn.Sequential(torch.nn.Conv3d(2, 3, (1, 2, 2)), torch.nn.BatchNorm3d(3))
with torch.no_grad():
    net[0].weight.copy_(torch.arange(24.).reshape(3, 2, 1, 2, 2) / 8)
opt = torch.optim.SGD(net.parameters(), lr=.1, momentum=.9)
net(torch.ones(1, 2, 2, 4, 4)).square().sum().backward(); opt.step()
with torch.no_grad():
    net[0].weight.copy_(torch.arange(24.).reshape(3, 2, 1, 2, 2) / 8)
everything = {
    "plain": x, "permuted": x.permute(2, 0, 1), "slice": x[1, :, 1:3], "step": x[:, ::2, ::3], "scalar": torch.tensor(2.5),
    "expanded": x[0, 0, :2].expand(2, 2), "empty": torch.zeros(0, 3), "half": torch.tensor([1.5]).half(), "bfloat16": torch.tensor([-2.]).bfloat16(),
    "double": torch.tensor([1e-300], dtype=torch.float64), "long": torch.tensor([-2**40]), "int": torch.tensor([-7]).int(), "short": torch.tensor([-8]).short(),
    "char": torch.tensor([-9]).char(), "byte": torch.tensor([200]).byte(), "bool": torch.tensor([True, False]),
    "parameter": torch.nn.Parameter(torch.tensor([3.])), "channels_last": torch.arange(8.).reshape(1, 2, 2, 2).contiguous(memory_format=torch.channels_last),
}
torch.save(everything, d + "/views.pth")
for p in (2, 3, 4, 5):
    torch.save({"epoch": 3, "args": argparse.Namespace(lr=.1), "state_dict": net.state_dict(), "optimizer": opt.state_dict(), "shape": x.shape,
                "dtype": x.dtype, "device": torch.device("cpu"), "history": collections.defaultdict(list, a=[1])}, d + "/training%d.pth" % p, pickle_protocol=p)
torch.save(net.state_dict(), d + "/legacy.pth", _use_new_zipfile_serialization=False)
torch.save(net, d + "/whole.pth")
torch.jit.script(net).save(d + "/script.pt")
`, dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f := open(t, filepath.Join(dir, "views.pth"))
	for name, want := range map[string][]float64{
		"permuted": {0, 4, 8, 12, 16, 20, 1, 5, 9, 13, 17, 21, 2, 6, 10, 14, 18, 22, 3, 7, 11, 15, 19, 23},
		"slice":    {13, 14, 17, 18, 21, 22}, "step": {0, 3, 8, 11, 12, 15, 20, 23}, "scalar": {2.5}, "expanded": {0, 1, 0, 1}, "empty": {},
		"half": {1.5}, "bfloat16": {-2}, "double": {1e-300}, "long": {-1 << 40}, "int": {-7}, "short": {-8}, "char": {-9}, "byte": {200}, "bool": {1, 0},
		"parameter": {3}, "channels_last": {0, 1, 2, 3, 4, 5, 6, 7},
	} {
		got, err := f.Float64s(name)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	for _, name := range []string{"training2.pth", "training3.pth", "training4.pth", "training5.pth"} {
		f := open(t, filepath.Join(dir, name))
		got, err := f.Float32s("state_dict.0.weight")
		if err != nil || len(got) != 24 || got[23] != 23./8 || f.Metadata["epoch"] != "3" {
			t.Errorf("%s: %v %v %v", name, got, err, f.Metadata)
		}
		r, err := f.Match([]Want{{"0.weight", []int{3, 2, 1, 2, 2}}, {"0.bias", []int{3}}, {"1.weight", []int{3}}, {"1.bias", []int{3}}, {"1.running_mean", []int{3}}, {"1.running_var", []int{3}}}, "")
		if err != nil || r.Complete() != nil || r.Prefix != "state_dict." {
			t.Errorf("%s: %v %v", name, r, err)
		}
	}
	for name, want := range map[string]string{
		"legacy.pth": "before PyTorch 1.6", "whole.pth": "torch.nn.modules.container.Sequential", "script.pt": "TorchScript",
	} {
		if _, err := Open(filepath.Join(dir, name)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, want)
		}
	}
}

// TestAgainstSafetensors compares both ways with the format's own library.
func TestAgainstSafetensors(t *testing.T) {
	exe := python(t, "torch, safetensors.torch")
	dir := t.TempDir()
	if err := WriteSafetensors(filepath.Join(dir, "ours"), sample(), map[string]string{"by": "us"}); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(exe, "-c", `
import sys, torch
from safetensors.torch import load_file, save_file
from safetensors import safe_open
d = sys.argv[1]
ours = load_file(d + "/ours")
assert ours["layer1.0.conv1.weight"].tolist()[0] == [1, -2, 3.5] and ours["num_batches_tracked"].item() == -2**63, ours
assert safe_open(d + "/ours", "pt").metadata() == {"by": "us"}
t = torch.tensor([-1.5, 2.0])
save_file({"f64": t.double(), "f32": t, "f16": t.half(), "bf16": t.bfloat16(), "i64": t.long(), "i32": t.int(), "i16": t.short(), "i8": t.char(),
           "u8": t.abs().byte(), "bool": t > 0, "scalar": torch.tensor(7)}, d + "/theirs", {"by": "them"})
`, dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f := open(t, filepath.Join(dir, "theirs"))
	for name, want := range map[string][]float64{
		"f64": {-1.5, 2}, "f32": {-1.5, 2}, "f16": {-1.5, 2}, "bf16": {-1.5, 2}, "i64": {-1, 2}, "i32": {-1, 2}, "i16": {-1, 2}, "i8": {-1, 2},
		"u8": {1, 2}, "bool": {0, 1}, "scalar": {7},
	} {
		got, err := f.Float64s(name)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	if f.Metadata["by"] != "them" {
		t.Errorf("metadata %v", f.Metadata)
	}
}
