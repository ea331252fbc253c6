"""Checks of `direction_prior_logpdf`."""

import numpy as np
import pytest
from scipy.stats import ncx2

from autograder import agree, hint, points


@points(1)
@hint(
    "|rho u + sigma e| has the density r / (rho sigma sqrt(2 pi)) times a difference of two exponentials: r once "
    "and not squared, sigma a standard deviation, and the logarithm of it all."
)
@pytest.mark.parametrize("ratio", [0.2, 0.7, 2.0])
def test_is_the_density_of_a_length(direction_prior_logpdf, ratio, rng):
    rho = rng.uniform(20.0, 60.0)
    sigma = ratio * rho
    r = np.maximum(rho + sigma * rng.uniform(-2.5, 2.5, size=(2, 4)), 0.3 * sigma)
    # The squared length of a normal vector with mean rho u, in units of sigma^2, is noncentral chi-squared.
    expected = ncx2.logpdf((r / sigma) ** 2, 3, (rho / sigma) ** 2) + np.log(2 * r / sigma**2)
    agree(direction_prior_logpdf(r, rho, sigma), expected, rtol=1e-7, atol=1e-7)


@points(1)
@hint(
    "If smaller numbers come out right: sinh(r rho / sigma^2) overflows from 710 on. Take the larger exponential out "
    "before anything is exponentiated: with (r - rho)^2 in the exponent, what is left in brackets is 1 - exp(-2 r rho"
    " / sigma^2)."
)
def test_does_not_overflow(direction_prior_logpdf, rng):
    rho = rng.uniform(20.0, 60.0)
    for ratio in (1e-3, 0.02):
        r = rho * (1 + ratio * rng.uniform(-4.0, 4.0, size=5))
        sigma = ratio * rho
        # The second exponential is smaller by a factor of exp(-2000) at least.
        expected = np.log(r / (rho * sigma * np.sqrt(2 * np.pi))) - 0.5 * ((r - rho) / sigma) ** 2
        agree(direction_prior_logpdf(r, rho, sigma), expected, rtol=1e-8, atol=1e-8)


@points(1)
@hint(
    "If other lengths come out right: near r = 0 the two exponentials are nearly equal, and their difference loses "
    "its digits: 1 - exp(-x) for tiny x is -np.expm1(-x). At 0 itself the logarithm is -inf."
)
def test_keeps_its_digits_near_zero(direction_prior_logpdf):
    rho, sigma = 40.0, 20.0
    r = np.array([1e-10, 1e-6])
    # sinh(x) = x: the density grows like that of a ball's shell.
    expected = np.log(np.sqrt(2 / np.pi) * r**2 / sigma**3) - 0.5 * (rho / sigma) ** 2
    agree(direction_prior_logpdf(r, rho, sigma), expected, rtol=1e-10)
    agree(direction_prior_logpdf(np.array([0.0, 1.0]), rho, sigma)[:1], [-np.inf])
