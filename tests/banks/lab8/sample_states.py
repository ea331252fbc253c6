"""What goes wrong, and what else is right, in `sample_states`."""

import numpy as np
from scipy.special import logsumexp

from autograder.judge.bank import alternative, mistake


def filtered(log_lik, pi, A, shift=True, normalise=True):
    log_lik = np.asarray(log_lik, dtype=float)
    alpha, before = np.empty(log_lik.shape), np.asarray(pi, dtype=float)
    with np.errstate(all="ignore"):
        for t, row in enumerate(log_lik):
            alpha[t] = before * np.exp(row - row.max() if shift else row)
            if normalise:
                alpha[t] /= alpha[t].sum()
            before = alpha[t] @ A
    return alpha


def drawn(chances, rng):
    cumulative = np.cumsum(chances)
    return int(np.argmax(cumulative > rng.random() * cumulative[-1]))


def backward(alpha, A, rng):
    states = np.empty(len(alpha), dtype=int)
    states[-1] = drawn(alpha[-1], rng)
    for t in range(len(alpha) - 2, -1, -1):
        states[t] = drawn(alpha[t] * A[:, states[t + 1]], rng)
    return states


@mistake("draws each frame from the forward filter alone", hint="forgets what comes later")
def filter_only(log_lik, pi, A, rng):
    return np.array([drawn(row, rng) for row in filtered(log_lik, pi, A)])


@mistake("draws forward from the filter", hint="Backward: the last state from alpha[-1]")
def forward(log_lik, pi, A, rng):
    alpha, states = filtered(log_lik, pi, A), [0]
    states[0] = drawn(alpha[0], rng)
    with np.errstate(all="ignore"):
        likelihood = np.exp(np.asarray(log_lik) - np.max(log_lik, axis=1, keepdims=True))
    for t in range(1, len(alpha)):
        states.append(drawn(A[states[-1]] * likelihood[t], rng))
    return np.array(states)


@mistake("transposes A in the backward pass", hint="column j, not row j")
def row_for_column(log_lik, pi, A, rng):
    return backward(filtered(log_lik, pi, A), np.asarray(A).T, rng)


@mistake("transposes A in the forward pass", hint="alpha[t-1, i] A[i, j]")
def transposed_forward(log_lik, pi, A, rng):
    return backward(filtered(log_lik, pi, np.asarray(A).T), np.asarray(A), rng)


@mistake("transposes A everywhere", hint="alpha[t-1, i] A[i, j]")
def transposed(log_lik, pi, A, rng):
    A = np.asarray(A).T
    return backward(filtered(log_lik, pi, A), A, rng)


@mistake("draws each frame from its own marginal", hint="j the state just drawn")
def marginals(log_lik, pi, A, rng):
    alpha = filtered(log_lik, pi, A)
    gamma, after = alpha.copy(), np.ones(alpha.shape[1])
    with np.errstate(all="ignore"):
        likelihood = np.exp(np.asarray(log_lik, dtype=float) - np.max(log_lik, axis=1, keepdims=True))
        for t in range(len(alpha) - 1, -1, -1):
            gamma[t] = alpha[t] * after
            after = A @ (likelihood[t] * after)
            after = after / after.sum()
    return np.array([drawn(row, rng) for row in gamma])


@mistake("draws the last state from pi", hint="the last state from alpha[-1]")
def last_from_pi(log_lik, pi, A, rng):
    alpha = filtered(log_lik, pi, A)
    return backward(np.concatenate([alpha[:-1], np.asarray(pi, dtype=float)[None]]), A, rng)


@mistake("draws from NumPy's global generator", hint="All randomness comes from rng")
def global_generator(log_lik, pi, A, rng):
    return backward(filtered(log_lik, pi, A), np.asarray(A), np.random)


@mistake("takes the most probable path", hint="the last state from alpha[-1]")
def viterbi(log_lik, pi, A, rng):
    alpha = filtered(log_lik, pi, A)
    states = [int(alpha[-1].argmax())]
    for t in range(len(alpha) - 2, -1, -1):
        states.insert(0, int((alpha[t] * A[:, states[0]]).argmax()))
    return np.array(states)


@mistake("forgets the likelihoods", hint="times the likelihood of j")
def prior(log_lik, pi, A, rng):
    return backward(filtered(np.zeros(np.shape(log_lik)), pi, A), np.asarray(A), rng)


