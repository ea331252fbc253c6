import numpy as np
from scipy.linalg import eigh, svdvals

from autograder.judge.bank import alternative, mistake


def top(X):
    return np.linalg.norm(np.asarray(X, dtype=float), 2) ** 2


@mistake("leaves the quarter out", hint="a quarter")
def no_quarter(X, lam=0.0):
    return top(X) + lam


@mistake("sums the eigenvalues (trace)", hint="trace")
def trace(X, lam=0.0):
    return np.trace(X.T @ X) / 4 + lam


@mistake("takes the norm of all entries (Frobenius)", hint="norm of all entries")
def frobenius(X, lam=0.0):
    return np.linalg.norm(X.T @ X) / 4 + lam


@mistake("builds the table of patches by patches", hint="200,000 patches")
def patches_by_patches(X, lam=0.0):
    X = np.asarray(X, dtype=float)
    return np.linalg.eigvalsh(X @ X.T)[-1] / 4 + lam


@mistake("divides by the number of patches", hint="not divided by N")
def mean(X, lam=0.0):
    return top(X) / 4 / len(X) + lam


@mistake("forgets the ridge", hint="adds lam to the bound")
def no_ridge(X, lam=0.0):
    return top(X) / 4


@mistake("puts the ridge under the quarter", hint="outside the quarter")
def ridge_quartered(X, lam=0.0):
    return (top(X) + lam) / 4


@mistake("adds half the ridge, as in the objective", hint="adds lam to the bound")
def half_ridge(X, lam=0.0):
    return top(X) / 4 + lam / 2


@mistake("does not square the largest singular value", hint="square of the largest singular value")
def not_squared(X, lam=0.0):
    return np.linalg.norm(np.asarray(X, dtype=float), 2) / 4 + lam


@mistake("takes the smallest eigenvalue", hint="largest eigenvalue")
def smallest(X, lam=0.0):
    return np.linalg.eigvalsh(X.T @ X)[0] / 4 + lam


@mistake("takes the largest diagonal entry", hint="largest eigenvalue")
def diagonal(X, lam=0.0):
    return np.max(np.sum(X**2, axis=0)) / 4 + lam


@mistake("takes the longest patch", hint="largest eigenvalue")
def longest_patch(X, lam=0.0):
    return np.max(np.sum(X**2, axis=1)) / 4 + lam


@mistake("stops the power iteration after one round", hint="largest eigenvalue")
def one_round(X, lam=0.0):
    v = np.eye(X.shape[1])[0]
    return np.linalg.norm(X.T @ (X @ v)) / 4 + lam


@mistake("stops a power iteration before it has arrived", hint="it is no bound")
def twenty_iterations(X, lam=0.0):
    X = np.asarray(X, dtype=float)
    v, size = np.random.default_rng(0).normal(size=X.shape[1]), 0.0
    for _ in range(20):
        v = X.T @ (X @ v)
        size = np.linalg.norm(v)
        v /= size
    return size / 4 + lam


@mistake("takes the longest column for the largest eigenvalue", hint="largest eigenvalue of X'X")
def longest_column(X, lam=0.0):
    return np.max(np.sum(np.square(X, dtype=float), axis=0)) / 4 + lam


@mistake("returns an array of one number", hint="a quarter")
def in_an_array(X, lam=0.0):
    return np.array([top(X) / 4 + lam])


@mistake("stops a power iteration after a hundred rounds", hint="until it has arrived")
def hundred_rounds(X, lam=0.0):
    X = np.asarray(X, dtype=float)
    v = np.ones(X.shape[1]) + 0.01 * np.arange(X.shape[1])
    for _ in range(100):
        v = X.T @ (X @ v)
        v = v / np.linalg.norm(v)
    return float(v @ (X.T @ (X @ v))) / 4 + lam


@alternative
def by_singular_values(X, lam=0.0):
    return float(svdvals(np.asarray(X, dtype=float))[0] ** 2 / 4 + lam)


@alternative
def by_power_iteration(X, lam=0.0):
    X = np.asarray(X, dtype=float)
    v = np.random.default_rng(3).normal(size=X.shape[1])
    size = 0.0
    for _ in range(200):
        u = X.T @ (X @ v)
        size = np.linalg.norm(u)
        v = u / size
    return 0.25 * size + lam


@alternative
def by_scipy(X, lam=0.0):
    X = np.asarray(X, dtype=float)
    H = X.T @ X / 4 + lam * np.eye(X.shape[1])
    return eigh(H, eigvals_only=True, subset_by_index=[len(H) - 1, len(H) - 1])[0]
