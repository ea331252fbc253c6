"""Checks of `triangulate`.

Detections come in double precision and hold NaN, so there is no probe with integers; and the equations of the DLT are too badly
conditioned for one in single precision to be fair.
"""

import numpy as np

from autograder import hint, no_probe, points
from autograder.checks.lab7.common import assert_close, directions, pixels, points_in_view, rig


@points(1)
@hint(
    "Without noise the point comes back. Stack x P_3 - P_1 and y P_3 - P_2 of all views into a (2C, 4) matrix; the point is its "
    "right singular vector of the smallest singular value, the last row of Vt, divided by its fourth entry."
)
@no_probe("integers", "float32")
def test_undoes_the_projection(triangulate, rng):
    for num_cameras, shape in ((6, (5,)), (2, (3,)), (3, ()), (4, (2, 4))):
        P, X = rig(rng, num_cameras), points_in_view(rng, *shape)
        assert_close(triangulate(P, pixels(P, X)), X, within=1e-5)


@points(1)
@hint(
    "A camera times a positive factor is the same camera, but its equations count by that factor. Scale each view's rows first, by "
    "the length of P[2, :3], say: then the equations are depth times pixels for all."
)
@no_probe("integers", "float32")
def test_does_not_care_about_a_cameras_factor(triangulate, rng):
    P, X = rig(rng, 4), points_in_view(rng, 10)
    Y = pixels(P, X) + 2.0 * directions(rng, 10, 4)
    expected = triangulate(P, Y)
    # Powers of two leave no rounding behind: what is wrong otherwise does not get another sign of a singular vector here.
    for factors in ([1.0, 128.0, 1.0, 1.0], [2.0**-10, 2.0**10, 1.0, 2.0**-7]):
        assert_close(triangulate(np.array(factors)[:, None, None] * P, Y), expected, within=1e-4)


@points(1)
@hint(
    "A view with a NaN, in x or in y or in both, gives no equations: leave its rows out, or set them to zero. Fewer than two views do "
    "not fix a point: NaN. Each point has its own missing views.",
    also=("shape", "exception"),
)
@no_probe("integers", "float32")
def test_leaves_missing_views_out(triangulate, rng):
    P, X = rig(rng, 5), points_in_view(rng, 2, 4)
    Y = pixels(P, X)
    Y[0, 0, 0] = Y[0, 1, 2:] = Y[1, 0, ::2] = np.nan
    Y[0, 2, 1, 0] = Y[0, 3, 4, 1] = np.nan  # one coordinate alone; the other one must not be heard, either
    Y[0, 2, 1, 1] += 20.0
    Y[1, 1, 1:] = Y[1, 2] = np.nan  # one view, none
    Y[1, 3, 2:] = Y[1, 3, 0, 1] = np.nan  # one view and half of another
    expected = X.copy()
    expected[1, 1:] = np.nan
    assert_close(triangulate(P, Y), expected, within=1e-5)


@points(1)
@hint(
    "Every view that has a detection must have a say: stack the rows of all of them, two for each view, and solve once. Points of pairs of "
    "views, averaged, are something else: a pair that sees along the same line knows nothing."
)
@no_probe("integers", "float32")
def test_listens_to_every_view(triangulate, rng):
    P, X = rig(rng, 5), points_in_view(rng)
    Y = np.tile(pixels(P, X), (11, 1, 1))
    for n in range(10):
        Y[n + 1].flat[n] += 3.0  # one coordinate of one view
    found = np.asarray(triangulate(P, Y))
    moved = np.linalg.norm(found[1:] - found[0], axis=-1).reshape(5, 2)
    for c, i in np.ndindex(5, 2):
        assert moved[c, i] > 1e-4, f"another {'xy'[i]} in view {c} of 5 moves the point by {moved[c, i]:.1g} mm"
    # The first camera twice, with another factor: these two alone do not fix a point, with the others they do.
    P = np.concatenate([rig(rng, 3), np.empty((1, 3, 4))])
    P[3] = 3.0 * P[0]
    X = points_in_view(rng, 4)
    assert_close(triangulate(P, pixels(P, X)), X, within=1e-5)
