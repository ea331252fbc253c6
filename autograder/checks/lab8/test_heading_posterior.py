"""Checks of `heading_posterior`, by the posterior on a grid of headings."""

import numpy as np

from autograder import agree, hint, points
from autograder.checks.lab8.common import turned, unit_vectors

GRID = 2 * np.pi * np.arange(360) / 360


def problem(rng):
    """Directions (6, 4, 3) and two states, one sure of its first bone and the other of its last; the root knows nothing."""
    mu = unit_vectors(rng, 2, 4)
    kappa = np.array([[0.0, 9.0, 2.0, 0.5], [0.0, 0.5, 2.0, 9.0]])
    return unit_vectors(rng, 6, 4), np.array([0, 1, 1, 0, 1, 0]), mu, kappa


def first_harmonic(U, states, mu, kappa):
    """Cosine and sine coefficients (T,) of the log posterior as a function of the heading."""
    log_p = np.empty((len(U), len(GRID)))
    for g, h in enumerate(GRID):
        pull = kappa[states][..., None] * turned(mu[states], np.full(len(U), h))
        log_p[:, g] = np.sum(pull * U, axis=(1, 2))
    return 2 * log_p @ np.cos(GRID) / len(GRID), 2 * log_p @ np.sin(GRID) / len(GRID)


@points(1)
@hint(
    "Add up, over the bones, kappa times (mu_x u_x + mu_y u_y) and kappa times (mu_x u_y - mu_y u_x): the angle "
    "of that pair of sums is the most probable heading. Each bone counts with the kappa of the frame's own state, "
    "or the unsure ones have as much to say as the sure."
)
def test_location(heading_posterior, rng):
    arguments = problem(rng)
    cosine, sine = first_harmonic(*arguments)
    location, _ = heading_posterior(*arguments)
    difference = np.asarray(location) - np.arctan2(sine, cosine)
    agree((difference + np.pi) % (2 * np.pi) - np.pi, np.zeros(6), atol=1e-7)


@points(1)
@hint(
    "The concentration is the length of the pair of sums whose angle is the location: exp(concentration cos(h - "
    "location)). Bones that disagree take from it; and vertical ones have nothing to say."
)
def test_concentration(heading_posterior, rng):
    arguments = problem(rng)
    cosine, sine = first_harmonic(*arguments)
    _, concentration = heading_posterior(*arguments)
    agree(concentration, np.hypot(cosine, sine), rtol=1e-8, atol=1e-9)
    U, states, mu, kappa = arguments
    mu[..., :2] = 0.0
    mu[..., 2] = 1.0
    agree(heading_posterior(U, states, mu, kappa)[1], np.zeros(6), atol=1e-9)
