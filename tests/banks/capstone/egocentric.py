"""What goes wrong, and what else is right, in `egocentric`."""

import numpy as np
from scipy.spatial.transform import Rotation

from autograder.judge.bank import alternative, mistake


def turned(X, angle):
    """Positions turned by an angle (T,) about z."""
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x, y, z = np.moveaxis(np.asarray(X, dtype=float), -1, 0)
    return np.stack([cos * x - sin * y, sin * x + cos * y, z], axis=-1)


def moved(X, root, z=False):
    """Positions with the root at x = y = 0."""
    X = np.array(X, dtype=float)
    last = 3 if z else 2
    X[..., :last] -= X[:, root, None, :last].copy()
    return X


@mistake("turns by plus the heading", hint="turn by MINUS the heading")
def plus(X, heading, root):
    return turned(moved(X, root), np.asarray(heading))


@mistake("turns about the room's origin and does not move", hint="First move the root")
def turns_only(X, heading, root):
    return turned(X, -np.asarray(heading))


@mistake("moves and does not turn", hint="then turn")
def moves_only(X, heading, root):
    return moved(X, root)


@mistake("turns first, and subtracts where the root was before", hint="First move the root")
def wrong_order(X, heading, root):
    X = np.array(X, dtype=float)
    found = turned(X, -np.asarray(heading))
    found[..., :2] -= X[:, root, None, :2]
    return found


@mistake("moves the root's height to zero, too", hint="Heights stay")
def no_height(X, heading, root):
    return turned(moved(X, root, z=True), -np.asarray(heading))


@mistake("moves the middle of the body to the origin", hint="First move the root")
def centroid(X, heading, root):
    X = np.array(X, dtype=float)
    X[..., :2] -= np.nanmean(X[..., :2], axis=1, keepdims=True)
    return turned(X, -np.asarray(heading))


@mistake("moves all frames by the root of the first", hint="of each frame")
def first_frame(X, heading, root):
    X = np.array(X, dtype=float)
    X[..., :2] -= X[0, root, :2]
    return turned(X, -np.asarray(heading))


@mistake("turns all frames by the first heading", hint="then turn")
def first_heading(X, heading, root):
    return turned(moved(X, root), np.full(len(X), -np.asarray(heading)[0]))


@mistake("takes the heading for degrees", hint="heading pi/2")
def degrees(X, heading, root):
    return turned(moved(X, root), -np.deg2rad(heading))


@mistake("computes the new y from the new x", hint="both from the old x and y")
def in_place(X, heading, root):
    X, cos, sin = moved(X, root), np.cos(heading)[:, None], np.sin(heading)[:, None]
    X[..., 0] = cos * X[..., 0] + sin * X[..., 1]
    X[..., 1] = cos * X[..., 1] - sin * X[..., 0]
    return X


@mistake("takes keypoint 0 for the root", hint="root of each frame")
def root_zero(X, heading, root):
    return turned(moved(X, 0), -np.asarray(heading))


@mistake("takes missing keypoints for zeros", hint="stays NaN")
def zeros(X, heading, root):
    return np.nan_to_num(turned(moved(X, root), -np.asarray(heading)))


@mistake("takes a missing heading for zero", hint="all NaN, and not 0")
def no_heading(X, heading, root):
    return turned(moved(X, root), -np.nan_to_num(heading))


@mistake("takes a missing root for the origin", hint="all NaN, and not 0")
def no_root(X, heading, root):
    X = np.array(X, dtype=float)
    X[..., :2] -= np.nan_to_num(X[:, root, None, :2])
    return turned(X, -np.asarray(heading))


@mistake("loses a frame in which anything is missing", hint="takes nothing else with it")
def whole_frames(X, heading, root):
    found = turned(moved(X, root), -np.asarray(heading))
    found[np.isnan(found).any(axis=(1, 2))] = np.nan
    return found


@mistake("returns x and y alone", hint="Heights stay")
def flat(X, heading, root):
    return turned(moved(X, root), -np.asarray(heading))[..., :2]


@alternative
def by_scipy(X, heading, root):
    X = np.array(X, dtype=float)
    for t, angle in enumerate(heading):
        X[t, :, :2] -= X[t, root, :2].copy()
        if np.isfinite(angle):
            X[t] = Rotation.from_euler("z", -angle).apply(X[t])
        else:
            X[t] = np.nan
    return X


@alternative
def by_complex_numbers(X, heading, root):
    X = np.asarray(X, dtype=float)
    flat = X[..., 0] + 1j * X[..., 1]
    flat = (flat - flat[:, [root]]) * np.exp(-1j * np.asarray(heading))[:, None]
    return np.stack([flat.real, flat.imag, X[..., 2]], axis=-1)


@alternative
def by_matrices(X, heading, root):
    X, h = moved(X, root), np.asarray(heading)
    R = np.array([[np.cos(h), np.sin(h)], [-np.sin(h), np.cos(h)]])
    return np.concatenate([np.einsum("ijt,tkj->tki", R, X[..., :2]), X[..., 2:]], axis=-1).tolist()
