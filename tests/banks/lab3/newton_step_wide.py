import numpy as np
from scipy.special import expit

from autograder.judge.bank import alternative, mistake


def parts(w, X, y, lam):
    p = expit(X @ w)
    return X.T @ (p - y) + lam * w, p * (1 - p)


@mistake("builds the D x D Hessian", hint="nothing of size D x D")
def primal(w, X, y, lam):
    g, s = parts(w, X, y, lam)
    return -np.linalg.solve((X.T * s) @ X + lam * np.eye(len(w)), g)


@mistake("has the sign wrong", hint="the step is minus this")
def plus(w, X, y, lam):
    g, s = parts(w, X, y, lam)
    Z = np.sqrt(s)[:, None] * X
    return (g - Z.T @ np.linalg.solve(Z @ Z.T + lam * np.eye(len(X)), Z @ g)) / lam


@mistake("leaves lam out of the small matrix", hint="the N x N matrix carries lam too")
def no_ridge_inside(w, X, y, lam):
    g, s = parts(w, X, y, lam)
    Z = np.sqrt(s)[:, None] * X
    return -(g - Z.T @ np.linalg.lstsq(Z @ Z.T, Z @ g, rcond=None)[0]) / lam


@mistake("does not divide by lam", hint="/ lam")
def no_division(w, X, y, lam):
    g, s = parts(w, X, y, lam)
    Z = np.sqrt(s)[:, None] * X
    return -(g - Z.T @ np.linalg.solve(Z @ Z.T + lam * np.eye(len(X)), Z @ g))


@mistake("takes the weights for their roots", hint="S^(1/2)")
def no_root(w, X, y, lam):
    g, s = parts(w, X, y, lam)
    Z = s[:, None] * X
    return -(g - Z.T @ np.linalg.solve(Z @ Z.T + lam * np.eye(len(X)), Z @ g)) / lam


@mistake("adds the correction instead of subtracting it", hint="(g - Z'")
def adds(w, X, y, lam):
    g, s = parts(w, X, y, lam)
    Z = np.sqrt(s)[:, None] * X
    return -(g + Z.T @ np.linalg.solve(Z @ Z.T + lam * np.eye(len(X)), Z @ g)) / lam


@mistake("forgets the ridge in the gradient", hint="(Z'Z + lam I)^-1 g")
def gradient_without_ridge(w, X, y, lam):
    _, s = parts(w, X, y, lam)
    g = X.T @ (expit(X @ w) - y)
    Z = np.sqrt(s)[:, None] * X
    return -(g - Z.T @ np.linalg.solve(Z @ Z.T + lam * np.eye(len(X)), Z @ g)) / lam


@mistake("leaves the weights out", hint="S^(1/2) X")
def no_weights(w, X, y, lam):
    g, _ = parts(w, X, y, lam)
    return -(g - X.T @ np.linalg.solve(X @ X.T + lam * np.eye(len(X)), X @ g)) / lam


@mistake("weighs one side of the small matrix only", hint="with Z = S^(1/2) X")
def one_sided(w, X, y, lam):
    g, s = parts(w, X, y, lam)
    Z = np.sqrt(s)[:, None] * X
    return -(g - Z.T @ np.linalg.solve(Z @ X.T + lam * np.eye(len(X)), Z @ g)) / lam


@mistake("works for wide problems only", hint="every shape of X")
def wide_only(w, X, y, lam):
    if len(X) > len(w):
        return np.zeros(len(w))
    g, s = parts(w, X, y, lam)
    Z = np.sqrt(s)[:, None] * X
    return -(g - Z.T @ np.linalg.solve(Z @ Z.T + lam * np.eye(len(X)), Z @ g)) / lam


@alternative
def through_the_weights(w, X, y, lam):
    w, X = np.asarray(w, dtype=float), np.asarray(X, dtype=float)
    g, s = parts(w, X, y, lam)
    inner = np.diag(1 / s) + X @ X.T / lam
    return -(g / lam - X.T @ np.linalg.solve(inner, X @ g) / lam**2)


@alternative
def by_singular_values(w, X, y, lam):
    g, s = parts(w, X, y, lam)
    _, sigma, Vt = np.linalg.svd(np.sqrt(s)[:, None] * X, full_matrices=False)
    inside = Vt @ g
    return -(Vt.T @ (inside / (sigma**2 + lam)) + (g - Vt.T @ inside) / lam)


@alternative
def push_through(w, X, y, lam):
    w, X = np.asarray(w, dtype=float), np.asarray(X, dtype=float)
    p = expit(X @ w)
    s = p * (1 - p)
    K = X @ X.T  # the new weights are -X'c / lam for some c: everything happens among patches
    c = np.linalg.solve(s[:, None] * K / lam + np.eye(len(X)), (p - y) - s * (X @ w))
    return -X.T @ c / lam - w
