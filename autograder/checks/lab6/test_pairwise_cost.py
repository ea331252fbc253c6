"""Checks of `pairwise_cost`."""

import numpy as np

from autograder import hint, points
from autograder.checks.lab6.common import agree


@points(1)
@hint(
    "log((1 - p) / p): negative where 'the same animal' is the likelier answer, 0 at p = 1/2, in natural "
    "logarithms, elementwise. At p = 0 it is large and positive, at p = 1 large and negative, and never nan."
)
def test_is_the_log_odds_against(pairwise_cost, rng):
    p = rng.uniform(0.02, 0.98, size=(4, 4))
    p[0, 1], p[1, 0], p[2, 3], p[3, 2] = 0.9, 0.2, 1e-3, 1.0 - 1e-3
    agree(pairwise_cost(p), np.log((1.0 - p) / p))
    agree(pairwise_cost(np.full((2, 2), 0.5)), np.zeros((2, 2)))
    certain = np.asarray(pairwise_cost(np.array([[0.5, 0.0], [1.0, 0.5]])))
    # How far probabilities are clipped is free within this thousandth, even not at all.
    assert certain[0, 1] > 4.0 and certain[1, 0] < -4.0, f"p = 0 and p = 1 cost {certain[0, 1]} and {certain[1, 0]}"
