"""Oracles and inputs that several checks of Lab 2 share."""

import autograd
import autograd.numpy as anp
import numpy as np
from numpy.testing import assert_allclose
from scipy.special import expit

from autograder.outcome import StudentError

MOST_TRIES = 2_000  # halved so often, any step has become 0


def patches(rng, num_examples, num_pixels):
    """Random patches and labels; the activations of weights of order one stay moderate."""
    X = rng.normal(size=(num_examples, num_pixels)) / np.sqrt(num_pixels)
    return X, (rng.uniform(size=num_examples) < 0.5).astype(float)


def logistic_gradient(X, y, lam=0.0):
    """The gradient of the negative log likelihood as a function of w."""
    return lambda w: X.T @ (expit(X @ w) - y) + lam * w


def automatic_gradient(w, X, y, lam):
    """The same gradient by automatic differentiation of the loss."""

    def loss(w):
        a = anp.dot(X, w)
        return anp.sum(anp.logaddexp(0.0, a) - y * a) + 0.5 * lam * anp.sum(w**2)

    return autograd.grad(loss)(np.asarray(w, dtype=float))


def unrolled(move, grad, w0, num_steps):
    """Weights (T + 1, D) along an optimiser that forgets nothing: `move` is a function of all gradients so far, (t, D).

    No velocity and no average is carried from step to step: what an update like v <- beta v + g amounts to is written out as a
    sum over past gradients in the moves below. The project's tests compare them with torch's optimisers.
    """
    path, gradients = [np.asarray(w0, dtype=float)], []
    for _ in range(num_steps):
        gradients.append(grad(path[-1]))
        path.append(path[-1] - move(np.array(gradients)))
    return np.array(path)


def fading(beta, count):
    """Weights beta^(t - s) of the gradients s = 1, ..., t: the newest counts fully."""
    return beta ** np.arange(count)[::-1]


def momentum_move(step, beta):
    """step times sum_s beta^(t - s) g_s."""
    return lambda g: step * fading(beta, len(g)) @ g


def adagrad_move(step, eps):
    """step g_t over the norm of all gradients of the coordinate so far."""
    return lambda g: step * g[-1] / (np.linalg.norm(g, axis=0) + eps)


def rmsprop_move(step, beta, eps):
    """step g_t over the root of (1 - beta) sum_s beta^(t - s) g_s^2."""
    return lambda g: step * g[-1] / (np.sqrt((1.0 - beta) * fading(beta, len(g)) @ g**2) + eps)


def adam_move(step, beta1, beta2, eps):
    """step times a weighted mean of the gradients over the root of one of their squares.

    The weights beta^(t - s) add up to (1 - beta^t) / (1 - beta), so that means with these weights are Adam's corrected averages.
    """

    def mean(values, beta):
        return np.average(values, axis=0, weights=fading(beta, len(values)))

    return lambda g: step * mean(g, beta1) / (np.sqrt(mean(g**2, beta2)) + eps)


BOOK_KEEPING = (
    "A path of T steps has T + 1 rows of floats, even from a start of integers, the first a copy of w0; T steps ask for T "
    "gradients, no more, and go on where a gradient is 0."
)


def patient(f):
    """The loss, which ends a search without end: without it the search would take the time of the other checks."""
    calls = []

    def spy(w):
        calls.append(1)
        assert len(calls) <= MOST_TRIES, f"asked for {MOST_TRIES} losses in one search, and went on"
        return f(w)

    return spy


def assert_minds_integers(walk, start):
    """From a start of integers the path is that of floats. (An answer that refuses such a start has cut nothing off.)"""
    try:
        path = walk(start)
    except StudentError:
        return
    assert_allclose(path, walk(start.astype(float)), rtol=1e-12, err_msg="from a start of integers")


def pushed_once(g):
    """A gradient that is `g` where it is first asked for, and zero from then on."""
    calls = []

    def gradient(w):
        calls.append(1)
        return np.array(g) * (len(calls) == 1)

    return gradient


def assert_keeps_its_path(optimise):
    """Every step has its row and its gradient, from a start of integers, too, and where nothing moves."""
    calls = []

    def spy(w):
        calls.append(1)
        return np.cos(w)

    start = np.array([1, -2, 3])
    path = optimise(spy, start.astype(float), 0.3, 6)
    assert np.shape(path) == (7, 3), f"6 steps from 3 weights gave a path of shape {np.shape(path)}, expected (7, 3)"
    assert len(calls) == 6, f"6 steps asked for {len(calls)} gradients"
    rest = optimise(lambda w: np.zeros(3), start.astype(float), 0.3, 6)
    assert np.shape(rest) == (7, 3), f"6 steps of length 0 gave a path of shape {np.shape(rest)}, expected (7, 3)"
    assert_allclose(rest, np.tile(start, (7, 1)), rtol=1e-15)
    assert_minds_integers(lambda w0: optimise(np.cos, w0, 0.3, 6), start)


def assert_starts_afresh(optimise, rng):
    """The path is kept; no steps give the start alone; a second call in the same session repeats the first."""
    assert_keeps_its_path(optimise)
    X, y = patches(rng, 30, 4)
    w0 = rng.normal(size=4)
    assert_allclose(optimise(logistic_gradient(X, y), w0, 0.1, 0), w0[None], rtol=1e-15)
    first, second = (optimise(logistic_gradient(X, y), w0, 0.1, 5) for _ in range(2))
    assert_allclose(first[0], w0, rtol=1e-15)
    assert np.shape(first) == (6, 4), f"5 steps from 4 weights gave a path of shape {np.shape(first)}, expected (6, 4)"
    assert_allclose(second, first, rtol=1e-12)


def slope(t, z):
    """Slope of the least-squares line through the points (t, z), by its normal equation."""
    return np.sum((t - np.mean(t)) * z) / np.sum((t - np.mean(t)) ** 2)
