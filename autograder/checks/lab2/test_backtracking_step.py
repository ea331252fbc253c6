"""Checks of `backtracking_step`."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import hint, points, raises
from autograder.checks.lab2.common import patient


@points(1)
@hint(
    "Return the first of alpha, alpha rho, alpha rho^2, ... with f(w + a d) <= f(w) + c a g'd, to the last digit. All of "
    "alpha, c and rho count, the step a stands on both sides, and g'd is a negative number, whatever the direction. Work on "
    "w + a d, a new array, and leave w alone."
)
def test_takes_the_first_step_that_descends_enough(backtracking_step, rng):
    for tries, scale in ((0, 1.0), (1, 1e-15), (2, 1.0), (5, 1e-15)):
        w, bend = rng.normal(size=4), scale * rng.uniform(0.02, 0.05)
        g = bend * w
        direction = -2.0 * w + 0.2 * np.linalg.norm(w) * rng.uniform(-0.5, 0.5, size=4)
        slope = g @ direction
        c, rho = rng.uniform(0.6, 0.8), rng.uniform(0.6, 0.85)
        # f(w + a d) - f(w) = a g'd + a^2 bend |d|^2 / 2, so the condition reads a <= longest
        longest = 2.0 * (1.0 - c) * -slope / (bend * direction @ direction)
        alpha = longest * rho ** (rng.uniform(0.2, 0.8) - tries)
        f = patient(lambda v, bend=bend: 0.5 * bend * v @ v)
        found = backtracking_step(f, g, w, direction, alpha, c, rho)
        assert_allclose(found, alpha * rho**tries, rtol=1e-9)
    # A start so small that a step, added to it and taken away again, leaves nothing of it.
    found = backtracking_step(
        patient(lambda v: float(v @ v + v[0])), np.array([1.0]), np.array([1e-30]), np.array([-0.5])
    )
    assert_allclose(found, 1.0, rtol=1e-12)


@points(1)
@hint(
    "Armijo's condition is <=, with g'd multiplied by the very step that is tried: at equality the step is accepted. A first "
    "step that will do is the answer, even where a longer one would do as well. No slack: a rise in the last digits is one."
)
def test_accepts_equality(backtracking_step):
    # f = w^2 at w = 1 along d = -1: 1 - 2a + a^2 <= 1 - 2ca. With c = 1/2 this is a <= 1, exactly in floating point.
    f, g, w, direction = patient(lambda v: float(v[0] ** 2)), np.array([2.0]), np.array([1.0]), np.array([-1.0])
    assert_allclose(backtracking_step(f, g, w, direction, alpha=1.0, c=0.5, rho=0.5), 1.0, rtol=1e-12)
    # With c = 1/4 it is a <= 3/2: of 8, 4, 2 and 1 the last is the first that will do, as of 1, 1/2, ... by default.
    assert_allclose(backtracking_step(f, g, w, direction, alpha=8.0, c=0.25, rho=0.5), 1.0, rtol=1e-12)
    assert_allclose(backtracking_step(f, g, w, direction, alpha=0.25, c=0.25, rho=0.5), 0.25, rtol=1e-12)
    assert_allclose(backtracking_step(f, g, w, direction), 1.0, rtol=1e-12)
    losses = {0.0: 1.0, 1.0: 1.0 + 2.0**-46, 0.5: 0.25}  # a rise is a rise, however small
    rises = patient(lambda v: losses.get(float(v[0]), 0.25))
    assert_allclose(backtracking_step(rises, np.array([-1e-9]), np.zeros(1), np.ones(1)), 0.5, rtol=1e-12)


@points(1)
@hint(
    "A loss of inf, -inf or nan counts as a failure: nan > x is False, so ask for finiteness before you compare. And go on "
    "until a step will do, however small: a few dozen tries are not enough here."
)
def test_rejects_a_loss_that_is_not_finite(backtracking_step):
    g, w, direction = np.array([1.0]), np.array([0.0]), np.array([-1.0])
    for bad in (np.inf, np.nan, -np.inf):
        cliff = patient(lambda v, bad=bad: float(v[0]) if v[0] > -0.3 else bad)
        assert_allclose(backtracking_step(cliff, g, w, direction), 0.25, rtol=1e-12)
    shallow = patient(lambda v: float(v[0]) if v[0] > -0.6 else np.inf)
    assert_allclose(backtracking_step(shallow, g, w, direction), 0.5, rtol=1e-12)
    for power in (27, 49):
        narrow = patient(lambda v, power=power: float(v[0]) if v[0] > -1.5 * 0.5**power else np.nan)
        assert_allclose(backtracking_step(narrow, g, w, direction), 0.5**power, rtol=1e-9)


@points(1)
@hint(
    "Where g'd >= 0 the direction does not lead downhill, and no step need ever do: raise ValueError before the loop, and so "
    "where f(w) is inf or nan."
)
def test_refuses_a_direction_that_is_not_downhill(backtracking_step):
    w, down = np.array([1.0, 0.0]), np.array([-1.0, 0.0])
    for direction in (np.array([1.0, 0.0]), np.array([0.0, 1.0])):
        with raises(ValueError):
            backtracking_step(patient(lambda v: float(v @ v)), 2.0 * w, w, direction)
    for start in (np.nan, np.inf, -np.inf):
        with raises(ValueError):
            backtracking_step(patient(lambda v, start=start: float(v @ v) if v[0] < 1.0 else start), 2.0 * w, w, down)
