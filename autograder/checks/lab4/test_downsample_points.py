"""Checks of `downsample_points`."""

import numpy as np
import pytest
import torch

from autograder import agree, hint, points
from autograder.checks.lab4.common import KINDS, of_kind


@points(1)
@KINDS
@hint(
    "Pixel centres are at integers, so pixel 0 reaches from -1/2 to 1/2, and a small pixel j covers the large ones "
    "factor j ... factor j + factor - 1, whose middle is factor j + (factor - 1) / 2. A plain division is half a pixel off."
)
@pytest.mark.parametrize("factor", [3, 2, 8])
def test_sends_the_middle_of_a_block_to_its_pixel(downsample_points, rng, kind, factor):
    small = rng.integers(0, 20, size=(6, 2)).astype(float)
    middles = [[np.mean(np.arange(factor) + factor * j) for j in point] for point in small]
    agree(downsample_points(of_kind(kind, np.array(middles)), factor), small, atol=1e-5)


@points(1)
@hint(
    "Any number of leading axes, points outside the image too, and NaN stays NaN; nothing is rounded, and whole "
    "numbers become fractions. With 1 / factor "
    "the same formula leads from the small image back to the large one.",
    also=("shape",),
)
@pytest.mark.parametrize("shape", [(2,), (5, 2), (1, 2), (3, 4, 2), (0, 2)])
def test_maps_points_of_any_shape(downsample_points, rng, shape):
    line = np.array([-200.0, 200.0])  # the map is a straight line through (1/2, 0) and (9/2, 2)
    p = rng.uniform(-150.0, 150.0, size=shape)
    agree(downsample_points(p, 2), np.interp(p, line, (line - 0.5) / 2), rtol=1e-5, atol=1e-5)
    agree(downsample_points(p, 0.5), np.interp(p, line, 2 * line + 0.5), rtol=1e-5, atol=1e-5)
    pixels = torch.tensor([[3, 5], [0, 2]])  # whole numbers, as `argmax_2d` gives them
    agree(downsample_points(pixels, 0.5), [[6.5, 10.5], [0.5, 4.5]])
    gap = np.array([[np.nan, 3.5], [1.5, np.nan]])
    agree(downsample_points(gap, 4), [[np.nan, 0.5], [0.0, np.nan]], atol=1e-6)
