"""Checks of `newton`."""

import autograd
import numpy as np
from numpy.testing import assert_allclose
from scipy.special import expit

from autograder import budget, hint, no_probe, points, raises
from autograder.checks.lab2.common import assert_minds_integers
from autograder.checks.lab3.common import (
    assert_measures_the_gradient,
    objective,
    problem_with_optimum,
    rotation,
    turned_problem,
)


@points(1)
@hint(
    "Iterate until the norm of the gradient of the penalised sum is at most tol. The ridge belongs in the gradient and in "
    "the Hessian. If yours never arrives: where the promised decrease is lost in the rounding of the loss, a line search "
    "stops for nothing; take the full step there."
)
@no_probe("integers", "float32")  # the number of iterations may hang on the last digit
def test_reaches_the_minimum(newton, rng):
    X, y, lam, best = turned_problem(rng)
    w, _ = newton(np.zeros(4), X, y, lam)
    assert_allclose(w, best, rtol=1e-7, atol=1e-7)
    X = np.vstack([X, X[::-1]])
    w, _ = newton(best, X, np.concatenate([y, 1.0 - y[::-1]]), 0.0)  # both labels each, no ridge: 0 is best
    assert_allclose(w, np.zeros(4), atol=1e-7)
    X, y, lam, best, starts = where_a_decrease_cannot_be_seen(rng)
    for start in starts:
        w, _ = newton(start, X, y, lam)
        # No eigenvalue is below 5, so that |g| <= 1e-8 is within 2e-9; a search that is lost stays 1e-8 away. Judged by the
        # gradient this would hang on what is compared with tol, which is another check's business.
        error = np.linalg.norm(w - best)
        assert error <= 5e-9, f"from 2e-8 beside the minimum 100 steps led no nearer than {error:.1e}"


def where_a_decrease_cannot_be_seen(rng):
    """A problem, its minimum, and starts beside it at which the rounding of the loss hides the way down, but not the gradient.

    Patches as bright as 100 have activations in which hundreds cancel, so that the loss of about 60 is rounded to 1e-13; along
    the contrasts, which have no brightness, it rises by less than 1e-14 within 2e-8. The starts are those of sixty where the loss
    was rounded down the most. A line search that asks for a decrease there finds the shortest steps only; one that forgives a
    relative 1e-14 sees no increase. (With patches as bright as 1000 such a one was lost, too, on every fifth seed.)
    """
    fixed, lam = np.random.default_rng(1), 1.0
    patches = fixed.normal(size=(100, 4))
    y = (fixed.uniform(size=100) < expit(patches @ [2.0, -1.0, 0.0, 0.0])).astype(float)
    Q = rotation(rng, 4)
    X = (patches + 100.0) @ Q

    def loss(w):
        return np.sum(np.logaddexp(0.0, (1.0 - 2.0 * y) * (X @ w))) + 0.5 * lam * w @ w

    best = np.zeros(4)
    for _ in range(12):  # plain Newton, which arrives from 0
        p = expit(X @ best)
        hessian = X.T @ ((p * (1.0 - p))[:, None] * X) + lam * np.eye(4)
        best = best - np.linalg.solve(hessian, X.T @ (p - y) + lam * best)
    contrasts = rng.normal(size=(60, 4))
    contrasts -= contrasts.mean(axis=1, keepdims=True)
    near = best + 2e-8 * contrasts / np.linalg.norm(contrasts, axis=1, keepdims=True) @ Q
    return X, y, lam, best, near[np.argsort([loss(w) for w in near])[:20]]


@points(1)
@hint(
    "history holds the start and every iterate, as floats, history[-1] is w; the loop ends as soon as |g| <= tol (at the "
    "start, if it is so there) or after max_iter steps, whichever comes first. |g| is the Euclidean norm of the gradient, as it "
    "is: not its largest entry, not relative to anything, not the length of a step."
)
@no_probe("integers", "float32")  # the number of iterations may hang on the last digit
def test_keeps_its_history(newton, rng):
    # Every patch with both labels: at the minimum, 0, the Hessian is X'X / 4 + lam I, and here that is the identity.
    # Even a poor step gets there, so this check judges the book-keeping alone.
    orthonormal, _ = np.linalg.qr(rng.normal(size=(20, 4)))
    X, y, lam = np.sqrt(1.6) * np.vstack([orthonormal, orthonormal]), np.repeat([0.0, 1.0], 20), 0.2
    w0 = rng.normal(size=4)
    w0 /= np.linalg.norm(w0)
    for tol in (1e-6, 1e-2, 1e9):
        w, history = newton(w0, X, y, lam, tol=tol)
        assert_allclose(history[0], w0, rtol=1e-15)
        assert_allclose(history[-1], w, rtol=1e-15)
        norms = np.array([np.linalg.norm(X.T @ (expit(X @ v) - y) + lam * v) for v in history])
        assert norms[-1] <= 1.001 * tol, f"with tol = {tol:g} the norm of the gradient at the end is {norms[-1]:.1e}"
        assert np.all(norms[:-1] > 0.999 * tol), (
            f"with tol = {tol:g} newton went on after the gradient was small enough"
        )
    _, short = newton(w0, X, y, lam, tol=0.0, max_iter=2)
    assert np.shape(short) == (3, 4), f"max_iter = 2 gave a history of shape {np.shape(short)}, expected (3, 4)"
    _, level = newton(np.zeros(4), np.zeros((3, 4)), np.array([0.0, 1.0, 1.0]), lam, tol=0.0)
    assert np.shape(level) == (1, 4), "newton went on from where the gradient is 0, and 0 <= tol"
    # Four patches with both labels each: near 0 the Hessian is about half the identity.
    X, y = np.vstack([orthonormal[:4], orthonormal[:4]]), np.repeat([0.0, 1.0], 4)
    X, _ = np.linalg.qr(X[:4])
    X, w0 = 0.2 * np.vstack([X, X]), rng.choice([-3.0, 3.0], size=4)
    norm = np.linalg.norm(X.T @ (expit(X @ w0) - y) + 0.5 * w0)
    assert_measures_the_gradient(lambda w0, tol: newton(w0, X, y, 0.5, tol=tol), w0, norm)
    assert_minds_integers(lambda w0: newton(w0, X, y, 0.5)[1], w0.astype(int))


