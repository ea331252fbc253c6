"""Checks of `argmax_2d`."""

import numpy as np
import pytest

from autograder import agree, hint, points
from autograder.checks.lab4.common import KINDS, of_kind


@points(1)
@KINDS
@hint(
    "Points are (x, y) = (column, row), one for each map: with the map flattened row by row, index = y W + x, so "
    "x = index % W and y = index // W. The last two axes are the map's, any others stay.",
    also=("shape",),
)
@pytest.mark.parametrize("lead", [(), (4,), (1,), (2, 3)])
def test_finds_the_highest_pixel(argmax_2d, rng, kind, lead):
    maps = rng.normal(size=(*lead, 6, 11))
    where = np.stack([rng.integers(5, 10, size=lead), rng.integers(0, 5, size=lead)], axis=-1)  # x > y: a swap shows
    for index in np.ndindex(*lead):
        x, y = where[index]
        maps[index][y, :] -= 2.0  # not where the sums are largest
        maps[index][:, x] -= 2.0
        maps[index][y, x] = 9.0
    found = argmax_2d(of_kind(kind, maps))
    agree(found, where)
    assert found.dtype.kind in "iu", f"returned numbers of {found.dtype}: pixels are counted in int"


@points(1)
@hint(
    "The largest value, not the largest magnitude, also where all values are negative; corners, single rows and columns "
    "included; of the values as they are, because a sigmoid makes ties of sure ones. At a tie any of the largest "
    "pixels is right, but x and y must belong to the same pixel."
)
def test_finds_it_at_ties_and_corners(argmax_2d, rng):
    for H, W in ((5, 8), (1, 4), (6, 1), (1, 1)):
        for y, x in {(0, 0), (0, W - 1), (H - 1, 0), (H - 1, W - 1)}:
            corner = rng.uniform(-9.0, -5.0, size=(H, W))
            corner[y, x] = -1.0
            agree(argmax_2d(corner), [x, y])
    sure = np.full((4, 7), 90.0)  # whose sigmoids are all one
    sure[2, 5] = 100.0
    agree(argmax_2d(sure), [5, 2])
    for one, other in (((7, 1), (2, 5)), ((2, 1), (7, 5))):
        tied = np.zeros((3, 7, 9))
        for x, y in (one, other):
            tied[:, y, x] = 2.0
        tied[2, 3, 3] = -4.0
        for x, y in np.asarray(argmax_2d(tied)):
            assert (int(x), int(y)) in (one, other), f"{one} and {other} tie, returned ({x}, {y})"
