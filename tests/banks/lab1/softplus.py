"""What goes wrong, and what else is right, in `softplus`."""

import math

import numpy as np

from autograder.judge.bank import alternative, mistake


@mistake("exponentiates before taking the maximum out", hint="overflows")
def naive(a):
    return np.log(1 + np.exp(a))


@mistake("loses small values", hint="log1p")
def no_log1p(a):
    return np.maximum(a, 0) + np.log(1 + np.exp(-np.abs(a)))


@mistake("overflows, in spite of log1p", hint="overflows")
def log1p_only(a):
    return np.log1p(np.exp(a))


@mistake("keeps only the maximum", hint="log 2")
def hinge(a):
    return np.maximum(a, 0.0)


@mistake("clips the input", hint="overflows")
def clipped(a):
    return np.log1p(np.exp(np.clip(a, -500, 500)))


@mistake("computes the softplus of -a", hint="log 2")
def wrong_side(a):
    return np.logaddexp(0.0, -np.asarray(a))


@mistake("overflows on the other side", hint="overflows")
def one_sided(a):
    return a + np.log1p(np.exp(-a))


@mistake("forgets the maximum that it took out", hint="log 2")
def does_not_add_it_back(a):
    return np.log1p(np.exp(-np.abs(a)))


@mistake("switches to `a` already at 20", hint="not yet at 20")
def threshold_at_20(a):
    a = np.asarray(a, float)
    return np.where(a > 20, a, np.log1p(np.exp(np.minimum(a, 20))))


@mistake("adds a small number to the argument of the logarithm", hint="log1p")
def with_epsilon(a):
    return np.maximum(a, 0) + np.log1p(np.exp(-np.abs(a)) + 1e-12)


@mistake("takes logarithms to base 2", hint="log 2")
def base_two(a):
    return np.logaddexp(0.0, a) / np.log(2.0)


@mistake("takes one maximum over all entries", hint="each element")
def one_maximum(a):
    m = max(0.0, np.max(a))
    return m + np.log(np.exp(-m) + np.exp(a - m))


@mistake("sums over the entries", hint="element by element")
def summed(a):
    return np.sum(np.logaddexp(0.0, a))


@mistake("returns the derivative", hint="log 2")
def slope(a):
    return 0.5 * (1.0 + np.tanh(np.asarray(a) / 2))


@mistake("computes in single precision", hint="single precision")
def single_precision(a):
    a = np.asarray(a, dtype=np.float32)
    return np.logaddexp(np.float32(0), a)


@mistake("truncates to integers", hint="log 2")
def whole_numbers(a):
    return np.logaddexp(0, np.asarray(a).astype(int))


@mistake("puts the positive part into its input", hint="Work on a copy")
def in_place(a):
    a = np.asarray(a)
    tail = np.log1p(np.exp(-np.abs(a)))
    np.maximum(a, 0, out=a)
    return a + tail


@mistake("takes exp(a) for its logarithm too early", hint="np.log1p")
def exponential_too_early(a):
    a = np.asarray(a, dtype=float)
    return np.where(a < -20.0, np.exp(np.minimum(a, 0.0)), np.maximum(a, 0.0) + np.log1p(np.exp(-np.abs(a))))


@alternative
def by_logaddexp(a):
    return np.logaddexp(0, a)


@alternative
def by_loop(a):
    a = np.asarray(a, float)
    return np.array([max(x, 0) + math.log1p(math.exp(-abs(x))) for x in a.ravel()]).reshape(a.shape)


@alternative
def with_masks(a):
    a = np.array(a, dtype=float)
    out = np.empty(a.shape)
    large = a > 0
    out[large] = a[large] + np.log1p(np.exp(-a[large]))
    out[~large] = np.log1p(np.exp(a[~large]))
    return out


@alternative
def late_threshold(a):
    a = np.asarray(a, float)
    return np.where(a > 36, a, np.log1p(np.exp(np.minimum(a, 36))))


@alternative
def in_torch(a):
    import torch

    a = torch.as_tensor(a, dtype=torch.float64)
    return torch.logaddexp(torch.zeros_like(a), a)


@alternative
def unused_branch(a):
    a = np.asarray(a, dtype=float)
    return np.where(a > 40, a, np.log1p(np.exp(a)))
