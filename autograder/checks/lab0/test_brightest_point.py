"""Checks of `brightest_point`."""

import pytest

from autograder import agree, hint, points


@points(1)
@hint("A point is (x, y) = (column, row), the other way round than an index into the array.", also=("shape",))
@pytest.mark.parametrize("shape, x, y", [((5, 9), 7, 2), ((9, 5), 0, 8), ((6, 6), 5, 1), ((1, 4), 3, 0)])
def test_finds_the_point(brightest_point, rng, shape, x, y):
    image = rng.uniform(0.0, 0.5, size=shape)
    image[y, x] = 0.9
    agree(brightest_point(image), [x, y])


@points(1)
@hint(
    "Find the largest of signed values, not of absolute ones: an image may be negative everywhere. Its place is (x, y)."
)
def test_takes_negative_images(brightest_point, rng):
    image = rng.uniform(-2.0, -1.0, size=(4, 7))
    image[3, 2] = -0.5
    agree(brightest_point(image), [2, 3])
