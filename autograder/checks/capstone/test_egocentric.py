"""Checks of `egocentric`."""

import numpy as np
from scipy.spatial.transform import Rotation

from autograder import agree, hint, points

CLOSE = {"rtol": 1e-6, "atol": 1e-6}  # of hundreds of mm; single precision is enough for behaviour


def draw_walk(rng, T=5, K=4):
    """A rat in its own frame, (T, K, 3), whose root 2 is above the origin, and where it went: positions (T, 3), headings (T,)."""
    body = rng.uniform(-90.0, 90.0, size=(T, K, 3))
    body[:, 2, :2] = 0.0
    body[..., 2] += 100.0
    return body, np.pad(rng.uniform(100.0, 300.0, size=(T, 2)), ((0, 0), (0, 1))), rng.uniform(0.3, 1.2, size=T)


def placed(body, where, heading):
    """The rat turned by its heading and moved to where it is, by SciPy, frame by frame."""
    turns = [Rotation.from_euler("z", angle) for angle in heading]
    return np.stack([turn.apply(pose) + at for turn, pose, at in zip(turns, body, where, strict=True)])


@points(2)
@hint(
    "First move the root of each frame to x = y = 0, then turn by MINUS the heading: a rat that looks along +y (heading "
    "pi/2) must look along +x afterwards. x' = cos h x + sin h y and y' = cos h y - sin h x, both from the old x and y."
)
def test_undoes_walking_and_turning(egocentric, rng):
    body, where, heading = draw_walk(rng)
    body[..., 2] = 0.0  # heights are another check's business
    agree(np.asarray(egocentric(placed(body, where, heading), heading, 2))[..., :2], body[..., :2], **CLOSE)
    one = np.array([[[10.0, 20.0, 0.0], [10.0, 50.0, 0.0]]])
    agree(np.asarray(egocentric(one, np.array([np.pi / 2]), 0))[..., :2], [[[0.0, 0.0], [30.0, 0.0]]], **CLOSE)


@points(1)
@hint("Heights stay: subtract x and y of the root, and not z. The floor does not move with the rat.")
def test_keeps_heights(egocentric, rng):
    body, where, heading = draw_walk(rng)
    X = placed(body, where, heading)
    found = np.asarray(egocentric(X, heading, 2))
    assert found.shape == X.shape, f"the result has shape {found.shape}, expected {X.shape}"
    agree(found[..., 2], X[..., 2], **CLOSE)


@points(1)
@hint(
    "A keypoint that is missing stays NaN, and takes nothing else with it. Without its root, or without its heading, "
    "nothing is known about x and y of a frame in the rat's own frame: all NaN, and not 0."
)
def test_missing_stays_missing(egocentric, rng):
    body, where, heading = draw_walk(rng)
    X = placed(body, where, heading)
    X[1, 0] = X[2, 2] = np.nan
    heading[4] = np.nan
    missing = np.zeros(X.shape[:2], dtype=bool)
    missing[1, 0] = missing[2] = missing[4] = True
    found = np.asarray(egocentric(X, heading, 2))
    assert found.shape == X.shape, f"the result has shape {found.shape}, expected {X.shape}"
    for k in range(X.shape[1]):  # whether a number came back; which one is another check's business
        agree(np.isnan(found[:, k, :2]).all(axis=-1), missing[:, k])
        agree(np.isnan(found[:, k, :2]).any(axis=-1), missing[:, k])
