"""Checks of `transition_matrix`."""

import numpy as np

from autograder import agree, hint, points
from autograder.checks.capstone.common import draw_bouts


@points(2)
@hint(
    "Count steps between bouts: from `states[t]` to `states[t + 1]` where the two differ, row = from, column = to. Then divide each "
    "row by its sum. Several steps may fall on the same entry: `counts[i, j] += 1` with index arrays counts them once, `np.add.at` all."
)
def test_shares_of_what_follows(transition_matrix, rng):
    bouts, _ = draw_bouts(rng, 3, 40)
    bouts = [(2, 4)] * (bouts[0][0] != 2) + bouts
    bouts += (
        [(0, 2), (1, 3)] * 7 if bouts[-1][0] != 0 else [(1, 2), (0, 3)] * 7
    )  # rows and columns differ, and the two ends
    order = [state for state, _ in bouts]
    states = np.repeat(order, [frames for _, frames in bouts])
    counts = np.zeros((3, 3))
    for before, after in zip(order[:-1], order[1:], strict=True):
        counts[before, after] += before != after
    agree(transition_matrix(states, 3), counts / counts.sum(axis=1, keepdims=True), rtol=1e-6)


@points(1)
@hint(
    "A state does not follow itself: frames of the same bout are no step. The diagonal is 0, however long the bouts are."
)
def test_does_not_depend_on_how_long_bouts_last(transition_matrix, rng):
    _, states = draw_bouts(rng, 3, 20)
    found = np.asarray(transition_matrix(states, 3))
    agree(np.diag(found), np.zeros(3), atol=1e-12)
    agree(transition_matrix(np.repeat(states, 5), 3), found, rtol=1e-6)


@points(1)
@hint(
    "The matrix is (num_states, num_states), also where some states never occur. A state that is never left (the last one, or one "
    "that is not visited) has a row of zeros: nothing followed it. Do not divide 0 by 0, and do not invent equal shares.",
    also=("shape",),
)
def test_states_that_are_never_left(transition_matrix):
    expected = np.zeros((5, 5))
    expected[3, 1] = expected[1, 4] = 1.0
    agree(transition_matrix(np.array([3, 3, 1, 4, 4, 4]), 5), expected, rtol=1e-6)
    agree(transition_matrix(np.array([2, 2, 2]), 4), np.zeros((4, 4)), atol=1e-12)
    agree(transition_matrix(np.array([0]), 1), [[0.0]], atol=1e-12)
