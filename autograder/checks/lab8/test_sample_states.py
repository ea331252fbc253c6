"""Checks of `sample_states`, by enumeration of all paths between frames whose state is known."""

import itertools

import numpy as np
from scipy import stats

from autograder import hint, no_probe, points

FREE = 3  # frames between two that are known


def chain(rng, segments=1000, shift=0.0, forbidden=-200.0):
    """A long chain (T, 3) in which every fourth frame has only one possible state, so that what lies between is drawn
    independently.

    Returns log likelihoods, initial and transition probabilities, and the probabilities of all paths (81,) from one
    known state to the next.
    """
    pi, A = np.array([0.7, 0.2, 0.1]), np.array([[0.1, 0.7, 0.2], [0.3, 0.1, 0.6], [0.75, 0.2, 0.05]])  # asymmetric
    weak = rng.uniform(-0.7, 0.7, size=(FREE, 3))
    weak[0, 1] -= 1.5  # what is seen later says more than what is seen now
    known = np.where(np.arange(3) == 0, 0.0, forbidden)
    log_lik = np.concatenate([np.concatenate([known[None], weak])] * segments + [known[None]]) + shift
    paths = np.array(list(itertools.product(range(3), repeat=FREE)))
    ends = np.zeros((len(paths), 1), dtype=int)
    steps = np.hstack([ends, paths, ends])
    p = np.exp(weak[np.arange(FREE), paths].sum(axis=1)) * np.prod(A[steps[:, :-1], steps[:, 1:]], axis=1)
    return log_lik, pi, A, p / p.sum()


def chance(count, due):
    """The chance of counts as far from those that are due as these, or further; rare cells as one, or the statistic is no chi-squared."""
    rare = due < 5.0
    count, due = (np.append(values[~rare], values[rare].sum()) for values in (count, due))
    return stats.chisquare(count[due > 0], due[due > 0]).pvalue


def fits(states, p):
    """Hold that paths come as often as they should; an honest sampler fails once in ten million runs."""
    states = np.asarray(states)
    assert states.shape == (4 * (len(states) // 4) + 1,) and states.dtype.kind in "iu", (
        f"expected whole numbers (T,), got {states.dtype} of shape {states.shape}"
    )
    assert states.min() >= 0 and states.max() <= 2, f"a state is {states.min()} or {states.max()}, expected 0, 1 or 2"
    segments = states[:-1].reshape(-1, 4)
    assert not segments[:, 0].any() and states[-1] == 0, "a frame that only state 0 can explain was given another state"
    count = np.bincount(segments[:, 1:] @ np.array([9, 3, 1]), minlength=27)
    p_value = chance(count, p * len(segments))
    assert p_value > 1e-7, f"the paths do not come as often as they should (chi-squared, p = {p_value:.1g})"


@points(2)
@hint(
    "Forward: alpha[t, j] is proportional to the sum over i of alpha[t-1, i] A[i, j], times the likelihood of j. "
    "Backward: the last state from alpha[-1], and each earlier one with chances alpha[t, i] A[i, j], j the state "
    "just drawn: column j, not row j. Drawing each frame from alpha[t] alone forgets what comes later. All randomness comes "
    "from rng."
)
@no_probe("integers", "float32")
def test_draws_whole_paths(sample_states, rng):
    log_lik, pi, A, p = chain(rng)
    fits(sample_states(log_lik, pi, A, rng), p)
    some = log_lik[:201]
    seeded = [np.asarray(sample_states(some, pi, A, np.random.default_rng(seed))) for seed in (1, 1, 2)]
    assert np.array_equal(seeded[0], seeded[1]), "the same seed gave another path"
    assert not np.array_equal(seeded[0], seeded[2]), "another seed gave the same path"
    # Two frames, of which the first says nothing and the second not all: pi, A and what the second says decide.
    few = np.array([[0.0, 0.0, 0.0], [0.0, -0.5, 0.5]])
    draws = np.array([sample_states(few, pi, A, rng) for _ in range(250)])
    chances = (pi[:, None] * A * np.exp(few[1])).ravel()
    p_value = chance(np.bincount(draws @ [3, 1], minlength=9), 250 * chances / chances.sum())
    assert p_value > 1e-7, f"the first and the last state do not follow pi and A (chi-squared, p = {p_value:.1g})"


@points(1)
@hint(
    "If larger likelihoods come out right, these underflow: exp(-100,000) is 0 in every state: subtract the largest "
    "entry of each frame before exponentiating, and normalise alpha in every frame. A likelihood of 0, log -inf, is "
    "honest: that state is never drawn."
)
@no_probe("integers", "float32")
def test_takes_any_log_likelihood(sample_states, rng):
    for shift, forbidden in ((-1e5, -200.0), (1e5, -200.0), (0.0, -np.inf)):
        log_lik, pi, A, p = chain(rng, 400, shift, forbidden)
        fits(sample_states(log_lik, pi, A, rng), p)
    # States that fit best, and cannot come: only one path is left.
    forward_only = np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.0, 0.0, 1.0]])
    log_lik = np.array([[-60.0, -60.0, 0.0], [-40.0, -100.0, 0.0], [-90.0, 0.0, 0.0]])
    path = np.asarray(sample_states(log_lik, np.array([1.0, 0.0, 0.0]), forward_only, rng))
    assert path.tolist() == [0, 0, 1], f"drew the path {path.tolist()}, where only [0, 0, 1] is possible"
