"""Checks of `unaries`."""

import numpy as np

from autograder import hint, points
from autograder.checks.lab6.common import agree


@points(1)
@hint(
    "Divide each part's map by its *own* sum, over rows and columns, and take minus the natural logarithm: the likelier a place, the "
    "lower its cost."
)
def test_is_minus_the_logarithm_of_a_distribution(unaries, rng):
    maps = rng.uniform(0.1, 0.9, size=(3, 4, 5)) * np.array([1.0, 0.4, 0.7])[:, None, None]
    costs = unaries(maps)
    agree(costs, -np.log([m / m.sum() for m in maps]))
    agree(unaries(maps[:1, :1, :1]), np.zeros((1, 1, 1)))  # one place alone is certain


@points(1)
@hint(
    "Places of probability below `floor` get exactly the floor: np.maximum, *after* the division by the sum, and with the floor that was "
    "given. A map of zeros says nothing and is uniform: 1 / (H W) everywhere."
)
def test_has_a_floor_and_knows_nothing_of_empty_maps(unaries, rng):
    maps = np.zeros((3, 4, 5))
    maps[0, :2] = rng.uniform(0.4, 0.6, size=(2, 5))
    maps[0, 3, 3] = 1.5e-6 * maps[0].sum()  # above the floor where it is added as well as where it is taken before the division
    maps[2, 1, 1] = 1e-9  # faint, and yet a peak: all of what there is
    costs = unaries(maps)
    assert np.isfinite(costs).all(), "some cost is infinite or no number"
    agree(costs[0], -np.log(np.maximum(maps[0] / maps[0].sum(), 1e-6)))
    agree(costs[1], np.full((4, 5), np.log(20.0)))
    agree(costs[2, 1, 1], 0.0)
    agree(unaries(maps, 1e-3)[0, 3], np.full(5, -np.log(1e-3)))
