"""Checks of `find_shifted_camera`."""

import numpy as np

from autograder import agree, hint, no_probe, points
from autograder.checks.lab7.common import pixels, points_in_view, rig


def knocked(rng, num_cameras, camera, wrong, num_points=60):
    """Detections of a rig of which one camera's picture has moved, a tenth missing and a few in camera `wrong` far off; and the shift."""
    P, X = rig(rng, num_cameras), points_in_view(rng, num_points)
    shift = rng.uniform([6.0, 1.0], [8.0, 3.0]) * rng.choice([-1.0, 1.0], size=2)
    shift = shift[rng.permutation(2)]  # along one axis more than along the other: (y, x) is another answer
    Y = pixels(P, X) + 0.3 * rng.normal(size=(num_points, num_cameras, 2))
    Y[:, camera] += shift
    Y[::10, wrong] += 60.0
    Y[rng.uniform(size=Y.shape[:-1]) < 0.1] = np.nan
    Y[5, camera] = np.nan  # at least one, or a median that NaN spoils would be found right by luck
    return P, Y, shift


@points(1)
@hint(
    "Leave each camera out in turn, triangulate from the others, and see how well these agree among themselves: the median of their "
    "reprojection errors is smallest without the one that was knocked."
)
@no_probe("integers", "float32")
def test_finds_the_camera(find_shifted_camera, rng):
    for num_cameras in (4, 6):
        for camera in range(num_cameras):
            P, Y, _ = knocked(rng, num_cameras, camera, wrong=rng.integers(num_cameras))
            # A long lens makes errors in space large in the picture: it would be blamed for what another one did.
            near = (camera + 1) % num_cameras
            P[near, :2] *= 5.0
            Y[:, near] *= 5.0
            found, _ = find_shifted_camera(P, Y)
            assert found == camera, f"camera {camera} was moved, the answer is {found}"


@points(1)
@hint(
    "The shift is detection minus projection, (x, y), of the points as the *other* cameras place them; the median over the points does "
    "not hear the few that are wrong, nor the missing ones. A point need not be in every view.",
    also=("shape", "exception"),
)
@no_probe("integers", "float32")
def test_measures_the_shift(find_shifted_camera, rng):
    P, Y, shift = knocked(rng, 5, 2, wrong=2)  # in the picture that moved itself: a mean hears them
    _, found = find_shifted_camera(P, Y)
    agree(found, shift, rtol=0.0, atol=0.4)
    Y[:, 2] -= 2.0 * shift  # the other way, and no point is in every view
    Y[np.arange(60), np.arange(60) % 5] = np.nan
    _, found = find_shifted_camera(P, Y)
    agree(found, -shift, rtol=0.0, atol=0.4)
