"""Oracles and inputs that several checks of Lab 3 share."""

import autograd
import autograd.numpy as anp
import numpy as np
from scipy.optimize import root
from scipy.special import expit


def patches(rng, num_examples, num_pixels):
    """Random patches with labels that depend on them; the activations of weights of order one stay moderate."""
    X = rng.normal(size=(num_examples, num_pixels)) / np.sqrt(num_pixels)
    return X, (rng.uniform(size=num_examples) < expit(2.0 * X.sum(axis=1) + 0.5)).astype(float)


def objective(X, y, lam):
    """The penalised negative log likelihood, in a form that autograd can differentiate."""
    return lambda w: anp.sum(anp.logaddexp(0.0, X @ w) - y * (X @ w)) + 0.5 * lam * anp.sum(w**2)


def newton_by_autograd(w, X, y, lam):
    """Newton's step from automatic derivatives."""
    f = objective(X, y, lam)
    return -np.linalg.solve(autograd.hessian(f)(w), autograd.grad(f)(w))


def assert_is_a_step(step, size):
    """Hold that a vector came back, where the check is about what it costs and others look at its value."""
    assert np.shape(step) == (size,), f"returned shape {np.shape(step)}, expected {(size,)}"
    assert np.all(np.isfinite(step)), "not all entries are finite"


def residual(step, w, X, y, lam):
    """H step + g, relative to g, by products alone: for D too large for a Hessian."""
    p = expit(X @ w)
    g = X.T @ (p - y) + lam * w
    return np.linalg.norm(X.T @ (p * (1.0 - p) * (X @ step)) + lam * step + g) / np.linalg.norm(g)


def assert_solves(step, w, X, y, lam, tolerance):
    """Hold that a step solves Newton's equation, where D is too large for a Hessian."""
    left = residual(step, w, X, y, lam)
    assert left < tolerance, f"H d + g is {left:.0e} times as large as g, where it should be below {tolerance:.0e}"


def positive_definite(rng, size, smallest=1.0, largest=10.0):
    """A random symmetric matrix with eigenvalues spread evenly in their logarithms."""
    rotation, _ = np.linalg.qr(rng.normal(size=(size, size)))
    A = (rotation * np.geomspace(smallest, largest, size)) @ rotation.T
    return (A + A.T) / 2


def rotation(rng, size):
    """A random orthogonal matrix.

    Neither a loss nor the ridge, neither Newton's method nor BFGS from B = I, cares about a rotation of the weights. So a
    fixed problem, turned, has other numbers on every seed, and yet each right and each wrong answer walks the same way:
    where a verdict hangs on the speed of a slow method, only this makes it the same for everybody.
    """
    Q, R = np.linalg.qr(rng.normal(size=(size, size)))
    return Q * np.sign(np.diag(R))


def assert_measures_the_gradient(minimise, w0, norm):
    """Hold that the norm of the gradient at the start, `norm`, and nothing else is what is compared with `tol`.

    The entries of that gradient are to be of one size, the curvature is not to be 1: then the largest entry, a mean, a relative
    norm, the length of the step and the promised decrease are all far from the norm.
    """
    for factor, most in ((1.0001, 1), (0.9999, None)):
        _, history = minimise(w0, tol=factor * norm)
        said = f"with a gradient of norm {norm:.4g} at the start and tol = {factor * norm:.4g} history has {len(history)} rows"
        assert len(history) == most if most else len(history) > 1, said


def bfgs_through_the_hessian(B, s, q):
    """The update of the Hessian approximation itself, whose inverse the update of the inverse must be."""
    H = np.linalg.inv(B)
    return np.linalg.inv(H + np.outer(q, q) / (q @ s) - np.outer(H @ s, H @ s) / (s @ H @ s))


def problem_with_optimum(rng):
    """A small penalised problem and its minimiser to the last digits, by scipy's root finder and one polish."""
    X, lam = rng.normal(size=(40, 4)), 1.0
    y = (rng.uniform(size=40) < expit(X @ [2.0, -1.0, 1.0, 0.5] + 1.0)).astype(float)
    f = objective(X, y, lam)
    best = root(autograd.grad(f), np.zeros(4), jac=autograd.hessian(f), tol=1e-14).x
    return X, y, lam, best - np.linalg.solve(autograd.hessian(f)(best), autograd.grad(f)(best))


def turned_problem(rng):
    """One such problem, with its patches in random order and turned by a random rotation."""
    X, y, lam, best = problem_with_optimum(np.random.default_rng(1))
    Q, order = rotation(rng, 4), rng.permutation(40)
    return X[order] @ Q, y[order], lam, best @ Q
