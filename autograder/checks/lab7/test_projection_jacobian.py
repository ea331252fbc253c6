"""Checks of `projection_jacobian`."""

import autograd
import numpy as np

from autograder import agree, hint, points
from autograder.checks.lab7.common import pixels, points_in_view, rig


@points(1)
@hint(
    "By the quotient rule dy_i / dx = (A_i - y_i A_3) / w: moving the point changes u and v, and it changes the depth that "
    "they are divided by. The last two axes are (pixel coordinate, coordinate of the point).",
    also=("shape",),
)
def test_is_the_derivative(projection_jacobian, rng):
    for num_cameras, shape in ((3, (2,)), (2, (2, 3)), (4, ())):
        P, X = rig(rng, num_cameras), points_in_view(rng, *shape)
        one = autograd.jacobian(lambda x, P=P: pixels(P, x))
        expected = np.array([one(x) for x in X.reshape(-1, 3)]).reshape(*shape, num_cameras, 2, 3)
        # Central differences are accurate to 1e-9 of the largest entry; an honest one may be used.
        agree(projection_jacobian(P, X), expected, rtol=1e-6, atol=1e-7)


@points(1)
@hint(
    "A point that is not in front of a camera (w <= 0) has no image there, and its derivatives are NaN, in that camera alone."
)
def test_is_nan_behind(projection_jacobian, rng):
    P = rig(rng, 4)
    centre = -np.linalg.solve(P[1, :, :3], P[1, :, 3])
    X = np.stack([centre * 1.5, centre * 0.5])  # behind camera 1, and between it and the middle
    behind = np.einsum("cj,nj->nc", P[:, 2, :3], X) + P[:, 2, 3] <= 0
    assert behind[0, 1] and not behind[0, [0, 2, 3]].all() and not behind[1, 1]
    J = np.asarray(projection_jacobian(P, X))
    assert J.shape == (2, 4, 2, 3), f"the derivatives have shape {J.shape}, expected (2, 4, 2, 3)"
    assert np.isnan(J[behind]).all(), "behind a camera a derivative is a number, expected NaN"
    assert np.isfinite(J[~behind]).all(), "in front of a camera a derivative is not finite"
    # Just behind a camera, beside it, and just in front, where w is 1/2.
    straight = 0.01 * np.array([[100.0, 0.0, 50.0, 0.0], [0.0, 100.0, 40.0, 0.0], [0.0, 0.0, 1.0, 0.0]])
    J = np.asarray(
        projection_jacobian(
            straight[None], np.array([[100.0, 200.0, -50.0], [100.0, 200.0, 0.0], [100.0, 200.0, 50.0]])
        )
    )
    assert np.isnan(J[:2]).all(), "behind a camera, or beside it, a derivative is a number, expected NaN"
    assert np.isfinite(J[2]).all(), "in front of a camera, where w is 1/2, a derivative is not finite"
