"""Checks of `reprojection_error`."""

import numpy as np

from autograder import agree, hint, points
from autograder.checks.lab7.common import directions, pixels, points_in_view, rig


@points(1)
@hint(
    "The Euclidean distance between detection and projected point, one number for each view: the root of dx^2 + dy^2. No detection, or "
    "a point behind the camera: NaN, in that view alone.",
    also=("shape",),
)
def test_is_the_distance_in_the_image(reprojection_error, rng):
    P, X = rig(rng, 4), points_in_view(rng, 2, 3)
    distance = rng.uniform(1.0, 30.0, size=(2, 3, 4))
    Y = pixels(P, X) + distance[..., None] * directions(rng, 2, 3, 4)
    agree(reprojection_error(P, X, Y), distance, rtol=1e-8)
    agree(reprojection_error(P, X[0, 0], Y[0, 0]), distance[0, 0], rtol=1e-8)
    Y[0, 0, 1] = Y[0, 1, 2, 0] = Y[1, 2, 0, 1] = np.nan
    distance[0, 0, 1] = distance[0, 1, 2] = distance[1, 2, 0] = np.nan
    agree(reprojection_error(P, X, Y), distance, rtol=1e-8)
    centre = -np.linalg.solve(P[1, :, :3], P[1, :, 3])
    error = np.asarray(
        reprojection_error(P, 1.01 * centre, Y[1, 0])
    )  # just behind camera 1, in front of the one opposite
    assert np.isnan(error[1]), "behind a camera the error is a number, expected NaN"
    assert np.isfinite(error[3]), "in front of the opposite camera the error is not finite"
