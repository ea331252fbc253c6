"""Checks of `bernoulli_logpmf`."""

import numpy as np
import pytest

from autograder import agree, hint, no_probe, points
from autograder.checks.lab1.common import log_probability


@points(1)
@hint(
    "log pmf = y log p + (1 - y) log(1 - p), element by element: the natural logarithm of p where y = 1 and of 1 - p "
    "where y = 0, with y and p broadcast against each other and nothing summed.",
    also=("shape",),
)
@pytest.mark.parametrize("shape_y, shape_p", [((8,), (8,)), ((5, 1), (4,)), ((6,), ()), ((), (3,)), ((), ())])
def test_agrees_with_scipy(bernoulli_logpmf, rng, shape_y, shape_p):
    p = rng.uniform(0.05, 0.45, size=shape_p)
    y = rng.integers(0, 2, size=shape_y)
    agree(bernoulli_logpmf(y, p), log_probability(y, p))
    agree(bernoulli_logpmf(1 - y, p), log_probability(1 - y, p))


@points(1)
@no_probe("float32")  # has no 1e-300
@hint(
    "With p = 0 or 1 a certain outcome has log probability exactly 0 and an impossible one -inf. 0 * log 0 is nan, "
    "and log(p + eps) or a clipped p never gets to -inf: choose the term by y instead of multiplying by it."
)
def test_is_exact_at_zero_and_one(bernoulli_logpmf):
    y = np.array([1, 0, 1, 0, 1])
    p = np.array([1.0, 0.0, 0.0, 1.0, 1e-300])
    agree(bernoulli_logpmf(y, p), [0.0, 0.0, -np.inf, -np.inf, -300 * np.log(10.0)])


@points(1)
@no_probe("float32")  # in which 1 - 1e-9 is 1
@hint(
    "A Bernoulli variable is 0 or 1. Any other y (2, -1, 0.5, 0.999, ...) has probability 0, so its log is -inf, whatever p "
    "is.",
    also=("exception",),
)
def test_calls_other_outcomes_impossible(bernoulli_logpmf):
    y = np.array([2.0, -1.0, 0.5, 3.0, 2.0, -1.0, 0.5, 0.0, 1.0])
    p = np.array([0.3, 0.6, 0.5, 0.9, 0.0, 1.0, 1.0, 0.3, 0.3])
    agree(bernoulli_logpmf(y, p), [-np.inf] * 7 + [np.log1p(-0.3), np.log(0.3)])
    agree(bernoulli_logpmf(2, 0.3), -np.inf)
    nearly = np.array([1.0 - 1e-9, 1.0 + 1e-9, 1e-9, -1e-9])
    agree(bernoulli_logpmf(nearly, np.full(4, 0.3)), np.full(4, -np.inf))
