"""What goes wrong, and what else is right, in `projection_jacobian`."""

import numpy as np

from autograder.judge.bank import alternative, mistake
from solutions.triangulation import project


def parts(P, X):
    """A (C, 3, 3), pixels (..., C, 2, 1), depths (..., C, 1, 1), NaN behind."""
    P, X = np.asarray(P, dtype=float), np.asarray(X, dtype=float)
    w = np.einsum("cj,...j->...c", P[:, 2, :3], X) + P[:, 2, 3]
    return P[:, :, :3], project(P, X)[..., None], np.where(w > 0, w, np.nan)[..., None, None]


@mistake("forgets that the depth changes, too", hint="quotient rule")
def constant_depth(P, X):
    A, _, w = parts(P, X)
    return A[:, :2] / w


@mistake("adds y A_3 instead of subtracting it", hint="A_i - y_i A_3")
def plus(P, X):
    A, y, w = parts(P, X)
    return (A[:, :2] + y * A[:, None, 2]) / w


@mistake("does not divide by the depth", hint="/ w")
def no_division(P, X):
    A, y, w = parts(P, X)
    return (A[:, :2] - y * A[:, None, 2]) * np.sign(w)


@mistake("divides only the first term by the depth", hint="/ w")
def half_divided(P, X):
    A, y, w = parts(P, X)
    return A[:, :2] / w - y * A[:, None, 2]


@mistake("takes u and v for the pixel", hint="y_i")
def not_divided_twice(P, X):
    A, y, w = parts(P, X)
    return (A[:, :2] - y * w * A[:, None, 2]) / w


@mistake("exchanges x and y in the second term", hint="y_i")
def exchanged(P, X):
    A, y, w = parts(P, X)
    return (A[:, :2] - y[..., ::-1, :] * A[:, None, 2]) / w


@mistake("transposes the last two axes", hint="last two axes")
def transposed(P, X):
    A, y, w = parts(P, X)
    return np.swapaxes((A[:, :2] - y * A[:, None, 2]) / w, -1, -2)


@mistake("takes b into the second term", hint="A_i - y_i A_3")
def with_b(P, X):
    A, y, w = parts(P, X)
    return (A[:, :2] - y * (A[:, None, 2] + np.asarray(P)[:, None, 2, 3:])) / w


@mistake("uses the columns of A", hint="A_i - y_i A_3")
def columns(P, X):
    A, y, w = parts(P, X)
    A = np.swapaxes(A, -1, -2)
    return (A[:, :2] - y * A[:, None, 2]) / w


@mistake("gives numbers behind the camera", hint="are NaN")
def behind(P, X):
    P, X = np.asarray(P, dtype=float), np.asarray(X, dtype=float)
    uvw = np.einsum("cij,...j->...ci", P[..., :3], X) + P[..., 3]
    y, w = uvw[..., :2, None] / uvw[..., 2:, None], uvw[..., 2:, None]
    return (P[:, :2, :3] - y * P[:, None, 2, :3]) / w


@mistake("is NaN in all cameras if the point is behind one", hint="in that camera alone")
def all_or_none(P, X):
    A, y, w = parts(P, X)
    J = (A[:, :2] - y * A[:, None, 2]) / w
    return J + 0.0 * J.sum(axis=(-1, -2, -3), keepdims=True)


@mistake("takes differences over a centimetre", hint="quotient rule")
def coarse(P, X):
    X = np.asarray(X, dtype=float)
    return np.stack([(project(P, X + e) - project(P, X)) / 10.0 for e in 10.0 * np.eye(3)], axis=-1)


@alternative
def central_differences(P, X):
    X = np.asarray(X, dtype=float)
    return np.stack([(project(P, X + e) - project(P, X - e)) / 2e-3 for e in 1e-3 * np.eye(3)], axis=-1)


@alternative
def by_loops(P, X):
    X = np.asarray(X, dtype=float)
    J = np.full((*X.shape[:-1], len(P), 2, 3), np.nan)
    for place in np.ndindex(X.shape[:-1]):
        for c in range(len(P)):
            u, v, w = P[c, :, :3] @ X[place] + P[c, :, 3]
            if w > 0:
                a1, a2, a3 = P[c, :, :3]
                J[(*place, c)] = [(a1 * w - u * a3) / w**2, (a2 * w - v * a3) / w**2]
    return J


@alternative
def complex_step(P, X):
    def derivative(e):
        uvw = np.einsum("cij,...j->...ci", P[..., :3], X + 1e-20j * e) + P[..., 3]
        return np.imag(uvw[..., :2] / np.where(uvw[..., 2:].real > 0, uvw[..., 2:], np.nan)) / 1e-20

    return np.stack([derivative(e) for e in np.eye(3)], axis=-1)
