"""Checks of `newton_step_wide`."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import budget, hint, points
from autograder.checks.lab3.common import assert_is_a_step, newton_by_autograd, patches


@points(1)
@hint(
    "(Z'Z + lam I)^-1 g = (g - Z' (ZZ' + lam I)^-1 Zg) / lam with Z = S^(1/2) X: the N x N matrix carries lam too, "
    "and the step is minus this."
)
def test_equals_the_newton_step(newton_step_wide, rng):
    X, y = patches(rng, 6, 15)
    w = rng.normal(size=15)
    for lam in (0.2, 3.0):
        assert_allclose(newton_step_wide(w, X, y, lam), newton_by_autograd(w, X, y, lam), rtol=1e-8, atol=1e-10)


@points(1)
@hint(
    "Woodbury's identity holds for every shape of X: with more patches than pixels the step must be the same, only "
    "dearer."
)
def test_holds_for_tall_problems(newton_step_wide, rng):
    X, y = patches(rng, 20, 4)
    w = rng.normal(size=4)
    # Pixels that are 0 everywhere make the problem wide and change no step; whether this is right, the other check tells.
    for N in (20, 1):
        wide = newton_step_wide(np.append(w, np.zeros(30)), np.hstack([X, np.zeros((20, 30))])[:N], y[:N], 0.5)
        assert_allclose(newton_step_wide(w, X[:N], y[:N], 0.5), np.asarray(wide)[:4], rtol=1e-8, atol=1e-10)


@points(1)
@hint("With 20,000 pixels nothing of size D x D fits into memory: the system to solve has N = 50 equations.")
@budget(cpu=5, memory=400)
def test_needs_no_table_of_pixels_by_pixels(newton_step_wide, rng):
    X, y = patches(rng, 50, 20_000)
    w = rng.normal(size=20_000)
    assert_is_a_step(newton_step_wide(w, X, y, 0.5), 20_000)  # its value is the first check's business
