"""Run the course's detectors without torch: from pictures to score maps, and from these to keypoints.

The networks are Lab 5's `PoseNet`, and the weights load into it as they are; Labs 6 to 8 only look, and NumPy is quick
enough for that. Points are (x, y) px with pixel centres at integers.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

_BATCH = 8  # pictures at a time: what a layer makes of them stays in the processor's cache
_EPSILON = 1e-5  # torch's, beside the variance in a normalisation
_TINY = np.finfo(np.float32).tiny


@dataclass(frozen=True)
class ScoreMaps:
    """What a detector says of N pictures on a grid of (h, w) cells; K keypoints.

    Cell (i, j) is centred at x = stride j + (stride - 1)/2 and y = stride i + (stride - 1)/2.
    """

    probabilities: np.ndarray  #: (N, K, h, w) float32 in [0, 1], that the keypoint is within 1.5 cells of the centre
    offsets: np.ndarray  #: (N, K, 2, h, w) float32 px, (dx, dy) from the cell's centre to the keypoint
    stride: int  #: side of a cell, px
    #: (N, K, K, 2, h, w) float32 px: [n, k, l, :, i, j] leads from the cell's centre to keypoint l of the animal whose
    #: keypoint k is there. None for a detector of one animal.
    pairs: np.ndarray | None = None


def score_maps(weights, images):
    """Score maps and offsets of a detector (DeeperCut, Insafutdinov et al. 2016; slide "Transfer Learning In DeepLabCut, SLEAP, etc.").

    Parameters
    ----------
    weights : dict of str to float array
        From `posekit.data.pretrained_detector`, or the state of a `PoseNet` of basic blocks as arrays.
    images : (N, H, W) floats in [0, 1]
        Both sides multiples of twice the detector's stride.

    Returns
    -------
    ScoreMaps : h = H / stride and w = W / stride

    Raises
    ------
    ValueError : for images of another shape, or of bytes, or weights that are not a detector's
    """
    images = np.asarray(images)
    if images.ndim != 3 or images.dtype.kind != "f":
        raise ValueError(f"score_maps: want images (N, H, W) of floats in [0, 1], got {images.dtype} {images.shape}.")
    missing = [name for name in ("backbone.conv1.weight", "head.scores.weight") if name not in weights]
    if missing:
        raise ValueError(f"score_maps: the weights lack {missing[0]!r}; take them from `pretrained_detector`.")
    stages = [n for n in range(1, 5) if f"backbone.layer{n}.0.conv1.weight" in weights]
    stride = 2 ** stages[-1]
    if len(images) == 0 or images.shape[1] % (2 * stride) or images.shape[2] % (2 * stride):
        raise ValueError(f"score_maps: want pictures whose sides are multiples of {2 * stride}, got {images.shape}.")
    if not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(f"score_maps: want values in [0, 1], got {images.min():.3g} to {images.max():.3g}.")
    run = [_forward(weights, stages, images[n : n + _BATCH]) for n in range(0, len(images), _BATCH)]
    maps = {name: np.concatenate([part[name] for part in run]) for name in run[0]}
    N, K, h, w = maps["scores"].shape
    return ScoreMaps(
        probabilities=expit(maps["scores"]),
        offsets=stride * maps["offsets"].reshape(N, K, 2, h, w),
        stride=stride,
        pairs=stride * maps["pairs"].reshape(N, K, K, 2, h, w) if "pairs" in maps else None,
    )


def read_out(maps):
    """One answer for each keypoint: where the best cell and the eight around it say that it is.

    Each of these cells votes at its centre plus its offset, with its probability as its weight. This is `decode_offsets`
    of Lab 5 with more than one voter, and a little more exact.

    Parameters
    ----------
    maps : ScoreMaps

    Returns
    -------
    keypoints : (N, K, 2) float64 px
    confidence : (N, K) float64, the largest probability of each map
    """
    N, K, h, w = maps.probabilities.shape
    n, k = np.mgrid[:N, :K]
    rows, columns = np.divmod(maps.probabilities.reshape(N, K, -1).argmax(-1), w)
    confidence = maps.probabilities[n, k, rows, columns].astype(float)
    votes, total = np.zeros((N, K, 2)), np.zeros((N, K, 1))
    for di in (-1, 0, 1):
        for dj in (-1, 0, 1):
            i, j = rows + di, columns + dj
            inside = (i >= 0) & (i < h) & (j >= 0) & (j < w)
            i, j = np.clip(i, 0, h - 1), np.clip(j, 0, w - 1)
            weight = np.where(inside, np.maximum(maps.probabilities[n, k, i, j], _TINY), 0.0)[..., None]
            center = maps.stride * np.stack([j, i], axis=-1) + (maps.stride - 1) / 2
            votes += weight * (center + maps.offsets[n, k, :, i, j])
            total += weight
    return votes / total, confidence


def _forward(weights, stages, images):
    """The head's outputs (N, channels, h, w) by name, of a few pictures (N, H, W)."""
    x = ((images.astype(np.float32) - 0.45) / 0.225)[..., None]  # what the network was trained on
    kernel, bias = _folded(weights, "backbone.conv1", "backbone.bn1")
    x = _relu(_convolve(x, kernel.sum(1, keepdims=True), bias, 2))  # the three channels of a grey picture are the same
    x = _max_pool(x)
    for n in stages:
        block = 0
        while f"backbone.layer{n}.{block}.conv1.weight" in weights:
            x = _basic_block(x, weights, f"backbone.layer{n}.{block}", 2 if n > 1 and block == 0 else 1)
            block += 1
    heads = [name for name in ("scores", "offsets", "pairs") if f"head.{name}.weight" in weights]
    return {n: _transposed(x, weights[f"head.{n}.weight"], weights[f"head.{n}.bias"]) for n in heads}


