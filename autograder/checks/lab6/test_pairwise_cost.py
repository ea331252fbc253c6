"""Checks of `pairwise_cost`."""

import numpy as np

from autograder import hint, points
from autograder.checks.lab6.common import agree


@points(1)
@hint(
    "log((1 - p) / p): negative where 'the same animal' is the likelier answer, 0 at p = 1/2, in natural "
    "logarithms, elementwise for any shape, with p moved into [clip, 1 - clip]. At p = 0 it is large and positive, at p = 1 large "
    "and negative, and never infinite.",
    also=("exception",),
)
def test_is_the_log_odds_against(pairwise_cost, rng):
    p = rng.uniform(0.02, 0.98, size=(4, 4))
    p[0, 1], p[1, 0], p[2, 3], p[3, 2] = 0.9, 0.2, 1e-3, 1.0 - 1e-3
    agree(pairwise_cost(p), np.log((1.0 - p) / p))
    agree(pairwise_cost(np.full((2, 2), 0.5)), np.zeros((2, 2)))
    agree(pairwise_cost(p[0]), np.log((1.0 - p[0]) / p[0]))  # candidates are a row, their pairs a table
    certain = np.array([[0.5, 0.0], [1.0, 0.5]])
    agree(pairwise_cost(certain), np.log((1.0 - 1e-6) / 1e-6) * (1.0 - 2.0 * certain))
    agree(pairwise_cost(certain, clip=0.01), np.log(99.0) * (1.0 - 2.0 * certain))
