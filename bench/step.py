"""One training step in PyTorch, timed: the step of `clvid bench step`.

Prints one line of JSON. A process makes one measurement, so that its peak memory
is that of this step alone.
"""

import argparse
import contextlib
import json
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

import models

MODES = ("plain", "channels-last", "bf16")


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--encoder", required=True)
    p.add_argument("--frames", type=int, required=True, help="1: images")
    p.add_argument("--size", type=int, required=True)
    p.add_argument("--batch", type=int, required=True)
    p.add_argument("--mode", choices=MODES, required=True, help="bf16 is autocast on channels-last")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--warmup", type=int, default=1)
    p.add_argument("--steps", type=int, default=5)
    return p.parse_args()


def nt_xent(h, temperature=0.5):
    """NT-Xent over rows i and i+N/2, the mean over all anchors."""
    z = F.normalize(h.float())
    n = len(z) // 2
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(2 * n).roll(n))


def peak_rss():
    """The kernel's figure for this process, in bytes."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    raise RuntimeError("no VmHWM in /proc/self/status")


def build(args):
    """Model and input in the memory format of the mode."""
    images = args.frames == 1
    shape = (args.batch, 3, args.size, args.size) if images else (args.batch, 3, args.frames, args.size, args.size)
    features, width = models.build(args.encoder, args.size)
    x = torch.randn(shape)
    if args.mode != "plain":
        layout = torch.channels_last if images else torch.channels_last_3d
        features, x = features.to(memory_format=layout), x.to(memory_format=layout)
    return nn.Sequential(features, nn.Linear(width, 128)), x


def main():
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    imported = peak_rss()
    model, x = build(args)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    autocast = torch.autocast("cpu", torch.bfloat16) if args.mode == "bf16" else contextlib.nullcontext()
    seconds = []
    for _ in range(args.warmup + args.steps):
        start = time.perf_counter()
        optimizer.zero_grad()
        with autocast:
            h = model(x)
        loss = nt_xent(h)
        loss.backward()
        optimizer.step()
        value = loss.item()
        seconds.append(time.perf_counter() - start)
    measured = seconds[args.warmup:]
    print(json.dumps({
        "backend": "PyTorch " + torch.__version__, "mode": args.mode, "encoder": args.encoder, "input": list(x.shape),
        "parameters": sum(p.numel() for p in model.parameters()),
        "step_seconds": measured, "step_seconds_min": min(measured), "step_seconds_median": statistics.median(measured),
        "import_rss_bytes": imported, "peak_rss_bytes": peak_rss(), "loss": value,
    }))


if __name__ == "__main__":
    main()
