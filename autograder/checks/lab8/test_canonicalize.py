"""Checks of `canonicalize`."""

import numpy as np

from autograder import agree, hint, points
from autograder.checks.lab8.common import unit_vectors


@points(1)
@hint(
    "A direction at the angle of the heading becomes +x: the turn is by *minus* the heading, in radians, and z is "
    "left as it is. For the turn by an angle a, x becomes cos(a) x - sin(a) y."
)
def test_makes_the_animal_face_x(canonicalize, rng):
    heading, slope = rng.uniform(0.5, 3.0, 4) * [1, -1, 1, -1], rng.uniform(-1.0, 1.0, 4)
    ahead = np.stack([np.cos(heading), np.sin(heading), slope], axis=-1)[:, None]
    expected = np.stack([np.ones(4), np.zeros(4), slope], axis=-1)[:, None]
    agree(canonicalize(ahead, heading), expected, atol=1e-9)


@points(1)
@hint(
    "A turn of each frame as a whole, by its own heading: it changes no length and no angle, and makes no mirror "
    "image. What is not known (NaN) is not known afterwards."
)
def test_turns_each_frame_as_a_whole(canonicalize, rng):
    U, heading = rng.uniform(0.5, 2.0, (3, 5, 1)) * unit_vectors(rng, 3, 5), np.array([0.0, 1.2, -2.0])
    turned = np.asarray(canonicalize(U, heading))
    assert turned.shape == U.shape, f"the result has shape {turned.shape}, expected {U.shape}"
    agree(turned @ turned.swapaxes(-1, -2), U @ U.swapaxes(-1, -2), atol=1e-9)  # lengths and angles
    agree(np.linalg.det(turned[:, :3]), np.linalg.det(U[:, :3]), rtol=1e-7, atol=1e-9)  # left and right
    agree(turned[0], U[0], atol=1e-9)
    U_gap = U.copy()
    U_gap[1, 2] = np.nan
    agree(np.isnan(canonicalize(U_gap, heading)), np.isnan(U_gap))
    angle = [
        np.arccos(np.sum(a[:2] * b[:2]) / np.linalg.norm(a[:2]) / np.linalg.norm(b[:2]))
        for a, b in zip(turned[:, 0], U[:, 0], strict=True)
    ]
    agree(angle[1:], [1.2, 2.0], atol=1e-6)
