"""Checks of `rmsprop`."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import hint, points
from autograder.checks.lab2.common import (
    BOOK_KEEPING,
    assert_starts_afresh,
    logistic_gradient,
    patches,
    rmsprop_move,
    unrolled,
)


@points(1)
@hint(
    "V <- beta V + (1 - beta) g^2, then w <- w - step g / (sqrt(V) + eps), coordinate by coordinate, without "
    "correction."
)
def test_follows_the_update(rmsprop, rng):
    X, y = patches(rng, 40, 5)
    w0 = rng.normal(size=5)
    for beta, eps in ((0.99, 1e-8), (0.8, 0.1)):
        expected = unrolled(rmsprop_move(0.02, beta, eps), logistic_gradient(X, y), w0, 50)
        path = rmsprop(logistic_gradient(X, y), w0, 0.02, 50, beta=beta, eps=eps)
        assert_allclose(path, expected, rtol=1e-12, atol=1e-12)


@points(1)
@hint(
    "eps is added to the root of the new V, not under it: the first step is -step g / (sqrt(1 - beta) |g| + eps), "
    "and 0 where g is 0."
)
def test_adds_eps_to_the_root(rmsprop):
    w0, g = np.array([1.0, -2.0, 0.5]), np.array([0.3, -20.0, 0.0])
    first = rmsprop(lambda w: g, w0, 0.5, 1, beta=0.75, eps=0.1)[1] - w0
    assert_allclose(first, [-0.5 * 0.3 / 0.25, 0.5 * 20.0 / 10.1, 0.0], rtol=1e-12)
    # By default the root of 1 - 0.99 makes the first step ten times as long as `step`.
    assert_allclose(rmsprop(lambda w: g, w0, 0.5, 1)[1] - w0, [-5.0, 5.0, 0.0], rtol=1e-6)


@points(1)
@hint(f"{BOOK_KEEPING} Every call begins with V = 0.", also=("shape",))
def test_starts_afresh(rmsprop, rng):
    assert_starts_afresh(rmsprop, rng)