def _basic_block(x, weights, name, stride):
    y = _relu(_convolve(x, *_folded(weights, f"{name}.conv1", f"{name}.bn1"), stride))
    y = _convolve(y, *_folded(weights, f"{name}.conv2", f"{name}.bn2"), 1)
    if f"{name}.downsample.0.weight" in weights:
        x = _convolve(x, *_folded(weights, f"{name}.downsample.0", f"{name}.downsample.1"), stride)
    return _relu(x + y)


def _folded(weights, conv, norm):
    """Kernel (out, in, h, w) and bias (out,) of a convolution and the normalisation behind it in one."""
    scale = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + np.float32(_EPSILON))
    kernel = weights[f"{conv}.weight"] * scale[:, None, None, None]
    return kernel, weights[f"{norm}.bias"] - scale * weights[f"{norm}.running_mean"]


def _convolve(x, kernel, bias, stride):
    """Zero-padded correlation of x (N, H, W, in) with a kernel (out, in, s, s) of odd s: (N, H / stride, W / stride, out)."""
    size = kernel.shape[-1]
    pad = size // 2
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    N, H, W, _ = padded.shape
    h, w = (H - size) // stride + 1, (W - size) // stride + 1
    patches = np.lib.stride_tricks.sliding_window_view(padded, (size, size), (1, 2))[:, ::stride, ::stride]
    columns = patches.reshape(N * h * w, -1)  # (in, s, s) in each row, as in the kernel
    return (columns @ kernel.reshape(len(kernel), -1).T + bias).reshape(N, h, w, -1)


def _transposed(x, kernel, bias):
    """Transposed convolution of x (N, h, w, in) with a kernel (in, out, s, s), s 2 or 4, of stride 2: (N, out, 2h, 2w)."""
    N, h, w, _ = x.shape
    size = kernel.shape[-1]
    pad = (size - 2) // 2  # as in Lab 5's head: output cells 2i and 2i + 1 lie over input cell i
    spread = np.zeros((N, 2 * (h + pad), 2 * (w + pad), len(bias)), np.float32)
    for i in range(size):
        for j in range(size):
            spread[:, i : i + 2 * h : 2, j : j + 2 * w : 2] += x @ kernel[:, :, i, j]
    return (spread[:, pad : pad + 2 * h, pad : pad + 2 * w] + bias).transpose(0, 3, 1, 2)


def _max_pool(x):
    """The largest of 3x3, at every other position, of x (N, H, W, C) >= 0."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    rows = np.maximum(np.maximum(padded[:, :-2:2], padded[:, 1:-1:2]), padded[:, 2::2])
    return np.maximum(np.maximum(rows[:, :, :-2:2], rows[:, :, 1:-1:2]), rows[:, :, 2::2])


def _relu(x):
    return np.maximum(x, 0)
