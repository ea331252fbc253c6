"""What goes wrong, and what else is right, in `direction_prior_logpdf`."""

import numpy as np
from scipy.stats import norm

from autograder.judge.bank import alternative, mistake


def constant(rho, sigma):
    return np.log(rho * sigma * np.sqrt(2 * np.pi))


def right(r, rho, sigma, power=1):
    with np.errstate(divide="ignore"):
        return (
            power * np.log(r)
            - 0.5 * ((r - rho) / sigma) ** 2
            + np.log(-np.expm1(-2 * r * rho / sigma**2))
            - constant(rho, sigma)
        )


@mistake("lets sinh overflow", hint="overflows from 710 on")
def sinh_overflows(r, rho, sigma):
    r = np.asarray(r, dtype=float)
    with np.errstate(all="ignore"):
        log_sinh = np.log(2 * np.sinh(r * rho / sigma**2))
        return np.log(r) + log_sinh - (r**2 + rho**2) / (2 * sigma**2) - constant(rho, sigma)


@mistake("has r squared, as if sinh(x) / x were the angle's part already", hint="r once and not squared")
def r_squared(r, rho, sigma):
    return right(np.asarray(r, dtype=float), rho, sigma, 2) - np.log(rho)


@mistake("forgets r", hint="r once")
def no_r(r, rho, sigma):
    return right(np.asarray(r, dtype=float), rho, sigma, 0) + np.log(rho)


@mistake("leaves the second exponential out", hint="a difference of two exponentials")
def one_exponential(r, rho, sigma):
    r = np.asarray(r, dtype=float)
    with np.errstate(divide="ignore"):
        return np.log(r) - 0.5 * ((r - rho) / sigma) ** 2 - constant(rho, sigma)


@mistake("adds the two exponentials", hint="a difference of two exponentials")
def sum_of_exponentials(r, rho, sigma):
    r = np.asarray(r, dtype=float)
    with np.errstate(divide="ignore"):
        return (
            np.log(r)
            - 0.5 * ((r - rho) / sigma) ** 2
            + np.log1p(np.exp(-2 * r * rho / sigma**2))
            - constant(rho, sigma)
        )


@mistake("is a normal density of the length", hint="a difference of two exponentials")
def normal(r, rho, sigma):
    return norm.logpdf(np.asarray(r, dtype=float), rho, sigma)


@mistake("is a Maxwell density around rho", hint="r once and not squared")
def maxwell(r, rho, sigma):
    r = np.asarray(r, dtype=float)
    with np.errstate(divide="ignore"):
        return 2 * np.log(r) - 0.5 * ((r - rho) / sigma) ** 2 - np.log(rho**2 * sigma * np.sqrt(2 * np.pi))


@mistake("subtracts exponentials that are nearly equal", hint="np.expm1")
def cancels(r, rho, sigma):
    r = np.asarray(r, dtype=float)
    with np.errstate(divide="ignore"):
        return (
            np.log(r)
            - 0.5 * ((r - rho) / sigma) ** 2
            + np.log(1 - np.exp(-2 * r * rho / sigma**2))
            - constant(rho, sigma)
        )


@mistake("takes sigma for a variance", hint="sigma a standard deviation")
def variance(r, rho, sigma):
    return right(np.asarray(r, dtype=float), rho, np.sqrt(sigma))


@mistake("returns the density", hint="the logarithm of it all")
def density(r, rho, sigma):
    return np.exp(right(np.asarray(r, dtype=float), rho, sigma))


@mistake("has a factor 2 in its constant", hint="sqrt(2 pi)")
def half(r, rho, sigma):
    return right(np.asarray(r, dtype=float), rho, sigma) - np.log(2)


@alternative
def by_log_normalizer(r, rho, sigma):
    r = np.asarray(r, dtype=float)
    a = np.maximum(r * rho / sigma**2, 1e-300)
    with np.errstate(divide="ignore"):
        log_sinhc = np.log(-np.expm1(-2 * a) / (2 * a))
        return (
            np.log(4 * np.pi * r**2) - 1.5 * np.log(2 * np.pi * sigma**2) + log_sinhc - 0.5 * ((r - rho) / sigma) ** 2
        )


@alternative
def by_loop(r, rho, sigma):
    def one(x):
        if x == 0:
            return -np.inf
        return right(x, rho, sigma)

    r = np.asarray(r, dtype=float)
    return np.array([one(x) for x in r.ravel()]).reshape(r.shape)