@mistake("forgets pi", hint="Forward")
def no_pi(log_lik, pi, A, rng):
    return backward(filtered(log_lik, np.full(len(pi), 1 / len(pi)), A), np.asarray(A), rng)


@mistake("takes one step before the first frame", hint="Forward")
def early_step(log_lik, pi, A, rng):
    return backward(filtered(log_lik, np.asarray(pi) @ A, A), np.asarray(A), rng)


@mistake("exponentiates log likelihoods as they are", hint="subtract the largest entry of each frame")
def underflows(log_lik, pi, A, rng):
    return backward(filtered(log_lik, pi, A, shift=False), np.asarray(A), rng)


@mistake("does not normalise alpha", hint="normalise alpha in every frame")
def shrinks(log_lik, pi, A, rng):
    return backward(filtered(log_lik, pi, A, normalise=False), np.asarray(A), rng)


@mistake("makes impossible steps a little possible", hint="that state is never drawn")
def smeared(log_lik, pi, A, rng):
    A = np.asarray(A) + 1e-6
    return backward(filtered(log_lik, np.asarray(pi) + 1e-6, A), A, rng)


@mistake("subtracts the largest entry of all frames", hint="the largest entry of each frame")
def one_shift(log_lik, pi, A, rng):
    log_lik = np.asarray(log_lik, dtype=float) + np.where(np.arange(len(log_lik)) % 2, 0.0, 0.0)[:, None]
    drift = 1.0 * (np.abs(log_lik).max() > 1e4) * np.arange(len(log_lik))[:, None]
    return backward(filtered(log_lik - log_lik.max() - drift, pi, A, shift=False), np.asarray(A), rng)


@mistake("replaces -inf by a number that is too large", hint="that state is never drawn")
def clipped(log_lik, pi, A, rng):
    log_lik = np.asarray(log_lik, dtype=float)
    log_lik = np.where(np.isinf(log_lik), log_lik.max(axis=1, keepdims=True) - 2.0, log_lik)
    return backward(filtered(log_lik, pi, A), np.asarray(A), rng)


@mistake("returns one-hot rows", hint="Forward")
def one_hot(log_lik, pi, A, rng):
    return np.eye(len(pi), dtype=int)[backward(filtered(log_lik, pi, A), np.asarray(A), rng)]


@alternative
def with_choice(log_lik, pi, A, rng):
    alpha, A = filtered(log_lik, pi, A), np.asarray(A)
    states = np.empty(len(alpha), dtype=int)
    chances = alpha[-1]
    for t in range(len(alpha) - 1, -1, -1):
        states[t] = rng.choice(len(chances), p=chances / chances.sum())
        chances = alpha[t - 1] * A[:, states[t]]
    return states


@alternative
def in_logarithms(log_lik, pi, A, rng):
    """Gumbel's trick: the largest of log chances with Gumbel noise added is a draw."""
    log_lik = np.asarray(log_lik, dtype=float)
    with np.errstate(divide="ignore"):
        log_A, log_alpha = np.log(A), [np.log(pi) + log_lik[0]]
    for row in log_lik[1:]:
        log_alpha.append(logsumexp(log_alpha[-1][:, None] + log_A, axis=0) + row)
    states = [int(np.argmax(log_alpha[-1] + rng.gumbel(size=len(pi))))]
    for t in range(len(log_lik) - 2, -1, -1):
        states.append(int(np.argmax(log_alpha[t] + log_A[:, states[-1]] + rng.gumbel(size=len(pi)))))
    return np.array(states[::-1])


@alternative
def backward_filter_forward_sample(log_lik, pi, A, rng):
    log_lik, A = np.asarray(log_lik, dtype=float), np.asarray(A, dtype=float)
    with np.errstate(all="ignore"):
        likelihood = np.exp(log_lik - log_lik.max(axis=1, keepdims=True))
    after = np.ones((len(log_lik) + 1, len(pi)))
    for t in range(len(log_lik) - 1, 0, -1):
        after[t] = A @ (likelihood[t] * after[t + 1])
        after[t] /= after[t].max()
    states, chances = [], np.asarray(pi, dtype=float)
    for t in range(len(log_lik)):
        states.append(drawn(chances * likelihood[t] * after[t + 1], rng))
        chances = A[states[-1]]
    return states
