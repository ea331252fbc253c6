"""Checks of `map_pose`."""

import numpy as np

from autograder import budget, hint, no_probe, points
from autograder.checks.lab6.common import (
    ANY_ROOT,
    ROOT_FIRST,
    agree,
    draw_bowls,
    draw_problem,
    energies,
    energy_of,
)


@points(1)
@hint(
    "Each part's costs and the messages of all its children are added *before* it sends its own message; the "
    "lowest entry at the root is the energy. A message to the parent takes the offset -mu[k], because mu is child "
    "minus parent."
)
def test_finds_the_lowest_energy(map_pose, rng):
    for parents in 3 * ROOT_FIRST:
        problem = draw_problem(rng, parents, width=3)  # a square: x taken for y is another check's business
        agree(map_pose(*problem)[1], energies(*problem).min())


@points(1)
@hint(
    "The root may be any part, and a parent may have a larger number than its child: go through the parts in the "
    "order of tree_order, backwards. The root sends no message: its rows of mu and w are not used."
)
def test_takes_any_rooted_tree(map_pose, rng):
    for parents in ANY_ROOT:
        problem = draw_problem(rng, parents, centred=True)
        agree(map_pose(*problem)[1], energies(*problem).min())


@points(2)
@hint(
    "The pose is read from the root down: the root is where its total is lowest, and a part is where its *own* "
    "pointers lead from its parent's place. Places are (x, y) = (column, row), whole numbers."
)
def test_the_pose_has_that_energy(map_pose, rng):
    for parents in (*ROOT_FIRST, *ANY_ROOT):
        for _ in range(8):
            problem = draw_problem(rng, parents, centred=True)
            agree(energy_of(map_pose(*problem)[0], *problem), energies(*problem).min())


@points(1)
@hint(
    "Six parts on 120 x 160 places: a table of all pairs of places does not fit into memory. Each message is "
    "one distance_transform_2d."
)
@no_probe("integers", "float32")  # a budget is for one call
@budget(cpu=60, memory=900)
def test_takes_six_parts_on_a_picture(map_pose):
    rng = np.random.default_rng(0)
    *problem, energy, _ = draw_bowls(rng, [0, 0, 1, 2, 2, 0], 120, 160, centred=True)
    agree(map_pose(*problem)[1], energy)
