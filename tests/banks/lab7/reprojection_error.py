"""What goes wrong, and what else is right, in `reprojection_error`."""

import numpy as np

from autograder.judge.bank import alternative, mistake
from solutions.triangulation import project


@mistake("returns the squared distance", hint="the root of")
def squared(P, X, Y):
    return np.sum((Y - project(P, X)) ** 2, axis=-1)


@mistake("adds the absolute differences", hint="Euclidean distance")
def manhattan(P, X, Y):
    return np.sum(np.abs(Y - project(P, X)), axis=-1)


@mistake("takes the mean of the squares", hint="dx^2 + dy^2")
def root_mean_square(P, X, Y):
    return np.sqrt(np.mean((Y - project(P, X)) ** 2, axis=-1))


@mistake("returns the difference of the coordinates", hint="one number for each view")
def vector(P, X, Y):
    return Y - project(P, X)


@mistake("averages over the views", hint="one number for each view")
def mean_over_views(P, X, Y):
    return np.nanmean(np.linalg.norm(Y - project(P, X), axis=-1), axis=-1)


@mistake("gives 0 where there is no detection", hint="NaN")
def missing_is_zero(P, X, Y):
    return np.nan_to_num(np.linalg.norm(Y - project(P, X), axis=-1))


@mistake("measures one coordinate where the other is missing", hint="No detection")
def half_a_detection(P, X, Y):
    return np.sqrt(np.where(np.isnan(Y).all(axis=-1), np.nan, np.nansum((Y - project(P, X)) ** 2, axis=-1)))


@mistake("measures behind the camera", hint="behind the camera")
def behind(P, X, Y):
    uvw = np.einsum("cij,...j->...ci", P[..., :3], X) + P[..., 3]
    return np.linalg.norm(Y - uvw[..., :2] / uvw[..., 2:], axis=-1)


@mistake("is NaN in all views if one is missing", hint="in that view alone")
def all_or_none(P, X, Y):
    error = np.linalg.norm(Y - project(P, X), axis=-1)
    return error + 0.0 * error.sum(axis=-1, keepdims=True)


@alternative
def by_hypot(P, X, Y):
    d = np.asarray(Y, dtype=float) - project(P, X)
    return np.hypot(d[..., 0], d[..., 1])


@alternative
def by_loops(P, X, Y):
    error = np.full(np.shape(Y)[:-1], np.nan)
    for place in np.ndindex(np.shape(X)[:-1]):
        for c in range(len(P)):
            u, v, w = P[c] @ np.append(X[place], 1.0)
            if w > 0:
                error[(*place, c)] = ((u / w - Y[place][c][0]) ** 2 + (v / w - Y[place][c][1]) ** 2) ** 0.5
    return error
