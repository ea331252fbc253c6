"""Checks of `gradient_descent`."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import hint, points
from autograder.checks.lab2.common import BOOK_KEEPING, assert_keeps_its_path, logistic_gradient, patches


@points(1)
@hint(
    "Each step is w <- w - step * grad(w), with the gradient at the current w, in its full length, and the step as it is. "
    "However small the gradient, all steps are taken."
)
def test_follows_the_closed_form_on_a_quadratic(gradient_descent, rng):
    root = rng.normal(size=(4, 4))
    A, bottom, w0 = 1e4 * (root @ root.T + np.eye(4)), rng.normal(size=4), rng.normal(size=4)
    step = 1.0 / np.linalg.norm(A, 2)
    path = gradient_descent(lambda w: A @ (w - bottom), w0, step, 20)
    shrink = np.eye(4) - step * A
    expected = [bottom + np.linalg.matrix_power(shrink, t) @ (w0 - bottom) for t in range(21)]
    assert_allclose(path, expected, rtol=1e-9, atol=1e-12)
    # A gradient that is small everywhere, with a step to suit: halved each time.
    path = gradient_descent(lambda w: 1e-14 * w, np.array([1.0, -3.0]), 5e13, 4)
    assert_allclose(path, np.outer(0.5 ** np.arange(5), [1.0, -3.0]), rtol=1e-9)


@points(1)
@hint(
    f"{BOOK_KEEPING} If all rows look like the last one, you stored the same array again and again and changed it in place: "
    "store copies.",
    also=("shape",),
)
def test_keeps_every_row_of_the_path(gradient_descent, rng):
    w0, slope = rng.normal(size=3), rng.normal(size=3)
    path = gradient_descent(lambda w: slope, w0, 0.5, 4)
    assert np.shape(path) == (5, 3), f"4 steps from 3 weights gave a path of shape {np.shape(path)}, expected (5, 3)"
    assert_allclose(path[0], w0, rtol=1e-15)
    assert_allclose(np.diff(path, axis=0), np.tile(-0.5 * slope, (4, 1)), rtol=1e-9, atol=1e-12)
    assert_allclose(gradient_descent(lambda w: slope, w0, 0.5, 0), w0[None], rtol=1e-15)
    assert_keeps_its_path(gradient_descent)


@points(1)
@hint(
    "T steps need exactly T gradients, each at the weights where the step starts: a gradient is a pass over all data."
)
def test_calls_the_gradient_once_per_step(gradient_descent, rng):
    visited = []

    def spy(w):
        visited.append(np.array(w))
        return 2.0 * w

    path = gradient_descent(spy, rng.normal(size=3), 0.1, 7)
    assert len(visited) == 7, f"gradient_descent called grad {len(visited)} times for 7 steps"
    assert_allclose(visited, path[:-1], rtol=1e-12)


@points(1)
@hint(
    "Below 2 / L a step shrinks the error, above it the error grows. If yours always grows, the sign is that of "
    "ascent; if it never does, the step was changed on the way (divided by N, decayed, or clipped)."
)
def test_meets_the_bound_where_it_is_tight(gradient_descent, rng):
    X, _ = patches(rng, 20, 4)
    X = np.vstack([X, X])  # every patch with both labels: the minimum is at 0, and the curvature there is exactly L
    y = np.repeat([0.0, 1.0], 20)
    _, singular, directions = np.linalg.svd(X)
    L = singular[0] ** 2 / 4
    w0 = 1e-3 * directions[0]
    for factor in (1.95, 2.05):
        path = gradient_descent(logistic_gradient(X, y), w0, factor / L, 40)
        expected = abs(1.0 - factor) ** np.arange(41) * 1e-3
        assert_allclose(np.linalg.norm(path, axis=1), expected, rtol=1e-2)
