"""Checks of `project`."""

import numpy as np

from autograder import agree, hint, points
from autograder.checks.lab7.common import pixels, points_in_view, rig


@points(1)
@hint(
    "With A = P[:, :, :3] and b = P[:, :, 3], (u, v, w) = A x + b for each camera; the pixel is (u / w, v / w). A positive "
    "factor in P cancels."
)
def test_divides_by_the_depth(project, rng):
    P, X = rig(rng, 5), points_in_view(rng, 7) / 4
    agree(project(P, X), pixels(P, X), rtol=1e-10, atol=1e-8)


@points(1)
@hint(
    "X may have any leading axes, or none: the result has the same ones, then the cameras, then (x, y).",
    also=("shape", "exception"),
)
def test_keeps_leading_axes(project, rng):
    # As many points as cameras, or as coordinates: here a product over the wrong axis has a shape, too.
    for num_cameras, shape in ((4, ()), (1, (2,)), (3, (3,)), (4, (4,)), (3, (2, 3)), (4, (3, 1, 4))):
        P, X = rig(rng, num_cameras), points_in_view(rng, *shape) / 4  # in every picture
        agree(project(P, X), pixels(P, X), rtol=1e-10, atol=1e-8)


@points(1)
@hint(
    "Where w <= 0 the point is behind the camera (or beside it, at w = 0) and has no image: both its coordinates are NaN, in "
    "that camera alone. The formula would show a point behind it as a mirror image. A point in front has one, however far outside the "
    "picture, and w > 0 may be any number, since a positive factor in P means nothing."
)
def test_sees_nothing_behind(project, rng):
    straight = np.array([[100.0, 0.0, 50.0, 0.0], [0.0, 100.0, 40.0, 0.0], [0.0, 0.0, 1.0, 0.0]])
    ahead = straight + [
        [0.0, 0.0, 0.0, 50.0],
        [0.0, 0.0, 0.0, 40.0],
        [0.0, 0.0, 0.0, 1.0],
    ]  # one millimetre further back
    # The last is seen, far to the left of the picture and above it.
    X = np.array([[-1.0, -2.0, -2.0], [-1.0, -2.0, -1.0], [-1.0, -2.0, 0.0], [-1.0, -2.0, 0.5]])
    seen = np.array([[False, False], [False, False], [False, True], [True, True]])
    with np.errstate(all="ignore"):
        expected = np.where(seen[..., None], pixels([straight, ahead], X), np.nan)
    factors = np.exp(rng.uniform(-2.0, 2.0, size=2) - [[20.0], [0.0], [-20.0]])[..., None, None]
    for factor in factors:
        agree(project(factor * np.stack([straight, ahead]), X), expected, rtol=1e-10)
