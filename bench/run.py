"""Compares clvid's training step with PyTorch's, alternated in one run.

For every row and precision it runs `clvid bench step` and bench/step.py by turns,
each measurement in a process of its own, and prints the ratio of the least times
and of the peak memories, PyTorch in its best mode: for f32 the faster of the plain
and the channels-last layout, for bf16 autocast on channels-last. Where PyTorch is
not installed it says so and ends well.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent

# name: encoder of bench/step.py and of clvid, frames, size, batch, further flags of clvid
ROWS = {
    "r3d-18": ("r3d-18", 8, 112, 4, []),
    "resnet-50": ("resnet-50", 1, 112, 16, []),
    "r3d-10": ("r3d-10", 8, 64, 32, ["--encoder-option", "pool=false"]),
    "r2plus1d-18": ("r2plus1d-18", 8, 112, 4, []),
    "s3d": ("s3d", 16, 112, 4, []),
    "x3d-s": ("x3d-s", 13, 160, 4, []),
    "vit-small": ("vit-small", 1, 224, 16, []),
}

MODES = {"f32": ("plain", "channels-last"), "bf16": ("bf16",)}


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rows", default=",".join(ROWS), help="comma-separated, of " + ", ".join(ROWS))
    p.add_argument("--precisions", default="f32,bf16", help="comma-separated")
    p.add_argument("--rounds", type=int, default=2, help="measurements of each program")
    p.add_argument("--steps", type=int, default=5, help="measured steps of a measurement")
    p.add_argument("--warmup", type=int, default=1)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--frames", type=int, help="instead of the rows' own, to try things")
    p.add_argument("--size", type=int, help="instead of the rows' own")
    p.add_argument("--batch", type=int, help="instead of the rows' own")
    p.add_argument("--clvid", default=str(HERE.parent / "bin" / "clvid"), help="the program")
    p.add_argument("--json", metavar="FILE", help="write all measurements there too")
    args = p.parse_args()
    args.rows, args.precisions = args.rows.split(","), args.precisions.split(",")
    for name, known in [(r, ROWS) for r in args.rows] + [(r, MODES) for r in args.precisions]:
        if name not in known:
            p.error(f"{name}: want some of {', '.join(known)}")
    return args


def torch_python():
    """The interpreter with PyTorch, or None and the reason."""
    python = os.environ.get("CLVID_PYTHON", sys.executable)
    try:
        tried = subprocess.run([python, "-c", "import torch, torchvision"], capture_output=True, text=True)
    except OSError as e:
        return None, f"{python}: {e.strerror}"
    if tried.returncode:
        return None, f"{python}: {tried.stderr.strip().splitlines()[-1]}"
    return python, ""


def measure(command):
    """The JSON that a command prints, or the reason why it did not."""
    environment = dict(os.environ, OMP_NUM_THREADS=command[command.index("--threads") + 1])
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        return {"error": next((line for line in said if line.startswith("clvid: ")), said[-1])}
    return json.loads(done.stdout)


def commands(args, python, row, precision):
    """The competitors of one cell by name, ours first."""
    encoder, frames, size, batch, extra = ROWS[row]
    shape = ["--frames", args.frames or frames, "--size", args.size or size, "--batch", args.batch or batch,
             "--threads", args.threads, "--steps", args.steps, "--warmup", args.warmup]
    shape = ["--encoder", encoder] + [str(s) for s in shape]
    out = {"clvid": [args.clvid, "bench", "step", "--precision", precision, "--json"] + shape + extra}
    for mode in MODES[precision]:
        out[mode] = [python, str(HERE / "step.py"), "--mode", mode] + shape
    return out


def least(measurements):
    """The best of several measurements: least time, and the least peak memory,
    as what other programs do can only add to both."""
    good = [m for m in measurements if "error" not in m]
    if not good:
        return measurements[0]
    best = dict(min(good, key=lambda m: m["step_seconds_min"]))
    best["peak_rss_bytes"] = min(m["peak_rss_bytes"] for m in good)
    return best


def cell(args, python, row, precision):
    """One row at one precision: who took how long, and the ratios."""
    programs = commands(args, python, row, precision)
    seen = {name: [] for name in programs}
    for i in range(args.rounds):
        names = list(programs)
        for name in names if i % 2 == 0 else reversed(names):
            seen[name].append(measure(programs[name]))
            print(f"{row} {precision} {name}: {brief(seen[name][-1])}", file=sys.stderr, flush=True)
    ours = least(seen["clvid"])
    modes = {name: least(seen[name]) for name in programs if name != "clvid"}
    good = {name: m for name, m in modes.items() if "error" not in m}
    out = {"row": row, "precision": precision, "clvid": ours, "torch": modes, "measurements": seen}
    if good and "error" not in ours:
        out["mode"] = min(good, key=lambda name: good[name]["step_seconds_min"])
        best = good[out["mode"]]
        out["time_ratio"] = ours["step_seconds_min"] / best["step_seconds_min"]
        out["memory_ratio"] = ours["peak_rss_bytes"] / best["peak_rss_bytes"]
        if ours["parameters"] != best["parameters"]:
            out["note"] = f"{row}: {ours['parameters']} parameters in clvid, {best['parameters']} in PyTorch"
    return out


def brief(m):
    if "error" in m:
        return m["error"]
    return f"{1e3 * m['step_seconds_min']:.1f} ms, {m['peak_rss_bytes'] / 1e6:.0f} MB"


def table(cells):
    """The comparison as Markdown."""
    lines = ["| step | precision | clvid | PyTorch, its best mode | time | peak memory |", "| --- | --- | --- | --- | --- | --- |"]
    for c in cells:
        ours, name = c["clvid"], c["row"]
        if "input" in ours:
            name += " " + "x".join(map(str, ours["input"]))
        if "mode" not in c:
            errors = [m["error"] for m in [ours, *c["torch"].values()] if "error" in m]
            lines.append(f"| {name} | {c['precision']} | not measured: {errors[0]} | | | |")
            continue
        lines.append(f"| {name} | {c['precision']} | {brief(ours)} | {brief(c['torch'][c['mode']])} ({c['mode']}) "
                     f"| {c['time_ratio']:.2f} | {c['memory_ratio']:.2f} |")
    return "\n".join(lines)


def processor():
    with open("/proc/cpuinfo") as info:
        names = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
    return names[0] if names else platform.machine()


def main():
    args = arguments()
    python, reason = torch_python()
    if python is None:
        print(f"bench: no PyTorch to compare with ({reason}): install torch and torchvision, or name a Python that has them in CLVID_PYTHON")
        return 0
    cells = [cell(args, python, row, precision) for row in args.rows for precision in args.precisions]
    print(table(cells))
    for note in dict.fromkeys(c["note"] for c in cells if "note" in c):
        print(f"\nNot the same network: {note}")
    backends = {m["backend"] for c in cells for m in [c["clvid"], *c["torch"].values()] if "backend" in m}
    print(f"\n{processor()}, {args.threads} threads; {'; '.join(sorted(backends))}; "
          f"minima of {args.rounds} x {args.steps} steps after {args.warmup} of warm-up")
    if args.json:
        Path(args.json).write_text(json.dumps({"processor": processor(), "threads": args.threads, "cells": cells}, indent=2) + "\n")
    return 0 if all("mode" in c for c in cells) else 1


if __name__ == "__main__":
    sys.exit(main())
