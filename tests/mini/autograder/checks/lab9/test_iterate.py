"""Checks of `iterate`."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import hint, points


@points(1)
@hint("path[t + 1] = f(path[t]).")
def test_iterates(iterate):
    assert_allclose(iterate(lambda x: 3.0 * x, np.ones(2), 3), 3.0 ** np.arange(4)[:, None] * np.ones(2))


@points(1)
@hint("One call of f per step.")
def test_calls_once_per_step(iterate):
    calls = []
    iterate(lambda x: calls.append(1) or x, np.ones(2), 5)
    assert len(calls) == 5, f"f was called {len(calls)} times for 5 steps"
