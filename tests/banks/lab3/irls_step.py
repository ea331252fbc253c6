import numpy as np
from scipy.special import expit

from autograder.judge.bank import alternative, mistake


def parts(w, X):
    a = X @ w
    return a, expit(a), expit(a) * expit(-a)


@mistake("divides by weights that vanish", hint="0 * inf is nan")
def divides(w, X, y, lam):
    a, p, s = parts(w, X)
    with np.errstate(all="ignore"):
        z = a + (y - p) / s
        rhs = X.T @ (s * z)
    return np.linalg.solve((X.T * s) @ X + lam * np.eye(len(w)), rhs) - w


@mistake("returns the new weights instead of the step", hint="new weights minus w")
def new_weights(w, X, y, lam):
    a, p, s = parts(w, X)
    return np.linalg.solve((X.T * s) @ X + lam * np.eye(len(w)), X.T @ (s * a + y - p))


@mistake("takes the roots of the weights", hint="not their roots")
def roots(w, X, y, lam):
    a, p, s = parts(w, X)
    r = np.sqrt(s)
    return np.linalg.solve((X.T * r) @ X + lam * np.eye(len(w)), X.T @ (r * a + y - p)) - w


@mistake("leaves the ridge out", hint="lam is added to the diagonal")
def no_ridge(w, X, y, lam):
    a, p, s = parts(w, X)
    return np.linalg.lstsq((X.T * s) @ X, X.T @ (s * a + y - p), rcond=None)[0] - w


@mistake("penalises the step and not the new weights", hint="equals Newton's step at any w")
def ridge_on_step(w, X, y, lam):
    a, p, s = parts(w, X)
    return np.linalg.solve((X.T * s) @ X + lam * np.eye(len(w)), X.T @ (y - p))


@mistake("has the sign of the residual wrong", hint="(y - sigmoid(a)) / s")
def residual_sign(w, X, y, lam):
    a, p, s = parts(w, X)
    return np.linalg.solve((X.T * s) @ X + lam * np.eye(len(w)), X.T @ (s * a + p - y)) - w


@mistake("weighs with sigmoid instead of its derivative", hint="s = sigmoid'(a)")
def sigmoid_weights(w, X, y, lam):
    a, p, _ = parts(w, X)
    return np.linalg.solve((X.T * p) @ X + lam * np.eye(len(w)), X.T @ (p * a + y - p)) - w


@mistake("does not weigh the response", hint="s z = s a + (y - sigmoid(a))")
def unweighted_response(w, X, y, lam):
    a, p, s = parts(w, X)
    return np.linalg.solve((X.T * s) @ X + lam * np.eye(len(w)), X.T @ (a + y - p)) - w


@mistake("forgets the activations in the response", hint="equals Newton's step")
def residual_only(w, X, y, lam):
    _, p, s = parts(w, X)
    return np.linalg.solve((X.T * s) @ X + lam * np.eye(len(w)), X.T @ (y - p)) - w


@mistake("halves the ridge", hint="lam is added to the diagonal")
def half_ridge(w, X, y, lam):
    a, p, s = parts(w, X)
    return np.linalg.solve((X.T * s) @ X + lam / 2 * np.eye(len(w)), X.T @ (s * a + y - p)) - w


@mistake("drops patches whose weight vanishes", hint="work with s z")
def drops(w, X, y, lam):
    a, p, s = parts(w, X)
    kept = s > 0
    X, y, a, p, s = X[kept], y[kept], a[kept], p[kept], s[kept]
    return np.linalg.solve((X.T * s) @ X + lam * np.eye(len(w)), X.T @ (s * a + y - p)) - w


@mistake("puts a floor under the weights that is felt", hint="A floor under s")
def floored_at_a_millionth(w, X, y, lam):
    a, p, s = parts(w, X)
    s = np.maximum(s, 1e-6)
    return np.linalg.solve((X.T * s) @ X + lam * np.eye(len(w)), X.T @ (s * a + y - p)) - w


@alternative
def floored_weights(w, X, y, lam):
    a, p, s = parts(w, X)
    s = np.maximum(s, 1e-12)
    z = a + (y - p) / s
    return np.linalg.solve(X.T @ (s[:, None] * X) + lam * np.eye(len(w)), X.T @ (s * z)) - w


@alternative
def as_newton(w, X, y, lam):
    _, p, s = parts(w, X)
    w = np.asarray(w, dtype=float)
    return np.linalg.solve(lam * np.eye(len(w)) + np.einsum("nd,n,ne->de", X, s, X), X.T @ (y - p) - lam * w)


@alternative
def stacked_least_squares(w, X, y, lam):
    a, p, s = parts(w, X)
    r = np.sqrt(np.maximum(s, 1e-20))
    rows = np.vstack([r[:, None] * X, np.sqrt(lam) * np.eye(len(w))])
    rhs = np.concatenate([r * a + (y - p) / r, np.zeros(len(w))])
    return np.linalg.lstsq(rows, rhs, rcond=None)[0] - w
