"""Checks of `adagrad`."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import hint, points
from autograder.checks.lab2.common import (
    BOOK_KEEPING,
    adagrad_move,
    assert_starts_afresh,
    logistic_gradient,
    patches,
    unrolled,
)


@points(1)
@hint("G <- G + g^2 (a sum that only grows), then w <- w - step g / (sqrt(G) + eps), coordinate by coordinate.")
def test_follows_the_update(adagrad, rng):
    X, y = patches(rng, 40, 5)
    w0 = rng.normal(size=5)
    for eps in (1e-10, 0.1):
        expected = unrolled(adagrad_move(0.1, eps), logistic_gradient(X, y), w0, 50)
        assert_allclose(adagrad(logistic_gradient(X, y), w0, 0.1, 50, eps=eps), expected, rtol=1e-12, atol=1e-12)


@points(1)
@hint(
    "eps is added to the root, not under it: the first step is -step g / (|g| + eps), and 0 where g is 0. Without "
    "eps, 0 / 0 is nan."
)
def test_adds_eps_to_the_root(adagrad):
    w0, g = np.array([1.0, -2.0, 0.5]), np.array([0.3, -20.0, 0.0])
    first = adagrad(lambda w: g, w0, 0.5, 1, eps=0.1)[1] - w0
    assert_allclose(first, [-0.5 * 0.3 / 0.4, 0.5 * 20.0 / 20.1, 0.0], rtol=1e-12)
    # On a constant slope the steps shrink as 1 / sqrt(t); a coordinate without a slope stays.
    path = adagrad(lambda w: g, w0, 0.5, 9)
    assert_allclose(path[9] - path[8], [-0.5 / 3, 0.5 / 3, 0.0], rtol=1e-8)


@points(1)
@hint(f"{BOOK_KEEPING} Every call begins with G = 0.", also=("shape",))
def test_starts_afresh(adagrad, rng):
    assert_starts_afresh(adagrad, rng)
