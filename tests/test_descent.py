"""The reference of Lab 2 against torch, autograd, closed forms and brute force."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from autograder.checks.lab2.common import (
    adagrad_move,
    adam_move,
    automatic_gradient,
    logistic_gradient,
    momentum_move,
    rmsprop_move,
    unrolled,
)
from solutions import descent
from solutions.likelihood import nll, nll_gradient


@pytest.fixture
def rng():
    return np.random.default_rng(20)


def problem(rng, num_examples=60, num_pixels=8):
    X = rng.normal(size=(num_examples, num_pixels))
    return X, (rng.uniform(size=num_examples) < 0.4).astype(float)


def objective(X, y, lam):
    return lambda w: anp.sum(anp.logaddexp(0.0, X @ w) - y * (X @ w)) + 0.5 * lam * anp.sum(w**2)


def torch_path(optimizer, X, y, w0, num_steps, lam, **options):
    X, y, w = torch.from_numpy(X), torch.from_numpy(y), torch.tensor(w0, requires_grad=True)
    stepper = optimizer([w], **options)
    path = [w0]
    for _ in range(num_steps):
        stepper.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(X @ w, y, reduction="sum") + 0.5 * lam * w @ w
        loss.backward()
        stepper.step()
        path.append(w.detach().numpy().copy())
    return np.array(path)


# (ours, torch's, step, our options, torch's options); 1e-12 leaves room for some hundred roundings per coordinate.
PAIRS = [
    (descent.gradient_descent, torch.optim.SGD, 0.02, {}, {}),
    (descent.momentum, torch.optim.SGD, 0.01, {}, {"momentum": 0.9}),
    (descent.momentum, torch.optim.SGD, 0.02, {"beta": 0.5}, {"momentum": 0.5}),
    (descent.adagrad, torch.optim.Adagrad, 0.1, {}, {}),
    (descent.adagrad, torch.optim.Adagrad, 0.1, {"eps": 0.3}, {"eps": 0.3}),
    (descent.rmsprop, torch.optim.RMSprop, 0.01, {}, {}),
    (descent.rmsprop, torch.optim.RMSprop, 0.01, {"beta": 0.8, "eps": 0.3}, {"alpha": 0.8, "eps": 0.3}),
    (descent.adam, torch.optim.Adam, 0.05, {}, {}),
    (descent.adam, torch.optim.Adam, 0.05, {"beta1": 0.5, "beta2": 0.7, "eps": 0.1}, {"betas": (0.5, 0.7), "eps": 0.1}),
    (descent.adam, torch.optim.Adam, 0.05, {"eps": 0.3}, {"eps": 0.3}),
]


@pytest.mark.parametrize(("ours", "theirs", "step", "options", "torch_options"), PAIRS)
def test_optimisers_follow_torch_for_fifty_steps(ours, theirs, step, options, torch_options, rng):
    X, y = problem(rng)
    w0 = rng.normal(size=8)
    start = w0.copy()
    path = ours(lambda w: nll_gradient(w, X, y, 0.3), w0, step, 50, **options)
    assert path.shape == (51, 8) and path.dtype == np.float64
    assert_allclose(path, torch_path(theirs, X, y, w0, 50, 0.3, lr=step, **torch_options), rtol=1e-12, atol=1e-12)
    assert_array_equal(w0, start)


@pytest.mark.parametrize(
    ("move", "theirs", "options"),
    [
        (momentum_move(0.05, 0.9), torch.optim.SGD, {"lr": 0.05, "momentum": 0.9}),
        (momentum_move(0.05, 0.3), torch.optim.SGD, {"lr": 0.05, "momentum": 0.3}),
        (adagrad_move(0.1, 1e-10), torch.optim.Adagrad, {"lr": 0.1, "eps": 1e-10}),
        (adagrad_move(0.1, 0.1), torch.optim.Adagrad, {"lr": 0.1, "eps": 0.1}),
        (rmsprop_move(0.02, 0.99, 1e-8), torch.optim.RMSprop, {"lr": 0.02, "alpha": 0.99, "eps": 1e-8}),
        (rmsprop_move(0.02, 0.8, 0.1), torch.optim.RMSprop, {"lr": 0.02, "alpha": 0.8, "eps": 0.1}),
        (adam_move(0.05, 0.9, 0.999, 1e-8), torch.optim.Adam, {"lr": 0.05, "betas": (0.9, 0.999), "eps": 1e-8}),
        (adam_move(0.05, 0.5, 0.8, 0.1), torch.optim.Adam, {"lr": 0.05, "betas": (0.5, 0.8), "eps": 0.1}),
    ],
)
def test_the_sums_that_the_checks_compare_with_follow_torch(move, theirs, options, rng):
    X, y = problem(rng)
    w0 = rng.normal(size=8)
    path = unrolled(move, logistic_gradient(X, y, 0.3), w0, 50)
    assert_allclose(path, torch_path(theirs, X, y, w0, 50, 0.3, **options), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("unit", [1.0, 3e3])  # also where exp would leave the range of a double
def test_the_gradient_that_the_checks_compare_with_is_torchs(unit, rng):
    X, y = problem(rng)
    X, w0 = unit * X, rng.normal(size=8)
    expected = -np.diff(torch_path(torch.optim.SGD, X, y, w0, 1, 0.7, lr=1.0), axis=0)[0]
    assert_allclose(automatic_gradient(w0, X, y, 0.7), expected, rtol=1e-12, atol=1e-12 * unit)


@pytest.mark.parametrize("name", ["gradient_descent", "momentum", "adagrad", "rmsprop", "adam"])
def test_optimisers_ask_for_one_gradient_per_step_and_keep_no_state(name, rng):
    calls = []

    def spy(w):
        calls.append(w)
        return np.array([2.0 * w[0], 0.0])  # the second weight has no gradient, ever

    optimise = getattr(descent, name)
    w0 = np.array([1, -2])  # whole numbers are welcome
    first, second = optimise(spy, w0, 0.1, 9), optimise(spy, w0, 0.1, 9)
    assert len(calls) == 18
    assert_array_equal(first, second)
    assert np.isfinite(first).all() and np.all(first[:, 1] == -2.0)
    assert_array_equal(optimise(spy, w0, 0.1, 0), [[1.0, -2.0]])


@pytest.mark.parametrize("name", ["gradient_descent", "momentum", "adagrad", "rmsprop", "adam"])
def test_optimisers_take_a_gradient_that_is_a_list(name):
    optimise = getattr(descent, name)
    paths = [optimise(lambda w, kind=kind: kind(w**3 + 1.0), [1.0, -2.0], 0.1, 3) for kind in (np.array, list)]
    assert_array_equal(*paths)


def test_standardize_by_its_definition(rng):
    X = rng.normal(size=(11, 4)) * [1.0, 1e-9, 1e5, 3.0] + [0.0, 1.0, -1e6, 2.0]
    Z, mean, scale = descent.standardize(X)
    for column in range(4):
        values = X[:, column]
        m = sum(values) / 11
        s = np.sqrt(sum((v - m) ** 2 for v in values) / 11)
        assert_allclose([mean[column], scale[column]], [m, s], rtol=1e-7)
        assert_allclose(Z[:, column], (values - m) / s, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, 255.0, -7e8])
def test_standardize_gives_constant_columns_the_scale_one(value):
    for rows in (1, 3, 10, 1000):
        Z, mean, scale = descent.standardize(np.full((rows, 2), value))
        assert_array_equal(scale, [1.0, 1.0])
        assert_allclose(mean, value, rtol=1e-15 * rows)
        assert_allclose(Z, 0.0, atol=1e-15 * rows * abs(value))


def test_standardize_leaves_a_column_of_deviation_one_as_it_is():
    Z, mean, scale = descent.standardize([[-1.0], [1.0]])
    assert (Z.tolist(), mean.tolist(), scale.tolist()) == ([[-1.0], [1.0]], [0.0], [1.0])


@pytest.mark.parametrize("X", [np.zeros((0, 3)), np.zeros(3)])
def test_standardize_refuses_what_is_no_table(X):
    with pytest.raises(ValueError, match="standardize"):
        descent.standardize(X)


@pytest.mark.parametrize("shape", [(30, 4), (4, 30), (1, 5)])
def test_lipschitz_bound_is_the_top_curvature_at_zero_and_an_upper_bound_elsewhere(shape, rng):
    X = rng.normal(size=shape)
    y = (rng.uniform(size=len(X)) < 0.5).astype(float)
    L = descent.lipschitz_bound(X, 0.7)
    hessian = autograd.hessian(objective(X, y, 0.7))
    assert_allclose(np.linalg.eigvalsh(hessian(np.zeros(shape[1])))[-1], L, rtol=1e-10)
    for _ in range(5):
        assert np.linalg.eigvalsh(hessian(rng.normal(size=shape[1])))[-1] <= L * (1 + 1e-12)


def test_two_over_the_bound_is_where_gradient_descent_turns_from_shrinking_to_growing(rng):
    X, _ = problem(rng)
    X, y = np.vstack([X, X]), np.repeat([0.0, 1.0], 60)
    L, top = descent.lipschitz_bound(X), np.linalg.svd(X)[2][0]
    sizes = {}
    for factor in (1.95, 2.05):
        path = descent.gradient_descent(lambda w: nll_gradient(w, X, y), 1e-3 * top, factor / L, 40)
        sizes[factor] = np.linalg.norm(path[-1])
    assert sizes[1.95] < 1e-3 * 0.95**39 < 1e-3 < sizes[2.05]


def test_backtracking_finds_the_first_step_by_brute_force(rng):
    for _ in range(50):
        A = rng.normal(size=(3, 3))
        f = lambda w, A=A: float(np.logaddexp(0.0, A @ w).sum() + 0.1 * w @ w)  # noqa: E731
        g_of = autograd.grad(lambda w, A=A: anp.sum(anp.logaddexp(0.0, A @ w)) + 0.1 * anp.sum(w**2))
        w = rng.normal(size=3)
        g = g_of(w)
        d = -g + 0.3 * np.linalg.norm(g) * rng.uniform(-0.5, 0.5, size=3)
        alpha, c, rho = rng.uniform(5.0, 50.0), rng.uniform(0.01, 0.9), rng.uniform(0.2, 0.9)
        steps = alpha * rho ** np.arange(200)
        enough = [f(w + a * d) <= f(w) + c * a * (g @ d) for a in steps]
        assert_allclose(descent.backtracking_step(f, g, w, d, alpha, c, rho), steps[np.argmax(enough)], rtol=1e-12)


def test_backtracking_treats_losses_that_are_not_finite_as_failures():
    for bad in (np.nan, np.inf, -np.inf):
        f = lambda w, bad=bad: w[0] if w[0] > -0.1 else bad  # noqa: E731
        assert descent.backtracking_step(f, np.ones(1), np.zeros(1), -np.ones(1)) == 0.0625


@pytest.mark.parametrize("direction", [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [np.nan, 0.0], [-np.inf, 0.0]])
def test_backtracking_refuses_a_direction_that_is_not_downhill(direction):
    with pytest.raises(ValueError, match="slope"):
        descent.backtracking_step(
            lambda w: float(w @ w), np.array([2.0, 0.0]), np.array([1.0, 0.0]), np.array(direction)
        )


def test_backtracking_refuses_to_start_where_the_loss_is_not_finite():
    with pytest.raises(ValueError, match="finite"):
        descent.backtracking_step(lambda w: np.nan, np.ones(1), np.zeros(1), -np.ones(1))


@pytest.mark.parametrize(("N", "B"), [(10, 3), (9, 3), (5, 100), (4, 1), (0, 3)])
def test_minibatches_deal_out_every_example_once(N, B, rng):
    batches = list(descent.minibatches(N, B, rng))
    assert [len(b) for b in batches] == [min(B, N - start) for start in range(0, N, B)]
    assert_array_equal(np.sort(np.concatenate([*batches, []])), np.arange(N))


def test_minibatches_are_uniform_over_orders(rng):
    counts = {}
    for _ in range(6000):
        order = tuple(np.concatenate(list(descent.minibatches(3, 2, rng))))
        counts[order] = counts.get(order, 0) + 1
    assert len(counts) == 6
    assert max(abs(count - 1000) for count in counts.values()) < 150  # five standard deviations of a binomial


def test_minibatches_refuse_empty_batches(rng):
    with pytest.raises(ValueError, match="batch_size"):
        descent.minibatches(10, 0, rng)


def test_minibatch_gradient_averages_to_autograds_full_gradient(rng):
    X, y = problem(rng, 23)
    w = rng.normal(size=8)
    batches = list(descent.minibatches(23, 5, rng))
    mean = sum(len(idx) / 23 * descent.minibatch_gradient(w, X, y, idx, 0.9) for idx in batches)
    assert_allclose(mean, autograd.grad(objective(X, y, 0.9))(w), rtol=1e-10, atol=1e-12)


def test_minibatch_gradient_refuses_an_empty_batch(rng):
    X, y = problem(rng)
    with pytest.raises(ValueError, match="empty"):
        descent.minibatch_gradient(np.zeros(8), X, y, np.array([], dtype=int))


def test_sgd_with_full_batches_is_gradient_descent_and_small_steps_reach_the_minimum(rng):
    X, y = problem(rng)
    w0 = rng.normal(size=8)
    full = descent.sgd(w0, X, y, 0.01, 10, len(X), rng, 0.5)
    assert_allclose(full, descent.gradient_descent(autograd.grad(objective(X, y, 0.5)), w0, 0.01, 10), rtol=1e-10)
    path = descent.sgd(w0, X, y, 2e-4, 400, 7, rng, 0.5)
    assert path.shape == (400 * 9 + 1, 8)
    best = descent.gradient_descent(lambda w: nll_gradient(w, X, y, 0.5), w0, 0.02, 5000)[-1]
    gap, start = (nll(w, X, y, 0.5) - nll(best, X, y, 0.5) for w in (path[-500:].mean(axis=0), w0))
    assert gap < 1e-2 * start


def test_rate_of_convergence_of_gradient_descent_on_a_quadratic_is_that_of_theory():
    h = np.array([1.0, 10.0])
    path = descent.gradient_descent(lambda w: h * w, np.ones(2), 0.1, 60)
    losses = 0.5 * (h * path**2).sum(axis=1)
    assert_allclose(descent.rate_of_convergence(losses[5:], 0.0), 2 * np.log(0.9), rtol=1e-8)


def test_rate_of_convergence_needs_two_points():
    with pytest.raises(ValueError, match="two"):
        descent.rate_of_convergence([3.0, 1.0, 0.5], 1.0)
