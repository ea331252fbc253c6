"""What goes wrong, and what else is right, in `project`."""

import numpy as np

from autograder.judge.bank import alternative, mistake


def homogeneous(P, X):
    return np.einsum("cij,...j->...ci", P[..., :3], X) + P[..., 3]


def divided(uvw, where):
    return uvw[..., :2] / np.where(where, uvw[..., 2:], np.nan)


@mistake("shows points behind the camera as mirror images", hint="mirror image")
def mirror(P, X):
    uvw = homogeneous(P, X)
    with np.errstate(all="ignore"):
        return uvw[..., :2] / uvw[..., 2:]


@mistake("lets a depth of exactly zero through", hint="w <= 0")
def zero_depth(P, X):
    uvw = homogeneous(P, X)
    with np.errstate(all="ignore"):
        return uvw[..., :2] / np.where(uvw[..., 2:] >= 0, uvw[..., 2:], np.nan)


@mistake("leaves b out", hint="A x + b")
def no_b(P, X):
    uvw = np.einsum("cij,...j->...ci", P[..., :3], X)
    return divided(uvw, uvw[..., 2:] > 0)


@mistake("does not divide by the depth", hint="(u / w, v / w)")
def no_division(P, X):
    uvw = homogeneous(P, X)
    return np.where(uvw[..., 2:] > 0, uvw[..., :2], np.nan)


@mistake("takes the camera for looking the other way", hint="w <= 0")
def other_way(P, X):
    uvw = homogeneous(P, X)
    return divided(uvw, uvw[..., 2:] < 0)


@mistake("returns (row, column) instead of (x, y)", hint="(u / w, v / w)")
def rows_first(P, X):
    uvw = homogeneous(P, X)
    return divided(uvw, uvw[..., 2:] > 0)[..., ::-1]


@mistake("multiplies by the transposed A", hint="A x + b")
def transposed(P, X):
    uvw = np.einsum("cji,...j->...ci", P[..., :3], X) + P[..., 3]
    return divided(uvw, uvw[..., 2:] > 0)


@mistake("puts the cameras first", hint="then the cameras")
def cameras_first(P, X):
    uvw = homogeneous(P, X)
    return np.moveaxis(divided(uvw, uvw[..., 2:] > 0), -2, 0)


@mistake("sees a point in no camera if it is behind one", hint="in that camera alone")
def all_or_none(P, X):
    uvw = homogeneous(P, X)
    return divided(uvw, (uvw[..., 2:] > 0).all(axis=-2, keepdims=True))


@mistake("leaves the y of a point behind the camera", hint="both its coordinates")
def only_x(P, X):
    uvw = homogeneous(P, X)
    with np.errstate(all="ignore"):
        points = uvw[..., :2] / uvw[..., 2:]
    points[..., 0] = np.where(uvw[..., 2] > 0, points[..., 0], np.nan)
    return points


@mistake("returns zeros for what is behind the camera", hint="NaN")
def zeros(P, X):
    uvw = homogeneous(P, X)
    return np.nan_to_num(divided(uvw, uvw[..., 2:] > 0))


@mistake("raises small and negative depths to a small positive number", hint="w <= 0")
def clipped(P, X):
    uvw = homogeneous(P, X)
    return uvw[..., :2] / np.maximum(uvw[..., 2:], 1e-6)


@mistake("expects a list of points", hint="leading axes")
def one_axis(P, X):
    uvw = (P[:, :, :3] @ X.reshape(-1, 3).T).transpose(2, 0, 1) + P[:, :, 3]
    return divided(uvw, uvw[..., 2:] > 0)


@mistake("pairs the points with the cameras", hint="leading axes")
def paired(P, X):
    uvw = (P[:, :, :3] @ X[..., None])[..., 0] + P[:, :, 3]
    return divided(uvw, uvw[..., 2:] > 0)


@mistake("sees nothing outside the picture", hint="however far outside the picture")
def only_in_the_picture(P, X):
    uvw = homogeneous(P, X)
    points = divided(uvw, uvw[..., 2:] > 0)
    return np.where((points >= 0).all(axis=-1, keepdims=True), points, np.nan)


@mistake("takes a small depth for none", hint="w > 0 may be any number")
def small_depth_is_none(P, X):
    uvw = homogeneous(P, X)
    return divided(uvw, uvw[..., 2:] > 1e-6)


@alternative
def by_loops(P, X):
    X = np.asarray(X, dtype=float)
    points = np.full((*X.shape[:-1], len(P), 2), np.nan)
    for place in np.ndindex(X.shape[:-1]):
        for c, camera in enumerate(P):
            u, v, w = camera @ np.append(X[place], 1.0)
            if w > 0:
                points[(*place, c)] = u / w, v / w
    return points


@alternative
def by_homogeneous_coordinates(P, X):
    extended = np.concatenate([X, np.ones((*np.shape(X)[:-1], 1))], axis=-1)
    uvw = np.stack([extended @ np.transpose(camera) for camera in P], axis=-2)
    points = np.full((*uvw.shape[:-1], 2), np.nan)
    np.divide(uvw[..., :2], uvw[..., 2:], out=points, where=np.repeat(uvw[..., 2:] > 0, 2, axis=-1))
    return points


@alternative
def divides_first(P, X):
    with np.errstate(all="ignore"):
        uvw = homogeneous(np.asarray(P), np.asarray(X))
        points = uvw[..., :2] / uvw[..., 2:]
    points[uvw[..., 2] <= 0] = float("nan")
    return points.tolist()
