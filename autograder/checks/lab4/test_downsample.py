"""Checks of `downsample`."""

import numpy as np
import pytest
from scipy import ndimage

from autograder import agree, hint, no_probe, points
from autograder.checks.lab4.common import KINDS, of_kind


@points(1)
@no_probe("integers")  # honest in float32
@KINDS
@hint(
    "Each small pixel is the mean of a block of factor x factor pixels, in every channel on its own. Taking every "
    "second pixel throws the others away; sums, maxima and interpolation change the brightness. Nothing is clipped."
)
@pytest.mark.parametrize("factor", [2, 3])
def test_averages_blocks_of_the_image(downsample, rng, kind, factor):
    image, targets = rng.normal(size=(3, 6, 12)), np.zeros((2, 6, 12))  # of both signs, as standardised images are
    smaller, _ = downsample(*of_kind(kind, image, targets), factor)
    running = ndimage.uniform_filter(image, (0, factor, factor))  # its window ends (factor - 1) // 2 after the pixel
    agree(smaller, running[:, factor // 2 :: factor, factor // 2 :: factor], rtol=1e-5, atol=1e-6)


@points(1)
@no_probe("integers")  # honest in float32
@hint(
    "A small pixel is positive if any pixel of its block was: maxima of the blocks. A mean turns a small disc into "
    "fractions, and picking one pixel of a block may lose it."
)
@pytest.mark.parametrize("factor", [2, 4])
def test_keeps_every_positive_target(downsample, rng, factor):
    H, W = 3 * factor, 5 * factor
    targets, expected = np.zeros((4, H, W)), np.zeros((4, 3, 5))
    targets[3] = 0.25  # a soft target stays what it is
    expected[3] = 0.25
    for k in range(3):
        y, x = rng.integers(0, H), rng.integers(0, W)
        targets[k, y, x], expected[k, y // factor, x // factor] = 1.0, 1.0
    targets[0, 0, 1], expected[0, 0, 0] = 1.0, 1.0  # neither the first pixel of its block nor the last
    _, smaller = downsample(rng.uniform(size=(1, H, W)), targets, factor)
    agree(smaller, expected, rtol=1e-6)


@points(1)
@no_probe("integers")  # honest in float32
@hint(
    "Rows and columns that do not fill a block, below and on the right, are dropped: H // factor rows and W // factor "
    "columns are left. Nothing is padded, and factor 1 changes nothing."
)
@pytest.mark.parametrize("shape, factor", [((7, 11), 2), ((5, 9), 4), ((6, 10), 1), ((4, 7), 4)])
def test_drops_the_ragged_edge(downsample, rng, shape, factor):
    image, targets = rng.uniform(size=(1, *shape)), rng.integers(0, 2, size=(2, *shape)).astype(float)
    small, heat = downsample(image, targets, factor)
    h, w = shape[0] // factor, shape[1] // factor
    assert np.shape(small) == (1, h, w), f"returned an image of shape {np.shape(small)}, expected {(1, h, w)}"
    assert np.shape(heat) == (2, h, w), f"returned targets of shape {np.shape(heat)}, expected {(2, h, w)}"
    for r in range(h):
        for c in range(w):
            block = np.s_[:, r * factor : (r + 1) * factor, c * factor : (c + 1) * factor]
            agree(small[0][r, c], np.mean(image[block]), rtol=1e-5)
            agree(heat[:, r, c], np.max(targets[block], axis=(1, 2)), rtol=1e-6)
