"""Checks of `soft_argmax`."""

import numpy as np
import pytest
import torch
from scipy import special

from autograder import agree, hint, no_probe, points
from autograder.checks.lab4.common import KINDS, agree_single, of_kind


@points(1)
@no_probe("integers")  # honest in float32
@KINDS
@hint(
    "Softmax of beta times the values over all pixels of a map, then the mean of x (the column) and of y (the row) "
    "under these probabilities, (x, y) in the end; each map on its own."
)
@pytest.mark.parametrize("lead, beta", [((), 1.0), ((3,), 2.5), ((1,), 1.5), ((2, 2), 0.5), ((2,), 0.0)])
def test_is_the_mean_position(soft_argmax, rng, kind, lead, beta):
    maps = rng.uniform(-2.0, 2.0, size=(*lead, 5, 9))
    maps[..., 1, 6] += 3.0  # off the middle and off the diagonal
    p = special.softmax(beta * maps, axis=(-2, -1))
    expected = np.stack([p.sum(axis=-2) @ np.arange(9.0), p.sum(axis=-1) @ np.arange(5.0)], axis=-1)
    agree_single(soft_argmax(of_kind(kind, maps), beta), expected)
    if beta == 1.0:
        agree_single(soft_argmax(of_kind(kind, maps)), expected)


@points(1)
@no_probe("integers")  # honest in float32
@hint(
    "Values of 5,000 and more. If smaller ones come out right, exp overflows here: subtract the largest one of each "
    "map first (torch.softmax does). Only differences of values matter, so adding 10,000 to a map moves nothing, and "
    "shifting a peak shifts the answer. beta belongs inside: a power of probabilities that are 0 already tells nothing."
)
def test_survives_large_values(soft_argmax):
    for dtype in (np.float32, np.float64):
        maps = np.zeros((3, 6, 10), dtype=dtype)
        maps[0, 2, 7], maps[1, 4, 1], maps[2, 2, 8] = 5000.0, 5000.0, 5000.0
        expected = np.array([[7.0, 2.0], [1.0, 4.0], [8.0, 2.0]])
        for offset in (0.0, 10_000.0, -10_000.0):
            agree(soft_argmax(torch.from_numpy(maps + dtype(offset))), expected, atol=0.01)
        apart = maps + np.array([0.0, -10_000.0, 10_000.0], dtype=dtype)[:, None, None]
        agree(soft_argmax(torch.from_numpy(apart)), expected, atol=0.01)
    agree(soft_argmax(np.full((4, 7), -3000.0)), np.array([3.0, 1.5]), atol=0.01)  # float32 has four digits left
    hot = np.zeros((4, 7))
    hot[1, 5] = 2000.0
    p = special.softmax(1e-3 * hot)
    agree(soft_argmax(hot, 1e-3), [p.sum(axis=0) @ np.arange(7.0), p.sum(axis=1) @ np.arange(4.0)], atol=0.01)


@points(1)
@hint(
    "The point of a soft arg-max is its gradient, d x / d value = beta p (column - x). Work with torch's functions all "
    "the way: no argmax, no NumPy, no detach, and beta inside the softmax.",
    also=("exception",),
)
@pytest.mark.parametrize("beta", [1.0, 3.0])
def test_has_a_gradient(soft_argmax, rng, beta):
    maps = rng.uniform(-1.0, 1.0, size=(2, 4, 6))
    p = special.softmax(beta * maps, axis=(-2, -1))
    rows, cols = np.arange(4.0)[:, None], np.arange(6.0)
    x, y = np.sum(p * cols, axis=(1, 2), keepdims=True), np.sum(p * rows, axis=(1, 2), keepdims=True)
    result = soft_argmax.value_and_gradients(torch.from_numpy(maps), beta)
    agree_single(result["inputs"][0], beta * p * (cols - x + rows - y))
