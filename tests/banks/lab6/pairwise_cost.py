import math

import numpy as np
from scipy import special

from autograder.judge.bank import alternative, mistake


def clipped(p, clip=1e-6):
    return np.clip(np.asarray(p, dtype=float), clip, 1.0 - clip)


@mistake("has the sign of the log odds", hint="negative where")
def log_odds(same_prob, clip=1e-6):
    p = clipped(same_prob, clip)
    return np.log(p) - np.log1p(-p)


@mistake("clips probabilities at one hundredth", hint="log((1 - p) / p)")
def hundredth(same_prob, clip=1e-6):
    p = np.clip(np.asarray(same_prob, dtype=float), 0.01, 0.99)
    return np.log((1.0 - p) / p)


@mistake("takes minus the logarithm of p", hint="log((1 - p) / p)")
def surprise(same_prob, clip=1e-6):
    return -np.log(clipped(same_prob, clip))


@mistake("takes the odds without a logarithm", hint="log((1 - p) / p)")
def odds(same_prob, clip=1e-6):
    p = clipped(same_prob, clip)
    return (1.0 - p) / p


@mistake("takes 1/2 - p", hint="log((1 - p) / p)")
def linear(same_prob, clip=1e-6):
    return 0.5 - np.asarray(same_prob, dtype=float)


@mistake("takes logarithms to the base 10", hint="natural logarithms")
def base_ten(same_prob, clip=1e-6):
    p = clipped(same_prob, clip)
    return np.log10((1.0 - p) / p)


@mistake("takes logarithms to the base 2", hint="natural logarithms")
def base_two(same_prob, clip=1e-6):
    p = clipped(same_prob, clip)
    return np.log2((1.0 - p) / p)


@mistake("never lets a cost be negative", hint="negative where")
def positive(same_prob, clip=1e-6):
    p = clipped(same_prob, clip)
    return np.maximum(np.log((1.0 - p) / p), 0.0)


@mistake("adds the logarithms", hint="log((1 - p) / p)")
def added(same_prob, clip=1e-6):
    p = clipped(same_prob, clip)
    return np.log(p) + np.log1p(-p)


@mistake("calls certain pairs undecided", hint="At p = 0")
def undecided(same_prob, clip=1e-6):
    p = np.asarray(same_prob, dtype=float)
    inside = (p > 0) & (p < 1)
    return np.where(inside, np.log((1.0 - np.where(inside, p, 0.5)) / np.where(inside, p, 0.5)), 0.0)


@mistake("clips probabilities so far that they change", hint="log((1 - p) / p)")
def clips_far(same_prob, clip=1e-6):
    p = np.clip(np.asarray(same_prob, dtype=float), 0.15, 0.85)
    return np.log((1.0 - p) / p)


@mistake("changes its input in place", hint="Work on a copy")
def in_place(same_prob, clip=1e-6):
    np.clip(same_prob, clip, 1.0 - clip, out=same_prob)
    same_prob[...] = np.log((1.0 - same_prob) / same_prob)
    return same_prob


@mistake("does not clip", hint="with p moved into [clip, 1 - clip]")
def without_clipping(same_prob, clip=1e-6):
    with np.errstate(divide="ignore"):
        return -special.logit(np.asarray(same_prob, dtype=float))


@mistake("clips at a number of its own", hint="with p moved into [clip, 1 - clip]")
def clip_of_its_own(same_prob, clip=1e-6):
    p = clipped(same_prob)
    return np.log((1.0 - p) / p)


@mistake("takes tables only", hint="for any shape")
def tables_only(same_prob, clip=1e-6):
    p = clipped(same_prob, clip)
    return np.array([[math.log((1.0 - p[d, e]) / p[d, e]) for e in range(p.shape[1])] for d in range(p.shape[0])])


@alternative
def by_logit(same_prob, clip=1e-6):
    return -special.logit(clipped(same_prob, clip))


@alternative
def by_loop(same_prob, clip=1e-6):
    def cost(q):
        if np.ndim(q):
            return [cost(row) for row in q]
        q = min(max(float(q), clip), 1 - clip)
        return math.log((1 - q) / q)

    return cost(same_prob)


@alternative
def by_arctanh(same_prob, clip=1e-6):
    return -2.0 * np.arctanh(2.0 * clipped(same_prob, clip) - 1.0)
