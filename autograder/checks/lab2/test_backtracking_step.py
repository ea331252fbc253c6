"""Checks of `backtracking_step`."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import hint, points, raises


@points(1)
@hint(
    "Return the first of alpha, alpha rho, alpha rho^2, ... with f(w + a d) <= f(w) + c a g'd. All of alpha, c and "
    "rho count, the step a stands on both sides, and g'd is a negative number, whatever the direction."
)
def test_takes_the_first_step_that_descends_enough(backtracking_step, rng):
    for tries in (0, 1, 2, 5):
        w, bend = rng.normal(size=4), rng.uniform(0.02, 0.05)
        g = bend * w
        direction = -2.0 * g + 0.2 * np.linalg.norm(g) * rng.uniform(-0.5, 0.5, size=4)
        slope = g @ direction
        c, rho = rng.uniform(0.6, 0.8), rng.uniform(0.6, 0.85)
        # f(w + a d) - f(w) = a g'd + a^2 bend |d|^2 / 2, so the condition reads a <= longest
        longest = 2.0 * (1.0 - c) * -slope / (bend * direction @ direction)
        alpha = longest * rho ** (rng.uniform(0.2, 0.8) - tries)
        found = backtracking_step(lambda v, bend=bend: 0.5 * bend * v @ v, g, w, direction, alpha, c, rho)
        assert_allclose(found, alpha * rho**tries, rtol=1e-9)


@points(1)
@hint("Armijo's condition is <=, with g'd multiplied by the very step that is tried: at equality the step is accepted.")
def test_accepts_equality(backtracking_step):
    # f = w^2 at w = 1 along d = -1: 1 - 2a + a^2 <= 1 - 2ca. With c = 1/2 this is a <= 1, exactly in floating point.
    f, g, w, direction = lambda v: float(v[0] ** 2), np.array([2.0]), np.array([1.0]), np.array([-1.0])
    assert_allclose(backtracking_step(f, g, w, direction, alpha=1.0, c=0.5, rho=0.5), 1.0, rtol=1e-12)
    # With c = 1/4 it is a <= 3/2: of 8, 4, 2 and 1 the last is the first that will do, as of 1, 1/2, ... by default.
    assert_allclose(backtracking_step(f, g, w, direction, alpha=8.0, c=0.25, rho=0.5), 1.0, rtol=1e-12)
    assert_allclose(backtracking_step(f, g, w, direction), 1.0, rtol=1e-12)


@points(1)
@hint("A loss of inf, -inf or nan counts as a failure: nan > x is False, so ask for finiteness before you compare.")
def test_rejects_a_loss_that_is_not_finite(backtracking_step):
    for bad in (np.inf, np.nan, -np.inf):
        cliff = lambda v, bad=bad: float(v[0]) if v[0] > -0.3 else bad  # noqa: E731
        found = backtracking_step(cliff, np.array([1.0]), np.array([0.0]), np.array([-1.0]))
        assert_allclose(found, 0.25, rtol=1e-12)
    narrow = lambda v: float(v[0]) if v[0] > -1e-8 else np.nan  # noqa: E731
    found = backtracking_step(narrow, np.array([1.0]), np.array([0.0]), np.array([-1.0]))
    assert_allclose(found, 0.5**27, rtol=1e-9)


@points(1)
@hint(
    "Where g'd >= 0 the direction does not lead downhill, and no step need ever do: raise ValueError before the loop."
)
def test_refuses_a_direction_that_is_not_downhill(backtracking_step):
    bowl, w = lambda v: float(v @ v), np.array([1.0, 0.0])
    with raises(ValueError):
        backtracking_step(bowl, 2.0 * w, w, np.array([1.0, 0.0]))
    with raises(ValueError):
        backtracking_step(bowl, 2.0 * w, w, np.array([0.0, 1.0]))
