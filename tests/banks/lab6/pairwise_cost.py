import math

import numpy as np
from scipy import special

from autograder.judge.bank import alternative, mistake


def clipped(p):
    return np.clip(np.asarray(p, dtype=float), 1e-6, 1.0 - 1e-6)


@mistake("has the sign of the log odds", hint="negative where")
def log_odds(same_prob):
    p = clipped(same_prob)
    return np.log(p) - np.log1p(-p)


@mistake("clips probabilities at one hundredth", hint="log((1 - p) / p)")
def hundredth(same_prob):
    p = np.clip(np.asarray(same_prob, dtype=float), 0.01, 0.99)
    return np.log((1.0 - p) / p)


@mistake("takes minus the logarithm of p", hint="log((1 - p) / p)")
def surprise(same_prob):
    return -np.log(clipped(same_prob))


@mistake("takes the odds without a logarithm", hint="log((1 - p) / p)")
def odds(same_prob):
    p = clipped(same_prob)
    return (1.0 - p) / p


@mistake("takes 1/2 - p", hint="log((1 - p) / p)")
def linear(same_prob):
    return 0.5 - np.asarray(same_prob, dtype=float)


@mistake("takes logarithms to the base 10", hint="natural logarithms")
def base_ten(same_prob):
    p = clipped(same_prob)
    return np.log10((1.0 - p) / p)


@mistake("takes logarithms to the base 2", hint="natural logarithms")
def base_two(same_prob):
    p = clipped(same_prob)
    return np.log2((1.0 - p) / p)


@mistake("never lets a cost be negative", hint="negative where")
def positive(same_prob):
    p = clipped(same_prob)
    return np.maximum(np.log((1.0 - p) / p), 0.0)


@mistake("adds the logarithms", hint="log((1 - p) / p)")
def added(same_prob):
    p = clipped(same_prob)
    return np.log(p) + np.log1p(-p)


@mistake("calls certain pairs undecided", hint="At p = 0")
def undecided(same_prob):
    p = np.asarray(same_prob, dtype=float)
    inside = (p > 0) & (p < 1)
    return np.where(inside, np.log((1.0 - np.where(inside, p, 0.5)) / np.where(inside, p, 0.5)), 0.0)


@mistake("clips probabilities so far that they change", hint="log((1 - p) / p)")
def clips_far(same_prob):
    p = np.clip(np.asarray(same_prob, dtype=float), 0.15, 0.85)
    return np.log((1.0 - p) / p)


@mistake("changes its input in place", hint="Work on a copy")
def in_place(same_prob):
    np.clip(same_prob, 1e-6, 1.0 - 1e-6, out=same_prob)
    same_prob[...] = np.log((1.0 - same_prob) / same_prob)
    return same_prob


@alternative
def without_clipping(same_prob):
    with np.errstate(divide="ignore"):
        return -special.logit(np.asarray(same_prob, dtype=float))


@alternative
def by_loop(same_prob):
    return [[math.log((1 - q) / q) for q in (min(max(float(p), 1e-9), 1 - 1e-9) for p in row)] for row in same_prob]


@alternative
def by_arctanh(same_prob):
    p = np.clip(np.asarray(same_prob, dtype=float), 1e-4, 1.0 - 1e-4)
    return -2.0 * np.arctanh(2.0 * p - 1.0)
