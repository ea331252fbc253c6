"""Checks of Lab 3: each exercise against automatic differentiation, scipy's optimisers, certificates, or a theorem."""

import autograd
import autograd.numpy as anp
import numpy as np
from numpy.testing import assert_allclose
from scipy.optimize import minimize, root
from scipy.special import expit

from autograder import budget, hint, no_probe, points, raises


def patches(rng, num_examples, num_pixels):
    """Random patches with labels that depend on them; the activations of weights of order one stay moderate."""
    X = rng.normal(size=(num_examples, num_pixels)) / np.sqrt(num_pixels)
    return X, (rng.uniform(size=num_examples) < expit(2.0 * X.sum(axis=1) + 0.5)).astype(float)


def objective(X, y, lam):
    """The penalised negative log likelihood, in a form that autograd can differentiate."""
    return lambda w: anp.sum(anp.logaddexp(0.0, X @ w) - y * (X @ w)) + 0.5 * lam * anp.sum(w**2)


def newton_by_autograd(w, X, y, lam):
    """Newton's step from automatic derivatives."""
    f = objective(X, y, lam)
    return -np.linalg.solve(autograd.hessian(f)(w), autograd.grad(f)(w))


def residual(step, w, X, y, lam):
    """H step + g, relative to g, by products alone: for D too large for a Hessian."""
    p = expit(X @ w)
    g = X.T @ (p - y) + lam * w
    return np.linalg.norm(X.T @ (p * (1.0 - p) * (X @ step)) + lam * step + g) / np.linalg.norm(g)


def positive_definite(rng, size, smallest=1.0, largest=10.0):
    """A random symmetric matrix with eigenvalues spread evenly in their logarithms."""
    rotation, _ = np.linalg.qr(rng.normal(size=(size, size)))
    A = (rotation * np.geomspace(smallest, largest, size)) @ rotation.T
    return (A + A.T) / 2


def rotation(rng, size):
    """A random orthogonal matrix.

    Neither a loss nor the ridge, neither Newton's method nor BFGS from B = I, cares about a rotation of the weights. So a
    fixed problem, turned, has other numbers on every seed, and yet each right and each wrong answer walks the same way:
    where a verdict hangs on the speed of a slow method, only this makes it the same for everybody.
    """
    Q, R = np.linalg.qr(rng.normal(size=(size, size)))
    return Q * np.sign(np.diag(R))


def bfgs_through_the_hessian(B, s, q):
    """The update of the Hessian approximation itself, whose inverse the update of the inverse must be."""
    H = np.linalg.inv(B)
    return np.linalg.inv(H + np.outer(q, q) / (q @ s) - np.outer(H @ s, H @ s) / (s @ H @ s))


# is_separable


@points(1)
@hint(
    "Some w with (2y - 1) Xw > 0 exists here. In a linear programme the weights may have either sign (linprog's own "
    "bounds are (0, None)), and a thin margin is a margin."
)
def test_finds_what_separates(is_separable, rng):
    for N, D in ((9, 6), (40, 3), (5, 8)):
        X, w = rng.normal(size=(N, D)), rng.normal(size=D)
        w /= np.linalg.norm(w)
        X += 0.1 * np.sign(X @ w)[:, None] * w  # a margin of at least 0.1
        assert bool(is_separable(X, (X @ w > 0).astype(float))) is True
        assert bool(is_separable(X, (X @ w < 0).astype(float))) is True
    thin = np.array([[1.0, 1e-4], [np.sqrt(0.5), -1e-4]])
    assert bool(is_separable(thin, np.array([1.0, 0.0]))) is True
    assert bool(is_separable(thin, np.array([0.0, 1.0]))) is True


