"""Oracles and inputs that several checks of Lab 8 share."""

import autograd.numpy as anp
import numpy as np

from autograder.checks.lab7.common import squared_errors

PARENTS = np.array([0, 0, 1, 1, 3])  # forked, and two bones long


def sphere(n=100):
    """Nodes (N, 3) and weights (N,) of a quadrature over the unit sphere: Gauss and Legendre's in z, equidistant around."""
    z, weight = np.polynomial.legendre.leggauss(n)
    angle = np.pi * np.arange(2 * n) / n
    flat = np.sqrt(1.0 - z**2)
    nodes = [np.outer(flat, np.cos(angle)), np.outer(flat, np.sin(angle)), np.outer(z, np.ones(2 * n))]
    return np.stack(nodes, axis=-1).reshape(-1, 3), np.repeat(weight * np.pi / n, 2 * n)


def unit_vectors(rng, *shape):
    """Directions (..., 3), uniform on the sphere."""
    vectors = rng.normal(size=(*shape, 3))
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def vmf(rng, m):
    """Directions around natural parameters m (..., 3) of moderate length, each the first uniform one that is not rejected."""
    drawn, kappa = np.zeros(m.shape), np.linalg.norm(m, axis=-1)
    left = np.ones(kappa.shape, dtype=bool)
    while left.any():
        u = unit_vectors(rng, left.sum())
        keep = np.log(rng.random(len(u))) < np.sum(m[left] * u, axis=-1) - kappa[left]
        places = np.argwhere(left)[keep]
        drawn[tuple(places.T)] = u[keep]
        left[tuple(places.T)] = False
    return drawn


def turned(U, angle):
    """Vectors (T, K, 3) turned by an angle (T,) about z, counterclockwise seen from above."""
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    return np.stack([cos * U[..., 0] - sin * U[..., 1], sin * U[..., 0] + cos * U[..., 1], U[..., 2]], axis=-1)


def log_sinhc(k):
    """log(sinh(k) / k) of positive k, for autograd too."""
    return k + anp.log(1.0 - anp.exp(-2.0 * k)) - anp.log(2.0 * k)


def body(rng, num_frames):
    """A body (T, 5, 3) on `PARENTS` in the middle of a `rig`: bones of some 30 mm, steps of a few mm."""
    rest = 30.0 * unit_vectors(rng, 5)
    X = np.zeros((num_frames, 5, 3))
    for k in range(1, 5):
        X[:, k] = X[:, PARENTS[k]] + rest[k] + 2.0 * rng.normal(size=(num_frames, 3))
    steps = 3.0 * rng.normal(size=(num_frames, 1, 3))
    return X + np.cumsum(steps, axis=0) + np.array([0.0, 0.0, 50.0])


def m1_part(X, P, Y, params):
    """Log joint of detections and walk, the outliers summed out, up to a constant; variances are numbers here."""
    r2, seen = squared_errors(X, P, Y), np.isfinite(Y).all(axis=-1)
    inner, outer, prior = (params[name] for name in ("omega2_in", "omega2_out", "outlier_prob"))
    good, bad = np.log((1 - prior) / inner) - 0.5 * r2 / inner, np.log(prior / outer) - 0.5 * r2 / outer
    walk = anp.sum((X[1:] - X[:-1]) ** 2 / params["eta2"][:, None])
    return anp.sum(anp.logaddexp(good, bad) * seen) - 0.5 * walk
