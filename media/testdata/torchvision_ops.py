"""Writes torchvision_ops.json: what torchvision makes of two small pictures.

    python torchvision_ops.py > torchvision_ops.json      # torch 2.15, torchvision 0.29

A picture's value at flat index i of (3,H,W) is (37 i + (i^2 mod 101) + 5) mod 256 / 255.
Operations in floating point get it as float64; equalise and posterise, which have
none, as 8 bits.
"""
import json

import torch
import torchvision
from torchvision.transforms import InterpolationMode, functional as F
from torchvision.transforms.autoaugment import _apply_op


def picture(h, w):
    i = torch.arange(3 * h * w)
    return ((37 * i + i * i % 101 + 5) % 256).to(torch.uint8).reshape(3, h, w)


def ops(x, eight):
    warp = lambda name, m: _apply_op(x, name, m, InterpolationMode.NEAREST, None)
    return {
        "brightness 1.4": F.adjust_brightness(x, 1.4),
        "contrast 0.6": F.adjust_contrast(x, 0.6),
        "contrast 1.7": F.adjust_contrast(x, 1.7),
        "saturation 0.3": F.adjust_saturation(x, 0.3),
        "saturation 1.8": F.adjust_saturation(x, 1.8),
        "hue 0.1": F.adjust_hue(x, 0.1),
        "hue -0.37": F.adjust_hue(x, -0.37),
        "hue 0.5": F.adjust_hue(x, 0.5),
        "grey": F.rgb_to_grayscale(x, 3),
        "blur 5 0.9": F.gaussian_blur(x, 5, 0.9),
        "blur 7 2.1": F.gaussian_blur(x, 7, 2.1),
        "sharpness 1.6": F.adjust_sharpness(x, 1.6),
        "sharpness 0.2": F.adjust_sharpness(x, 0.2),
        "solarise 0.6": F.solarize(x, 0.6),
        "auto-contrast": F.autocontrast(x * 0.5 + 0.2),
        "posterise 3": F.posterize(eight, 3) / 255,
        "shear-x 0.21": warp("ShearX", 0.21),
        "shear-y -0.29": warp("ShearY", -0.29),
        "translate-x 2": warp("TranslateX", 2.0),
        "translate-y -1": warp("TranslateY", -1.0),
        "rotate 23": warp("Rotate", 23.0),
        "rotate -11": warp("Rotate", -11.0),
    }


def listed(t):
    return [round(v, 7) for v in t.double().flatten().tolist()]


eight = picture(5, 6)
large = picture(20, 30)
json.dump(
    {
        "torchvision": torchvision.__version__,
        "small": {k: listed(v) for k, v in ops(eight.double() / 255, eight).items()},
        "equalise": F.equalize((large / 4 + 90).to(torch.uint8)).flatten().tolist(),
    },
    __import__("sys").stdout,
)
