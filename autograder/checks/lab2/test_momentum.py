"""Checks of `momentum`."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import hint, points
from autograder.checks.lab2.common import (
    BOOK_KEEPING,
    assert_starts_afresh,
    logistic_gradient,
    momentum_move,
    patches,
    pushed_once,
    unrolled,
)


@points(1)
@hint(
    "v <- beta v + grad(w), then w <- w - step v with the new v. The gradient is taken at w, not ahead of it "
    "(Nesterov)."
)
def test_follows_the_update(momentum, rng):
    X, y = patches(rng, 40, 5)
    w0 = rng.normal(size=5)
    for beta in (0.9, 0.3):
        expected = unrolled(momentum_move(0.05, beta), logistic_gradient(X, y), w0, 50)
        assert_allclose(momentum(logistic_gradient(X, y), w0, 0.05, 50, beta=beta), expected, rtol=1e-12, atol=1e-12)


@points(1)
@hint(
    "On a constant slope the velocity is the sum 1 + beta + beta^2 + ... times g: there is no factor (1 - beta), the"
    " first step is a plain gradient step, and beta is 0.9 unless said otherwise."
)
def test_gathers_speed_on_a_slope(momentum, rng):
    expected = -0.2 * (1.0 - 0.9 ** np.arange(1, 31)) / (1.0 - 0.9)  # the geometric sum
    for _ in range(2):  # the second slope tells whether a velocity is left from the first
        w0, g = rng.normal(size=3), rng.normal(size=3)
        speed = np.diff(momentum(lambda w, g=g: g, w0, 0.2, 30), axis=0)
        assert_allclose(speed, expected[:, None] * g, rtol=1e-9, atol=1e-12)


@points(1)
@hint(f"{BOOK_KEEPING} Every call begins with a velocity of zeros, and coasts where the slope ends.", also=("shape",))
def test_starts_from_rest(momentum, rng):
    assert_starts_afresh(momentum, rng)
    push = np.array([1.0, -2.0, 0.0])
    path = momentum(pushed_once(push), np.zeros(3), 0.1, 5)
    assert_allclose(np.diff(path, axis=0), -0.1 * np.outer(0.9 ** np.arange(5), push), rtol=1e-9, atol=1e-15)
