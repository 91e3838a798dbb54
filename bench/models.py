"""Feature extractors of the comparison: (N,3,T,H,W), or (N,3,H,W), to (N,D).

torchvision's models where it has them, without their classifiers; plain modules
for the rest, written for speed where PyTorch leaves a choice (in-place
activations, no bias before a norm, fused attention).
"""

import torch
from torch import nn
from torch.nn import functional as F


def without(model, name):
    """model with its classifier, of that name, left out."""
    setattr(model, name, nn.Identity())
    return model


class GlobalMean(nn.Module):
    """The mean over time and space of a network's feature maps."""

    def __init__(self, maps):
        super().__init__()
        self.maps = maps

    def forward(self, x):
        return self.maps(x).flatten(2).mean(2)


def conv_bn(inputs, outputs, kernel, stride=1, groups=1):
    """A convolution that keeps the size at stride 1, and its batch norm."""
    pad = tuple(k // 2 for k in kernel)
    conv = nn.Conv3d(inputs, outputs, kernel, stride, pad, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm3d(outputs))


class BasicBlock(nn.Module):
    """Two 3x3x3 convolutions and a shortcut."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = conv_bn(inputs, outputs, (3, 3, 3), stride)
        self.conv2 = conv_bn(outputs, outputs, (3, 3, 3))
        same = inputs == outputs and max(stride) == 1
        self.shortcut = None if same else conv_bn(inputs, outputs, (1, 1, 1), stride)

    def forward(self, x):
        shortcut = x if self.shortcut is None else self.shortcut(x)
        y = self.conv2(F.relu(self.conv1(x), inplace=True))
        return F.relu(y + shortcut, inplace=True)


def r3d10():
    """clvid's r3d-10 without its max-pool: one basic block a stage, width 16."""
    layers = [conv_bn(3, 16, (3, 5, 5), (1, 2, 2)), nn.ReLU(inplace=True)]
    channels = 16
    for i, stride in enumerate([(1, 1, 1), (2, 2, 2), (2, 2, 2), (1, 2, 2)]):
        layers.append(BasicBlock(channels, 16 << i, stride))
        channels = 16 << i
    return GlobalMean(nn.Sequential(*layers))


class SqueezeExcite(nn.Module):
    """Channels weighted by a bottleneck of a sixteenth, rounded to eights."""

    def __init__(self, channels):
        super().__init__()
        hidden = max(8, int(channels / 16 + 4) // 8 * 8)
        if hidden < 0.9 * channels / 16:
            hidden += 8
        self.down = nn.Conv3d(channels, hidden, 1)
        self.up = nn.Conv3d(hidden, channels, 1)

    def forward(self, x):
        gate = x.mean((2, 3, 4), keepdim=True)
        return x * torch.sigmoid(self.up(F.relu(self.down(gate), inplace=True)))


class X3DBlock(nn.Module):
    """The inverted bottleneck of X3D (arXiv:2004.04730) with its depthwise 3x3x3."""

    def __init__(self, inputs, outputs, inner, stride, excite):
        super().__init__()
        stride = (1, stride, stride)
        self.a = conv_bn(inputs, inner, (1, 1, 1))
        self.b = conv_bn(inner, inner, (3, 3, 3), stride, groups=inner)
        self.excite = SqueezeExcite(inner) if excite else nn.Identity()
        self.c = conv_bn(inner, outputs, (1, 1, 1))
        if inputs != outputs:
            self.shortcut = conv_bn(inputs, outputs, (1, 1, 1), stride)
        elif max(stride) > 1:  # the published one has no norm where channels stay
            self.shortcut = nn.Conv3d(inputs, outputs, 1, stride, bias=False)
        else:
            self.shortcut = None

    def forward(self, x):
        shortcut = x if self.shortcut is None else self.shortcut(x)
        y = self.excite(self.b(F.relu(self.a(x), inplace=True)))
        return F.relu(self.c(F.silu(y, inplace=True)) + shortcut, inplace=True)


class X3D(nn.Module):
    """X3D-XS, S and M, up to the 2048 activations before the classifier."""

    def __init__(self):
        super().__init__()
        stem = nn.Conv3d(3, 24, (1, 3, 3), (1, 2, 2), (0, 1, 1), bias=False)
        layers = [stem, conv_bn(24, 24, (5, 1, 1), groups=24), nn.ReLU(inplace=True)]
        channels = 24
        for outputs, blocks in [(24, 3), (48, 5), (96, 11), (192, 7)]:
            inner = int(2.25 * outputs)
            for i in range(blocks):
                layers.append(X3DBlock(channels, outputs, inner, 2 if i == 0 else 1, i % 2 == 0))
                channels = outputs
        layers += [conv_bn(192, 432, (1, 1, 1)), nn.ReLU(inplace=True)]
        self.maps = nn.Sequential(*layers)
        self.lift = nn.Conv3d(432, 2048, 1, bias=False)

    def forward(self, x):
        x = self.maps(x).mean((2, 3, 4), keepdim=True)
        return F.relu(self.lift(x), inplace=True).flatten(1)


class Block(nn.Module):
    """A pre-norm transformer block on tokens (N,L,D) with fused attention."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        n, length, width = x.shape
        qkv = self.qkv(self.norm1(x)).view(n, length, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v)
        x = x + self.out(y.transpose(1, 2).reshape(n, length, width))
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):
    """ViT-S/16 (arXiv:2010.11929, 2012.12877): the normalised class token."""

    def __init__(self, size, width=384, depth=12, heads=6, patch=16):
        super().__init__()
        self.patch = nn.Conv2d(3, width, patch, patch)
        self.cls = nn.Parameter(torch.zeros(1, 1, width))
        self.position = nn.Parameter(0.02 * torch.randn(1, (size // patch) ** 2 + 1, width))
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.to(x.dtype).expand(len(x), -1, -1), x], 1) + self.position
        return self.norm(self.blocks(x)[:, 0])


def published(name):
    """torchvision's model and its number of features."""
    import torchvision  # here alone: other models need not pay for its memory

    models, video = torchvision.models, torchvision.models.video
    if name == "r3d-18":
        return without(video.r3d_18(), "fc"), 512
    if name == "r2plus1d-18":
        return without(video.r2plus1d_18(), "fc"), 512
    if name == "resnet-50":
        return without(models.resnet50(), "fc"), 2048
    if name == "s3d":
        return GlobalMean(video.s3d().features), 1024
    raise SystemExit(f"models: no encoder {name}")


def build(name, size):
    """The feature extractor of that name, for pictures of size pixels, and its
    number of features."""
    if name == "r3d-10":
        return r3d10(), 128
    if name == "x3d-s":
        return X3D(), 2048
    if name == "vit-small":
        return ViT(size), 384
    return published(name)
