"""What goes wrong, and what else is right, in `triangulate`."""

from itertools import combinations

import numpy as np

from autograder.judge.bank import alternative, mistake


def equations(P, Y, scale=True):
    """Rows (..., C, 2, 4), NaN for missing views."""
    P, Y = np.asarray(P, dtype=float), np.asarray(Y, dtype=float)
    if scale:
        P = P / np.linalg.norm(P[:, 2, :3], axis=-1)[:, None, None]
    return Y[..., None] * P[:, None, 2] - P[:, :2]


def views(Y):
    return np.isfinite(Y).all(axis=-1)


def solved(rows, which=-1):
    rows = np.where(np.isfinite(rows).all(axis=(-1, -2), keepdims=True), rows, 0.0)
    v = np.linalg.svd(rows.reshape(*rows.shape[:-3], -1, 4))[2][..., which, :]
    return v[..., :3] / v[..., 3:]


def point(P, Y, rows, which=-1):
    return np.where(views(Y).sum(axis=-1)[..., None] >= 2, solved(rows, which), np.nan)


def solved_by_rows(rows):
    rows = np.nan_to_num(rows)
    v = np.linalg.svd(rows.reshape(*rows.shape[:-3], -1, 4))[2][..., -1, :]
    return v[..., :3] / v[..., 3:]


@mistake("does not scale the rows", hint="Scale each view's rows")
def unscaled(P, Y):
    return point(P, Y, equations(P, Y, scale=False))


@mistake("takes the singular vector of the largest singular value", hint="smallest singular value")
def largest(P, Y):
    return point(P, Y, equations(P, Y), which=0)


@mistake("does not divide by the fourth entry", hint="divided by its fourth entry")
def not_divided(P, Y):
    rows = np.nan_to_num(equations(P, Y))
    v = np.linalg.svd(rows.reshape(*rows.shape[:-3], -1, 4))[2][..., -1, :3]
    return np.where(views(Y).sum(axis=-1)[..., None] >= 2, v, np.nan)


@mistake("takes a column of Vt instead of a row", hint="last row of Vt")
def column(P, Y):
    rows = np.nan_to_num(equations(P, Y))
    v = np.linalg.svd(rows.reshape(*rows.shape[:-3], -1, 4))[2][..., :, -1]
    return np.where(views(Y).sum(axis=-1)[..., None] >= 2, v[..., :3] / v[..., 3:], np.nan)


@mistake("exchanges x and y", hint="x P_3 - P_1")
def exchanged(P, Y):
    return point(P, Y, equations(P, np.asarray(Y)[..., ::-1]))


@mistake("adds P_1 and P_2 instead of subtracting them", hint="x P_3 - P_1")
def plus(P, Y):
    P = np.asarray(P) / np.linalg.norm(P[:, 2, :3], axis=-1)[:, None, None]
    return point(P, Y, np.asarray(Y)[..., None] * P[:, None, 2] + P[:, :2])


@mistake("takes a missing detection for pixel (0, 0)", hint="gives no equations")
def missing_is_zero(P, Y):
    return np.where(views(Y).sum(axis=-1)[..., None] >= 2, solved(equations(P, np.nan_to_num(Y))), np.nan)


@mistake("leaves only the missing coordinate out", hint="in x or in y or in both")
def half_views(P, Y):
    rows = np.nan_to_num(equations(P, Y))
    v = np.linalg.svd(rows.reshape(*rows.shape[:-3], -1, 4))[2][..., -1, :]
    enough = np.isfinite(Y).any(axis=-1).sum(axis=-1)[..., None] >= 2
    return np.where(enough, v[..., :3] / v[..., 3:], np.nan)


@mistake("is NaN as soon as one view is missing", hint="leave its rows out")
def wants_all(P, Y):
    return np.where(views(Y).all(axis=-1)[..., None], solved(equations(P, Y)), np.nan)


@mistake("leaves a view out for all points if one point lacks it", hint="its own missing views")
def common_views(P, Y):
    keep = views(Y).all(axis=tuple(range(np.ndim(Y) - 2)))
    return solved(equations(P[keep], Y[..., keep, :])) if keep.sum() > 1 else np.full((*np.shape(Y)[:-2], 3), np.nan)


@mistake("gives a point for a single view", hint="Fewer than two views")
def one_is_enough(P, Y):
    return np.where(views(Y).sum(axis=-1)[..., None] >= 1, solved(equations(P, Y)), np.nan)


