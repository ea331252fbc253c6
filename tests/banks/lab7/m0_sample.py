"""What goes wrong, and what else is right, in `m0_sample`."""

import numpy as np
from scipy.linalg import cholesky_banded, solve_banded

from autograder.judge.bank import alternative, mistake
from solutions.triangulation import chain_bands, data_terms, m0_map, random_walk_precision


def banded(P, Y, eta2, omega2):
    """The mode, and the upper banded form of the precision."""
    X = m0_map(P, Y, eta2, omega2)
    _, curvature = data_terms(P, Y, X, np.isfinite(Y).all(axis=-1) / omega2)
    return X, chain_bands(curvature, random_walk_precision(len(Y), eta2))


def dense(bands):
    H = np.diag(bands[3])
    for k in (1, 2, 3):
        H = H + np.diag(bands[3 - k, k:], k) + np.diag(bands[3 - k, k:], -k)
    return H


def around(X, noise):
    """Samples from deviations (3 T, S)."""
    return X + noise.T.reshape(-1, *X.shape)


@mistake("multiplies by the factor instead of solving", hint="solution of U s = z")
def multiplies(P, Y, eta2, omega2, num_samples, rng):
    X, bands = banded(P, Y, eta2, omega2)
    U = np.linalg.cholesky(dense(bands)).T
    return around(X, U @ rng.normal(size=(X.size, num_samples)))


@mistake("solves with the transposed factor", hint="mixes the coordinates up")
def transposed(P, Y, eta2, omega2, num_samples, rng):
    X, bands = banded(P, Y, eta2, omega2)
    return around(X, np.linalg.solve(np.linalg.cholesky(dense(bands)), rng.normal(size=(X.size, num_samples))))


@mistake("solves with the precision instead of its factor", hint="solution of U s = z")
def whole_precision(P, Y, eta2, omega2, num_samples, rng):
    X, bands = banded(P, Y, eta2, omega2)
    return around(X, np.linalg.solve(dense(bands), rng.normal(size=(X.size, num_samples))))


@mistake("draws each coordinate for itself", hint="solution of U s = z")
def independent(P, Y, eta2, omega2, num_samples, rng):
    X, bands = banded(P, Y, eta2, omega2)
    sd = np.sqrt(np.diag(np.linalg.inv(dense(bands))))
    return X + (sd * rng.normal(size=(num_samples, X.size))).reshape(-1, *X.shape)


@mistake("takes the diagonal of the precision for all of it", hint="solution of U s = z")
def diagonal(P, Y, eta2, omega2, num_samples, rng):
    X, bands = banded(P, Y, eta2, omega2)
    return around(X, rng.normal(size=(X.size, num_samples)) / np.sqrt(bands[3])[:, None])


@mistake("leaves the mode out", hint="the mode plus")
def no_mode(P, Y, eta2, omega2, num_samples, rng):
    X, bands = banded(P, Y, eta2, omega2)
    return around(0 * X, solve_banded((0, 3), cholesky_banded(bands), rng.normal(size=(X.size, num_samples))))


@mistake("uses the walk's precision alone for the noise", hint="solution of U s = z")
def prior_only(P, Y, eta2, omega2, num_samples, rng):
    X, bands = banded(P, Y, eta2, omega2)
    steps = np.sqrt(eta2) * rng.normal(size=(num_samples, *X.shape))
    return X + np.cumsum(steps, axis=1)


@mistake("draws uniform instead of normal numbers", hint="standard normal z")
def uniform(P, Y, eta2, omega2, num_samples, rng):
    X, bands = banded(P, Y, eta2, omega2)
    return around(X, solve_banded((0, 3), cholesky_banded(bands), rng.uniform(-1, 1, size=(X.size, num_samples))))


@mistake("draws uniform numbers of the right variance", hint="standard normal z")
def uniform_of_variance_one(P, Y, eta2, omega2, num_samples, rng):
    X, bands = banded(P, Y, eta2, omega2)
    noise = np.sqrt(12.0) * rng.uniform(-0.5, 0.5, size=(X.size, num_samples))
    return around(X, solve_banded((0, 3), cholesky_banded(bands), noise))


@mistake("draws one sample and repeats it", hint="Every sample takes fresh numbers")
def repeated(P, Y, eta2, omega2, num_samples, rng):
    X, bands = banded(P, Y, eta2, omega2)
    one = solve_banded((0, 3), cholesky_banded(bands), rng.normal(size=(X.size, 1)))
    return around(X, np.repeat(one, num_samples, axis=1))


@mistake("draws from NumPy's global generator", hint="from nowhere else")
def global_generator(P, Y, eta2, omega2, num_samples, rng):
    X, bands = banded(P, Y, eta2, omega2)
    return around(X, solve_banded((0, 3), cholesky_banded(bands), np.random.normal(size=(X.size, num_samples))))  # noqa: NPY002


@mistake("starts a generator with a seed of its own", hint="another seed others")
def own_seed(P, Y, eta2, omega2, num_samples, rng):
    X, bands = banded(P, Y, eta2, omega2)
    noise = np.random.default_rng(0).normal(size=(X.size, num_samples))
    return around(X, solve_banded((0, 3), cholesky_banded(bands), noise))


@mistake("reshapes without transposing", hint="mixes the coordinates up")
def not_transposed(P, Y, eta2, omega2, num_samples, rng):
    X, bands = banded(P, Y, eta2, omega2)
    noise = solve_banded((0, 3), cholesky_banded(bands), rng.normal(size=(X.size, num_samples)))
    return X + noise.reshape(num_samples, *X.shape)


@mistake("puts the samples last", hint="the mode plus")
def samples_last(P, Y, eta2, omega2, num_samples, rng):
    X, bands = banded(P, Y, eta2, omega2)
    noise = solve_banded((0, 3), cholesky_banded(bands), rng.normal(size=(X.size, num_samples)))
    return np.moveaxis(around(X, noise), 0, -1)


@alternative
def by_the_dense_covariance(P, Y, eta2, omega2, num_samples, rng):
    X, bands = banded(P, Y, eta2, omega2)
    return rng.multivariate_normal(X.ravel(), np.linalg.inv(dense(bands)), size=num_samples).reshape(-1, *X.shape)


@alternative
def from_the_lower_factor(P, Y, eta2, omega2, num_samples, rng):
    X, bands = banded(P, Y, eta2, omega2)
    L = np.linalg.cholesky(dense(bands))
    return np.array(
        [X + np.linalg.solve(L.T, rng.standard_normal(X.size)).reshape(X.shape) for _ in range(num_samples)]
    )


@alternative
def by_eigenvectors(P, Y, eta2, omega2, num_samples, rng):
    X, bands = banded(P, Y, eta2, omega2)
    values, vectors = np.linalg.eigh(dense(bands))
    return around(X, (vectors / np.sqrt(values)) @ rng.normal(size=(X.size, num_samples)))
