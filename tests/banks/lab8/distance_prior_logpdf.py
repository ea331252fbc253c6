"""What goes wrong, and what else is right, in `distance_prior_logpdf`."""

import numpy as np
from scipy.integrate import quad
from scipy.special import erf, ndtr
from scipy.stats import norm

from autograder.judge.bank import alternative, mistake


def shape(r, rho, sigma, power=2):
    with np.errstate(divide="ignore"):
        return power * np.log(r) - 0.5 * ((r - rho) / sigma) ** 2


def log_mass(rho, sigma, power=2, low=0.0):
    low = max(low, rho - 15 * sigma)
    points = [rho] if rho < rho + 15 * sigma else None
    total, _ = quad(
        lambda x: x**power * np.exp(-0.5 * ((x - rho) / sigma) ** 2), low, rho + 15 * sigma, points=points, limit=200
    )
    return np.log(total)


@mistake("leaves the area of the shell out", hint="area of its shell")
def no_area(r, rho, sigma):
    r = np.asarray(r, dtype=float)
    return shape(r, rho, sigma, 0) - log_mass(rho, sigma, 0)


@mistake("has r instead of r squared", hint="r^2 times the normal density")
def r_once(r, rho, sigma):
    r = np.asarray(r, dtype=float)
    return shape(r, rho, sigma, 1) - log_mass(rho, sigma, 1)


@mistake("has the third power of r", hint="r^2 times the normal density")
def r_cubed(r, rho, sigma):
    r = np.asarray(r, dtype=float)
    return shape(r, rho, sigma, 3) - log_mass(rho, sigma, 3)


@mistake("does not normalise", hint="a constant that makes the integral one")
def unnormalised(r, rho, sigma):
    return shape(np.asarray(r, dtype=float), rho, sigma)


@mistake("divides by the constant of the normal density alone", hint="a constant that makes the integral one")
def normal_constant(r, rho, sigma):
    r = np.asarray(r, dtype=float)
    return shape(r, rho, sigma) - np.log(sigma * np.sqrt(2 * np.pi))


@mistake("integrates from minus infinity", hint="not to be counted")
def from_minus_infinity(r, rho, sigma):
    r = np.asarray(r, dtype=float)
    return shape(r, rho, sigma) - np.log((rho**2 + sigma**2) * sigma * np.sqrt(2 * np.pi))


@mistake("forgets the boundary term of the integral", hint="phi(rho / sigma)")
def no_boundary_term(r, rho, sigma):
    r = np.asarray(r, dtype=float)
    mass = (rho**2 + sigma**2) * ndtr(rho / sigma)
    return shape(r, rho, sigma) - np.log(mass * sigma * np.sqrt(2 * np.pi))


@mistake("takes sigma for a variance", hint="sigma a standard deviation")
def variance(r, rho, sigma):
    return reference(r, rho, np.sqrt(sigma))


@mistake("returns the density", hint="its logarithm")
def density(r, rho, sigma):
    return np.exp(reference(r, rho, sigma))


@mistake("adds a small number before taking the logarithm", hint="its logarithm -inf")
def no_infinity(r, rho, sigma):
    return reference(np.asarray(r, dtype=float) + 1e-12, rho, sigma)


def reference(r, rho, sigma):
    r = np.asarray(r, dtype=float)
    return shape(r, rho, sigma) - log_mass(rho, sigma)


@alternative
def by_quadrature(r, rho, sigma):
    return reference(r, rho, sigma)


@alternative
def by_erf(r, rho, sigma):
    r = np.asarray(r, dtype=float)
    z = rho / sigma
    mass = sigma**3 * np.sqrt(np.pi / 2) * (1 + z**2) * (1 + erf(z / np.sqrt(2))) + sigma**3 * z * np.exp(-(z**2) / 2)
    return shape(r, rho, sigma) - np.log(mass)


@alternative
def by_scipys_normal(r, rho, sigma):
    r = np.asarray(r, dtype=float)
    z = rho / sigma
    second_moment = (rho**2 + sigma**2) * norm.cdf(z) + rho * sigma * norm.pdf(z)
    with np.errstate(divide="ignore"):
        return np.log(r**2) + norm.logpdf(r, rho, sigma) - np.log(second_moment)
