"""Checks of `sample_pose`."""

import numpy as np
from scipy import stats

from autograder import hint, no_probe, points
from autograder.checks.lab6.common import energies, energy_of

CHAIN = np.array([1, 1, 0])  # part 2 hangs on part 0, and that on the root, part 1


@points(1)
@hint(
    "The pose is (K, 2) whole numbers (x, y) = (column, row) on the grid, and `rng` is the only source of "
    "randomness: two generators of the same seed give the same pose."
)
@no_probe("integers", "float32")
def test_is_a_pose_that_rng_alone_decides(sample_pose, rng):
    costs = np.full((3, 4, 6), 60.0)
    pose = np.column_stack([rng.integers(4, 6, size=3), rng.integers(4, size=3)])  # x beyond the number of rows
    costs[np.arange(3), pose[:, 1], pose[:, 0]] = 0.0
    loose = np.full((3, 2), 0.01)
    found = np.asarray(sample_pose(costs, CHAIN, np.zeros((3, 2)), loose, np.random.default_rng(0)))
    energy_of(found, costs, CHAIN, np.zeros((3, 2)), loose)  # complains of what is no pose
    assert np.array_equal(found, pose), (
        f"only {pose.tolist()} has a probability worth mentioning, the sample is {found.tolist()}"
    )
    flat = np.zeros((3, 4, 6))
    first, again = (
        [sample_pose(flat, CHAIN, np.zeros((3, 2)), loose, np.random.default_rng(seed)) for seed in range(8)]
        for _ in range(2)
    )
    assert np.array_equal(first, again), "two generators of the same seed gave different poses"
    assert len(np.unique(np.reshape(first, (8, 6)), axis=0)) > 1, (
        "eight generators of different seeds all gave the same pose"
    )


@points(1)
@hint(
    "Parts are drawn *together*: the first from its marginal, the next from its marginal given where the first one "
    "is, and so on. Each from its own marginal alone gives limbs of impossible length; and a draw is no maximum."
)
@no_probe("integers", "float32")
def test_pairs_of_parts_come_as_often_as_they_should(sample_pose, rng):
    num = 400
    costs = rng.uniform(0.0, 1.0, size=(3, 2, 3))
    mu, w = np.array([[1.0, 0.0], [7.0, 7.0], [-1.0, 1.0]]), np.array([[1.2, 2.0], [3.0, 3.0], [2.5, 2.5]])
    p = np.exp(-energies(costs, CHAIN, mu, w))
    p /= p.sum()
    poses = np.array([sample_pose(costs, CHAIN, mu, w, rng) for _ in range(num)])
    assert poses.shape == (num, 3, 2), f"a sample has shape {poses.shape[1:]}, expected (3, 2)"
    places = 3 * poses[:, :, 1] + poses[:, :, 0]
    assert (places >= 0).all() and (places < 6).all(), "a part lies outside of the grid"
    for a, b in ((0, 1), (0, 2), (1, 2)):
        expected = num * p.sum(axis=3 - a - b).ravel()
        found = np.bincount(6 * places[:, a] + places[:, b], minlength=36)
        rare = expected < 4.0
        found, expected = (np.append(n[~rare], n[rare].sum()) for n in (found, expected))
        # An honest sample fails once in a hundred million runs; dependence that is left out shows far below that.
        p_value = stats.chisquare(found, expected).pvalue
        assert p_value > 1e-8, (
            f"pairs of places of parts {a} and {b} do not come as often as they should in {num} poses"
        )
