"""The reference of Lab 3 against autograd, scipy, exact theorems and brute force."""

from math import comb

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import LbfgsInvHessProduct, minimize
from scipy.sparse.linalg import cg

from solutions import curvature


@pytest.fixture
def rng():
    return np.random.default_rng(30)


def problem(rng, num_examples=50, num_pixels=6):
    X = rng.normal(size=(num_examples, num_pixels))
    y = (rng.uniform(size=num_examples) < 1 / (1 + np.exp(-X @ np.linspace(-1, 1, num_pixels)))).astype(float)
    return X, y


def objective(X, y, lam):
    return lambda w: anp.sum(anp.logaddexp(0.0, X @ w) - y * (X @ w)) + 0.5 * lam * anp.sum(w**2)


def autograd_step(w, X, y, lam):
    f = objective(X, y, lam)
    return -np.linalg.solve(autograd.hessian(f)(w), autograd.grad(f)(w))


def minimum(X, y, lam):
    """By scipy's trust region, to the last digits."""
    f = objective(X, y, lam)
    found = minimize(
        f,
        np.zeros(X.shape[1]),
        jac=autograd.grad(f),
        hess=autograd.hessian(f),
        method="trust-exact",
        options={"gtol": 1e-12, "maxiter": 500},
    )
    return found.x


def positive_definite(rng, size, largest=10.0):
    rotation, _ = np.linalg.qr(rng.normal(size=(size, size)))
    return (rotation * np.geomspace(1.0, largest, size)) @ rotation.T


# is_separable


def separable_in_the_plane(X, y):
    """By brute force: some direction between two neighbouring normals has all patches on its side."""
    A = (2 * y - 1)[:, None] * X
    angles = np.sort(
        np.concatenate([np.arctan2(*A.T[::-1]) + np.pi / 2, np.arctan2(*A.T[::-1]) - np.pi / 2]) % (2 * np.pi)
    )
    middles = (angles + np.diff(np.append(angles, angles[0] + 2 * np.pi)) / 2)[:, None]
    return bool(np.any(np.all(A @ np.hstack([np.cos(middles), np.sin(middles)]).T > 0, axis=0)))


def test_is_separable_agrees_with_brute_force_in_the_plane(rng):
    verdicts = []
    for _ in range(200):
        N = rng.integers(1, 8)
        X, y = rng.normal(size=(N, 2)), rng.integers(2, size=N).astype(float)
        verdicts.append(separable_in_the_plane(X, y))
        assert curvature.is_separable(X, y) is verdicts[-1]
    assert 0.3 < np.mean(verdicts) < 0.9


def test_is_separable_obeys_covers_theorem(rng):
    D, N, tries = 5, 10, 300
    share = np.mean([curvature.is_separable(rng.normal(size=(N, D)), rng.integers(2, size=N)) for _ in range(tries)])
    exact = sum(comb(N - 1, k) for k in range(D)) / 2 ** (N - 1)
    assert exact == 0.5
    assert abs(share - exact) < 5 * np.sqrt(exact * (1 - exact) / tries)


@pytest.mark.parametrize(("N", "D"), [(40, 30), (30, 40), (300, 20)])
def test_is_separable_sees_certificates_of_both_kinds(N, D, rng):
    X, w = rng.normal(size=(N, D)), rng.normal(size=D)
    y = (X @ w > 0).astype(float)
    keep = np.abs(X @ w) > 1e-2
    assert curvature.is_separable(X[keep], y[keep])
    A = rng.integers(-5, 6, size=(N - 1, D)).astype(float)
    A = np.vstack([A, -A.sum(axis=0)])  # the rows sum to zero, so not all can be positive
    assert not curvature.is_separable((2 * y - 1)[:, None] * A, y)


def test_is_separable_does_not_depend_on_the_units(rng):
    X, w = rng.normal(size=(40, 10)), rng.normal(size=10)
    X += 0.1 * np.sign(X @ w)[:, None] * w / np.linalg.norm(w)
    y = (X @ w > 0).astype(float)
    flipped = y.copy()
    flipped[:20] = 1 - flipped[:20]
    for unit in (1e-6, 255.0, 1e6):
        assert curvature.is_separable(unit * X, y)
        assert curvature.is_separable(unit * X, flipped) is curvature.is_separable(X, flipped)


