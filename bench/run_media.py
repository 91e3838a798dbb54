"""Compares clvid's decoding with torchcodec, PyAV, OpenCV and decord, alternated in one run.

For every file and number of clips in a pass it runs `clvid bench decode` and
bench/peers.py by turns, each measurement in a process of its own over the same
random spans, sums up the least time of every pass over all rounds, and prints a
table of rates and ratios. Peers that are not installed are named and left out.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from run import HERE, processor

CLOCKS = {"wall": "", "cpu": "cpu_"}
PEERS = ["torchcodec", "torchcodec-crop", "pyav", "opencv", "decord"]


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("files", nargs="*", help="videos (default: long-GOP files made of --source with the ffmpeg command)")
    p.add_argument("--source", help="a real video to make the default files of: 240p 10 s, 480p 10 s, 480p 40 s, a key frame every 250")
    p.add_argument("--peers", default=",".join(PEERS), help="comma-separated, of " + ", ".join(PEERS))
    p.add_argument("--views", default="1,2", help="clips in a pass, comma-separated")
    p.add_argument("--clips", type=int, default=16)
    p.add_argument("--frames", type=int, default=16)
    p.add_argument("--stride", type=int, default=2)
    p.add_argument("--size", type=int, default=112)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--clock", choices=CLOCKS, default="wall", help="cpu counts processor time, which other programs disturb less")
    p.add_argument("--rounds", type=int, default=3, help="measurements of each program")
    p.add_argument("--clvid", default=str(HERE.parent / "bin" / "clvid"), help="the program")
    p.add_argument("--json", metavar="FILE", help="write all measurements there too")
    args = p.parse_args()
    args.peers, args.clock_name, args.clock = args.peers.split(","), args.clock, CLOCKS[args.clock]
    args.views = [int(v) for v in args.views.split(",")]
    for peer in args.peers:
        if peer not in PEERS:
            p.error(f"{peer}: want some of {', '.join(PEERS)}")
    if not args.files and not args.source:
        p.error("name videos, or a --source to make them of")
    return args


def make(source, folder):
    """Long-GOP H.264 of real footage, looped to the length that is asked for."""
    out = []
    for name, width, height, seconds in [("240p-10s", 320, 240, 10), ("480p-10s", 640, 480, 10), ("480p-40s", 640, 480, 40)]:
        path = str(Path(folder) / (name + ".mp4"))
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-stream_loop", "-1", "-i", source, "-t", str(seconds), "-an",
                        "-vf", f"fps=25,scale={width}:{height}:flags=lanczos", "-c:v", "libx264", "-preset", "medium", "-crf", "23",
                        "-g", "250", "-keyint_min", "250", "-sc_threshold", "0", "-pix_fmt", "yuv420p", path], check=True)
        out.append(path)
    return out


def run(command):
    """The JSON that a command prints, or the reason why it did not."""
    env = dict(os.environ, OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        return {"error": said[-1]}
    return json.loads(done.stdout)


def programs(args, file, views, folder):
    """The competitors by name, ours first: its first report gives the spans."""
    report = str(Path(folder) / "spans.json")
    ours = [args.clvid, "bench", "decode", file, "--json", "--views", views, "--clips", args.clips,
            "--frames", args.frames, "--stride", args.stride, "--size", args.size, "--seed", args.seed]
    ours = [str(a) for a in ours]
    first = run(ours)
    if "error" in first:
        return {}, first["error"]
    Path(report).write_text(json.dumps(first))
    python = os.environ.get("CLVID_PYTHON", sys.executable)
    out = {"clvid": ours}
    for peer in args.peers:
        out[peer] = [python, str(HERE / "peers.py"), "--peer", peer, report]
        if views > 1:
            out[peer + ", apart"] = out[peer] + ["--apart"]
    return out, ""


def seconds(measurement, clock=""):
    """What every pass took: by the clock on the wall, or of processor with clock cpu_."""
    if "passes" in measurement:
        return [p[clock + "seconds"] for p in measurement["passes"]]
    return measurement[f"pass_{clock}seconds"]


def least(measurements, clips, clock=""):
    """Milliseconds a clip. What other programs do can only add to a pass: its least time over the rounds counts."""
    return 1e3 * sum(map(min, zip(*(seconds(m, clock) for m in measurements)))) / clips


def cell(args, file, views, folder):
    """One file at one number of clips in a pass: milliseconds a clip of everybody."""
    commands, error = programs(args, file, views, folder)
    if error:
        return {"file": file, "views": views, "error": error}
    seen, absent = {name: [] for name in commands}, {}
    for i in range(args.rounds):
        names = [name for name in commands if name not in absent]
        for name in names if i % 2 == 0 else reversed(names):
            m = run(commands[name])
            if "missing" in m or "error" in m:
                absent[name] = m.get("missing") or m["error"]
                continue
            seen[name].append(m)
            print(f"{Path(file).name}, {views} in a pass, {name}: {1e3 * sum(seconds(m, args.clock)) / args.clips:.2f} ms a clip", file=sys.stderr, flush=True)
    good = {name: ms for name, ms in seen.items() if ms and name not in absent}
    best = {name: least(ms, args.clips, args.clock) for name, ms in good.items()}
    both = {clock: {name: least(ms, args.clips, prefix) for name, ms in good.items()} for clock, prefix in CLOCKS.items()}
    versions = {name: ms[0]["version"] for name, ms in seen.items() if ms and "version" in ms[0]}
    return {"file": file, "views": views, "ms": best, "clocks": both, "versions": versions, "absent": absent}


def table(cells):
    """The comparison as Markdown."""
    lines = ["| video | clips in a pass | clvid | fastest peer | faster by | all, ms a clip |", "| --- | --- | --- | --- | --- | --- |"]
    for c in cells:
        name = Path(c["file"]).stem
        if "error" in c or "clvid" not in c["ms"]:
            lines.append(f"| {name} | {c['views']} | not measured: {c.get('error') or c['absent']['clvid']} | | | |")
            continue
        ours = c["ms"]["clvid"]
        peers = {n: t for n, t in c["ms"].items() if n != "clvid"}
        rest = ", ".join(f"{n} {t:.1f}" for n, t in sorted(peers.items(), key=lambda p: p[1]))
        if not peers:
            lines.append(f"| {name} | {c['views']} | {ours:.1f} ms | | | |")
            continue
        fastest = min(peers, key=peers.get)
        lines.append(f"| {name} | {c['views']} | {ours:.1f} ms | {fastest} {peers[fastest]:.1f} ms | {peers[fastest] / ours:.2f} x | {rest} |")
    return "\n".join(lines)


def main():
    args = arguments()
    with tempfile.TemporaryDirectory() as folder:
        files = args.files or make(args.source, folder)
        cells = [cell(args, file, views, folder) for file in files for views in args.views]
    print(table(cells))
    absent = {name.removesuffix(", apart"): why for c in cells for name, why in c.get("absent", {}).items()}
    for name, why in absent.items():
        print(f"\nLeft out: {name}: {why}")
    versions = {name.split(",")[0].removesuffix("-crop"): v for c in cells for name, v in c.get("versions", {}).items()}
    print(f"\n{processor()}, one thread each, {args.clock_name} time; {', '.join(f'{n} {v}' for n, v in versions.items())}; "
          f"{args.clips} clips of {args.frames} frames, stride {args.stride}, to {args.size} px; least of {args.rounds} rounds for every pass")
    if args.json:
        Path(args.json).write_text(json.dumps({"processor": processor(), "cells": cells}, indent=2) + "\n")
    return 0 if all("ms" in c and "clvid" in c["ms"] for c in cells) else 1


if __name__ == "__main__":
    sys.exit(main())