@points(1)
@hint(
    "Near the minimum each step must square the error (order 2). Order 1 means that the Hessian is not the current "
    "one, lacks lam, or that the full step is not taken."
)
@no_probe("integers", "float32")  # the number of iterations may hang on the last digit
def test_converges_quadratically(newton, rng):
    X, y, lam, best = problem_with_optimum(rng)
    direction = rng.normal(size=4)
    # Whatever is compared with tol, and with what result, is another check's business.
    _, history = newton(best + 0.15 * direction / np.linalg.norm(direction), X, y, lam, tol=1e-18, max_iter=4)
    errors = np.linalg.norm(history[:4] - best, axis=1)  # later ones may be rounding, or a search that is lost in it
    errors = errors[errors > 1e-13]
    assert len(errors) >= 3, f"the history holds {len(errors)} iterates with an error that can be measured, expected 3"
    e1, e2, e3 = errors[-3:]
    order = np.log(e3 / e2) / np.log(e2 / e1)
    assert e3 < 1e-6 and 1.8 < order < 2.2, (
        f"the error went {e1:.0e}, {e2:.0e}, {e3:.0e}: an order of {order:.2f}, expected 2"
    )


@points(1)
@hint(
    "Far from the minimum the quadratic model is poor and the full step may climb, or fly off for good: shorten it "
    "by backtracking until the loss falls (Armijo). Where there is no model to speak of, as H is not positive definite, raise "
    "ValueError."
)
@no_probe("integers", "float32")  # the number of iterations may hang on the last digit
def test_descends_from_far_away(newton, rng):
    Q, lam = rotation(rng, 3), 0.01
    turned = np.random.default_rng(1).normal(size=(30, 3)) @ Q
    w = np.ones(3) @ Q
    labels = (turned @ w > 0).astype(float)  # every patch is on the wrong side of -w
    # Blank patches add to the loss and not to its slope: now the model promises less than the loss, and is wrong still.
    few = np.vstack([turned[:1], turned[:1], np.zeros((100, 3))])
    both = np.append([1.0, 0.0], np.arange(100) % 2)
    for X, y, start in (
        (turned, labels, -3.0 * w),
        (turned, labels, -20.0 * w),
        (few, both, 4.0 * turned[0] / (turned[0] @ turned[0])),
    ):
        f = objective(X, y, lam)
        found, history = newton(start, X, y, lam, tol=1e-10)
        losses = np.array([f(h) for h in history])
        rise = np.max(np.diff(losses), initial=0.0)
        assert rise <= 1e-9 * losses[0], f"the loss rises by {rise:.3g} in a step"
        assert np.linalg.norm(autograd.grad(f)(found)) < 1e-4, "newton did not arrive within its 100 steps"
    with raises(ValueError):  # a constant pixel, and no ridge
        newton(np.zeros(4), np.column_stack([turned, np.zeros(30)]), labels, 0.0)


@points(1)
@hint(
    "With 20,000 patches nothing of size N x N fits into memory: scale the rows of X by the weights instead of diag(s)."
)
@budget(cpu=5, memory=400)
def test_needs_no_table_of_patches_by_patches(newton, rng):
    X = rng.normal(size=(20_000, 3))
    y = (rng.uniform(size=20_000) < expit(X @ [0.5, -0.5, 0.2])).astype(float)
    # The bound keeps one that never stops, as it does not look at tol, within the budget: this is another check's business.
    w, _ = newton(np.zeros(3), X, y, 1.0, tol=1e-6, max_iter=60)
    norm = np.linalg.norm(
        X.T @ (expit(X @ w) - y) + w
    )  # thousands at the start; how small tol asks for is judged above
    assert norm < 0.1, f"with tol = 1e-6 the norm of the gradient at the end is {norm:.1e}"