@points(1)
@hint(
    "Here the rows (2y - 1) x add up to zero, so that no w has all of them on its side, however few they are. If yours"
    " finds one: w = 0 satisfies >= 0, so ask for >= 1; and each label must turn its row around."
)
def test_sees_that_nothing_separates(is_separable, rng):
    for N, D in ((6, 8), (10, 6), (40, 3), (12, 10)):
        # Both classes have the same mean, exactly (these are whole numbers), and a first pixel that is always 1.
        X = np.column_stack([np.ones(N), rng.integers(-4, 5, size=(N, D - 1))])
        y = np.append(rng.permutation(np.arange(N - 1) % 2), 1.0)
        X[-1] = X[y == 0].sum(axis=0) - X[:-1][y[:-1] == 1].sum(axis=0)
        assert bool(is_separable(X, y)) is False


@points(1)
@hint(
    "Counting does not decide: N <= D patches are separable in general position only, and D < N patches may be, one "
    "class alone need not be. Solve the linear programme."
)
def test_does_not_count(is_separable, rng):
    X = np.eye(8)[rng.permutation(8)[:3]] + rng.uniform(0.0, 0.05, size=(3, 8))  # one bright pixel each
    twice = np.vstack([X, X[:1]])
    assert (
        bool(is_separable(twice, np.array([1.0, 0.0, 1.0, 0.0]))) is False
    )  # 4 patches, 8 pixels, one in both classes
    assert bool(is_separable(twice, np.array([1.0, 0.0, 1.0, 1.0]))) is True
    cross = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]])
    assert bool(is_separable(cross, np.ones(3))) is False  # one class, but on both sides of every w
    assert bool(is_separable(np.abs(cross) + 0.1, np.zeros(3))) is True
    unused = np.column_stack([np.array([1.0, -2.0]), np.zeros(2)])  # a pixel that is zero in every patch does no harm
    assert bool(is_separable(unused, np.array([1.0, 0.0]))) is True
    many = np.vstack([np.abs(rng.normal(size=(30, 2))) + 0.1, -np.abs(rng.normal(size=(30, 2))) - 0.1])
    assert bool(is_separable(many, np.repeat([1.0, 0.0], 30))) is True


@points(1)
@hint(
    "Strictly and without an intercept: every (2y - 1) x'w must be > 0. A score of exactly zero does not count, and "
    "no column of ones may be added."
)
def test_is_strict_and_homogeneous(is_separable):
    corner = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    assert bool(is_separable(corner, np.array([1.0, 1.0, 0.0]))) is False  # the second and third rows force a zero
    assert bool(is_separable(np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([1.0, 0.0]))) is False  # a patch of zeros
    assert bool(is_separable(np.array([[1.0], [2.0]]), np.array([0.0, 1.0]))) is False  # only an intercept would do
    assert bool(is_separable(np.array([[1.0, 1.0], [2.0, 1.0]]), np.array([0.0, 1.0]))) is True  # and here it is


# newton_step


@points(1)
@hint(
    "The step goes uphill. The slide prints w + H^-1 grad L, but the model g'd + 1/2 d'Hd has its minimum where g + "
    "Hd = 0: the step is -H^-1 g."
)
def test_goes_downhill(newton_step, rng):
    H, g = positive_definite(rng, 5), rng.normal(size=5)
    assert g @ newton_step(g, H) < 0, "the slope along the step, g'd, is not negative: the step goes uphill"


@points(1)
@hint(
    "Solve H d = -g for the vector d (D,): with a Cholesky factor L that takes two triangular solves, with L and "
    "with L'."
)
def test_solves_the_system(newton_step, rng):
    for size in (1, 2, 6):
        H, g = positive_definite(rng, size), rng.normal(size=size)
        step = newton_step(g, H)
        assert np.shape(step) == (size,), f"the step has shape {np.shape(step)}, expected {(size,)}"
        # Up to its sign, which is another check's business.
        assert_allclose(H @ step * np.sign(g @ step), g, rtol=1e-9, atol=1e-12)


