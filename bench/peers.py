"""Cuts clips from a video with one of clvid's peers, as `clvid bench decode` does.

It reads the report of `clvid bench decode --json`, cuts the same spans with one
thread, brings them to the same size, normalises them to float32 (C,T,H,W), and
prints the seconds of every pass as JSON. The video is opened before the clock
starts, and every pass finds it at its first frame, as training draws every clip
from another video. Peers that resize while they decode are given that: they skip the crop.
"""

import argparse
import json
import sys
import time

import numpy as np

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)


def indices(span):
    return [span["start"] + i * span["stride"] for i in range(span["n"])]


def merged(clips):
    """All frames of the clips once, ascending, and where each clip's lie."""
    order = sorted({i for clip in clips for i in clip})
    place = {i: at for at, i in enumerate(order)}
    return order, [[place[i] for i in clip] for clip in clips]


def normalised(frames):
    """(T,H,W,3) bytes to normalised float32 (3,T,H,W)."""
    x = frames.astype(np.float32)
    x *= (1 / 255) / STD
    x -= MEAN / STD
    return np.ascontiguousarray(x.transpose(3, 0, 1, 2))


# A peer is made of (path, size in pixels, what clvid knows of the video). rewind goes
# back to the first frame; clips(frame numbers of each clip, crops) returns the views.
class TorchCodec:
    """The decoder's own Resize transform, then torch."""

    def __init__(self, path, size, info):
        import torch
        import torchcodec
        from torchcodec.decoders import VideoDecoder

        torch.set_num_threads(1)
        self.torch, self.version = torch, torchcodec.__version__
        self.decoder = VideoDecoder(path, num_ffmpeg_threads=1, **self.options(torchcodec, size))
        self.scale = torch.tensor(1 / 255 / STD).view(1, 3, 1, 1)
        self.shift = torch.tensor(MEAN / STD).view(1, 3, 1, 1)
        self.size = size

    def options(self, torchcodec, size):
        return {"transforms": [torchcodec.transforms.Resize((size, size))]}

    def resized(self, frames, crop):
        return frames.float()

    def view(self, frames, crop):
        x = self.resized(frames, crop)
        return x.mul_(self.scale).sub_(self.shift).permute(1, 0, 2, 3).contiguous()

    def rewind(self):
        self.decoder.get_frame_at(0)

    def clips(self, clips, crops):
        order, places = merged(clips)
        data = self.decoder.get_frames_at(order).data
        return [self.view(data if len(clips) == 1 else data[at], crop) for at, crop in zip(places, crops)]


class TorchCodecCrop(TorchCodec):
    """Whole pictures, then torch's crop and antialiased resize."""

    def options(self, torchcodec, size):
        return {}

    def resized(self, frames, crop):
        x, y, w, h = (round(v) for v in crop)
        part = frames[:, :, y:y + h, x:x + w]
        return self.torch.nn.functional.interpolate(part, (self.size, self.size), mode="bilinear", antialias=True).float()


class PyAV:
    """Seek, decode forward, and swscale to the size."""

    def __init__(self, path, size, info):
        import av

        self.version, self.size = av.__version__, size
        self.container = av.open(path)
        self.stream = self.container.streams.video[0]
        self.stream.thread_type, self.stream.codec_context.thread_count = "NONE", 1
        self.times = sorted(p.pts for p in self.container.demux(self.stream) if p.pts is not None)

    def rewind(self):
        pass  # every request seeks

    def clips(self, clips, crops):
        order, places = merged(clips)
        wanted, last = {self.times[i] for i in order}, self.times[order[-1]]
        self.container.seek(self.times[order[0]], stream=self.stream, backward=True)
        frames = []
        for frame in self.container.decode(self.stream):
            if frame.pts in wanted:
                frames.append(frame.to_ndarray(format="rgb24", width=self.size, height=self.size, interpolation="BILINEAR"))
            if frame.pts >= last:
                break
        frames = np.stack(frames)
        return [normalised(frames[at]) for at in places]


class OpenCV:
    """Seek by frame number, grab, and retrieve what is wanted."""

    def __init__(self, path, size, info):
        import cv2

        cv2.setNumThreads(1)
        self.cv2, self.version, self.size = cv2, cv2.__version__, size
        self.video = cv2.VideoCapture(path, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        if not self.video.isOpened():
            raise RuntimeError("OpenCV does not open " + path)

    def rewind(self):
        self.video.set(self.cv2.CAP_PROP_POS_FRAMES, 0)
        self.video.grab()

    def clips(self, clips, crops):
        wanted = {i: [c for c, clip in enumerate(clips) if i in clip] for clip in clips for i in clip}
        order = sorted(wanted)
        self.video.set(self.cv2.CAP_PROP_POS_FRAMES, order[0])
        views = [[] for _ in clips]
        for i in range(order[0], order[-1] + 1):
            if not self.video.grab():
                raise RuntimeError(f"frame {i} does not decode")
            if i not in wanted:
                continue
            _, picture = self.video.retrieve()
            for c in wanted[i]:
                x, y, w, h = (round(v) for v in crops[c])
                part = self.cv2.resize(picture[y:y + h, x:x + w], (self.size, self.size), interpolation=self.cv2.INTER_AREA)
                views[c].append(self.cv2.cvtColor(part, self.cv2.COLOR_BGR2RGB))
        return [normalised(np.stack(v)) for v in views]


class Decord:
    """Its batch reader, which resizes on the way."""

    def __init__(self, path, size, info):
        import decord

        self.version = decord.__version__
        self.reader = decord.VideoReader(path, width=size, height=size, num_threads=1)

    def rewind(self):
        self.reader.seek(0)

    def clips(self, clips, crops):
        order, places = merged(clips)
        frames = self.reader.get_batch(order).asnumpy()
        return [normalised(frames[at]) for at in places]


PEERS = {"torchcodec": TorchCodec, "torchcodec-crop": TorchCodecCrop, "pyav": PyAV, "opencv": OpenCV, "decord": Decord}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--peer", choices=PEERS, required=True)
    p.add_argument("--apart", action="store_true", help="a call for each clip, in place of one for all of a pass")
    p.add_argument("report", help="what clvid bench decode --json printed")
    args = p.parse_args()
    with open(args.report) as f:
        report = json.load(f)
    try:
        peer = PEERS[args.peer](report["video"]["path"], report["size"], report["video"])
    except ImportError as e:
        print(json.dumps({"missing": str(e).splitlines()[0]}))
        return 0
    seconds, cpu, shape = [], [], None
    for one in report["passes"]:
        clips, crops = [indices(s) for s in one["spans"]], one["crops"]
        groups = [([c], [r]) for c, r in zip(clips, crops)] if args.apart else [(clips, crops)]
        peer.rewind()
        start, used = time.perf_counter(), time.process_time()
        views = [view for group in groups for view in peer.clips(*group)]
        seconds.append(time.perf_counter() - start)
        cpu.append(time.process_time() - used)
        shape = list(views[-1].shape)
        if len(views) != len(clips) or shape[:2] != [3, len(clips[-1])]:
            raise RuntimeError(f"{args.peer}: {len(views)} views of shape {shape} for {len(clips)} clips")
    print(json.dumps({"peer": args.peer, "version": peer.version, "pass_seconds": seconds, "pass_cpu_seconds": cpu, "shape": shape}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
