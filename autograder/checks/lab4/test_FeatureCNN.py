"""Checks of `FeatureCNN`."""

import numpy as np
import pytest
import torch

from autograder import agree, hint, points
from autograder.checks.lab4.common import normal


@points(1)
@hint(
    "Images (B, in_channels, H, W) give logits (B, num_keypoints, H, W): pad each layer so that the size stays, also "
    "for odd sizes, and do not end in a ReLU or sigmoid, because logits have both signs and no bounds. A sigmoid or tanh "
    "in a hidden layer bounds them as well.",
    also=("shape", "exception"),
)
@pytest.mark.parametrize("K, width, C, shape", [(3, 8, 1, (17, 22)), (1, 4, 2, (16, 16)), (5, 16, 3, (9, 30))])
def test_gives_logits_as_large_as_the_image(FeatureCNN, rng, K, width, C, shape):
    net = FeatureCNN(K, width, C)
    net.train(False)
    images = normal(rng, 2, C, *shape)
    logits = net(images)
    assert np.shape(logits) == (2, K, *shape), f"returned shape {np.shape(logits)}, expected {(2, K, *shape)}"
    one = np.shape(net(images[:1]))
    assert one == (1, K, *shape), f"one image gave logits of shape {one}, expected {(1, K, *shape)}"
    # Fresh weights are random: that 30 maps never fall below zero, or never rise above it, is no accident.
    lowest, highest = [], []
    for _ in range(6):
        net = FeatureCNN(5, 8, 1)
        net.train(False)
        maps = net(1e4 * normal(rng, 1, 1, 16, 16))
        lowest.append(np.min(maps))
        highest.append(np.max(maps))
    span = f"the logits of six new networks lie between {min(lowest):.3g} and {max(highest):.3g} for values of 10,000"
    assert min(lowest) < -1.0 and max(highest) > 1.0, span


@points(1)
@hint(
    "At least three convolutions with 3 x 3 kernels, each with weights of its own, `width` features in each hidden layer, and "
    "a ReLU after every one but the last: two convolutions without one between are a single linear one. No pooling. The "
    "images come as they are, of both signs, and gradients reach every layer: no detach, no torch.no_grad."
)
def test_has_hidden_layers_of_features(FeatureCNN, rng):
    net = FeatureCNN(2, 12, 1)
    net.train(False)
    shapes = [tuple(shape) for shape in net.shapes().values()]
    kernels = [shape for shape in shapes if len(shape) == 4 and shape[2:] == (3, 3)]
    assert len(kernels) >= 3, f"found {len(kernels)} layers with 3 x 3 kernels, expected 3 or more"
    wide = [shape for shape in kernels if shape[0] == 12]
    assert len(wide) >= 2, f"found {len(wide)} layers of 12 features for width=12, expected 2 or more"
    default = [tuple(shape) for shape in FeatureCNN(2).shapes().values()]
    assert any(len(s) == 4 and s[0] == 16 for s in default), "width is 16 unless given, found no layer of 16 features"
    # An affine map f has f(x) + f(-x) = 2 f(0).
    x = 3.0 * normal(rng, 4, 1, 16, 16)
    up, down, middle = net(x), net(-x), net(torch.zeros_like(x))
    bend = np.max(np.abs(up + down - 2 * middle)) / np.max(np.abs(up - middle))
    assert bend > 1e-3, f"the network is linear: f(x) + f(-x) differs from 2 f(0) by {bend:.1e} of its size"
    dark = -3.0 - x.abs()
    apart = np.max(np.abs(net(dark) - net(2.0 * dark)))
    assert apart > 0, "two images of negative values give the same logits: no ReLU before the first convolution"
    reached = net.backward(x)["parameters"]
    cut = [name for name, shape in net.shapes().items() if len(shape) == 4 and reached.get(name) is None]
    assert not cut, f"no gradient reaches {cut[0]}: it would never learn"
    seen = net.watch(x)
    pools = [name for name in seen["functions"] if "pool" in name]
    assert not pools, f"{pools[0]} is called: no pooling is wanted, also none that keeps the size"
    for n, layer in enumerate(seen["convolutions"], start=1):
        assert not layer["again"], f"convolution {n} uses the weights of an earlier one: each has weights of its own"
        for m, before in enumerate(seen["convolutions"][: n - 1], start=1):
            assert not is_rescaled(layer["input"], before["output"]), (
                f"convolution {n} gets what convolution {m} gives, with no ReLU between"
            )


def is_rescaled(features, others):
    """Whether each channel is the same channel of the others, up to a factor and an offset (a batch normalisation's, say)."""
    if np.shape(features) != np.shape(others):
        return False
    a, b = (np.moveaxis(maps, 1, 0).reshape(np.shape(maps)[1], -1).astype(float) for maps in (features, others))
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    product, sizes = np.sum(a * b, axis=1), np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return bool(np.all((sizes > 0) & (np.abs(product) > (1.0 - 1e-6) * sizes)))


@points(1)
@hint(
    "A shifted image must give shifted logits (away from the border): convolutions do that. A layer that depends on "
    "the position (linear over pixels), pooling or a stride, with upsampling after it, does not, nor does a global mean."
)
@pytest.mark.parametrize("shift", [(1, 0), (0, 1), (3, 5), (-2, 7)])
def test_moves_with_the_image(FeatureCNN, rng, shift):
    net = FeatureCNN(2, 8, 1)
    net.train(False)
    scene = np.zeros((1, 1, 128, 128), dtype=np.float32)
    scene[..., 52:76, 52:76] = rng.normal(size=(24, 24))
    moved = np.roll(scene, shift, axis=(2, 3))
    logits, logits_moved = net(torch.from_numpy(scene)), net(torch.from_numpy(moved))
    dy, dx = shift
    here = logits[..., 48:80, 48:80]
    there = logits_moved[..., 48 + dy : 80 + dy, 48 + dx : 80 + dx]
    scale = np.max(np.abs(here - np.mean(here)))
    agree(there, here, rtol=1e-4, atol=1e-4 * scale + 1e-9)
