"""Checks of `adam`."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import hint, points
from autograder.checks.lab2.common import (
    BOOK_KEEPING,
    adam_move,
    assert_starts_afresh,
    logistic_gradient,
    patches,
    pushed_once,
    unrolled,
)


@points(1)
@hint(
    "m averages g with beta1, V averages g^2 with beta2; both are divided by 1 - beta^t for the step alone, while m "
    "and V themselves stay uncorrected."
)
def test_follows_the_update(adam, rng):
    X, y = patches(rng, 40, 5)
    w0 = rng.normal(size=5)
    for beta1, beta2, eps in ((0.9, 0.999, 1e-8), (0.5, 0.8, 0.1)):
        expected = unrolled(adam_move(0.05, beta1, beta2, eps), logistic_gradient(X, y), w0, 50)
        path = adam(logistic_gradient(X, y), w0, 0.05, 50, beta1=beta1, beta2=beta2, eps=eps)
        assert_allclose(path, expected, rtol=1e-12, atol=1e-12)


@points(1)
@hint(
    "The averages of a constant slope, corrected by 1 - beta^t with t = 1, 2, ..., are the slope itself, in every step."
)
def test_corrects_for_the_start_at_zero(adam, rng):
    signs = rng.choice([-1.0, 1.0], 3)
    for sign in (signs, -signs):  # the second slope tells whether averages are left from the first
        w0, g = rng.normal(size=3), sign * rng.uniform(0.5, 2.0, size=3)
        steps = np.diff(adam(lambda w, g=g: g, w0, 0.2, 12), axis=0)
        assert_allclose(steps, np.tile(-0.2 * sign, (12, 1)), rtol=1e-7)  # eps = 1e-8 beside |g| >= 0.5


@points(1)
@hint(
    "eps is added to the root of the corrected V: the first step is -step g / (|g| + eps), and 0 where g is 0. Not "
    "under the root, and not before the correction."
)
def test_adds_eps_to_the_root(adam):
    w0, g = np.array([1.0, -2.0, 0.5]), np.array([0.3, -20.0, 0.0])
    first = adam(lambda w: g, w0, 0.5, 1, eps=0.1)[1] - w0
    assert_allclose(first, [-0.5 * 0.3 / 0.4, 0.5 * 20.0 / 20.1, 0.0], rtol=1e-9)
    assert_allclose(adam(lambda w: g, w0, 0.5, 1)[1] - w0, [-0.5, 0.5, 0.0], rtol=1e-6)


@points(1)
@hint(f"{BOOK_KEEPING} Every call begins with m = V = 0 and t = 1, and coasts where the slope ends.", also=("shape",))
def test_starts_afresh(adam, rng):
    assert_starts_afresh(adam, rng)
    push = np.array([1.0, -2.0, 0.0])
    path = adam(pushed_once(push), np.zeros(3), 0.1, 5)
    expected = unrolled(adam_move(0.1, 0.9, 0.999, 1e-8), pushed_once(push), np.zeros(3), 5)
    assert_allclose(path, expected, rtol=1e-9, atol=1e-15)