@pytest.mark.parametrize("margin", [1e-4, 1e-6, 1e-7, 1e-8])
def test_is_separable_sees_thin_margins(margin, rng):
    """Patches come in pairs x and -x but for one direction, which alone separates them, and which is turned anywhere."""
    assert curvature.is_separable([[1.0, margin], [-1.0, margin]], [1, 1])
    for D in (2, 5, 10):
        rotation, _ = np.linalg.qr(rng.normal(size=(D, D)))
        half, y = rng.normal(size=(3 * D, D)), np.tile(rng.integers(2, size=3 * D), 2)
        X = np.vstack([half, -half])
        X[:, 0] = margin * (2 * y - 1) * rng.uniform(1.0, 2.0, size=6 * D)
        assert curvature.is_separable(X @ rotation, y)
        X[0, 0] = -X[0, 0]
        X[3 * D :, 0] = -X[: 3 * D, 0]  # now each patch has its opposite, exactly, with the same label
        assert not curvature.is_separable(X, y)


def test_is_separable_refuses_labels_that_do_not_fit():
    with pytest.raises(ValueError, match="is_separable"):
        curvature.is_separable(np.zeros((3, 2)), np.zeros(2))


# Newton


def test_newton_step_solves_the_system(rng):
    H, g = positive_definite(rng, 7), rng.normal(size=7)
    step = curvature.newton_step(g, H)
    assert_allclose(H @ step, -g, rtol=1e-12)
    assert g @ step < 0


@pytest.mark.parametrize("H", [[[0.0, 0.0], [0.0, 1.0]], [[1.0, 2.0], [2.0, 1.0]], [[np.nan, 0.0], [0.0, 1.0]]])
def test_newton_step_refuses_what_is_not_positive_definite(H):
    with pytest.raises(ValueError):
        curvature.newton_step(np.ones(2), np.array(H))


@pytest.mark.parametrize("lam", [1e-3, 1.0, 100.0])
@pytest.mark.parametrize("far", [0.0, 3.0, 50.0])
def test_newton_reaches_scipys_minimum_from_anywhere_without_climbing(lam, far, rng):
    X, y = problem(rng)
    w0 = far * rng.normal(size=6)
    w, history = curvature.newton(w0, X, y, lam)
    f = objective(X, y, lam)
    losses = np.array([f(h) for h in history])
    assert np.all(np.diff(losses) <= 1e-11 * losses[:-1])
    assert_allclose(w, minimum(X, y, lam), rtol=1e-6, atol=1e-8)
    assert_array_equal(history[0], w0)
    assert_array_equal(history[-1], w)
    assert np.linalg.norm(autograd.grad(f)(w)) <= 2e-8


def test_newton_does_not_climb_where_the_promised_decrease_is_below_rounding():
    """One loud patch far on its own side, a small ridge: the model sees the ridge alone, and its minimum, 0, costs log 2."""
    X = np.vstack([[6e4, 0.0], np.zeros((150, 2))])
    y = np.append(1.0, np.arange(150) % 2)
    f = objective(X, y, 1e-4)
    w, history = curvature.newton(np.array([1e-3, 0.0]), X, y, 1e-4)
    losses = np.array([f(h) for h in history])
    assert np.all(np.diff(losses) <= 1e-12 * losses[:-1])  # what `newton` calls rounding
    assert np.linalg.norm(autograd.grad(f)(w)) <= 1e-8


def test_newton_converges_quadratically(rng):
    X, y = problem(rng)
    best = minimum(X, y, 1.0)
    best = best + autograd_step(best, X, y, 1.0)
    _, history = curvature.newton(best + 0.06, X, y, 1.0, tol=1e-9)
    errors = np.linalg.norm(history - best, axis=1)
    e1, e2, e3 = errors[errors > 1e-13][-3:]
    assert 1.8 < np.log(e3 / e2) / np.log(e2 / e1) < 2.2


