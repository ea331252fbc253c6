"""Checks of `distance_prior_logpdf`."""

import numpy as np
import pytest
from scipy.integrate import quad

from autograder import agree, hint, points


def expected(r, rho, sigma):
    """The shape that the prior gives a length, normalised by quadrature."""
    low, high = max(0.0, rho - 15 * sigma), rho + 15 * sigma
    total, _ = quad(lambda x: x**2 * np.exp(-0.5 * ((x - rho) / sigma) ** 2), low, high, points=[rho], limit=200)
    return 2 * np.log(r) - 0.5 * ((r - rho) / sigma) ** 2 - np.log(total)


@points(1)
@hint(
    "The density of a *length* has the area of its shell in it: r^2 times the normal density of r, and then a "
    "constant that makes the integral one. The result is its logarithm, and sigma a standard deviation."
)
@pytest.mark.parametrize("ratio", [0.02, 0.2])
def test_is_the_density_of_a_length(distance_prior_logpdf, ratio, rng):
    rho = rng.uniform(20.0, 60.0)
    r = rho * (1 + ratio * rng.uniform(-3.0, 3.0, size=(2, 4)))
    agree(distance_prior_logpdf(r, rho, ratio * rho), expected(r, rho, ratio * rho), rtol=1e-7, atol=1e-7)


@points(1)
@hint(
    "Lengths begin at 0, where the density is 0 and its logarithm -inf. Where sigma is as large as rho, the part "
    "of the normal density below 0 is not to be counted: the constant has Phi(rho / sigma) and phi(rho / sigma) "
    "in it."
)
def test_begins_at_zero(distance_prior_logpdf, rng):
    rho = rng.uniform(20.0, 60.0)
    r = rho * rng.uniform(0.2, 4.0, size=5)
    for ratio in (1.0, 3.0):
        agree(
            distance_prior_logpdf(r, rho, ratio * rho) - 2 * np.log(r),
            expected(r, rho, ratio * rho) - 2 * np.log(r),
            atol=1e-6,
        )
    agree(distance_prior_logpdf(np.array([0.0, rho]), rho, rho)[:1], [-np.inf])
