"""What goes wrong, and what else is right, in `bernoulli_logpmf`."""

import math

import numpy as np
from scipy import special

from autograder.judge.bank import alternative, mistake


def right(y, p):
    with np.errstate(divide="ignore"):
        return np.where(np.equal(y, 1), np.log(p), np.where(np.equal(y, 0), np.log1p(-np.asarray(p)), -np.inf))


@mistake("multiplies zero by the logarithm of zero", hint="0 * log 0")
def zero_times_infinity(y, p):
    return y * np.log(p) + (1 - y) * np.log(1 - p)


@mistake("adds a small number inside the logarithm", hint="log(p + eps)")
def with_epsilon(y, p):
    return np.where(y == 1, np.log(p + 1e-12), np.where(y == 0, np.log(1 - p + 1e-12), -np.inf))


@mistake("clips the probabilities", hint="clipped p")
def clipped(y, p):
    q = np.clip(p, 1e-12, 1 - 1e-12)
    return np.where(y == 1, np.log(q), np.where(y == 0, np.log1p(-q), -np.inf))


@mistake("turns infinities into large numbers", hint="never gets to -inf")
def finite(y, p):
    return np.nan_to_num(right(y, p))


@mistake("returns the pmf instead of its logarithm", hint="log pmf")
def pmf(y, p):
    return np.exp(right(y, p))


@mistake("returns minus the log pmf", hint="log pmf")
def negative(y, p):
    return -right(y, p)


@mistake("swaps p and 1 - p", hint="log p + (1 - y)")
def swapped(y, p):
    return right(y, 1 - np.asarray(p))


@mistake("forgets the term of y = 0", hint="log p + (1 - y)")
def ones_only(y, p):
    return np.where(y == 1, np.log(p), np.where(y == 0, 0.0, -np.inf))


@mistake("gives outcomes other than 0 and 1 the probability of a 0", hint="Any other y")
def else_zero(y, p):
    return np.where(np.asarray(y) == 1, np.log(p), np.log1p(-np.asarray(p)))


@mistake("takes any y > 0 for a 1", hint="Any other y")
def truthy(y, p):
    return right((np.asarray(y) > 0).astype(int), p)


@mistake("casts y to an integer, so that 0.5 becomes 0", hint="Any other y")
def truncates_y(y, p):
    return right(np.asarray(y).astype(int), p)


@mistake("extends the formula to outcomes other than 0 and 1", hint="Any other y")
def formula_everywhere(y, p):
    return special.xlogy(y, p) + special.xlog1py(1 - np.asarray(y), -np.asarray(p))


@mistake("raises an error for outcomes other than 0 and 1", hint="Any other y")
def refuses(y, p):
    if not np.isin(y, [0, 1]).all():
        raise ValueError("y must be 0 or 1")
    return right(y, p)


@mistake("returns NaN for outcomes other than 0 and 1", hint="Any other y")
def nan_outside(y, p):
    return np.where(np.isin(y, [0, 1]), right(y, p), np.nan)


@mistake("returns 0 for outcomes other than 0 and 1", hint="Any other y")
def zero_outside(y, p):
    return np.where(np.isin(y, [0, 1]), right(y, p), 0.0)


@mistake("sums over the outcomes", hint="nothing summed")
def summed(y, p):
    return np.sum(right(y, p))


@mistake("does not broadcast", hint="broadcast")
def first_shape_only(y, p):
    y = np.asarray(y)
    values = np.empty(y.shape)
    p = np.resize(p, y.shape)
    values[...] = right(y, p)
    return values


@mistake("takes logarithms to base 10", hint="natural logarithm")
def base_ten(y, p):
    return right(y, p) / np.log(10.0)


@mistake("takes logarithms to base 2", hint="natural logarithm")
def base_two(y, p):
    return right(y, p) / np.log(2.0)


@mistake("loses small probabilities by rounding", hint="never gets to -inf")
def from_odds(y, p):
    odds = np.asarray(p) + 1e-16
    return np.where(np.asarray(y) == 1, np.log(odds), np.where(np.asarray(y) == 0, np.log1p(-np.asarray(p)), -np.inf))


@mistake("writes the bounds into p", hint="Work on a copy")
def in_place(y, p):
    value = right(y, p)
    p = np.asarray(p)
    if p.ndim:
        np.clip(p, 0.1, 0.2, out=p)
    return value


@mistake("takes what is nearly 1 for 1", hint="0.999")
def nearly_one(y, p):
    return np.where(np.isclose(y, 1, rtol=0, atol=1e-8), right(1, p), right(y, p))


@alternative
def by_mass(y, p):
    y, p = np.asarray(y), np.asarray(p)
    return np.log(np.where(y == 1, p, np.where(y == 0, 1 - p, 0.0)))


@alternative
def by_scipy(y, p):
    from scipy import stats

    return stats.bernoulli.logpmf(y, p)


@alternative
def by_loop(y, p):
    y, p = np.broadcast_arrays(y, p)
    values = []
    for outcome, probability in zip(y.ravel(), p.ravel(), strict=True):
        mass = probability if outcome == 1 else 1 - probability if outcome == 0 else 0.0
        values.append(math.log(mass) if mass > 0 else -math.inf)
    return np.array(values).reshape(y.shape)


@alternative
def by_xlogy(y, p):
    y = np.asarray(y, float)
    value = special.xlogy(y, p) + special.xlog1py(1 - y, -np.asarray(p, float))
    return np.where((y == 0) | (y == 1), value, -np.inf)
