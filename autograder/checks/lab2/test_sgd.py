"""Checks of `sgd`."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit

from autograder import hint, points
from autograder.checks.lab2.common import assert_minds_integers, automatic_gradient, patches


@points(1)
@hint(
    "With one batch that holds everything, sgd is gradient descent on the penalised sum: check the sign, the ridge, "
    "and that row t holds the weights after t updates, row 0 being the start. Weights are floats, even from a start of integers."
)
def test_is_gradient_descent_when_the_batch_is_full(sgd, rng):
    X, y = patches(rng, 15, 3)
    w0 = rng.normal(size=3)
    path = sgd(w0, X, y, 0.1, 6, 15, rng, lam=0.5)
    assert np.shape(path) == (7, 3), f"6 epochs of one batch gave a path of shape {np.shape(path)}, expected (7, 3)"
    expected = [w0]
    for _ in range(6):
        expected.append(expected[-1] - 0.1 * automatic_gradient(expected[-1], X, y, 0.5))
    assert_allclose(path, expected, rtol=1e-9, atol=1e-12)
    assert_minds_integers(lambda w0: sgd(w0, X, y, 0.1, 6, 15, rng, lam=0.5), np.array([1, -2, 3]))


@points(1)
@hint(
    "One row per update, not per epoch: num_epochs * ceil(N / batch_size) + 1 rows. Each update moves by -step times"
    " the mini-batch's gradient at the current w, scaled by N / B with the B of that batch, the ragged last one too."
)
def test_steps_along_each_batch(sgd, rng):
    # One weight per patch shows which patches an update saw; a shared one couples each update to those before it.
    X, y = np.column_stack([np.eye(5), np.ones(5)]), np.array([0.0, 1.0, 1.0, 0.0, 1.0])
    w0 = rng.normal(size=6)
    path = sgd(w0, X, y, 0.1, 3, 2, rng)
    assert np.shape(path) == (10, 6), f"3 epochs of 3 batches gave a path of shape {np.shape(path)}, expected (10, 6)"
    assert_allclose(path[0], w0, rtol=1e-15)
    for update, (before, after) in enumerate(zip(path[:-1], path[1:], strict=True)):
        seen = (after != before)[:5]
        size = [2, 2, 1][update % 3]
        assert seen.sum() == size, (
            f"update {update + 1} moved {seen.sum()} weights, for the {size} patches in its batch"
        )
        expected = before - 0.1 * 5 / size * X.T @ np.where(seen, expit(X @ before) - y, 0.0)
        assert_allclose(after, expected, rtol=1e-9)
        if update % 3 == 0:
            epoch = np.zeros(5, dtype=int)
        epoch += seen
    assert_array_equal(epoch, np.ones(5, dtype=int))


@points(1)
@hint(
    "Every epoch deals all examples out, each exactly once, in a new random order drawn from rng and from nothing else: not "
    "the same batches again, and the same path from the same seed."
)
def test_shuffles_anew_in_every_epoch(sgd, rng):
    X, y = np.eye(40), np.zeros(40)
    orders = []
    for _ in range(2):
        moved = np.diff(sgd(np.zeros(40), X, y, 0.01, 2, 1, rng), axis=0) != 0
        assert_array_equal(moved.sum(axis=1), np.ones(80))
        orders += [moved[:40].argmax(axis=1), moved[40:].argmax(axis=1)]
    for order in orders:
        assert_array_equal(np.sort(order), np.arange(40))
    different = len({tuple(order) for order in orders})
    assert different == 4, f"4 epochs with a fresh shuffle each gave {different} different orders"
    # Two dealings of 40 into batches of 8 share one of their 5 batches with probability 25 / 77 million.
    seed = int(rng.integers(2**32))
    first, again = (sgd(np.zeros(40), X, y, 0.01, 2, 8, np.random.default_rng(seed)) for _ in range(2))
    assert_array_equal(again, first)
    batches = [frozenset(np.flatnonzero(move)) for move in np.diff(first, axis=0)]
    assert not set(batches[:5]) & set(batches[5:]), "two epochs have a batch in common: deal all examples out anew"
