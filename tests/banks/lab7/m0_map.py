"""What goes wrong, and what else is right, in `m0_map`."""

import numpy as np
from scipy.linalg import solveh_banded
from scipy.sparse import diags, kron
from scipy.sparse import eye as identity
from scipy.sparse.linalg import splu

from autograder.judge.bank import alternative, mistake
from solutions.triangulation import (
    chain_bands,
    data_terms,
    fill_gaps,
    project,
    projection_jacobian,
    random_walk_precision,
    refine,
    triangulate,
)


def views(Y):
    return np.isfinite(Y).all(axis=-1)


def climbed(P, Y, eta2, omega2, rounds=30, walk=None, start=None, enough=0.0, size=np.abs):
    """Gauss and Newton's method without damping."""
    Y = np.asarray(Y, dtype=float)
    walk = random_walk_precision(len(Y), eta2) if walk is None else walk
    X = fill_gaps(triangulate(P, Y)) if start is None else start
    for _ in range(rounds):
        slope, curvature = data_terms(P, Y, X, views(Y) / omega2)
        right = slope + (curvature @ X[..., None])[..., 0]
        X, before = solveh_banded(chain_bands(curvature, walk), right.ravel()).reshape(X.shape), X
        if size(X - before).max() < enough:
            break
    return X


@mistake("takes one step of Gauss-Newton only", hint="a few steps of Gauss-Newton are not enough")
def one_step(P, Y, eta2, omega2):
    return climbed(P, Y, eta2, omega2, rounds=1)


@mistake("takes two steps of Gauss-Newton only", hint="a few steps of Gauss-Newton are not enough")
def two_steps(P, Y, eta2, omega2):
    return climbed(P, Y, eta2, omega2, rounds=2)


@mistake("stops as soon as nothing moves by more than half a millimetre", hint="go on until nothing moves")
def stops_early(P, Y, eta2, omega2):
    return climbed(P, Y, eta2, omega2, enough=0.5)


@mistake("stops as soon as no coordinate grows any more", hint="go on until nothing moves")
def no_absolute_value(P, Y, eta2, omega2):
    return climbed(P, Y, eta2, omega2, enough=1e-7, size=np.positive)


@mistake("takes eta2 and omega2 for standard deviations", hint="are variances")
def standard_deviations(P, Y, eta2, omega2):
    return climbed(P, Y, eta2**2, omega2**2)


@mistake("exchanges eta2 and omega2", hint="eta2 and omega2 are variances")
def exchanged(P, Y, eta2, omega2):
    return climbed(P, Y, omega2, eta2)


@mistake("leaves the variance of the detections out", hint="/ omega2")
def no_omega(P, Y, eta2, omega2):
    return climbed(P, Y, eta2, 1.0)


@mistake("minimises each frame's reprojection error for itself", hint="cancel")
def no_walk(P, Y, eta2, omega2):
    return fill_gaps(refine(P, Y, triangulate(P, Y)))


@mistake("smooths the triangulated points", hint="sum |y - f(x)|^2")
def smooths_points(P, Y, eta2, omega2):
    X = triangulate(P, Y)
    seen = np.isfinite(X).all(axis=-1)
    blocks = seen[:, None, None] * np.eye(3) / (omega2 * 3.6**2)  # mm per px
    right = np.einsum("tij,tj->ti", blocks, np.nan_to_num(X))
    return solveh_banded(chain_bands(blocks, random_walk_precision(len(X), eta2)), right.ravel()).reshape(X.shape)


@mistake("takes missing detections for pixel (0, 0)", hint="not one of pixel (0, 0)")
def missing_is_zero(P, Y, eta2, omega2):
    X, Y = fill_gaps(triangulate(P, Y)), np.nan_to_num(Y)
    return climbed(P, Y, eta2, omega2, start=X)


@mistake("leaves frames with a missing view out", hint="a missing detection adds nothing")
def complete_frames_only(P, Y, eta2, omega2):
    complete = views(Y).all(axis=-1)
    return climbed(P, np.where(complete[:, None, None], Y, np.nan), eta2, omega2, start=fill_gaps(triangulate(P, Y)))


@mistake("leaves frames with a single view out", hint="a missing detection adds nothing")
def two_views_only(P, Y, eta2, omega2):
    enough = views(Y).sum(axis=-1) >= 2
    return climbed(P, np.where(enough[:, None, None], Y, np.nan), eta2, omega2)


@mistake("gives the first and the last frame two steps", hint="sum |x_t - x_{t-1}|^2 / eta2")
def heavy_ends(P, Y, eta2, omega2):
    walk = random_walk_precision(len(Y), eta2)
    walk[1] = 2.0 / eta2
    return climbed(P, Y, eta2, omega2, walk=walk)


