"""Checks of `disc_targets`."""

import numpy as np

from autograder import agree, hint, points
from autograder.checks.lab4.common import KINDS, of_kind


@points(1)
@KINDS
@hint(
    "One map (H, W) per keypoint, in their order: 1.0 where the Euclidean distance of the pixel (x, y) = (column, row) "
    "from the keypoint is at most the radius, 0.0 elsewhere. A disc around a point that need not be whole.",
    also=("shape",),
)
def test_draws_a_disc_for_each_keypoint(disc_targets, rng, kind):
    keypoints = np.array([[9.25, 4.75], [15.25, 6.75], [5.75, 8.25]]) + rng.integers(0, 3, size=(3, 2))
    H, W = 13, 22
    lattice = np.arange(W) + 1j * np.arange(H)[:, None]
    for radius in (3.7, 0.6):  # quarters: no distance comes near a radius
        expected = [(np.abs(lattice - complex(x, y)) < radius) * 1.0 for x, y in keypoints]
        agree(disc_targets(of_kind(kind, keypoints), (H, W), radius), expected)
    agree(
        disc_targets(of_kind(kind, keypoints[:1]), (H, W), 3.7).sum(),
        np.sum(np.abs(lattice - complex(*keypoints[0])) < 3.7),
    )


@points(1)
@hint("A pixel at exactly the radius belongs to the disc: distances are compared by <=, without rounding the keypoint.")
def test_includes_the_rim(disc_targets):
    # Lattice points of x^2 + y^2 <= r^2 (Gauss's circle problem), and the same around the middle of a square.
    for radius, count in ((0.0, 1), (1.0, 5), (2.0, 13), (5.0, 81)):
        maps = disc_targets(np.array([[12.0, 8.0]]), (17, 25), radius)
        agree(np.sum(maps), float(count))
        rim = [maps[0][8, 12 + int(radius)], maps[0][8 - int(radius), 12]]
        agree(rim, [1.0, 1.0])
    agree(np.sum(disc_targets(np.array([[12.5, 8.0]]), (17, 25), 2.5)), 22.0)  # columns at ±1/2, ±3/2, ±5/2: 5, 5, 1
    agree(np.sum(disc_targets(np.array([[12.5, 8.0]]), (17, 25), 0.25)), 0.0)


@points(1)
@hint(
    "A keypoint that was not seen (NaN in one or both coordinates) has a map of zeros, and keeps its place. One "
    "outside the image is no error: what of its disc falls inside is 1, nothing is clipped, wrapped or moved to the edge."
)
def test_knows_missing_and_outside_keypoints(disc_targets):
    nan = np.nan
    keypoints = np.array([[nan, nan], [4.0, 3.0], [nan, 2.0], [2.0, nan], [-2.0, 3.0], [9.0, 8.0], [-50.0, 3.0]])
    maps = disc_targets(keypoints, (7, 9), 3.0)
    assert np.shape(maps) == (7, 7, 9), f"returned shape {np.shape(maps)}, expected (7, 7, 9)"
    assert np.all(np.isfinite(maps)), "a map holds NaN"
    agree(np.sum(maps, axis=(1, 2)), [0.0, 29.0, 0.0, 0.0, 6.0, 2.0, 0.0])
    large = disc_targets(keypoints[[0, 2, 3]], (7, 9), 1e5)  # whatever stands in for NaN is not far enough away
    agree(np.sum(large), 0.0)
    inside = np.argwhere(maps[4] == 1.0).tolist()
    assert inside == [[1, 0], [2, 0], [3, 0], [3, 1], [4, 0], [5, 0]], f"the disc around (-2, 3) covers {inside}"
