"""Checks of `double`."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import hint, points, quiet


@points(1)
@hint("Twice means 2 * x.")
def test_doubles(double, rng):
    x = rng.normal(size=(2, 3))
    assert_allclose(double(x), x + x)


@points(1)
@quiet
@hint("Zero stays zero.")
def test_keeps_zero(double):
    assert_allclose(double(np.zeros(3)), np.zeros(3))
