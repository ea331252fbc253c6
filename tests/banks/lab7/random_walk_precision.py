"""What goes wrong, and what else is right, in `random_walk_precision`."""

import numpy as np

from autograder.judge.bank import alternative, mistake


def bands(T, beside, diagonal):
    """Bands with one number beside the diagonal, and the diagonal."""
    both = np.zeros((2, T))
    both[0, 1:], both[1] = beside, diagonal
    return both


def degrees(T):
    return np.array([(t > 0) + (t < T - 1) for t in range(T)], dtype=float)


@mistake("gives the first and the last frame two steps", hint="at both its ends")
def two_everywhere(T, eta2):
    return bands(T, -1 / eta2, np.full(T, 2 / eta2) * (T > 1))


@mistake("puts a prior on the first frame", hint="No prior on the first frame")
def prior(T, eta2):
    return bands(T, -1 / eta2, (degrees(T) + (np.arange(T) == 0)) / eta2)


@mistake("has a plus beside the diagonal", hint="-1/eta2 beside the diagonal")
def plus(T, eta2):
    return bands(T, 1 / eta2, degrees(T) / eta2)


@mistake("multiplies by the variance", hint="-1/eta2 beside the diagonal")
def multiplied(T, eta2):
    return bands(T, -eta2, degrees(T) * eta2)


@mistake("takes eta2 for a standard deviation", hint="/ eta2")
def standard_deviation(T, eta2):
    return bands(T, -1 / eta2**2, degrees(T) / eta2**2)


@mistake("does not divide by the variance", hint="/ eta2")
def no_variance(T, eta2):
    return bands(T, -1.0, degrees(T))


@mistake("counts each step half", hint="x'Lx")
def half(T, eta2):
    return bands(T, -0.5 / eta2, 0.5 * degrees(T) / eta2)


@mistake("returns the lower form", hint="beside the diagonal")
def lower(T, eta2):
    return bands(T, -1 / eta2, degrees(T) / eta2)[::-1, ::-1]


@mistake("leaves the last entry of the first band out, not the first", hint="beside the diagonal")
def wrong_end(T, eta2):
    both = bands(T, -1 / eta2, degrees(T) / eta2)
    return np.stack([np.append(both[0, 1:], 0.0), both[1]])


@mistake("returns the dense matrix", hint="shape (2, 1)")
def dense(T, eta2):
    D = np.diff(np.eye(T), axis=0)
    return D.T @ D / eta2


@mistake("gives a single frame a step", hint="One frame makes no step")
def one_frame_is_an_end(T, eta2):
    diagonal = np.full(T, 2 / eta2)
    diagonal[[0, -1]] = 1 / eta2
    return bands(T, -1 / eta2, diagonal)


@mistake("puts the variances of the walk on the diagonal", hint="x'Lx")
def variances(T, eta2):
    return bands(T, 0.0, eta2 * np.arange(T))


@alternative
def from_the_dense_matrix(T, eta2):
    D = np.diff(np.eye(T), axis=0)
    L = D.T @ D / eta2
    return np.stack([np.append(0.0, np.diag(L, 1)), np.diag(L)])


@alternative
def from_the_degrees(T, eta2):
    both = bands(T, -1 / eta2, degrees(T) / eta2)
    both[0, 0] = np.nan  # nobody looks there
    return both


@alternative
def as_lists(T, eta2):
    diagonal = [(2.0 if 0 < t < T - 1 else 1.0 if T > 1 else 0.0) / eta2 for t in range(T)]
    return [[-1.0 / eta2] * T, diagonal]
