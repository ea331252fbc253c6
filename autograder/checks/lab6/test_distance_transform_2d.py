"""Checks of `distance_transform_2d`."""

import numpy as np

from autograder import budget, hint, no_probe, points
from autograder.checks.lab6.common import agree, indices


def pairs(shape, w, mu):
    """w (p - q - mu)^2 for all places p and q of a map, row by row, (HW, HW)."""
    y, x = (part.ravel() for part in np.mgrid[: shape[0], : shape[1]])
    return w[0] * (x[:, None] - x - mu[0]) ** 2 + w[1] * (y[:, None] - y - mu[1]) ** 2


def nearest(f, w, mu):
    """D from the table of all pairs of places."""
    return (f.ravel() + pairs(f.shape, w, mu)).min(axis=1).reshape(f.shape)


def achieved(result, f, w, mu):
    """What the places that were pointed at really cost."""
    _, rows, cols = result
    rows = indices(rows, f.shape, f.shape[0], "the rows")
    cols = indices(cols, f.shape, f.shape[1], "the columns")
    q = np.ravel_multi_index((rows, cols), f.shape).ravel()
    return (f.ravel()[q] + pairs(f.shape, w, mu)[np.arange(f.size), q]).reshape(f.shape)


def draw_map(rng, height, width, w):
    """Costs that differ by about what a way of a few places costs."""
    return rng.uniform(0.0, 12.0 * w, size=(height, width))


@points(1)
@hint(
    "First transform every row of f; then transform every column of *what that gave*, not of f. The result has f's "
    "shape (H, W), H rows and W columns. A place of cost +inf stays impossible, however far the others are.",
    also=("shape",),
)
def test_is_the_minimum_over_all_places(distance_transform_2d, rng):
    for height, width in ((5, 8), (9, 4), (1, 7), (6, 1)):
        f = draw_map(rng, height, width, 0.2)
        agree(distance_transform_2d(f, np.array([0.2, 0.2]), np.zeros(2))[0], nearest(f, (0.2, 0.2), (0.0, 0.0)))
    walls = np.full((6, 9), np.inf)
    walls[rng.permutation(6)[:3], rng.permutation(9)[:3]] = rng.uniform(0.0, 2.0, size=3)
    for w in (0.2, 1e9):  # at the second weight every way costs more than any number that stands for +inf
        agree(distance_transform_2d(walls, np.array([w, w]), np.zeros(2))[0], nearest(walls, (w, w), (0.0, 0.0)))


@points(1)
@hint(
    "w and mu are for (x, y), and x runs along a row: w[0] and mu[0] belong to the transform of the rows (over "
    "columns), w[1] and mu[1] to that of the columns."
)
def test_has_weights_and_offsets_for_x_and_y(distance_transform_2d, rng):
    f = draw_map(rng, 7, 10, 0.3)
    for w, mu in (
        ((0.05, 0.6), (0.0, 0.0)),
        ((0.3, 0.3), (2.5, -1.2)),
        ((0.7, 0.1), (-3.3, 1.0)),
        ((0.2, 0.4), (25.0, 8.4)),
    ):
        agree(distance_transform_2d(f, np.array(w), np.array(mu))[0], nearest(f, w, mu))


@points(1)
@hint(
    "rows[p] is the row that the second pass chose; cols[p] is the column that the first pass chose *in that row*: "
    "look it up there. np.take_along_axis does it for all p. Mind transposes."
)
def test_points_at_who_attains_it(distance_transform_2d, rng):
    for height, width in ((5, 8), (8, 5)):
        f = draw_map(rng, height, width, 0.2)
        row = rng.integers(height)
        near = min(row, width - 1)
        # Two places of a row that serve many, each those on its side: the column depends on where one looks it up.
        f[row, [near, (near + width // 2) % width]] = -4.0
        w, mu = np.array([0.2, 0.2]), np.zeros(2)  # the same for x and y: their order is another check's business
        agree(achieved(distance_transform_2d(f, w, mu), f, w, mu), nearest(f, w, mu))
        f = draw_map(rng, height, width, 0.2)  # and one in which many rows serve
        agree(achieved(distance_transform_2d(f, w, mu), f, w, mu), nearest(f, w, mu))


@points(1)
@hint(
    "On a map of 200 x 320 places there is neither memory nor time for all pairs of places. The square is a sum "
    "over x and y, so one row or one column at a time is enough."
)
@no_probe("integers", "float32")  # a budget is for one call
@budget(cpu=6, memory=600)
def test_takes_one_axis_at_a_time(distance_transform_2d):
    height, width, w, reach = 200, 320, 0.1, 7  # three lists of so many numbers may still come back
    f = 4.0 * np.random.default_rng(0).uniform(size=(height, width))  # no place further than 6 can pay: 0.1 * 7^2 > 4
    expected = np.pad(f, reach, constant_values=np.inf)
    for axis in (0, 1):
        expected = np.min([np.roll(expected, d, axis=axis) + w * d**2 for d in range(-reach, reach + 1)], axis=0)
    values = distance_transform_2d(f, np.array([w, w]), np.zeros(2))[0]
    agree(values, expected[reach:-reach, reach:-reach], atol=1e-6)