@mistake("returns zeros where there are too few views", hint="do not fix a point: NaN")
def zeros(P, Y):
    return np.nan_to_num(point(P, Y, equations(P, Y)))


@mistake("uses the first two views only", hint="Every view that has a detection")
def first_two(P, Y):
    rows, seen = equations(P, Y), views(Y)
    rows[seen & (np.cumsum(seen, axis=-1) > 2)] = np.nan
    return point(P, Y, rows)


@mistake("uses the rows of x only", hint="comes back")
def x_only(P, Y):
    return point(P, Y, equations(P, Y)[..., :1, :])


@mistake("leaves the fourth column out", hint="(2C, 4) matrix")
def three_columns(P, Y):
    rows = np.nan_to_num(equations(P, Y))[..., :3]
    v = np.linalg.svd(rows.reshape(*rows.shape[:-3], -1, 3))[2][..., -1, :]
    return np.where(views(Y).sum(axis=-1)[..., None] >= 2, v / v[..., 2:], np.nan)


@mistake("averages the points of all pairs of views", hint="and solve once")
def mean_of_pairs(P, Y):
    seen = views(Y)
    pairs = list(combinations(range(len(P)), 2))
    found = np.stack(
        [point(P[list(pair)], Y[..., pair, :], equations(P[list(pair)], Y[..., pair, :])) for pair in pairs]
    )
    count = np.stack([seen[..., list(pair)].all(axis=-1) for pair in pairs]).sum(axis=0)[..., None]
    return np.where(count > 0, np.nansum(found, axis=0) / np.maximum(count, 1), np.nan)


@mistake("hears the other coordinate of a view that lacks one", hint="in x or in y or in both")
def half_a_view(P, Y):
    rows = equations(P, Y)
    return np.where(views(Y).sum(axis=-1)[..., None] >= 2, solved_by_rows(rows), np.nan)


@alternative
def one_by_one(P, Y):
    Y = np.asarray(Y, dtype=float)
    X = np.full((*Y.shape[:-2], 3), np.nan)
    for place in np.ndindex(Y.shape[:-2]):
        rows = []
        for camera, (x, y) in zip(P, Y[place], strict=True):
            if not np.isnan(x + y):
                rows += [x * camera[2] - camera[0], y * camera[2] - camera[1]]
        if len(rows) >= 4:
            A = np.array(rows)
            A /= np.linalg.norm(A, axis=1, keepdims=True)  # each row for itself
            v = np.linalg.svd(A)[2][-1]
            X[place] = v[:3] / v[3]
    return X


@alternative
def by_eigenvectors(P, Y):
    rows = np.nan_to_num(equations(P, Y))
    rows[~views(Y)] = 0.0
    A = rows.reshape(*rows.shape[:-3], -1, 4)
    v = np.linalg.eigh(np.swapaxes(A, -1, -2) @ A)[1][..., :, 0]
    return np.where(views(Y).sum(axis=-1)[..., None] >= 2, v[..., :3] / v[..., 3:], np.nan)


@alternative
def inhomogeneous(P, Y):
    X = np.full((*np.shape(Y)[:-2], 3), np.nan)
    rows = equations(P, Y)
    for place in np.ndindex(X.shape[:-1]):
        some = rows[place][views(Y)[place]].reshape(-1, 4)
        if len(some) > 2:
            X[place] = np.linalg.lstsq(some[:, :3], -some[:, 3], rcond=None)[0]
    return X


@alternative
def scaled_by_the_whole_matrix(P, Y):
    P = np.asarray(P) / np.linalg.norm(P, axis=(1, 2), keepdims=True)
    return point(P, Y, equations(P, Y, scale=False))


@alternative
def closest_to_the_rays(P, Y):
    """The point that is closest to all rays, which is another sum of squares."""
    X = np.full((*np.shape(Y)[:-2], 3), np.nan)
    centres = np.array([-np.linalg.solve(camera[:, :3], camera[:, 3]) for camera in P])
    for place in np.ndindex(X.shape[:-1]):
        seen = np.flatnonzero(views(Y)[place])
        if len(seen) < 2:
            continue
        N, g = np.zeros((3, 3)), np.zeros(3)
        for c in seen:
            ray = np.linalg.solve(P[c, :, :3], np.append(Y[place][c], 1.0))
            ray /= np.linalg.norm(ray)
            N += np.eye(3) - np.outer(ray, ray)
            g += centres[c] - ray * (ray @ centres[c])
        X[place] = np.linalg.solve(N, g)
    return X
