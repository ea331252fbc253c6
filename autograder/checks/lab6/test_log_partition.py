"""Checks of `log_partition`."""

import numpy as np

from autograder import hint, points
from autograder.checks.lab6.common import (
    ANY_ROOT,
    ROOT_FIRST,
    agree,
    draw_crosses,
    draw_problem,
    energies,
    log_sum_exp,
)


@points(1)
@hint(
    "log Z is the logarithm of the sum of exp(-energy) over *all* poses: the tree of map_pose with sums of "
    "exponentials in the place of minima. Each message is a logarithm and is added to minus the parent's costs; at "
    "the root one sum is left, over its places."
)
def test_sums_over_all_poses(log_partition, rng):
    for parents in ROOT_FIRST:
        problem = draw_problem(rng, parents)
        agree(log_partition(*problem), log_sum_exp(-energies(*problem)))


@points(1)
@hint(
    "Children before parents, whatever their numbers: the order of tree_order, backwards. The root sends no "
    "message, and its rows of mu and w are not used."
)
def test_takes_any_rooted_tree(log_partition, rng):
    for parents in ANY_ROOT:
        problem = draw_problem(rng, parents, centred=True)
        agree(log_partition(*problem), log_sum_exp(-energies(*problem)))


@points(1)
@hint(
    "If smaller costs come out right: exp(1000) overflows and exp(-1000) is 0. Take the largest entry of a map out "
    "before the exponential and add it back behind the logarithm, for every message and at the root."
)
def test_does_not_overflow(log_partition, rng):
    costs, parents, mu, w = draw_problem(rng, [0, 0, 1])
    z = log_partition(costs, parents, mu, w)
    for level in ([1000.0, 1000.0, 1000.0], [-1000.0, -2000.0, -1500.0], [3000.0, 0.0, 0.0], [0.0, 1e5, -1e5]):
        # Against the function itself, so that only the constants are judged here.
        raised = log_partition(costs + np.array(level)[:, None, None], parents, mu, w)
        agree(raised, z - sum(level), rtol=1e-9)


@points(1)
@hint(
    "The grid ends at its borders: nothing comes in again on the other side (as with a Fourier transform), nothing "
    "is reflected or cut off at a few standard deviations. Products with tables of exp(-w (q - p - mu)^2) are "
    "exact."
)
def test_nothing_wraps_around_the_border(log_partition, rng):
    *problem, x, y = draw_crosses(rng, [0, 0, 1], 12, 18)
    agree(log_partition(*problem), log_sum_exp(-x) + log_sum_exp(-y))
    costs, _, mu, w = problem
    corners = np.full(
        (2, 12, 18), 80.0
    )  # the child is in one corner and its parent in the opposite one, or both anywhere at a high price
    corners[0, 0, 0], corners[1, -1, -1] = costs[:2, 0, 0]
    far = (corners, np.array([0, 0]), mu[:2], w[:2])
    agree(log_partition(*far), log_sum_exp(-energies(*far)))
