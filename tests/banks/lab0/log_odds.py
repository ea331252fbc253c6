"""What goes wrong, and what else is right, in `log_odds`."""

import numpy as np
from scipy import special

from autograder.judge.bank import alternative, mistake


@mistake("divides the logarithm instead of taking the logarithm of a quotient", hint="logarithm of a quotient")
def log_over(p):
    return np.log(p) / (1 - p)


@mistake("returns the odds", hint="log odds =")
def odds(p):
    return p / (1 - p)


@mistake("returns the log odds of the other outcome", hint="positive above")
def other_outcome(p):
    return -special.logit(p)


@mistake("takes logarithms to base 10", hint="natural logarithm")
def base_ten(p):
    return special.logit(p) / np.log(10)


@mistake("returns the inverse, the logistic function", hint="0 at p = 1/2")
def logistic(p):
    return special.expit(p)


@mistake("adds a small number", hint="add a small number")
def with_epsilon(p):
    return np.log((p + 1e-12) / (1 - p + 1e-12))


@mistake("clips the probabilities", hint="do not clip")
def clipped(p):
    return special.logit(np.clip(p, 1e-12, 1 - 1e-12))


@mistake("flattens its input", hint="expected shape (2, 3)")
def flat(p):
    return special.logit(np.ravel(p))


@mistake("uses an inverse hyperbolic tangent, which takes the difference of 2 p and 1", hint="which 1 - 2 p does not")
def by_arctanh(p):
    return 2.0 * np.arctanh(2.0 * np.asarray(p, float) - 1.0)


@alternative
def by_logit(p):
    return special.logit(p)


@alternative
def by_quotient(p):
    return np.log(p / (1 - p))
