"""What goes wrong, and what else is right, in `downsample`."""

import numpy as np
import torch
import torch.nn.functional as F

from autograder.judge.bank import alternative, mistake


def pooled(maps, factor, reduce):
    """Blocks of an array (C, H, W), reduced over the axes (2, 4)."""
    maps = np.asarray(maps, float)
    C, H, W = maps.shape
    h, w = H // factor, W // factor
    return reduce(maps[:, : h * factor, : w * factor].reshape(C, h, factor, w, factor), axis=(2, 4))


@mistake("takes every second pixel of the image", hint="throws the others away")
def strided_image(image, targets, factor):
    _, H, W = np.shape(image)
    small = np.asarray(image)[:, : H - H % factor : factor, : W - W % factor : factor]
    return small, pooled(targets, factor, np.max)


@mistake("takes every second pixel, of the image and of the targets", hint="throws the others away")
def strided(image, targets, factor):
    _, H, W = np.shape(image)
    corners = np.s_[:, : H - H % factor : factor, : W - W % factor : factor]
    return np.asarray(image)[corners], np.asarray(targets, float)[corners]


@mistake("takes the middle pixel of each block of the image", hint="throws the others away")
def middles(image, targets, factor):
    _, H, W = np.shape(image)
    start = (factor - 1) // 2
    small = np.asarray(image)[:, start : H - H % factor : factor, start : W - W % factor : factor]
    return small, pooled(targets, factor, np.max)


@mistake("takes means of the targets, too", hint="maxima of the blocks")
def mean_targets(image, targets, factor):
    return pooled(image, factor, np.mean), pooled(targets, factor, np.mean)


@mistake("takes maxima of the image, too", hint="change the brightness")
def max_image(image, targets, factor):
    return pooled(image, factor, np.max), pooled(targets, factor, np.max)


@mistake("sums the blocks of the image", hint="change the brightness")
def sums(image, targets, factor):
    return pooled(image, factor, np.sum), pooled(targets, factor, np.max)


@mistake("sums the targets", hint="maxima of the blocks")
def sum_targets(image, targets, factor):
    return pooled(image, factor, np.mean), pooled(targets, factor, np.sum)


@mistake("takes every second pixel of the targets", hint="may lose it")
def strided_targets(image, targets, factor):
    _, H, W = np.shape(image)
    small = np.asarray(targets)[:, : H - H % factor : factor, : W - W % factor : factor]
    return pooled(image, factor, np.mean), small


@mistake("rounds the mean of the targets", hint="maxima of the blocks")
def rounded_targets(image, targets, factor):
    return pooled(image, factor, np.mean), np.rint(pooled(targets, factor, np.mean))


@mistake("returns the targets first", hint="expected shape (3, 3, 6)")
def swapped(image, targets, factor):
    return pooled(targets, factor, np.max), pooled(image, factor, np.mean)


@mistake("keeps the ragged edge", hint="are dropped")
def keeps_the_edge(image, targets, factor):
    image, targets = torch.as_tensor(image).double(), torch.as_tensor(targets).double()
    return F.avg_pool2d(image, factor, ceil_mode=True), F.max_pool2d(targets, factor, ceil_mode=True)


@mistake("drops the upper and left edge", hint="below and on the right")
def drops_the_wrong_edge(image, targets, factor):
    _, H, W = np.shape(image)
    corner = np.s_[:, H % factor :, W % factor :]
    return pooled(np.asarray(image)[corner], factor, np.mean), pooled(np.asarray(targets)[corner], factor, np.max)


@mistake("uses windows that overlap", hint="H // factor rows")
def overlapping(image, targets, factor):
    image, targets = torch.as_tensor(image).double(), torch.as_tensor(targets).double()
    return F.avg_pool2d(image, factor, stride=1), F.max_pool2d(targets, factor, stride=1)


@mistake("averages over the channels", hint="every channel on its own")
def grey(image, targets, factor):
    small = pooled(image, factor, np.mean)
    return np.broadcast_to(small.mean(axis=0), small.shape).copy(), pooled(targets, factor, np.max)


@mistake("interpolates the image", hint="interpolation")
def interpolates(image, targets, factor):
    _, H, W = np.shape(image)
    size = (H // factor, W // factor)
    small = F.interpolate(torch.as_tensor(image)[None].double(), size=size, mode="bicubic", align_corners=True)
    return small[0], pooled(targets, factor, np.max)


@mistake("clips the image to [0, 1]", hint="Nothing is clipped")
def clips(image, targets, factor):
    return pooled(np.clip(image, 0.0, 1.0), factor, np.mean), pooled(targets, factor, np.max)


@mistake("puts out what is negative", hint="Nothing is clipped")
def without_negatives(image, targets, factor):
    return pooled(np.maximum(image, 0.0), factor, np.mean), pooled(targets, factor, np.max)


@alternative
def by_blocks(image, targets, factor):
    return pooled(image, factor, np.mean), pooled(targets, factor, np.max)


@alternative
def in_single_precision(image, targets, factor):
    image, targets = torch.as_tensor(image).float(), torch.as_tensor(targets).float()
    return F.avg_pool2d(image[None], factor)[0], F.max_pool2d(targets[None], factor)[0]


@alternative
def by_strides(image, targets, factor):
    image, targets = np.asarray(image, float), np.asarray(targets, float)
    h, w = image.shape[1] // factor, image.shape[2] // factor
    parts = [np.s_[:, i : h * factor : factor, j : w * factor : factor] for i in range(factor) for j in range(factor)]
    return sum(image[part] for part in parts) / factor**2, np.maximum.reduce([targets[part] for part in parts])
