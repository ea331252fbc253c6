"""What goes wrong, and what else is right, in `rigid_procrustes`."""

import numpy as np
from scipy.linalg import orthogonal_procrustes
from scipy.spatial.transform import Rotation

from autograder.judge.bank import alternative, mistake


def common(X, Xtrue):
    return np.isfinite(X).all(axis=-1) & np.isfinite(Xtrue).all(axis=-1)


def aligned(X, Xtrue, *, turn=None, rows=None, centre=None, least=3, scale=None):
    """The solution with its parts exchangeable; `turn` makes the (3, 3) matrix that multiplies rows from the right."""
    X, Xtrue = np.asarray(X, dtype=float), np.asarray(Xtrue, dtype=float)
    rows = common(X, Xtrue) if rows is None else rows
    if rows.sum() < least:
        return np.full(X.shape, np.nan)
    a, b = (X[rows].mean(axis=0), Xtrue[rows].mean(axis=0)) if centre is None else centre
    R = (turn or kabsch)(X[rows] - a, Xtrue[rows] - b)
    size = 1.0 if scale is None else scale(X[rows] - a, Xtrue[rows] - b)
    return size * (X - a) @ R + b


def kabsch(x, y):
    U, _, Vt = np.linalg.svd(x.T @ y)
    return U @ np.diag([1.0, 1.0, np.sign(np.linalg.det(U @ Vt))]) @ Vt


@mistake("mirrors the pose where that fits better", hint="A mirror image must not be mended")
def mirrors(X, Xtrue):
    def turn(x, y):
        U, _, Vt = np.linalg.svd(x.T @ y)
        return U @ Vt

    return aligned(X, Xtrue, turn=turn)


@mistake("turns the largest direction around instead of the smallest", hint="smallest singular value")
def wrong_direction(X, Xtrue):
    def turn(x, y):
        U, _, Vt = np.linalg.svd(x.T @ y)
        return U @ np.diag([np.sign(np.linalg.det(U @ Vt)), 1.0, 1.0]) @ Vt

    return aligned(X, Xtrue, turn=turn)


@mistake("changes the sign of the whole matrix", hint="smallest singular value")
def minus_everything(X, Xtrue):
    def turn(x, y):
        U, _, Vt = np.linalg.svd(x.T @ y)
        return U @ Vt * np.sign(np.linalg.det(U @ Vt))

    return aligned(X, Xtrue, turn=turn)


@mistake("scales the pose", hint="too large stays too large")
def scales(X, Xtrue):
    return aligned(X, Xtrue, scale=lambda x, y: np.linalg.norm(y) / np.linalg.norm(x))


@mistake("transposes the rotation", hint="the rotation is transposed")
def transposed(X, Xtrue):
    return aligned(X, Xtrue, turn=lambda x, y: kabsch(x, y).T)


@mistake("only moves the pose", hint="find the rotation")
def moves_only(X, Xtrue):
    return aligned(X, Xtrue, turn=lambda x, y: np.eye(3))


@mistake("only turns the pose about the origin", hint="Move both centres")
def turns_only(X, Xtrue):
    return aligned(X, Xtrue, centre=(0.0, 0.0))


@mistake("turns about the root", hint="centres of mass")
def about_the_root(X, Xtrue):
    return aligned(X, Xtrue, centre=(np.asarray(X)[0], np.asarray(Xtrue)[0]))


@mistake("fits any linear map", hint="find the rotation")
def linear(X, Xtrue):
    return aligned(X, Xtrue, turn=lambda x, y: np.linalg.lstsq(x, y, rcond=None)[0])


@mistake("does not move the pose back to the true centre", hint="move to the true centre")
def stays_centred(X, Xtrue):
    rows = common(X, Xtrue)
    return aligned(X, Xtrue) - (np.asarray(Xtrue)[rows].mean(axis=0) if rows.any() else 0.0)


@mistake("turns the true pose onto the estimate", hint="turned the wrong way")
def the_other_way(X, Xtrue):
    return aligned(Xtrue, X)


@mistake("takes missing keypoints for zeros", hint="in both poses")
def missing_is_zero(X, Xtrue):
    moved = aligned(np.nan_to_num(X), np.nan_to_num(Xtrue))
    return np.where(np.isnan(X).any(axis=-1, keepdims=True), np.nan, moved)


@mistake("returns the common keypoints only", hint="turn and move all rows of X")
def common_rows_only(X, Xtrue):
    return np.where(common(X, Xtrue)[:, None], aligned(X, Xtrue), np.nan)


@mistake("drops the missing rows", hint="a NaN stays NaN")
def drops_rows(X, Xtrue):
    moved = aligned(X, Xtrue)
    return moved[~np.isnan(moved).any(axis=-1)]


@mistake("centres on all rows that a pose has", hint="keypoints that are in both poses")
def own_centres(X, Xtrue):
    return aligned(X, Xtrue, centre=(np.nanmean(X, axis=0), np.nanmean(Xtrue, axis=0)))


@mistake("fills missing rows with the truth", hint="a NaN stays NaN")
def fills(X, Xtrue):
    moved = aligned(X, Xtrue)
    return np.where(np.isnan(moved), Xtrue, moved)


@mistake("wants four common keypoints", hint="Fewer than three")
def four(X, Xtrue):
    return aligned(X, Xtrue, least=4)


@mistake("is content with two common keypoints", hint="Fewer than three")
def two(X, Xtrue):
    return aligned(X, Xtrue, least=2)


@alternative
def by_scipy(X, Xtrue):
    def turn(x, y):
        return Rotation.align_vectors(y, x)[0].as_matrix().T

    return aligned(X, Xtrue, turn=turn)


@alternative
def by_quaternions(X, Xtrue):
    """Horn's solution: the eigenvector of the largest eigenvalue of a (4, 4) matrix."""

    def turn(x, y):
        S = x.T @ y
        cross = np.array([S[1, 2] - S[2, 1], S[2, 0] - S[0, 2], S[0, 1] - S[1, 0]])
        N = np.block([[np.array([[np.trace(S)]]), cross[None]], [cross[:, None], S + S.T - np.trace(S) * np.eye(3)]])
        w, *v = np.linalg.eigh(N)[1][:, -1]
        return Rotation.from_quat([*v, w]).as_matrix().T

    return aligned(X, Xtrue, turn=turn)


@alternative
def by_orthogonal_procrustes(X, Xtrue):
    def turn(x, y):
        R, _ = orthogonal_procrustes(x, y)
        if np.linalg.det(R) < 0:  # turn the weakest direction of x'y around
            weakest = np.linalg.svd(x.T @ y)[0][:, -1]
            R = (np.eye(3) - 2.0 * np.outer(weakest, weakest)) @ R
        return R

    return aligned(X, Xtrue, turn=turn).tolist()
