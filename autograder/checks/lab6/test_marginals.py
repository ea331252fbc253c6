"""Checks of `marginals`."""

import numpy as np

from autograder import hint, points
from autograder.checks.lab6.common import ANY_ROOT, ROOT_FIRST, agree, all_marginals, draw_crosses, draw_problem


@points(1)
@hint(
    "Up to the root as for log Z; then down, parents before their children: to child k goes the parent's belief "
    "*without* the message that came from k, with the offset +mu[k]. The exponential of a belief, divided by its sum, is the marginal."
)
def test_are_those_of_all_poses(marginals, rng):
    for parents in (*ROOT_FIRST, *ANY_ROOT):
        problem = draw_problem(rng, parents)
        agree(marginals(*problem), all_marginals(*problem))


@points(1)
@hint(
    "If smaller costs come out right, exp overflows here or ends at 0. A constant that is added to all costs of a "
    "part changes no probability: take the largest entry out before each exponential."
)
def test_do_not_overflow(marginals, rng):
    costs, parents, mu, w = draw_problem(rng, [0, 0, 1])
    expected = marginals(costs, parents, mu, w)
    for level in ([1000.0, 1000.0, 1000.0], [-1000.0, -2000.0, -1500.0], [0.0, 1e5, -1e5]):
        agree(marginals(costs + np.array(level)[:, None, None], parents, mu, w), expected)


@points(1)
@hint(
    "Each map sums to one over its H rows and W columns, at the borders and on large grids, too: nothing wraps "
    "around or is cut off."
)
def test_are_exact_up_to_the_border(marginals, rng):
    costs, parents, mu, w, x, y = draw_crosses(rng, [1, 1, 1], 11, 16)
    p_x, p_y = np.exp(x.min() - x), np.exp(y.min() - y)
    expected = []
    for k in range(3):
        others = tuple(axis for axis in range(3) if axis != k)
        expected.append(np.outer(p_y.sum(axis=others), p_x.sum(axis=others)) / (p_y.sum() * p_x.sum()))
    agree(marginals(costs, parents, mu, w), np.array(expected))
