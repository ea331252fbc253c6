"""Checks of `ConvDetector`."""

import numpy as np
import pytest
import torch.nn.functional as F

from autograder import agree, hint, points, raises
from autograder.checks.lab4.common import agree_single, normal


@points(1)
@hint(
    "One nn.Conv2d called `conv`, from in_channels to num_keypoints, with a bias and padded by patch_size // 2 zeros "
    "on each side so that the logits are as large as the image, for one image as for many; `forward` calls it on "
    "the images as they come, in whatever "
    "precision, and gives back what it gives, logits without a sigmoid.",
    also=("shape", "exception", "parts"),
)
@pytest.mark.parametrize("K, size, C", [(3, 5, 1), (1, 3, 2), (2, 1, 1), (4, 7, 3)])
def test_is_one_convolution(ConvDetector, rng, K, size, C):
    net = ConvDetector(K, size, C)
    weight, bias, images = normal(rng, K, C, size, size), normal(rng, K), normal(rng, 2, C, 9, 12)
    net.load({"conv.weight": weight, "conv.bias": bias})
    flat = F.unfold(F.pad(images, [size // 2] * 4), size)  # (B, C size size, H W)
    expected = (weight.flatten(1) @ flat).reshape(2, K, 9, 12) + bias[:, None, None]
    logits = net(images)
    agree_single(logits, expected.numpy())
    agree_single(net(images[:1]), expected[:1].numpy())
    assert logits.dtype == np.float32, (
        f"float32 images gave logits of {logits.dtype}: return what the convolution gives"
    )
    double = net.in_double(images)
    assert double.dtype == np.float64, (
        f"as a double-precision network it gave {double.dtype}: return what the convolution gives"
    )


@points(1)
@hint(
    "The model is linear in its parameters, and gradients must reach both: `forward` calls self.conv on the images as "
    "they come. `in_channels` is 1 unless given, and nothing but `conv` has parameters.",
    also=("exception", "signature", "parts"),
)
def test_lets_gradients_through(ConvDetector, rng):
    net = ConvDetector(2, 3)
    images = normal(rng, 3, 1, 6, 7)
    net.load({"conv.weight": normal(rng, 2, 1, 3, 3), "conv.bias": normal(rng, 2)})
    shapes = {name: tuple(shape) for name, shape in net.shapes().items()}
    expected = {"conv.weight": (2, 1, 3, 3), "conv.bias": (2,)}
    assert shapes == expected, f"the trained parameters are {shapes}, expected {expected}"
    gradients = net.backward(images)["parameters"]
    reached = {name for name, gradient in gradients.items() if gradient is not None}
    assert reached == expected.keys(), f"gradients reach {sorted(reached)}, expected {sorted(expected)}"
    agree_single(gradients["conv.bias"], np.full(2, 3.0 * 6 * 7))
    padded = F.pad(images, [1] * 4).numpy().astype(float)
    by_weight = [[padded[:, 0, i : i + 6, j : j + 7].sum() for j in range(3)] for i in range(3)]
    agree(gradients["conv.weight"], np.array([[by_weight]] * 2), rtol=1e-4, atol=1e-3)


@points(1)
@hint(
    "An even patch has no middle pixel: raise a ValueError for it in __init__. Odd sizes, 1 included, are fine.",
    also=("exception",),
)
def test_refuses_even_patches(ConvDetector):
    for size in (2, 4, 12):
        with raises(ValueError):
            ConvDetector(3, size)
    for size in (1, 3, 11):
        shapes = ConvDetector(1, size).shapes()
        assert "conv.weight" in shapes, f"there is no conv.weight, but {sorted(shapes)}"
        shape = tuple(shapes["conv.weight"])
        assert shape == (1, 1, size, size), f"a patch size of {size} made a kernel of shape {shape}"
