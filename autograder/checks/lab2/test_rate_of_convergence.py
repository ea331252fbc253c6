"""Checks of `rate_of_convergence`."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import hint, points
from autograder.checks.lab2.common import slope


@points(1)
@hint(
    "Fit a straight line through ln(loss - optimum) against t by least squares, all points counting alike, however "
    "small the gap, and return its slope: ln rho, in natural logarithms, for gaps that shrink like rho^t."
)
def test_is_the_slope_of_the_log_gap(rate_of_convergence, rng):
    rho = rng.uniform(0.3, 0.9)
    assert_allclose(rate_of_convergence(7.0 + 2.0 * rho ** np.arange(12), 7.0), np.log(rho), rtol=1e-6)
    wiggle = np.array([0.4, -0.3, 0.1, 0.5, -0.6, 0.2, -0.1])
    t = np.arange(7.0)
    expected = np.log(rho) + slope(t, wiggle)
    assert_allclose(rate_of_convergence(rho**t * np.exp(wiggle), 0.0), expected, rtol=1e-9)
    fast = np.log(1e-4) + slope(t, t**2 / 10)  # down to 1e-22: a small gap counts like any other
    assert_allclose(rate_of_convergence(1e-4**t * np.exp(t**2 / 10), 0.0), fast, rtol=1e-9)


@points(1)
@hint("Gaps that are zero or negative have no logarithm: drop them, but let the others keep their step number t.")
def test_drops_gaps_that_are_not_positive(rate_of_convergence):
    t = np.arange(10)
    log_gaps = np.log(0.5) * t + np.array([0.4, -0.3, 0.1, 0.5, -0.6, 0.2, -0.1, 0.7, 0.0, 0.3])
    losses = 3.0 + np.exp(log_gaps)
    losses[[2, 3, 7, 9]] = [3.0, 2.9, 3.0, 3.0 - 1e-12]
    kept = np.array([0, 1, 4, 5, 6, 8])
    assert_allclose(rate_of_convergence(losses, 3.0), slope(kept, log_gaps[kept]), rtol=1e-9)
