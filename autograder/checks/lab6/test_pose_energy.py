"""Checks of `pose_energy`."""

import numpy as np

from autograder import hint, points
from autograder.checks.lab6.common import ANY_ROOT, ROOT_FIRST, agree, draw_problem, energies


@points(1)
@hint(
    "Add up costs[k, y, x] over the parts: a place is (x, y), an array is indexed [row, column], that is [y, x].",
    also=("exception",),
)
def test_adds_the_costs_of_the_places(pose_energy, rng):
    for K in (1, 3):
        costs = rng.uniform(-3.0, 3.0, size=(K, 5, 9))
        x, y = rng.integers(5, 9), rng.integers(5)  # x beyond the number of rows
        pose = np.full((K, 2), [x, y])
        # All parts are in one place and want to be, so the places' costs are all that there is.
        found = pose_energy(pose, costs, np.full(K, K - 1), np.zeros((K, 2)), np.full((K, 2), 0.5))
        agree(found, costs[:, y, x].sum())


@points(1)
@hint(
    "For every part but the root: w (child - parent - mu)^2, for x and y with weights of their own, and the "
    "*square* of the difference. The root's rows of mu and w are not used."
)
def test_adds_the_stretch_of_each_limb_once(pose_energy, rng):
    for parents in (*ROOT_FIRST[1:], *ANY_ROOT):
        costs, parents, mu, w = draw_problem(rng, parents)
        costs[:] = 0.0
        pose = rng.integers(3, size=(len(parents), 2))  # x and y both below 3: even swapped they lie on the grid
        y, x = pose[:, 1], pose[:, 0]
        agree(pose_energy(pose, costs, parents, mu, w), energies(costs, parents, mu, w)[tuple(4 * y + x)])