def test_newton_stops_at_its_limits(rng):
    X, y = problem(rng)
    assert curvature.newton(np.ones(6), X, y, 1.0, max_iter=0)[1].shape == (1, 6)
    assert curvature.newton(np.ones(6), X, y, 1.0, max_iter=2)[1].shape == (3, 6)
    assert curvature.newton(np.ones(6), X, y, 1.0, tol=np.inf)[1].shape == (1, 6)


def test_newton_says_so_where_the_hessian_is_singular(rng):
    X, y = problem(rng)
    X[:, 2] = 0.0
    with pytest.raises(ValueError, match="ridge"):
        curvature.newton(np.zeros(6), X, y, 0.0)
    curvature.newton(np.zeros(6), X, y, 1e-6)


@pytest.mark.parametrize("shape", [(50, 6), (6, 50), (1, 4)])
@pytest.mark.parametrize("step", ["irls_step", "newton_step_wide", "newton_cg_step"])
def test_newtons_step_in_other_ways(step, shape, rng):
    X, y = problem(rng, *shape)
    w = rng.normal(size=shape[1])
    for lam in (0.1, 10.0):
        assert_allclose(getattr(curvature, step)(w, X, y, lam), autograd_step(w, X, y, lam), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("step", ["irls_step", "newton_step_wide", "newton_cg_step"])
def test_steps_survive_weights_that_vanish(step):
    X, y, w = np.array([[1.0, 0.5], [-1.0, 2.0]]), np.array([0.0, 1.0]), np.array([2000.0, -3000.0])
    a = X @ w  # 500 and -8000: S is zero, the Hessian lam I
    assert_allclose(getattr(curvature, step)(w, X, y, 2.0), -(X.T @ ((a > 0) - y) + 2.0 * w) / 2.0, rtol=1e-9)


@pytest.mark.parametrize("step", ["irls_step", "newton_step_wide"])
def test_steps_that_need_a_ridge_say_so(step, rng):
    X, y = problem(rng)
    with pytest.raises(ValueError, match="ridge"):
        getattr(curvature, step)(np.zeros(6), X, y, 0.0)


def test_newton_cg_step_stops_at_its_tolerance_and_agrees_with_scipys_cg(rng):
    X, y = problem(rng, 200, 40)
    w = rng.normal(size=40)
    f = objective(X, y, 0.1)
    H, g = autograd.hessian(f)(w), autograd.grad(f)(w)
    for tol in (1e-2, 1e-6, 1e-10):
        ours = curvature.newton_cg_step(w, X, y, 0.1, tol)
        assert np.linalg.norm(H @ ours + g) <= 1.001 * tol * np.linalg.norm(g)
        theirs, _ = cg(H, -g, rtol=tol, atol=0.0)
        assert_allclose(ours, theirs, atol=10 * tol * np.linalg.norm(theirs))
    twice, both = np.vstack([X, X]), np.repeat([0.0, 1.0], 200)
    assert_allclose(curvature.newton_cg_step(np.zeros(40), twice, both, 0.1), np.zeros(40), atol=1e-12)


def test_hessian_vector_product_agrees_with_autograd(rng):
    X, y = problem(rng)
    w, v = rng.normal(size=6), rng.normal(size=6)
    expected = autograd.hessian(objective(X, y, 0.4))(w) @ v
    assert_allclose(curvature.hessian_vector_product(w, X, y, v, 0.4), expected, rtol=1e-10, atol=1e-12)


# quasi-Newton


def test_bfgs_update_is_the_closest_matrix_that_satisfies_the_secant_equation(rng):
    """BFGS minimises |B' - B| in the norm weighted by any W with W s = q, among symmetric B' with B'q = s."""
    D = 4
    H, B, s = positive_definite(rng, D), positive_definite(rng, D), rng.normal(size=D)
    q = H @ s
    new = curvature.bfgs_update(B, s, q)
    assert_allclose(new @ q, s, rtol=1e-10)
    assert_allclose(new, new.T, rtol=1e-12)
    assert np.linalg.eigvalsh(new)[0] > 0
    root = np.linalg.cholesky(H)

    def distance(candidate):
        return np.linalg.norm(root.T @ (candidate - B) @ root)

    null = np.eye(D) - np.outer(q, q) / (q @ q)
    for _ in range(100):
        other = rng.normal(size=(D, D))
        assert distance(new + null @ (other + other.T) @ null) >= distance(new)


@pytest.mark.parametrize("q", [[-1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
def test_bfgs_update_skips_curvature_that_is_not_positive(q, rng):
    B = positive_definite(rng, 2)
    new = curvature.bfgs_update(B, np.array([1.0, 0.0]), np.array(q))
    assert_array_equal(new, B)
    assert new is not B


def test_bfgs_reaches_scipys_minimum(rng):
    X, y = problem(rng)
    f = objective(X, y, 0.5)
    w, history = curvature.bfgs(f, autograd.grad(f), 3.0 * rng.normal(size=6), tol=1e-8)
    assert_allclose(w, minimum(X, y, 0.5), atol=1e-7)
    losses = np.array([f(h) for h in history])
    assert np.all(np.diff(losses) <= 1e-11 * losses[:-1])
    assert curvature.bfgs(f, autograd.grad(f), np.ones(6), max_iter=3)[1].shape == (4, 6)


def test_bfgs_ends_on_a_quadratic_of_large_value(rng):
    """Where the loss is large its rounding hides the last decreases; the search must end nevertheless."""
    A = positive_definite(rng, 5, 1e3)
    w, _ = curvature.bfgs(lambda w: 1e6 + 0.5 * w @ A @ w, lambda w: A @ w, rng.normal(size=5))
    assert np.linalg.norm(A @ w) <= 1e-6


def assert_bfgs_never_rises(f, gradient, w0, tol):
    w, history = curvature.bfgs(f, gradient, w0, tol=tol)
    losses = np.array([f(h) for h in history])
    assert np.all(np.diff(losses) <= 1e-12 * np.abs(losses[:-1]))  # what `bfgs` calls rounding
    assert np.linalg.norm(gradient(w)) <= tol


def test_bfgs_does_not_rise_on_quadratics_of_any_value_from_any_distance(rng):
    """From B = I the whole step is up to ten million times too long, also where its promise is below the rounding of f."""
    assert_bfgs_never_rises(lambda w: 1e8 + 5e5 * w @ w, lambda w: 1e6 * w, np.array([1e-9]), 1e-6)
    for D in rng.integers(1, 12, size=60):
        A, constant = positive_definite(rng, D, 10.0 ** rng.uniform(0, 7)), 10.0 ** rng.uniform(-2, 9)
        w0 = 10.0 ** rng.uniform(-10, 1) * rng.normal(size=D)
        assert_bfgs_never_rises(lambda w, A=A, c=constant: c + 0.5 * w @ A @ w, lambda w, A=A: A @ w, w0, 1e-6)


def test_bfgs_does_not_rise_from_a_warm_start(rng):
    for distance in (1e-9, 1e-8, 1e-6, 1e-3):
        X, y = problem(rng, 200, 6)
        f = objective(100.0 * X, y, 0.1)
        best = minimum(100.0 * X, y, 0.1)
        assert_bfgs_never_rises(f, autograd.grad(f), best + distance * rng.normal(size=6), 1e-5)


@pytest.mark.parametrize(
    ("f", "gradient"),
    [
        (lambda w: w[0] - np.log(w[0]) if w[0] > 0 else np.inf, lambda w: 1 - 1 / w),  # outside of a barrier
        (lambda w: np.nan, lambda w: w),
        (lambda w: -np.inf, lambda w: w),
        (lambda w: w @ w, lambda w: np.nan * w),
        (lambda w: w @ w, lambda w: np.inf * w),
    ],
)
def test_bfgs_refuses_a_start_that_is_not_finite(f, gradient):
    with pytest.raises(ValueError, match="finite"):
        curvature.bfgs(f, gradient, np.array([-1.0]))


@pytest.mark.parametrize("m", [0, 1, 2, 6])
def test_lbfgs_direction_agrees_with_scipys_operator(m, rng):
    S = rng.normal(size=(m, 9))
    Q = S @ positive_definite(rng, 9)
    g = rng.normal(size=9)
    direction = curvature.lbfgs_direction(g, S, Q)
    if m == 0:
        assert_array_equal(direction, -g)
        return
    scale = np.sqrt((S[-1] @ Q[-1]) / (Q[-1] @ Q[-1]))  # scipy starts from I: measure in other units
    expected = -scale * LbfgsInvHessProduct(S / scale, Q * scale).matvec(scale * g)
    assert_allclose(direction, expected, rtol=1e-9)


@pytest.mark.parametrize("shape", [(400, 30), (30, 60), (20, 20)])
@pytest.mark.parametrize("lam", [1e-2, 1.0])
def test_preconditioned_lbfgs_reaches_newtons_minimum(shape, lam, rng):
    X, y = problem(rng, *shape)
    w, history = curvature.preconditioned_lbfgs(np.zeros(shape[1]), X, y, lam, tol=1e-7)
    f = objective(X, y, lam)
    assert np.linalg.norm(autograd.grad(f)(w)) <= 1.01e-7
    assert_allclose(w, curvature.newton(np.zeros(shape[1]), X, y, lam)[0], atol=1e-4)
    losses = np.array([f(h) for h in history])
    assert np.all(np.diff(losses) <= 1e-10 * losses[:-1])
    with pytest.raises(ValueError, match="ridge"):
        curvature.preconditioned_lbfgs(np.zeros(shape[1]), X, y, 0.0)


@pytest.mark.parametrize(
    ("shape", "unit", "lam"), [((200, 30), 255.0, 1e-2), ((200, 30), 1e4, 1e-4), ((20, 200), 255.0, 1e-4)]
)
def test_preconditioned_lbfgs_needs_few_steps_where_single_precision_is_not_enough(shape, unit, lam, rng):
    """Pixels that come twice leave X'X / 4 + lam I a condition number beyond 10^8, of which single precision holds 10^7."""
    X, y = rng.normal(size=shape), rng.integers(2, size=shape[0])
    X = unit * np.hstack([X, X[:, :10]])
    f, start, tol = objective(X, y, lam), np.zeros(X.shape[1]), 1e-6 * unit
    w, history = curvature.preconditioned_lbfgs(start, X, y, lam, tol=tol)
    assert np.linalg.norm(autograd.grad(f)(w)) <= 1.01 * tol
    assert (
        len(history) <= 60
    )  # 11 to 25 of these problems; in single precision 500 were not enough, where it ran at all


def test_preconditioned_lbfgs_says_what_it_cannot_do(rng):
    X, y = problem(rng)
    twice = 1e8 * np.hstack([X, X])
    with pytest.raises(ValueError, match="take a larger one"):
        curvature.preconditioned_lbfgs(np.zeros(12), twice, y, 1e-12)
    with pytest.raises(ValueError, match="finite"):
        curvature.preconditioned_lbfgs(np.full(6, np.nan), X, y, 1.0)


# step_cost


@pytest.mark.parametrize(
    ("method", "tall", "wide"),  # exponents of (N, D) for N >> D and for D >> N
    [
        ("gd", (1, 1), (1, 1)),
        ("newton", (1, 2), (0, 3)),
        ("newton_wide", (3, 0), (2, 1)),
        ("bfgs", (1, 1), (0, 2)),
        ("lbfgs", (1, 1), (0, 1)),
    ],
)
def test_step_cost_scales_as_theory_says(method, tall, wide):
    for (N, D), exponents in (((10**8, 10**3), tall), ((1, 10**7), wide)):
        cost = curvature.step_cost(N, D, method)
        assert isinstance(cost, int)
        growth = np.log2([curvature.step_cost(2 * N, D, method) / cost, curvature.step_cost(N, 2 * D, method) / cost])
        assert_allclose(growth, exponents, atol=0.1 if (N, D) != (1, 10**7) or method in ("newton", "bfgs") else 1.0)


def test_step_cost_refuses_unknown_methods():
    with pytest.raises(ValueError, match="method"):
        curvature.step_cost(10, 10, "annealing")
