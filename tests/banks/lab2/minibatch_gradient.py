import numpy as np
from scipy.special import expit

from autograder.judge.bank import alternative, mistake
from solutions.likelihood import nll


def data_gradient(w, X, y):
    return X.T @ (expit(X @ w) - y)


@mistake("multiplies the ridge by N / B too", hint="not multiplied by N / B")
def ridge_scaled(w, X, y, idx, lam=0.0):
    return len(X) / len(idx) * (data_gradient(w, X[idx], y[idx]) + lam * w)


@mistake("does not scale the batch", hint="multiplied by N / B")
def unscaled(w, X, y, idx, lam=0.0):
    return data_gradient(w, X[idx], y[idx]) + lam * w


@mistake("takes the mean over the batch", hint="gradient of the sum")
def mean(w, X, y, idx, lam=0.0):
    return data_gradient(w, X[idx], y[idx]) / len(idx) + lam * w


@mistake("forgets the ridge", hint="lam w is added once")
def no_ridge(w, X, y, idx, lam=0.0):
    return len(X) / len(idx) * data_gradient(w, X[idx], y[idx])


@mistake("shares the ridge out over the examples", hint="divided by N")
def ridge_shared(w, X, y, idx, lam=0.0):
    return len(X) / len(idx) * data_gradient(w, X[idx], y[idx]) + lam * w * len(idx) / len(X)


@mistake("scales by B / N", hint="multiplied by N / B")
def upside_down(w, X, y, idx, lam=0.0):
    return len(idx) / len(X) * data_gradient(w, X[idx], y[idx]) + lam * w


@mistake("ignores the batch", hint="rows idx of X and y")
def everything(w, X, y, idx, lam=0.0):
    return data_gradient(w, X, y) + lam * w


@mistake("counts a repeated example once", hint="as often as they are named")
def mask(w, X, y, idx, lam=0.0):
    chosen = np.zeros(len(X), dtype=bool)
    chosen[np.asarray(idx, dtype=int)] = True
    return len(X) / chosen.sum() * data_gradient(w, X[chosen], y[chosen]) + lam * w


@mistake("has the sign wrong", hint="estimates the gradient")
def ascent(w, X, y, idx, lam=0.0):
    return -len(X) / len(idx) * data_gradient(w, X[idx], y[idx]) - lam * w


@mistake("takes the number of weights for N", hint="B of the N examples")
def wrong_count(w, X, y, idx, lam=0.0):
    return len(w) / len(idx) * data_gradient(w, X[idx], y[idx]) + lam * w


@mistake("scales by the whole number N // B", hint="the factor is N / len(idx)")
def whole_number(w, X, y, idx, lam=0.0):
    return len(X) // len(idx) * data_gradient(w, X[idx], y[idx]) + lam * w


@mistake("takes differences of the loss", hint="drown in a large loss")
def differences_of_the_loss(w, X, y, idx, lam=0.0):
    w, X = np.asarray(w, dtype=float), np.asarray(X, dtype=float)

    def loss(v):
        return len(X) / len(idx) * nll(v, X[idx], y[idx]) + 0.5 * lam * v @ v

    return np.array([(loss(w + h) - loss(w - h)) / 2e-5 for h in 1e-5 * np.eye(len(w))])


@alternative
def by_loop(w, X, y, idx, lam=0.0):
    total = np.zeros(len(w))
    for n in np.asarray(idx, dtype=int):
        total += (expit(float(np.dot(X[n], w))) - y[n]) * X[n]
    return total * len(y) / len(idx) + lam * np.asarray(w)


@alternative
def by_multiplicities(w, X, y, idx, lam=0.0):
    times = np.bincount(np.asarray(idx, dtype=int), minlength=len(X))
    return X.shape[0] / np.size(idx) * np.einsum("n,n,nd->d", times, expit(X @ w) - y, X) + lam * w
