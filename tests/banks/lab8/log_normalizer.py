"""What goes wrong, and what else is right, in `log_normalizer`."""

import numpy as np
from scipy.special import ive

from autograder.judge.bank import alternative, mistake


@mistake("lets sinh overflow", hint="overflows from 710 on")
def sinh_overflows(kappa):
    kappa = np.asarray(kappa, dtype=float)
    with np.errstate(all="ignore"):
        return np.where(
            kappa < 1e-6, np.log(4 * np.pi), np.log(4 * np.pi * np.sinh(kappa) / np.where(kappa > 0, kappa, 1))
        )


@mistake("clips kappa at 700", hint="Take exp(kappa) out of it")
def clipped(kappa):
    kappa = np.clip(np.asarray(kappa, dtype=float), 1e-9, 700)
    return np.log(4 * np.pi * np.sinh(kappa) / kappa)


@mistake("is 0 / 0 at kappa = 0", hint="although the formula gives 0 / 0 there")
def nan_at_zero(kappa):
    kappa = np.asarray(kappa, dtype=float)
    with np.errstate(all="ignore"):
        return np.log(2 * np.pi) + kappa + np.log1p(-np.exp(-2 * kappa)) - np.log(kappa)


@mistake("cancels near 0", hint="4 pi, although")
def cancels(kappa):
    kappa = np.asarray(kappa, dtype=float)
    with np.errstate(all="ignore"):
        value = np.log(2 * np.pi) + kappa + np.log(1 - np.exp(-2 * kappa)) - np.log(kappa)
    return np.where(kappa == 0, np.log(4 * np.pi), value)


def right(kappa):
    kappa = np.maximum(np.asarray(kappa, dtype=float), 1e-300)
    return np.log(4 * np.pi) + kappa + np.log(-np.expm1(-2 * kappa) / (2 * kappa))


@mistake("leaves the area of the sphere out", hint="4 pi is the area of the sphere")
def no_area(kappa):
    return right(kappa) - np.log(4 * np.pi)


@mistake("has 2 pi instead of 4 pi", hint="4 pi")
def circle(kappa):
    return right(kappa) - np.log(2)


@mistake("is that of the density, minus the integral's", hint="4 pi sinh(kappa) / kappa")
def negative(kappa):
    return -right(kappa)


@mistake("returns the integral, not its logarithm", hint="its logarithm is asked for")
def integral(kappa):
    with np.errstate(over="ignore"):
        return np.exp(right(kappa))


@mistake("forgets to divide by kappa", hint="4 pi sinh(kappa) / kappa")
def no_kappa(kappa):
    return right(kappa) + np.log(np.maximum(np.asarray(kappa, dtype=float), 1e-300))


@mistake("has cosh instead of sinh", hint="4 pi sinh(kappa) / kappa")
def cosh(kappa):
    kappa = np.asarray(kappa, dtype=float)
    safe = np.maximum(kappa, 1e-300)
    value = np.log(2 * np.pi) + kappa + np.log1p(np.exp(-2 * kappa)) - np.log(safe)
    return np.where(kappa < 1e-6, np.log(4 * np.pi), value)


@alternative
def by_series_and_exponential(kappa):
    kappa = np.asarray(kappa, dtype=float)
    large = np.maximum(kappa, 1e-3)
    return np.where(
        kappa < 1e-3,
        np.log(4 * np.pi) + kappa**2 / 6,
        np.log(2 * np.pi) + large + np.log1p(-np.exp(-2 * large)) - np.log(large),
    )


@alternative
def by_bessel(kappa):
    kappa = np.asarray(kappa, dtype=float)
    safe = np.clip(kappa, 1e-8, 1e8)
    bessel = 1.5 * np.log(2 * np.pi) + np.log(ive(0.5, safe)) + safe - 0.5 * np.log(safe)
    asymptotic = kappa + np.log(2 * np.pi) - np.log(np.maximum(kappa, 1e-8))
    return np.where(kappa > 1e8, asymptotic, np.where(kappa < 1e-8, np.log(4 * np.pi), bessel))
