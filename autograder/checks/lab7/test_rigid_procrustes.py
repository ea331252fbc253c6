"""Checks of `rigid_procrustes`."""

import numpy as np
from scipy.spatial.transform import Rotation

from autograder import hint, points
from autograder.checks.lab7.common import assert_close


def by_scipy(X, Xtrue):
    """The best rotation and translation, by scipy, applied to all rows."""
    both = np.isfinite(X).all(axis=-1) & np.isfinite(Xtrue).all(axis=-1)
    centre, true_centre = X[both].mean(axis=0), Xtrue[both].mean(axis=0)
    turn, _ = Rotation.align_vectors(Xtrue[both] - true_centre, X[both] - centre)
    return turn.apply(X - centre) + true_centre


def pose(rng, num_keypoints=8):
    """Keypoints (K, 3) with extents that differ clearly along three directions, so that the best rotation is unique."""
    x = np.linspace(-1.0, 1.0, num_keypoints)[rng.permutation(num_keypoints)]
    flat = np.stack([80.0 * x, 40.0 * np.cos(3.0 * x), 15.0 * np.sin(5.0 * x)], axis=1)
    return Rotation.random(random_state=int(rng.integers(2**31))).apply(flat) + rng.uniform(-200.0, 200.0, size=3)


@points(1)
@hint(
    "Move both centres of mass to zero, find the rotation from the SVD of the (3, 3) matrix sum of x x_true', turn, and move to the true "
    "centre. If your pose comes out turned the wrong way, the rotation is transposed."
)
def test_is_the_best_turn_and_move(rigid_procrustes, rng):
    truth = pose(rng)
    moved = Rotation.from_euler("xyz", rng.uniform(40.0, 80.0, size=3), degrees=True).apply(truth) + [
        300.0,
        -50.0,
        20.0,
    ]
    assert_close(rigid_procrustes(moved, truth), truth, within=1e-6)
    noisy = moved + rng.uniform(-8.0, 8.0, size=truth.shape)
    assert_close(rigid_procrustes(noisy, truth), by_scipy(noisy, truth), within=1e-6)


@points(1)
@hint(
    "A mirror image must not be mended: where the best orthogonal matrix has determinant -1, turn around the direction of the smallest "
    "singular value. Nor may the size: a pose that is too large stays too large."
)
def test_neither_mirrors_nor_scales(rigid_procrustes, rng):
    truth = pose(rng)
    mirrored = truth * [-1.0, 1.0, 1.0]
    assert_close(rigid_procrustes(mirrored, truth), by_scipy(mirrored, truth), within=1e-6)
    large = 1.5 * truth + 30.0
    assert_close(rigid_procrustes(large, truth), by_scipy(large, truth), within=1e-6)


@points(1)
@hint(
    "Fit on the keypoints that are in both poses, then turn and move all rows of X: a NaN stays NaN, and one without a truth comes along. "
    "Fewer than three common ones do not fix a rotation: all NaN.",
    also=("shape",),
)
def test_fits_on_what_both_have(rigid_procrustes, rng):
    truth = pose(rng)
    # So little noise that the best orthogonal matrix of four points is a turn: mirrors are another check's business.
    X = Rotation.from_euler("z", 50.0, degrees=True).apply(truth) + rng.uniform(-0.5, 0.5, size=truth.shape)
    X[1] = X[4, 2] = truth[2] = truth[5, 0] = np.nan
    assert_close(rigid_procrustes(X, truth), by_scipy(X, truth), within=1e-6)
    X[7] = np.nan  # three are left
    assert np.isfinite(np.asarray(rigid_procrustes(X, truth))[[0, 2, 3, 5, 6]]).all(), (
        "three common keypoints are enough"
    )
    X[6] = np.nan  # two are left
    assert_close(rigid_procrustes(X, truth), np.full(truth.shape, np.nan), within=1e-6)
