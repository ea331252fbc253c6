"""What goes wrong, and what else is right, in `canonicalize`."""

import numpy as np
from scipy.spatial.transform import Rotation

from autograder.judge.bank import alternative, mistake


def turn(U, angle):
    U, angle = np.asarray(U, dtype=float), np.asarray(angle, dtype=float)[..., None]
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([cos * U[..., 0] - sin * U[..., 1], sin * U[..., 0] + cos * U[..., 1], U[..., 2]], axis=-1)


@mistake("turns by plus the heading", hint="by *minus* the heading")
def wrong_way(U, heading):
    return turn(U, heading)


@mistake("takes the heading for degrees", hint="in radians")
def degrees(U, heading):
    return turn(U, -np.deg2rad(heading))


@mistake("turns about x instead of z", hint="z is left as it is")
def about_x(U, heading):
    return turn(np.asarray(U, dtype=float)[..., [1, 2, 0]], -heading)[..., [2, 0, 1]]


@mistake("turns about y instead of z", hint="z is left as it is")
def about_y(U, heading):
    return turn(np.asarray(U, dtype=float)[..., [2, 0, 1]], -heading)[..., [1, 2, 0]]


@mistake("takes what is not known for zero", hint="What is not known (NaN)")
def nan_to_zero(U, heading):
    return turn(np.nan_to_num(np.asarray(U, dtype=float)), -np.asarray(heading))


@mistake("mirrors", hint="makes no mirror image")
def mirrors(U, heading):
    U = np.asarray(U, dtype=float)
    cos, sin = np.cos(heading)[:, None], np.sin(heading)[:, None]
    return np.stack([cos * U[..., 0] + sin * U[..., 1], sin * U[..., 0] - cos * U[..., 1], U[..., 2]], axis=-1)


@mistake("uses the new x for the new y", hint="it changes no length")
def overwrites(U, heading):
    U = np.array(U, dtype=float)
    cos, sin = np.cos(heading)[:, None], np.sin(heading)[:, None]
    U[..., 0] = cos * U[..., 0] + sin * U[..., 1]
    U[..., 1] = -sin * U[..., 0] + cos * U[..., 1]
    return U


@mistake("turns all frames by the first heading", hint="by its own heading")
def first_only(U, heading):
    return turn(U, -np.full(len(U), np.asarray(heading)[0]))


@mistake("turns each direction by its own angle", hint="each frame as a whole")
def each_alone(U, heading):
    U = np.asarray(U, dtype=float)
    flat = np.hypot(U[..., 0], U[..., 1])
    return np.stack([flat, 0 * flat, U[..., 2]], axis=-1)


@mistake("drops the height", hint="z is left as it is")
def flat(U, heading):
    return turn(U, -np.asarray(heading)) * [1.0, 1.0, 0.0]


@mistake("turns by the heading modulo a right angle", hint="by *minus* the heading")
def folded(U, heading):
    return turn(U, -np.mod(heading, np.pi / 2))


@alternative
def by_matrices(U, heading):
    cos, sin, one = np.cos(heading), np.sin(heading), np.ones(len(heading))
    zero = 0 * one
    R = np.array([[cos, sin, zero], [-sin, cos, zero], [zero, zero, one]])
    return np.einsum("ijt,tkj->tki", R, np.asarray(U, dtype=float))


@alternative
def by_scipy(U, heading):
    return np.stack([Rotation.from_rotvec([0, 0, -h]).apply(u) for h, u in zip(heading, np.asarray(U, dtype=float))])


@alternative
def by_complex_numbers(U, heading):
    U = np.array(U, dtype=float)
    flat = (U[..., 0] + 1j * U[..., 1]) * np.exp(-1j * np.asarray(heading))[:, None]
    return np.stack([flat.real, flat.imag, U[..., 2]], axis=-1)