@points(1)
@hint("Multiplying by an explicit inverse loses digits on an ill-conditioned H: factorise it and solve.")
def test_is_backward_stable(newton_step, rng):
    H = positive_definite(rng, 20, 1e-10, 1.0)
    g = H @ rng.normal(size=20)
    step = newton_step(g, H)
    # A factorisation solves a system within a few units of the last place of H; the inverse misses by its condition.
    miss = min(np.linalg.norm(H @ step + g), np.linalg.norm(H @ step - g))  # the sign is another check's business
    error = miss / (np.linalg.norm(H, 2) * np.linalg.norm(step))
    assert error < 1e-13, f"Hd + g is {error:.0e} of |H| |d|, where rounding alone leaves 1e-15"


@points(1)
@hint(
    "An H with a zero or negative eigenvalue has no Newton step: a Cholesky factorisation notices, np.linalg.solve "
    "does not. Raise ValueError (LinAlgError is one)."
)
def test_refuses_what_is_not_positive_definite(newton_step):
    g = np.array([1.0, -1.0])
    for H in ([[1.0, 2.0], [2.0, 1.0]], [[2.0, 0.0], [0.0, 0.0]], [[-1.0, 0.0], [0.0, -2.0]]):
        with raises(ValueError):
            newton_step(g, np.array(H))


# newton


def problem_with_optimum(rng):
    """A small penalised problem and its minimiser to the last digits, by scipy's root finder and one polish."""
    X, lam = rng.normal(size=(40, 4)), 1.0
    y = (rng.uniform(size=40) < expit(X @ [2.0, -1.0, 1.0, 0.5] + 1.0)).astype(float)
    f = objective(X, y, lam)
    best = root(autograd.grad(f), np.zeros(4), jac=autograd.hessian(f), tol=1e-14).x
    return X, y, lam, best - np.linalg.solve(autograd.hessian(f)(best), autograd.grad(f)(best))


def turned_problem(rng):
    """One such problem, with its patches in random order and turned by a random rotation."""
    X, y, lam, best = problem_with_optimum(np.random.default_rng(1))
    Q, order = rotation(rng, 4), rng.permutation(40)
    return X[order] @ Q, y[order], lam, best @ Q


@points(1)
@hint(
    "Iterate until the norm of the gradient of the penalised sum is at most tol. The ridge belongs into the gradient"
    " and into the Hessian."
)
@no_probe("integers", "float32")  # the number of iterations may hang on the last digit
def test_reaches_the_minimum(newton, rng):
    X, y, lam, best = turned_problem(rng)
    w, _ = newton(np.zeros(4), X, y, lam)
    assert_allclose(w, best, rtol=1e-7, atol=1e-7)
    X = np.vstack([X, X[::-1]])
    w, _ = newton(best, X, np.concatenate([y, 1.0 - y[::-1]]), 0.0)  # both labels each, no ridge: 0 is best
    assert_allclose(w, np.zeros(4), atol=1e-7)


