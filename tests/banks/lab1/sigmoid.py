"""What goes wrong, and what else is right, in `sigmoid`."""

import math

import numpy as np
from scipy import special

from autograder.judge.bank import alternative, mistake


@mistake("overflows for very negative a", hint="overflows")
def naive(a):
    return 1 / (1 + np.exp(-a))


@mistake("overflows for large a", hint="overflows")
def as_on_the_slide(a):
    return np.exp(a) / (1 + np.exp(a))


@mistake("computes both branches of np.where everywhere", hint="both branches")
def where_without_abs(a):
    return np.where(a >= 0, 1 / (1 + np.exp(-a)), np.exp(a) / (1 + np.exp(a)))


@mistake("loses small probabilities in 1 minus something", hint="1 minus something")
def one_minus(a):
    e = np.exp(-np.abs(a))
    upper = 1 / (1 + e)
    return np.where(np.asarray(a) >= 0, upper, 1 - upper)


@mistake("loses small probabilities in 1 + tanh", hint="1 minus something")
def by_tanh(a):
    return 0.5 * (1 + np.tanh(np.asarray(a) / 2))


@mistake("clips the input", hint="clipping `a`")
def clipped(a):
    return 1 / (1 + np.exp(-np.clip(a, -500, 500)))


@mistake("clips the input", hint="clipping `a`")
def clipped_at_30(a):
    return 1 / (1 + np.exp(-np.clip(a, -30, 30)))


@mistake("clips the input", hint="clipping `a`")
def clipped_at_100(a):
    return 1 / (1 + np.exp(-np.clip(a, -100, 100)))


@mistake("clips the probabilities", hint="tiny but not zero")
def clipped_probabilities(a):
    return np.clip(special.expit(a), 1e-12, 1 - 1e-12)


@mistake("sets very negative inputs to zero", hint="tiny but not zero")
def cut_off(a):
    return np.where(np.asarray(a) < -30, 0.0, special.expit(a))


@mistake("gets the sign of the exponent wrong", hint="rising")
def falling(a):
    return special.expit(-np.asarray(a))


@mistake("returns the hyperbolic tangent", hint="1/2 at zero")
def tanh(a):
    return np.tanh(a)


@mistake("returns a step", hint="1/2 at zero")
def step(a):
    return (np.asarray(a) > 0).astype(float)


@mistake("returns the slope of the logistic function", hint="1 / (1 + exp(-a))")
def slope(a):
    return special.expit(a) * special.expit(-np.asarray(a))


@mistake("normalises over all entries, as a softmax does", hint="element by element")
def softmax(a):
    return special.softmax(np.asarray(a, float))


@mistake("works on one-dimensional arrays only", hint="same shape")
def flat(a):
    return special.expit(np.ravel(a))


@mistake("returns an array of one entry for a number", hint="same shape")
def at_least_1d(a):
    return special.expit(np.atleast_1d(a))


@mistake("decides by the first entry which branch to take", hint="overflows")
def branch_for_all(a):
    if np.ravel(a)[0] >= 0:
        return 1 / (1 + np.exp(-a))
    return np.exp(a) / (1 + np.exp(a))


@mistake("computes in single precision", hint="single precision")
def single_precision(a):
    return special.expit(np.asarray(a, dtype=np.float32))


@mistake("truncates to integers", hint="1 / (1 + exp(-a))")
def whole_numbers(a):
    return special.expit(np.asarray(a).astype(int).astype(float))


@mistake("fills an integer array", hint="as integers")
def like_the_input(a):
    out = np.empty_like(a)
    e = np.exp(-np.abs(a))
    out[...] = np.where(np.asarray(a) >= 0, 1, e) / (1 + e)
    return out


@mistake("silences the overflow instead of avoiding it, and gets nan", hint="overflows")
def nan_to_one(a):
    with np.errstate(all="ignore"):
        return np.exp(a) / (1 + np.exp(a))


@mistake("leaves its intermediate results in the input", hint="Work on a copy")
def in_place(a):
    a = np.asarray(a)
    p = special.expit(a)
    np.negative(a, out=a)
    return p


@alternative
def by_expit(a):
    return special.expit(a)


@alternative
def by_loop(a):
    a = np.asarray(a, float)
    values = [1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x)) for x in a.ravel()]
    return np.array(values).reshape(a.shape)


@alternative
def with_masks(a):
    a = np.asarray(a, dtype=float)
    out = np.empty(a.shape)
    positive = a >= 0
    out[positive] = 1 / (1 + np.exp(-a[positive]))
    e = np.exp(a[~positive])
    out[~positive] = e / (1 + e)
    return out


@alternative
def by_logaddexp(a):
    return np.exp(-np.logaddexp(0, -np.asarray(a)))


@alternative
def in_torch(a):
    import torch

    return torch.sigmoid(torch.as_tensor(a, dtype=torch.float64))
