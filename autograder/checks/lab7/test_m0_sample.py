"""Checks of `m0_sample`."""

import autograd
import numpy as np
from scipy.optimize import minimize

from autograder import hint, no_probe, points
from autograder.checks.lab7.common import m0_log_joint, path, pixels, rig

NUM_SAMPLES = 8000


def posterior(P, Y, eta2, omega2, start):
    """Mode and dense covariance of the Laplace approximation."""
    flat = lambda x: -m0_log_joint(x.reshape(start.shape), P, Y, eta2, omega2)  # noqa: E731
    bend = autograd.hessian(flat)
    mode = minimize(flat, start.ravel(), jac=autograd.grad(flat), hess=bend, method="trust-exact").x
    return mode, np.linalg.inv(bend(mode))


@points(1)
@hint(
    "With the precision U'U, a sample is the mode plus the solution of U s = z for standard normal z (solve_banded with no lower and three "
    "upper diagonals). U'z has the precision as its covariance, and solving with U' mixes the coordinates up."
)
def test_has_the_covariance_of_the_posterior(m0_sample, rng):
    P, X = rig(rng, 3), path(rng, 4, 30.0)
    Y = pixels(P, X) + 0.5 * rng.normal(size=(4, 3, 2))
    Y[1, 0] = Y[2] = np.nan
    samples = m0_sample(P, Y, 30.0, 4.0, NUM_SAMPLES, rng)
    assert np.shape(samples) == (NUM_SAMPLES, 4, 3), f"samples have shape {np.shape(samples)}, expected (8000, 4, 3)"
    mode, covariance = posterior(P, Y, 30.0, 4.0, X)
    # Right samples, seen from the mode in units of the posterior, are independent standard normal numbers: z = U s.
    factor = np.linalg.cholesky(np.linalg.inv(covariance)).T
    standard = factor @ (np.reshape(samples, (NUM_SAMPLES, 12)) - mode).T
    centre = np.abs(standard.mean(axis=1)).max()
    assert centre < 6.0 / np.sqrt(NUM_SAMPLES), (
        f"the mean of the samples is {centre:.2g} standard deviations off the mode"
    )
    # Six standard errors of a covariance, and 3 % for the curvature of the projection, which Gauss and Newton leave out.
    worst = np.abs(standard @ standard.T / NUM_SAMPLES - np.eye(12)).max()
    assert worst < 6.0 * np.sqrt(2.0 / NUM_SAMPLES) + 0.03, (
        f"in units of the posterior the samples' covariance is {worst:.2g} off the identity matrix"
    )
    # The fourth moment of a normal number is 3, with a standard error of sqrt(96 / n); of a uniform one it is 1.8.
    fourth = np.mean(standard**4)
    assert abs(fourth - 3.0) < 0.6, f"the fourth moment is {fourth:.2f}: normal numbers have 3, uniform ones 1.8"


@points(1)
@hint(
    "Every sample takes fresh numbers from rng, and from nowhere else: the same seed gives the same samples, another seed others."
)
@no_probe("integers", "float32")
def test_draws_from_the_generator_alone(m0_sample, rng):
    P, X = rig(rng, 3), path(rng, 3, 30.0)
    Y = pixels(P, X)
    one, again, other = (np.asarray(m0_sample(P, Y, 30.0, 4.0, 5, np.random.default_rng(s))) for s in (1, 1, 2))
    assert np.array_equal(one, again), "the same seed gave other samples"
    assert not np.any(one == other), "another seed gave some of the same numbers"
    assert len(np.unique(one, axis=0)) == 5, "samples of one call are equal"