@mistake("puts a prior at the origin on the first frame", hint="sum |x_t - x_{t-1}|^2 / eta2")
def prior(P, Y, eta2, omega2):
    walk = random_walk_precision(len(Y), eta2)
    walk[1, 0] += 1.0 / eta2
    return climbed(P, Y, eta2, omega2, walk=walk)


@mistake("is NaN where a frame has fewer than two views", hint="the walk bridges it")
def gaps_stay(P, Y, eta2, omega2):
    return np.where(views(Y).sum(axis=-1)[:, None] >= 2, climbed(P, Y, eta2, omega2), np.nan)


@mistake("solves a dense system", hint="all but seven of its diagonals are zero")
def dense(P, Y, eta2, omega2):
    T = len(Y)
    D = np.diff(np.eye(T), axis=0)
    L = np.kron(D.T @ D / eta2, np.eye(3))
    X = fill_gaps(triangulate(P, Y))
    for _ in range(20):
        slope, curvature = data_terms(P, Y, X, views(Y) / omega2)
        H = L.copy()
        for t in range(T):
            H[3 * t : 3 * t + 3, 3 * t : 3 * t + 3] += curvature[t]
        X = X + np.linalg.solve(H, slope.ravel() - L @ X.ravel()).reshape(T, 3)
    return X


@mistake("averages neighbouring frames in the images first", hint="cancel")
def smooths_pixels(P, Y, eta2, omega2):
    padded = np.concatenate([Y[:1], Y, Y[-1:]])
    seen = np.isfinite(padded)
    total = sum(np.nan_to_num(padded)[i : i + len(Y)] for i in range(3))
    count = sum(seen[i : i + len(Y)] for i in range(3))
    with np.errstate(all="ignore"):
        return fill_gaps(triangulate(P, np.where(count > 0, total / count, np.nan)))


@alternative
def undamped(P, Y, eta2, omega2):
    return climbed(P, Y, eta2, omega2, rounds=15)


@alternative
def by_a_sparse_factor(P, Y, eta2, omega2):
    Y, T = np.asarray(Y, dtype=float), len(Y)
    D = diags([-np.ones(T - 1), np.ones(T - 1)], [0, 1], shape=(T - 1, T))
    L = kron(D.T @ D / eta2, identity(3)) if T > 1 else 0.0 * identity(3)
    rows = np.repeat(3 * np.arange(T), 9) + np.tile(np.repeat(np.arange(3), 3), T)
    columns = np.repeat(3 * np.arange(T), 9) + np.tile(np.arange(3), 3 * T)
    X = fill_gaps(triangulate(P, Y))
    for _ in range(12):
        r, J = Y - project(P, X), projection_jacobian(P, X)
        J = np.where(np.isfinite(r)[..., None], J, 0.0).reshape(T, -1, 3)
        r = np.nan_to_num(r).reshape(T, -1)
        blocks = np.einsum("tni,tnj->tij", J, J) / omega2
        H = (L + type(L.tocsc())((blocks.ravel(), (rows, columns)), shape=(3 * T, 3 * T))).tocsc()
        slope = np.einsum("tni,tn->ti", J, r).ravel() / omega2 - L @ X.ravel()
        X = X + splu(H).solve(slope).reshape(T, 3)
    return X


@alternative
def by_block_elimination(P, Y, eta2, omega2):
    """Frame by frame, forward and back, as a Kalman smoother goes; the long recording in one go."""
    Y, T = np.asarray(Y, dtype=float), len(Y)
    if T > 1000:
        return climbed(P, Y, eta2, omega2)
    X = fill_gaps(triangulate(P, Y))
    for _ in range(20):
        slope, H = data_terms(P, Y, X, views(Y) / omega2)
        g = slope + (H @ X[..., None])[..., 0]
        degree = np.minimum(np.arange(T), 1) + np.minimum(np.arange(T)[::-1], 1)
        D, v = np.empty((T, 3, 3)), np.empty((T, 3))
        for t in range(T):
            D[t] = H[t] + degree[t] / eta2 * np.eye(3)
            v[t] = g[t]
            if t:
                carried = np.linalg.inv(D[t - 1]) / eta2
                D[t] -= carried / eta2
                v[t] += carried @ v[t - 1]
        X = np.empty((T, 3))
        for t in reversed(range(T)):
            X[t] = np.linalg.solve(D[t], v[t] + (X[t + 1] / eta2 if t + 1 < T else 0.0))
    return X


@alternative
def starts_from_the_middle_of_the_room(P, Y, eta2, omega2):
    seen = np.isfinite(Y).all(axis=-1)
    pooled = np.nanmedian(triangulate(P, Y), axis=0) if (seen.sum(axis=-1) >= 2).any() else np.full(3, np.nan)
    return climbed(P, Y, eta2, omega2, rounds=25, start=np.tile(pooled, (len(Y), 1)))