@points(1)
@hint(
    "history holds the start and every iterate, history[-1] is w; the loop ends as soon as |g| <= tol (at the start, if"
    " it is so there) or after max_iter steps, whichever comes first."
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


@points(1)
@hint(
    "Near the minimum each step must square the error (order 2). Order 1 means that the Hessian is not the current "
    "one, lacks lam, or that the full step is not taken."
)
@no_probe("integers", "float32")  # the number of iterations may hang on the last digit
def test_converges_quadratically(newton, rng):
    X, y, lam, best = problem_with_optimum(rng)
    direction = rng.normal(size=4)
    _, history = newton(best + 0.15 * direction / np.linalg.norm(direction), X, y, lam, tol=1e-9)
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
    "by backtracking until the loss falls (Armijo)."
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
        found, history = newton(start, X, y, lam)
        losses = np.array([f(h) for h in history])
        rise = np.max(np.diff(losses), initial=0.0)
        assert rise <= 1e-9 * losses[0], f"the loss rises by {rise:.3g} in a step"
        assert np.linalg.norm(autograd.grad(f)(found)) < 1e-6, "newton did not arrive within its 100 steps"


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
    norm = np.linalg.norm(X.T @ (expit(X @ w) - y) + w)
    assert norm < 1e-5, f"with tol = 1e-6 the norm of the gradient at the end is {norm:.1e}"


# irls_step


@points(1)
@hint(
    "The weights are s = sigmoid'(a) (not their roots), the working response is z = a + (y - sigmoid(a)) / s, and "
    "lam is added to the diagonal of X'SX."
)
def test_solves_the_weighted_problem_at_zero(irls_step, rng):
    X, y = patches(rng, 25, 4)
    assert_allclose(irls_step(np.zeros(4), X, y, 0.7), newton_by_autograd(np.zeros(4), X, y, 0.7), rtol=1e-9)


@points(1)
@hint(
    "The least-squares problem gives the new weights; return the step, new weights minus w. It equals Newton's step "
    "at any w."
)
def test_equals_the_newton_step(irls_step, rng):
    X, y = patches(rng, 25, 4)
    w = rng.normal(size=4) + 1.0
    for lam in (0.3, 5.0):
        assert_allclose(irls_step(w, X, y, lam), newton_by_autograd(w, X, y, lam), rtol=1e-8, atol=1e-10)


@points(1)
@hint(
    "Where sigmoid'(a) underflows to 0, z is infinite and 0 * inf is nan: work with s z = s a + (y - sigmoid(a)), "
    "undivided."
)
def test_survives_weights_that_vanish(irls_step, rng):
    X = np.array([[1.0, 0.0], [-1.0, 0.0], [1.0, 1.0], [0.0, -1.0]]) + 0.1 * rng.uniform(size=(4, 2))
    w, y, lam = np.array([1500.0, -4000.0]), np.array([0.0, 0.0, 1.0, 0.0]), 2.0
    a = X @ w
    assert np.all(np.abs(a) > 1000)  # S = 0: the Hessian is lam I, and sigmoid(a) is 0 or 1
    assert_allclose(irls_step(w, X, y, lam), -(X.T @ ((a > 0) - y) + lam * w) / lam, rtol=1e-6)


# newton_step_wide


@points(1)
@hint(
    "(Z'Z + lam I)^-1 g = (g - Z' (ZZ' + lam I)^-1 Zg) / lam with Z = S^(1/2) X: the N x N matrix carries lam too, "
    "and the step is minus this."
)
def test_equals_the_newton_step_wide(newton_step_wide, rng):
    X, y = patches(rng, 6, 15)
    w = rng.normal(size=15)
    for lam in (0.2, 3.0):
        assert_allclose(newton_step_wide(w, X, y, lam), newton_by_autograd(w, X, y, lam), rtol=1e-8, atol=1e-10)


@points(1)
@hint(
    "Woodbury's identity holds for every shape of X: with more patches than pixels the step must be the same, only "
    "dearer."
)
def test_holds_for_tall_problems(newton_step_wide, rng):
    X, y = patches(rng, 20, 4)
    w = rng.normal(size=4)
    assert_allclose(newton_step_wide(w, X, y, 0.5), newton_by_autograd(w, X, y, 0.5), rtol=1e-8, atol=1e-10)
    assert_allclose(
        newton_step_wide(w, X[:1], y[:1], 0.5), newton_by_autograd(w, X[:1], y[:1], 0.5), rtol=1e-8, atol=1e-10
    )


@points(1)
@hint("With 20,000 pixels nothing of size D x D fits into memory: the system to solve has N = 50 equations.")
@budget(cpu=5, memory=400)
def test_needs_no_table_of_pixels_by_pixels_wide(newton_step_wide, rng):
    X, y = patches(rng, 50, 20_000)
    w = rng.normal(size=20_000)
    assert residual(newton_step_wide(w, X, y, 0.5), w, X, y, 0.5) < 1e-9


# bfgs_update


@points(1)
@hint(
    "The updated inverse Hessian must map the change of the gradient to the step, B'q = s. If it maps s to q, they "
    "are swapped."
)
def test_satisfies_the_secant_equation(bfgs_update, rng):
    for size in (1, 2, 5):
        B, s = positive_definite(rng, size), rng.uniform(0.5, 2.0, size=size) * rng.choice([-1.0, 1.0], size=size)
        q = positive_definite(rng, size) @ s
        new = bfgs_update(B, s, q)
        assert np.shape(new) == (size, size), f"the update has shape {np.shape(new)}, expected {(size, size)}"
        assert_allclose(new @ q, s, rtol=1e-9, atol=1e-11)


@points(1)
@hint(
    "B' = (I - r s q') B (I - r q s') + r s s' with r = 1 / s'q: symmetric, positive definite, and the inverse of "
    "the BFGS update of the Hessian (the similar DFP update is not)."
)
def test_is_the_bfgs_update(bfgs_update, rng):
    B, s = positive_definite(rng, 5), rng.normal(size=5)
    q = positive_definite(rng, 5, 0.5, 20.0) @ s
    new = bfgs_update(B, s, q)
    assert_allclose(new, np.transpose(new), rtol=1e-9, atol=1e-12)
    assert np.linalg.eigvalsh(new)[0] > 0, "the update has an eigenvalue that is not positive"
    assert_allclose(new, bfgs_through_the_hessian(B, s, q), rtol=1e-8, atol=1e-10)


@points(1)
@hint("Where s'q <= 0 no positive definite matrix maps q to s: skip the update and return B as it was.")
def test_skips_negative_curvature(bfgs_update, rng):
    B, s = positive_definite(rng, 3), np.array([1.0, -2.0, 0.5])
    for q in (-s, np.array([2.0, 1.0, 0.0]), np.zeros(3)):  # s'q < 0, = 0, = 0
        assert_allclose(bfgs_update(B, s, q), B, rtol=1e-12)


@points(1)
@hint(
    "Near the minimum steps and changes of the gradient become small, and s'q smaller still, but it stays positive: "
    "skip for s'q <= 0 only, not below a threshold."
)
def test_updates_with_small_steps(bfgs_update, rng):
    B, s = positive_definite(rng, 4), 1e-7 * rng.normal(size=4)
    q = positive_definite(rng, 4) @ s
    assert_allclose(bfgs_update(B, s, q) @ q, s, rtol=1e-8, atol=1e-17)


# bfgs


@points(1)
@hint("Go along d = -B g with a line search, update B with the step and the change of the gradient, until |g| <= tol.")
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


@points(1)
@hint(
    "From B = I the first direction is -g; then every step must lower the loss. history holds the start and every "
    "iterate, history[-1] is w, and max_iter bounds the number of steps."
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
    "Stop as soon as |g| <= tol, which may be at the start; a larger tol must end earlier. If yours never arrives: where"
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


# lbfgs_direction


def curvature_pairs(rng, num_pairs, size):
    """Steps and changes of the gradient of a quadratic function, (m, D) each, with s'q > 0."""
    S = rng.normal(size=(num_pairs, size))
    return S, S @ positive_definite(rng, size)


@points(1)
@hint(
    "Both loops are needed: from the newest pair to the oldest with s'd / s'q before the scaling, and back with q'd "
    "/ s'q after it. The result is -Bg for the matrix B that m BFGS updates make of (s'q / q'q) I."
)
def test_equals_the_updates_of_a_matrix(lbfgs_direction, rng):
    for m in (1, 3, 5):
        S, Q = curvature_pairs(rng, m, 7)
        g = rng.normal(size=7)
        B = (S[-1] @ Q[-1]) / (Q[-1] @ Q[-1]) * np.eye(7)
        for s, q in zip(S, Q, strict=True):
            B = bfgs_through_the_hessian(B, s, q)
        assert_allclose(lbfgs_direction(g, S, Q), -B @ g, rtol=1e-8, atol=1e-10)


@points(1)
@hint("With an empty memory the direction is -g: minus, unscaled.")
def test_begins_with_steepest_descent(lbfgs_direction, rng):
    g = rng.normal(size=6)
    assert_allclose(lbfgs_direction(g, np.zeros((0, 6)), np.zeros((0, 6))), -g, rtol=1e-12)


@points(1)
@hint(
    "The newest pair is the last row: its secant equation holds exactly (g = q gives -s), and the scale s'q / q'q "
    "between the loops is its own."
)
def test_trusts_the_newest_pair(lbfgs_direction, rng):
    S, Q = curvature_pairs(rng, 4, 12)
    S *= np.array([1.0, 10.0, 0.1, 1.0])[:, None]
    assert_allclose(lbfgs_direction(Q[-1], S, Q), -S[-1], rtol=1e-8, atol=1e-10)
    # A gradient that is orthogonal to all steps and changes meets none of the pairs, only the scale between the loops.
    basis, _ = np.linalg.qr(np.vstack([S, Q]).T)
    g = rng.normal(size=12)
    g = g - basis @ (basis.T @ g)
    g = g - basis @ (basis.T @ g)
    assert_allclose(lbfgs_direction(g, S, Q), -(S[-1] @ Q[-1]) / (Q[-1] @ Q[-1]) * g, rtol=1e-8, atol=1e-10)


@points(1)
@hint(
    "With 100,000 pixels nothing of size D x D fits into memory: the two loops use inner products and sums of "
    "vectors only."
)
@budget(cpu=5, memory=400)
def test_needs_vectors_only(lbfgs_direction, rng):
    S = rng.normal(size=(10, 100_000))
    Q = S * rng.uniform(0.5, 2.0, size=100_000)
    g = rng.normal(size=100_000)
    assert g @ lbfgs_direction(g, S, Q) < 0
    assert_allclose(lbfgs_direction(Q[-1], S, Q), -S[-1], rtol=1e-6, atol=1e-8)


# hessian_vector_product


@points(1)
@hint(
    "Hv = X'(s * (Xv)) + lam v with s = sigmoid'(Xw) = sigmoid(a) (1 - sigmoid(a)): the derivative, not sigmoid "
    "itself; exact, not by differences; and the ridge times v, not w."
)
def test_equals_the_hessian_times_the_vector(hessian_vector_product, rng):
    X, y = patches(rng, 12, 5)
    w, v = rng.normal(size=5), rng.normal(size=5)
    for lam in (0.0, 0.8):
        H = autograd.hessian(objective(X, y, lam))(w)
        assert_allclose(hessian_vector_product(w, X, y, v, lam), H @ v, rtol=1e-9, atol=1e-11)
    assert_allclose(hessian_vector_product(w, X, y, v), hessian_vector_product(w, X, y, v, 0.0), rtol=1e-12)


@points(1)
@hint(
    "Multiply by v first, X'(s * (Xv)): neither the D x D Hessian nor an N x N diagonal matrix fits into memory here."
)
@budget(cpu=5, memory=400)
def test_needs_no_matrix(hessian_vector_product, rng):
    for N, D in ((50, 20_000), (200_000, 3)):
        X, y = patches(rng, N, D)
        w, v = rng.normal(size=D), rng.normal(size=D)
        p = expit(X @ w)
        expected = X.T @ (p * (1.0 - p) * (X @ v)) + 0.5 * v
        # Differences of gradients, which the other check refuses, are about 1e-7 off; what is wrong is off by far more.
        miss = np.linalg.norm(hessian_vector_product(w, X, y, v, 0.5) - expected) / np.linalg.norm(expected)
        assert miss < 1e-5, f"with {N} patches of {D} pixels Hv misses by {miss:.0e} of its length"


# newton_cg_step


@points(1)
@hint(
    "Conjugate gradients solve H d = -g: the residual starts as -g, each direction is the new residual plus (new "
    "size / old size) times the old direction, and the loop runs until the residual is small beside tol."
)
def test_solves_newtons_system(newton_cg_step, rng):
    X, y = patches(rng, 60, 20)
    X *= np.geomspace(1.0, 5.0, 20)
    w = rng.normal(size=20)
    for lam in (0.5, 4.0):
        expected = newton_by_autograd(w, X, y, lam)
        assert_allclose(newton_cg_step(w, X, y, lam), expected, rtol=1e-5, atol=1e-5)
        assert residual(newton_cg_step(w, X, y, lam, tol=1e-12), w, X, y, lam) < 1e-10


@points(1)
@hint("Use hessian_vector_product: with 20,000 pixels the Hessian does not fit into memory.")
@budget(cpu=5, memory=400)
def test_never_forms_the_hessian(newton_cg_step, rng):
    X, y = patches(rng, 50, 20_000)
    w = rng.normal(size=20_000)
    assert residual(newton_cg_step(w, X, y, 0.5), w, X, y, 0.5) < 1e-6


# step_cost


@points(1)
@hint(
    "Gradient descent multiplies by X once for Xw and once for X'r, 2ND in all. Return a whole number; another name "
    "than the five raises ValueError."
)
def test_counts_two_products_for_a_gradient(step_cost):
    for N, D in ((1_000, 400), (300, 2_000)):
        cost = step_cost(N, D, "gd")
        assert isinstance(cost, (int, np.integer)), f"the cost is a {type(cost).__name__}, expected an int"
        assert_allclose(cost, 2 * N * D, rtol=0.05)
        for method in ("newton", "newton_wide", "bfgs", "lbfgs"):
            cost = step_cost(N, D, method)
            assert isinstance(cost, (int, np.integer)), (
                f"the cost of {method} is a {type(cost).__name__}, expected an int"
            )
            assert cost > 2 * N * D, f"{method} needs a gradient too: {cost} is not more than 2ND"
    with raises(ValueError):
        step_cost(10, 10, "magic")


def growth(step_cost, method, N, D):
    """How the cost grows when N doubles, and when D doubles."""
    cost = step_cost(N, D, method)
    assert cost > 0, f"{method} costs {cost} for N = {N}, D = {D}"
    return step_cost(2 * N, D, method) / cost, step_cost(N, 2 * D, method) / cost


@points(1)
@hint(
    "Newton: ND^2 for the Hessian and D^3 / 3 for its Cholesky factor. By Woodbury N and D change places: N^2 D and "
    "N^3 / 3."
)
def test_counts_newton(step_cost):
    many, few = 10**6, 10
    assert_allclose(growth(step_cost, "newton", many, few), (2, 4), rtol=0.3)
    assert_allclose(growth(step_cost, "newton", few, many), (1, 8), rtol=0.1)
    assert_allclose(growth(step_cost, "newton", 10**4, 10**3), (2, 4), rtol=0.1)
    assert_allclose(growth(step_cost, "newton_wide", few, many), (4, 2), rtol=0.3)
    assert_allclose(growth(step_cost, "newton_wide", many, few), (8, 1), rtol=0.1)
    assert_allclose(growth(step_cost, "newton_wide", 10**3, 10**4), (4, 2), rtol=0.1)


@points(1)
@hint(
    "Beside the gradient BFGS works on a D x D matrix with a few D^2 (no D^3: nothing is solved), L-BFGS on m = 10 "
    "pairs of vectors with about 4mD."
)
def test_counts_quasi_newton(step_cost):
    many, few = 10**6, 10
    assert_allclose(growth(step_cost, "bfgs", few, many), (1, 4), rtol=0.1)
    assert_allclose(growth(step_cost, "bfgs", many, few), (2, 2), rtol=0.1)
    assert_allclose(growth(step_cost, "lbfgs", many, few), (2, 2), rtol=0.1)
    assert_allclose(growth(step_cost, "lbfgs", few, many)[1], 2, rtol=0.1)
    memory = step_cost(1, many, "lbfgs") / many  # per pixel: 4m and a little more
    assert 15 <= memory <= 100, f"with one patch L-BFGS costs {memory:.3g} per pixel, where 10 pairs make about 40"
