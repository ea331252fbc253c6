"""What goes wrong, and what else is right, in `mean_resultant`."""

import numpy as np
from scipy.special import ive

from autograder.judge.bank import alternative, mistake


@mistake("lets cosh and sinh overflow", hint="tanh does not")
def overflows(kappa):
    kappa = np.asarray(kappa, dtype=float)
    large = np.maximum(kappa, 0.1)
    with np.errstate(all="ignore"):
        return np.where(kappa < 0.1, series(kappa), np.cosh(large) / np.sinh(large) - 1 / large)


def series(kappa):
    return kappa / 3 - kappa**3 / 45 + 2 * kappa**5 / 945 - kappa**7 / 4725


@mistake("cancels near 0", hint="their digits cancel")
def cancels(kappa):
    kappa = np.asarray(kappa, dtype=float)
    with np.errstate(all="ignore"):
        return np.where(kappa == 0, 0.0, 1 / np.tanh(kappa) - 1 / kappa)


@mistake("is not a number at 0", hint="infinity minus infinity")
def nan_at_zero(kappa):
    kappa = np.asarray(kappa, dtype=float)
    with np.errstate(all="ignore"):
        return np.where((kappa < 0.1) & (kappa > 0), series(kappa), 1 / np.tanh(kappa) - 1 / kappa)


@mistake("uses the first term of the series too far", hint="up to the kappa where both are good")
def short_series(kappa):
    kappa = np.asarray(kappa, dtype=float)
    large = np.maximum(kappa, 0.1)
    return np.where(kappa < 0.1, kappa / 3, 1 / np.tanh(large) - 1 / large)


@mistake("leaves the series for the formula too early", hint="up to the kappa where both are good")
def formula_too_early(kappa):
    kappa = np.asarray(kappa, dtype=float)
    large = np.maximum(kappa, 1e-4)
    return np.where(kappa < 1e-4, kappa / 3, 1 / np.tanh(large) - 1 / large)


def right(kappa):
    kappa = np.asarray(kappa, dtype=float)
    large = np.maximum(kappa, 0.1)
    return np.where(kappa < 0.1, series(kappa), 1 / np.tanh(large) - 1 / large)


@mistake("has the wrong sign in the last term of the series", hint="their digits cancel")
def last_sign(kappa):
    kappa = np.asarray(kappa, dtype=float)
    large = np.maximum(kappa, 0.1)
    return np.where(kappa < 0.1, series(kappa) + 2 * kappa**7 / 4725, 1 / np.tanh(large) - 1 / large)


@mistake("has the wrong sign", hint="positive, growing from 0 to 1")
def negative(kappa):
    return -right(kappa)


@mistake("has tanh instead of coth", hint="coth is one over tanh")
def tanh(kappa):
    kappa = np.asarray(kappa, dtype=float)
    large = np.maximum(kappa, 0.1)
    return np.where(kappa < 0.1, series(kappa), np.tanh(large) - 1 / large)


@mistake("forgets 1 / kappa", hint="coth(kappa) - 1 / kappa")
def no_pole(kappa):
    kappa = np.asarray(kappa, dtype=float)
    return np.where(kappa < 0.1, series(kappa), 1 / np.tanh(np.maximum(kappa, 0.1)))


@mistake("is that of the circle", hint="coth(kappa) - 1 / kappa")
def circle(kappa):
    kappa = np.asarray(kappa, dtype=float)
    return np.where(
        kappa > 1e8, 1.0 - 0.5 / np.maximum(kappa, 1.0), ive(1, np.minimum(kappa, 1e8)) / ive(0, np.minimum(kappa, 1e8))
    )


@mistake("is 1 from a moderate kappa on", hint="tanh does not")
def saturated(kappa):
    return np.where(np.asarray(kappa) > 700, 1.0, right(kappa))


@alternative
def longer_series(kappa):
    kappa = np.asarray(kappa, dtype=float)
    small = kappa / 3 * (1 - kappa**2 / 15 * (1 - kappa**2 * 2 / 21 * (1 - kappa**2 / 10)))
    large = np.maximum(kappa, 0.05)
    return np.where(kappa < 0.05, small, 1 / np.tanh(large) - 1 / large)


@alternative
def by_exponentials(kappa):
    kappa = np.asarray(kappa, dtype=float)
    large = np.maximum(kappa, 0.1)
    e = np.exp(-2 * large)
    return np.where(kappa < 0.1, series(kappa), (1 + e) / -np.expm1(-2 * large) - 1 / large)
