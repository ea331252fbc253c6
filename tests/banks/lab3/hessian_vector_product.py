import numpy as np
from scipy.special import expit

from autograder.judge.bank import alternative, mistake
from solutions.likelihood import nll_gradient


def slope(w, X):
    p = expit(X @ w)
    return p * (1 - p)


@mistake("takes sigmoid for its derivative", hint="not sigmoid itself")
def sigmoid_weights(w, X, y, v, lam=0.0):
    return X.T @ (expit(X @ w) * (X @ v)) + lam * v


@mistake("leaves the ridge out", hint="the ridge times v")
def no_ridge(w, X, y, v, lam=0.0):
    return X.T @ (slope(w, X) * (X @ v))


@mistake("multiplies the ridge by w", hint="not w")
def ridge_times_w(w, X, y, v, lam=0.0):
    return X.T @ (slope(w, X) * (X @ v)) + lam * w


@mistake("forms the Hessian", hint="the D x D Hessian")
def forms_hessian(w, X, y, v, lam=0.0):
    return ((X.T * slope(w, X)) @ X + lam * np.eye(len(w))) @ v


@mistake("builds an N x N matrix of weights", hint="N x N diagonal matrix")
def diagonal_matrix(w, X, y, v, lam=0.0):
    return X.T @ (np.diag(slope(w, X)) @ (X @ v)) + lam * v


@mistake("takes differences of gradients", hint="not by differences")
def differences(w, X, y, v, lam=0.0):
    eps = 1e-6

    def g(u):
        return X.T @ (expit(X @ u) - y) + lam * u

    return (g(w + eps * v) - g(w)) / eps


@mistake("leaves the weights out", hint="s * (Xv)")
def no_weights(w, X, y, v, lam=0.0):
    return X.T @ (X @ v) + lam * v


@mistake("evaluates the weights at v", hint="s = sigmoid'(Xw)")
def weights_at_v(w, X, y, v, lam=0.0):
    return X.T @ (slope(v, X) * (X @ v)) + lam * v


@mistake("divides by the number of patches", hint="X'(s * (Xv)) + lam v")
def mean(w, X, y, v, lam=0.0):
    return X.T @ (slope(w, X) * (X @ v)) / len(X) + lam * v


@mistake("multiplies by the gradient's residual", hint="the derivative, not sigmoid itself")
def residual(w, X, y, v, lam=0.0):
    return X.T @ ((expit(X @ w) - y) * (X @ v)) + lam * v


def gradient(w, X, y, lam):
    return X.T @ (expit(X @ w) - y) + lam * w


@mistake("takes central differences of gradients", hint="not by differences")
def central_differences(w, X, y, v, lam=0.0):
    return (gradient(w + 1e-5 * v, X, y, lam) - gradient(w - 1e-5 * v, X, y, lam)) / 2e-5


@mistake("takes central differences of gradients", hint="not by differences")
def central_differences_of_a_millionth(w, X, y, v, lam=0.0):
    h = 1e-6
    return (nll_gradient(w + h * v, X, y, lam) - nll_gradient(w - h * v, X, y, lam)) / (2 * h)


@mistake("takes differences of gradients at four points", hint="not by differences")
def four_points(w, X, y, v, lam=0.0):
    near, far = (gradient(w + h * v, X, y, lam) - gradient(w - h * v, X, y, lam) for h in (1e-3, 2e-3))
    return (8.0 * near - far) / 12e-3


@alternative
def in_blocks(w, X, y, v, lam=0.0):
    total = lam * np.asarray(v, dtype=float)
    for start in range(0, len(X), 1000):
        rows = np.asarray(X[start : start + 1000], dtype=float)
        total = total + rows.T @ (slope(w, rows) * (rows @ v))
    return total


@alternative
def complex_step(w, X, y, v, lam=0.0):
    w, X, v = (np.asarray(u, dtype=float) for u in (w, X, v))
    u = w + 1e-30j * v
    g = X.T @ (1 / (1 + np.exp(-(X @ u))) - y) + lam * u
    return g.imag / 1e-30


@alternative
def by_hyperbola(w, X, y, v, lam=0.0):
    w, X, v = (np.asarray(u, dtype=float) for u in (w, X, v))
    return np.dot(0.25 / np.cosh(0.5 * X.dot(w)) ** 2 * X.dot(v), X) + lam * v
