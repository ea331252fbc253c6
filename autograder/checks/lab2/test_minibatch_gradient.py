"""Checks of `minibatch_gradient`."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import hint, points
from autograder.checks.lab2.common import automatic_gradient, patches


@points(1)
@hint(
    "A batch of B of the N examples stands for all of them: its data term is multiplied by N / B, so that it "
    "estimates the gradient of the sum. Use the rows idx of X and y, as often as they are named, and `nll_gradient`: "
    "differences of `nll` drown in a large loss."
)
def test_scales_the_batch_to_all_examples(minibatch_gradient, rng):
    X, y = patches(rng, 23, 4)
    w = rng.normal(size=4)
    for idx in (rng.permutation(23)[:5], np.array([7]), np.array([3, 3, 9]), np.arange(23)):
        expected = 23 / len(idx) * automatic_gradient(w, X[idx], y[idx], 0.0)
        assert_allclose(minibatch_gradient(w, X, y, idx), expected, rtol=1e-9, atol=1e-12)
    # One that is sure and wrong: a loss of 10^8, and a gradient that is its patch, to the last digit.
    X, y, w = np.array([[1e4, 3.3], [1.0, 1.0]]), np.array([0.0, 1.0]), np.array([1e4, 0.5])
    assert_allclose(minibatch_gradient(w, X, y, np.array([0])), 2.0 * X[0], rtol=1e-9)


@points(1)
@hint(
    "The penalty is no sum over examples: lam w is added once, as it is, and not multiplied by N / B or divided by N."
)
def test_adds_the_ridge_once(minibatch_gradient, rng):
    X, y = patches(rng, 20, 3)
    w = rng.normal(size=3) + 2.0
    for idx in (np.array([4, 1, 7, 11]), np.arange(20)):
        change = minibatch_gradient(w, X, y, idx, 2.5) - minibatch_gradient(w, X, y, idx)
        assert_allclose(change, 2.5 * w, rtol=1e-4)


@points(1)
@hint(
    "Over one epoch the estimates, weighted by their batch sizes, average to the full gradient: the factor is N / "
    "len(idx)."
)
def test_averages_to_the_full_gradient(minibatch_gradient, rng):
    X, y = patches(rng, 22, 4)
    X *= np.array([1.0, 1.0, 3e3, 3e3])  # activations beyond the range of exp
    w, order = rng.normal(size=4), rng.permutation(22)
    full = automatic_gradient(w, X, y, 0.7)
    batches = [order[start : start + 5] for start in range(0, 22, 5)]  # the last one holds 2
    mean = sum(len(idx) / 22 * minibatch_gradient(w, X, y, idx, lam=0.7) for idx in batches)
    assert_allclose(mean, full, rtol=1e-4, atol=1e-2)
