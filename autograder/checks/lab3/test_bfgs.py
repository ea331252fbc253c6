"""Checks of `bfgs`."""

import autograd
import numpy as np
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from autograder import hint, points, raises
from autograder.checks.lab2.common import assert_minds_integers, patient
from autograder.checks.lab3.common import (
    assert_measures_the_gradient,
    bfgs_through_the_hessian,
    objective,
    positive_definite,
    turned_problem,
)


@points(1)
@hint(
    "Go along d = -B g with a line search, update B with the step and the change of the gradient, until |g| <= tol. Weights "
    "are floats, even from a start of integers. Where the objective or the gradient is not finite at the start, raise "
    "ValueError (nan > tol is False)."
)
def test_reaches_the_minimum_that_scipy_finds(bfgs, rng):
    X, y, lam, best = turned_problem(rng)
    f = objective(X, y, lam)
    gradient = autograd.grad(f)
    w, _ = bfgs(f, gradient, -best)
    assert np.linalg.norm(gradient(w)) <= 1e-6, (
        f"the norm of the gradient at the end is {np.linalg.norm(gradient(w)):.1e}"
    )
    peer = minimize(
        f, np.zeros(4), jac=gradient, hess=autograd.hessian(f), method="trust-exact", options={"gtol": 1e-9}
    )
    assert_allclose(w, peer.x, atol=1e-5)
    for bad in (np.nan, np.inf):
        with raises(ValueError):
            bfgs(patient(lambda w, bad=bad: bad), gradient, best)
        with raises(ValueError):
            bfgs(patient(f), lambda w, bad=bad: np.full(4, bad), best)
    assert_minds_integers(lambda w0: bfgs(f, gradient, w0)[1], np.array([1, 0, -1, 2]))


@points(1)
@hint(
    "From B = I the first direction is -g, and the second -Bg with the B of one BFGS update; then every step must "
    "lower the loss. history holds the start and every iterate, history[-1] is w, and max_iter bounds the number of steps."
)
def test_descends_at_every_step(bfgs, rng):
    # Turned, but never to near 1.1 (modulo a right angle): the axes would lie along the valley, and a diagonal B would do.
    angle = rng.uniform(0.2, 0.9) + 0.5 * np.pi * rng.integers(4)
    Q = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def f(w):  # Rosenbrock's valley
        a, b = Q @ w
        return float(100.0 * (b - a**2) ** 2 + (1.0 - a) ** 2 + 50.0)

    def gradient(w):
        a, b = Q @ w
        return Q.T @ [-400.0 * a * (b - a**2) - 2.0 * (1.0 - a), 200.0 * (b - a**2)]

    w0 = Q.T @ [-1.2, 1.0]
    w, history = bfgs(f, gradient, w0)
    assert_allclose(history[0], w0, rtol=1e-15)
    assert_allclose(history[-1], w, rtol=1e-15)
    first, g = history[1] - history[0], gradient(w0)
    assert_allclose(first @ g, -np.linalg.norm(first) * np.linalg.norm(g), rtol=1e-9)
    losses = np.array([f(h) for h in history])
    rise = np.max(np.diff(losses), initial=0.0)
    assert rise <= 1e-12 * losses[0], f"the loss rises by {rise:.3g} in a step"
    assert_allclose(Q @ w, [1.0, 1.0], atol=1e-4)
    # A trough with straight walls: what BFGS learns of the flat wall makes its next full step thousands of times too long.
    trough = lambda w: float(30.0 + np.sum(np.hypot(1.0, Q @ w)))  # noqa: E731
    slope = lambda w: Q.T @ (Q @ w / np.hypot(1.0, Q @ w))  # noqa: E731
    w, history = bfgs(trough, slope, Q.T @ [6.0, 14.0])
    rise = np.max(np.diff([trough(h) for h in history]), initial=0.0)
    assert rise <= 1e-10, f"the loss rises by {rise:.3g} in a step"
    assert_allclose(w, np.zeros(2), atol=1e-5)
    # Whatever the line search: the second direction, in a bowl, is that of one update of I.
    A = positive_definite(rng, 4, 0.2, 2.0)
    _, history = bfgs(lambda w: float(0.5 * w @ A @ w), lambda w: A @ w, rng.uniform(1.0, 2.0, size=4), max_iter=2)
    assert np.shape(history) == (3, 4), f"max_iter = 2 gave a history of shape {np.shape(history)}, expected (3, 4)"
    (s, second), g = np.diff(history[:3], axis=0), A @ history[1]
    q = A @ s
    due = [
        -bfgs_through_the_hessian(scale * np.eye(4), s, q) @ g for scale in (1.0, (s @ q) / (q @ q))
    ]  # many scale I first
    assert any(second @ d >= (1.0 - 1e-9) * np.linalg.norm(second) * np.linalg.norm(d) for d in due), (
        "the second step does not go along -Bg, with B updated once, from I"
    )
    # On a slope that steepens the gradient grows along the step, s'q < 0: an update there would turn B, and the way, around.
    hollow = lambda w: float(2.0 - np.sum(np.exp(-0.5 * (Q @ w) ** 2)))  # noqa: E731
    steep = lambda w: Q.T @ (Q @ w * np.exp(-0.5 * (Q @ w) ** 2))  # noqa: E731
    w, history = bfgs(patient(hollow), steep, Q.T @ [2.0, 1.9])
    rise = np.max(np.diff([hollow(h) for h in history]), initial=0.0)
    assert rise <= 1e-10, f"the loss rises by {rise:.3g} in a step"
    assert_allclose(w, np.zeros(2), atol=1e-5)
    _, short = bfgs(f, gradient, w0, max_iter=3)
    assert np.shape(short) == (4, 2), f"max_iter = 3 gave a history of shape {np.shape(short)}, expected (4, 2)"


