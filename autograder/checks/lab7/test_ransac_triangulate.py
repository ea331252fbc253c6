"""Checks of `ransac_triangulate`."""

import numpy as np

from autograder import agree, hint, no_probe, points
from autograder.checks.lab7.common import assert_close, camera, directions, pixels, points_in_view, rig

FAR_APART = np.array(3 * [[0, 3], [1, 4], [2, 5], [0, 2], [1, 3], [3, 5]])  # pairs of views to corrupt, of many points


def two_pairs_that_disagree(rng, P, better):
    """Four views of two points, each seen by two of them: those of `better` agree to 0.2 px, the others to 2 px."""
    one = points_in_view(rng) / 2
    other = one + [0.0, 0.0, 90.0]  # higher by some 25 px, for cameras that look from the side
    worse = [c for c in range(4) if c not in better]
    Y = np.empty((4, 2))
    Y[better], Y[worse] = pixels(P[better], one), pixels(P[worse], other)
    # Straight up in one picture and down in the other: this cannot be mended by moving the point.
    Y[better] += [[0.0, 0.1], [0.0, -0.1]]
    Y[worse] += [[0.0, 1.0], [0.0, -1.0]]
    return Y, one


@points(1)
@hint(
    "The point with the most voters wins, and a voter's reprojection error is at most `threshold` (px, not px^2). inliers says which "
    "views these are; the point must not hear the others."
)
@no_probe("integers", "float32")  # detections come in double precision and hold NaN
def test_leaves_two_of_six_out(ransac_triangulate, rng):
    N = len(FAR_APART)
    P, X = rig(rng, 6), points_in_view(rng, N)
    Y = pixels(P, X) + rng.uniform(0.0, 0.2, size=(N, 6, 1)) * directions(rng, N, 6)
    rows = np.arange(N)[:, None]
    Y[rows, FAR_APART] += rng.uniform(40.0, 80.0, size=(N, 2, 1)) * directions(rng, N, 2)
    expected = np.ones((N, 6), dtype=bool)
    expected[rows, FAR_APART] = False
    found, inliers = ransac_triangulate(P, Y, 4.0)
    agree(inliers, expected)
    assert_close(found, X, within=5.0)
    # Errors of 9 and of 40 px beside four views that agree perfectly: 9 is below 10, and 40 is above it.
    Y = pixels(P, X)
    Y[:, 1] += 9.0 * directions(rng, N)
    Y[:, 4] += 40.0 * directions(rng, N)
    _, inliers = ransac_triangulate(P, Y, 10.0)
    agree(inliers, np.tile(np.arange(6) != 4, (N, 1)))


@points(1)
@hint(
    "Two proposals may have equally many voters: then the one whose voters have the smaller error wins, not the first or the last one."
)
@no_probe("integers", "float32")
def test_breaks_ties_by_the_error(ransac_triangulate, rng):
    better = ([0, 1], [2, 3], [1, 2], [0, 3])
    for _ in range(4):
        P = rig(rng, 4, arc=200.0)  # no two of them opposite: a ray from one to the other would meet anything
        cases = [two_pairs_that_disagree(rng, P, views) for views in better]
        found, inliers = ransac_triangulate(P, np.array([Y for Y, _ in cases]), 4.0)
        agree(inliers, [np.isin(np.arange(4), views) for views in better])
        assert_close(found, np.array([point for _, point in cases]), within=5.0)


@points(1)
@hint(
    "Two rays may meet behind the cameras, where neither can have seen anything: such a pair proposes nothing, whatever its errors are. "
    "Only the two cameras of the pair have to have the point in front of them."
)
@no_probe("integers", "float32")
def test_wants_the_point_in_front(ransac_triangulate, rng):
    near, far = np.array([600.0, rng.uniform(-50.0, 50.0), 100.0]), np.array([600.0, 350.0, rng.uniform(80.0, 120.0)])
    # A third camera stands 1.5 m aside, its back to the others' points: of the first it detects nothing, of the second something
    # up in the air that nobody else sees. It has no say.
    aside = np.eye(4)
    aside[0, 3] = 1500.0
    P = np.stack([camera(near, 200.0), camera(far, 200.0), camera(near, 200.0) @ aside])
    X = near + far - rng.uniform(-20.0, 20.0, size=3)  # behind both
    ahead = rng.uniform(-50.0, 50.0, size=3)
    Y = pixels(P, np.stack([X, ahead]))  # the first is its mirror image
    Y[:, 2] = [[np.nan, np.nan], [64.0, -400.0]]
    found, inliers = ransac_triangulate(P, Y, 3.0)
    assert_close(found, np.stack([np.full(3, np.nan), ahead]), within=1e-3)
    agree(inliers, [[False, False, False], [True, True, False]])


@points(1)
@hint(
    "Each point has its own missing views. Where no pair of views sees it, or no two views agree, the answer is NaN, and no view is an "
    "inlier.",
    also=("exception",),
)
@no_probe("integers", "float32")
def test_gives_up_where_nothing_agrees(ransac_triangulate, rng):
    P, X = rig(rng, 4), points_in_view(rng, 2, 3)
    Y = pixels(P, X)
    Y[0, 1, 1:] = Y[0, 2] = Y[1, 0, 0, 0] = Y[1, 1, 3] = np.nan
    Y[1, 2, 1:3] = np.nan  # the other two are made to disagree about the height, by more than the threshold each
    Y[1, 2, [0, 3], 1] += [14.0, -14.0]
    expected, voters = X.copy(), np.ones((2, 3, 4), dtype=bool)
    expected[0, 1:] = expected[1, 2] = np.nan
    voters[0, 1:] = voters[1, 2] = voters[1, 0, 0] = voters[1, 1, 3] = False
    found, inliers = ransac_triangulate(P, Y, 3.0)
    assert_close(found, expected, within=1e-3)
    agree(inliers, voters)


@points(1)
@hint(
    "A pair only proposes. The winner is fitted anew, by DLT or Gauss-Newton, to *all* its voters: every one of them moves it."
)
@no_probe("integers", "float32")
def test_fits_anew_to_all_voters(ransac_triangulate, rng):
    P, X = rig(rng, 5), points_in_view(rng)
    Y = np.tile(pixels(P, X), (6, 1, 1))
    Y[np.arange(5), np.arange(5)] += 1.0 * directions(rng, 5)  # one view is a little off, another one each time
    found, _ = ransac_triangulate(P, Y, 5.0)
    moved = np.linalg.norm(np.asarray(found) - X, axis=-1)
    assert moved[5] < 1e-3, f"where all views agree the point is {moved[5]:.2g} mm off"
    for c in range(5):
        assert moved[c] > 1e-3, f"moving a detection of the voter {c} by 1 px moves the point by {moved[c]:.1g} mm only"
