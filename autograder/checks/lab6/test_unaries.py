"""Checks of `unaries`."""

import numpy as np

from autograder import hint, points
from autograder.checks.lab6.common import agree


@points(1)
@hint(
    "Divide each part's map by its *own* sum, over rows and columns, as it is, however small, and take minus the natural "
    "logarithm: the likelier a place, the lower its cost."
)
def test_is_minus_the_logarithm_of_a_distribution(unaries, rng):
    maps = rng.uniform(0.1, 0.9, size=(3, 4, 5)) * np.array([1.0, 0.4, 0.7])[:, None, None]
    # An epsilon that is added somewhere is another check's business.
    agree(unaries(maps), -np.log([m / m.sum() for m in maps]), atol=1e-3)
    agree(unaries(maps[:1, :1, :1]), np.zeros((1, 1, 1)), atol=1e-3)  # one place alone is certain
    maps[1] *= 1e-9  # faint, and yet all of what there is
    agree(unaries(maps), -np.log([m / m.sum() for m in maps]), atol=1e-3)


@points(1)
@hint(
    "Places of probability below `floor` get exactly the floor: np.maximum, *after* the division by the sum, and "
    "with the floor that was given. A map of zeros says nothing and is uniform: 1 / (H W) everywhere."
)
def test_has_a_floor_and_knows_nothing_of_empty_maps(unaries, rng):
    maps = np.zeros((2, 4, 5))
    maps[0, :2] = rng.uniform(0.4, 0.6, size=(2, 5))
    maps[0, 3, 3] = 1.5e-6 * maps[0].sum()
    maps[0] /= maps[0].sum()  # a division that is left out, or is one by another sum, is the other check's business
    costs = np.asarray(unaries(maps))
    assert np.isfinite(costs).all(), "some cost is infinite or no number"
    agree(costs[0], -np.log(np.maximum(maps[0], 1e-6)))
    agree(costs[1], np.full((4, 5), np.log(20.0)))
    agree(np.asarray(unaries(maps, 1e-3))[0, 3], np.full(5, -np.log(1e-3)))
    tenth = 0.1 * maps[:1]  # where the floor is taken before the division it ends ten times too high
    agree(np.asarray(unaries(tenth))[0, 2], np.full(5, -np.log(1e-6)))