@points(1)
@hint(
    "In a valley that is 10,000 times as long as wide BFGS needs a small fraction of the gradients that steepest "
    "descent needs. If yours does not, B is not updated, not used, or was given s and q in the wrong order."
)
def test_needs_few_gradients(bfgs, rng):
    A = positive_definite(rng, 8, 1.0, 1e4)
    curvatures, directions = np.linalg.eigh(A)
    w0, calls = directions @ np.ones(8), []

    def spy(w):
        calls.append(1)
        return A @ w

    w, _ = bfgs(lambda w: float(0.5 * w @ A @ w), spy, w0)
    assert np.linalg.norm(A @ w) <= 1e-6, f"the norm of the gradient at the end is {np.linalg.norm(A @ w):.1e}"
    # Steepest descent with the step 1 / L multiplies each component of the gradient by 1 - curvature / L in each step.
    g = np.abs(curvatures * (directions.T @ w0))
    steps = 2.0 ** np.arange(40)
    norms = [np.linalg.norm(g * (1.0 - curvatures / curvatures[-1]) ** n) for n in steps]
    enough = steps[np.argmax(np.array(norms) <= 1e-6)] / 2  # at least so many
    assert len(calls) <= enough / 20, (
        f"bfgs called grad {len(calls)} times; steepest descent needs more than {enough:.0f}"
    )


@points(1)
@hint(
    "Stop as soon as |g| <= tol, which may be at the start; a larger tol must end earlier, and |g| is the Euclidean norm as it "
    "is, not the largest entry and not relative to anything. If yours never arrives: where"
    " the promised decrease is lost in the rounding of f, a line search stops for nothing; take the full step there."
)
def test_stops_at_the_tolerance(bfgs, rng):
    A = positive_definite(rng, 6, 1.0, 1e3)
    # Beside the constant the last decreases are lost in rounding; the gradient is not.
    f, gradient = lambda w: float(0.5 * w @ A @ w + 1e3), lambda w: A @ w
    w0 = np.linalg.eigh(A)[1] @ np.ones(6)
    for tol in (1e-8, 1e-1):
        w, history = bfgs(f, gradient, w0, tol=tol)
        norms = np.linalg.norm(np.asarray(history) @ A, axis=1)
        assert norms[-1] <= tol, f"with tol = {tol:g} the norm of the gradient at the end is {norms[-1]:.1e}"
        assert np.all(norms[:-1] > 0.999 * tol), f"with tol = {tol:g} bfgs went on after the gradient was small enough"
    w, history = bfgs(f, gradient, np.zeros(6), tol=0.0)
    assert_allclose(w, np.zeros(6), atol=1e-12)
    assert len(history) == 1, "bfgs went on from where the gradient is 0, and 0 <= tol"
    # Near the bottom of a shallow bowl, from a start whose loss was rounded down by chance, by two units of the last place.
    bowl = positive_definite(rng, 4, 0.5, 1.5)
    start = 1e-7 * rng.normal(size=4)
    lucky = lambda w: float(0.5 * w @ bowl @ w + 1e3) + 2 * np.spacing(1e3) * (not np.array_equal(w, start))  # noqa: E731
    w, _ = bfgs(lucky, lambda w: bowl @ w, start, tol=1e-10, max_iter=60)
    assert np.linalg.norm(bowl @ w) <= 1e-10, (
        f"from 1e-7 beside the minimum 60 steps led to a gradient of {np.linalg.norm(bowl @ w):.1e}, with tol = 1e-10"
    )
    g = rng.choice([-1.5, 1.5], size=4)
    assert_measures_the_gradient(
        lambda w0, tol: bfgs(lambda w: float(w @ bowl @ w), lambda w: 2.0 * bowl @ w, w0, tol=tol),
        np.linalg.solve(2.0 * bowl, g),
        3.0,
    )
