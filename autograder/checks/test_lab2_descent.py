"""Checks of Lab 2: each exercise against closed forms, torch's optimisers, or a theorem."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit

from autograder import budget, hint, points, raises


def patches(rng, num_examples, num_pixels):
    """Random patches and labels; the activations of weights of order one stay moderate."""
    X = rng.normal(size=(num_examples, num_pixels)) / np.sqrt(num_pixels)
    return X, (rng.uniform(size=num_examples) < 0.5).astype(float)


def logistic_gradient(X, y, lam=0.0):
    """The gradient of the negative log likelihood as a function of w."""
    return lambda w: X.T @ (expit(X @ w) - y) + lam * w


def torch_gradient(w, X, y, lam):
    """The same gradient by torch's automatic differentiation."""
    import torch

    w = torch.tensor(np.asarray(w, dtype=float), requires_grad=True)
    logits = torch.from_numpy(X) @ w
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.from_numpy(y), reduction="sum")
    (loss + 0.5 * lam * w @ w).backward()
    return w.grad.numpy()


def torch_path(optimizer, X, y, w0, num_steps, **options):
    """Weights (T + 1, D) along one of torch's optimisers in float64, by automatic differentiation."""
    import torch

    X, y, w = torch.from_numpy(X), torch.from_numpy(y), torch.tensor(w0, requires_grad=True)
    stepper = getattr(torch.optim, optimizer)([w], **options)
    path = [w0]
    for _ in range(num_steps):
        stepper.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(X @ w, y, reduction="sum").backward()
        stepper.step()
        path.append(w.detach().numpy().copy())
    return np.array(path)


def assert_starts_afresh(optimise, rng):
    """No steps give the start alone; a second call in the same session repeats the first."""
    X, y = patches(rng, 30, 4)
    w0 = rng.normal(size=4)
    assert_allclose(optimise(logistic_gradient(X, y), w0, 0.1, 0), w0[None], rtol=1e-15)
    first, second = (optimise(logistic_gradient(X, y), w0, 0.1, 5) for _ in range(2))
    assert_allclose(first[0], w0, rtol=1e-15)
    assert np.shape(first) == (6, 4), f"5 steps from 4 weights gave a path of shape {np.shape(first)}, expected (6, 4)"
    assert_allclose(second, first, rtol=1e-12)


# standardize


@points(1)
@hint(
    "Subtract each column's mean over the patches (axis 0) and divide by its population deviation, with ddof = 0. "
    "Return Z, mean and scale, the latter two of shape (D,)."
)
def test_gives_mean_zero_and_deviation_one(standardize, rng):
    X = 5.0 + 3.0 * rng.normal(size=(7, 4))
    Z, mean, scale = standardize(X)
    assert np.shape(Z) == (7, 4), f"Z has shape {np.shape(Z)}, expected (7, 4)"
    assert np.shape(mean) == np.shape(scale) == (4,), f"mean and scale have shapes {np.shape(mean)}, {np.shape(scale)}"
    assert_allclose(np.sum(Z, axis=0), np.zeros(4), atol=1e-12)
    assert_allclose(np.sum(Z**2, axis=0), np.full(4, 7.0), rtol=1e-12)
    assert_allclose(Z * scale + mean, X, rtol=1e-12)  # what new patches are to be treated with


@points(1)
@hint(
    "A constant column (its largest entry equals its smallest) must get the scale 1. Its computed deviation need not"
    " be exactly 0, so do not test that for zero."
)
def test_leaves_constant_columns_alone(standardize):
    X = np.column_stack([np.full(20, value) for value in (0.1, 0.7, 1 / 3, 255.0, 0.0)] + [np.arange(20.0)])
    Z, _, scale = standardize(X)
    assert_array_equal(scale[:5], np.ones(5))
    assert_allclose(Z[:, :5], np.zeros((20, 5)), atol=1e-12)
    Z, mean, scale = standardize(np.array([[3.0, -1.0]]))  # a single patch is constant everywhere
    assert_array_equal(scale, np.ones(2))
    assert_allclose(mean, [3.0, -1.0], rtol=1e-15)
    assert_allclose(Z, np.zeros((1, 2)), atol=1e-15)


@points(1)
@hint(
    "The scale is the deviation itself, however small or far from zero the column: no added epsilon, no threshold, "
    "and the mean is subtracted before anything is squared."
)
def test_scales_faint_and_distant_columns(standardize, rng):
    shape = rng.permutation([-1.0, -1.0, 1.0, 1.0, 1.0, -1.0])  # mean 0, deviation 1
    Z, mean, scale = standardize(np.column_stack([1e-15 * shape, 1e8 + shape, 1e3 * shape]))
    assert_allclose(scale, [1e-15, 1.0, 1e3], rtol=1e-9)
    assert_allclose(Z, np.column_stack([shape] * 3), rtol=1e-6)
    assert_allclose(mean, [0.0, 1e8, 0.0], atol=1e-9)


# lipschitz_bound


@points(1)
@hint(
    "The bound is a quarter of the largest eigenvalue of X'X (the square of the largest singular value of X): not "
    "their sum (trace), not a norm of all entries, and the sum over patches is not divided by N."
)
def test_is_a_quarter_of_the_top_eigenvalue(lipschitz_bound, rng):
    for N, D in ((12, 5), (4, 9)):
        X = rng.normal(size=(N, D))
        X += 3.0 * np.outer(rng.choice([-1.0, 1.0], N), rng.choice([-1.0, 1.0], D))  # one direction stands out
        assert_allclose(lipschitz_bound(X), np.linalg.norm(X, 2) ** 2 / 4, rtol=1e-6)


@points(1)
@hint("The ridge adds lam to every eigenvalue of the Hessian, so it adds lam to the bound, outside the quarter.")
def test_adds_the_ridge(lipschitz_bound):
    assert_allclose(lipschitz_bound(np.diag([2.0, 6.0, 1.0]), lam=3.0), 9.0 + 3.0, rtol=1e-9)
    assert_allclose(lipschitz_bound(np.array([[3.0, 4.0], [4.0, -3.0]]), 0.5), 6.25 + 0.5, rtol=1e-9)


@points(1)
@hint("With 200,000 patches nothing of size N x N fits into memory: X'X has D x D entries and the same eigenvalues.")
@budget(cpu=5, memory=400)
def test_needs_no_table_of_patches_by_patches(lipschitz_bound, rng):
    # The pixels share a brightness: eigenvalues near 13 N, N and N, far from their sum and from the diagonal, 5 N each.
    X = rng.normal(size=(200_000, 3)) + 2.0 * rng.normal(size=(200_000, 1))
    assert_allclose(lipschitz_bound(X), np.linalg.norm(X.T @ X, 2) / 4, rtol=1e-6)


# gradient_descent


@points(1)
@hint("Each step is w <- w - step * grad(w), with the gradient at the current w and the step as it is.")
def test_follows_the_closed_form_on_a_quadratic(gradient_descent, rng):
    root = rng.normal(size=(4, 4))
    A, bottom, w0 = root @ root.T + np.eye(4), rng.normal(size=4), rng.normal(size=4)
    step = 1.0 / np.linalg.norm(A, 2)
    path = gradient_descent(lambda w: A @ (w - bottom), w0, step, 20)
    shrink = np.eye(4) - step * A
    expected = [bottom + np.linalg.matrix_power(shrink, t) @ (w0 - bottom) for t in range(21)]
    assert_allclose(path, expected, rtol=1e-9, atol=1e-12)


@points(1)
@hint(
    "Row 0 is the start and row t the weights after t steps, T + 1 rows in all. If all rows look like the last one, "
    "you stored the same array again and again and changed it in place: store copies."
)
def test_keeps_every_row_of_the_path(gradient_descent, rng):
    w0, slope = rng.normal(size=3), rng.normal(size=3)
    path = gradient_descent(lambda w: slope, w0, 0.5, 4)
    assert np.shape(path) == (5, 3), f"4 steps from 3 weights gave a path of shape {np.shape(path)}, expected (5, 3)"
    assert_allclose(path[0], w0, rtol=1e-15)
    assert_allclose(np.diff(path, axis=0), np.tile(-0.5 * slope, (4, 1)), rtol=1e-9, atol=1e-12)
    assert_allclose(gradient_descent(lambda w: slope, w0, 0.5, 0), w0[None], rtol=1e-15)


@points(1)
@hint(
    "T steps need exactly T gradients, each at the weights where the step starts: a gradient is a pass over all data."
)
def test_calls_the_gradient_once_per_step(gradient_descent, rng):
    visited = []

    def spy(w):
        visited.append(np.array(w))
        return 2.0 * w

    path = gradient_descent(spy, rng.normal(size=3), 0.1, 7)
    assert len(visited) == 7, f"gradient_descent called grad {len(visited)} times for 7 steps"
    assert_allclose(visited, path[:-1], rtol=1e-12)


@points(1)
@hint(
    "Below 2 / L a step shrinks the error, above it the error grows. If yours always grows, the sign is that of "
    "ascent; if it never does, the step was changed on the way (divided by N, decayed, or clipped)."
)
def test_meets_the_bound_where_it_is_tight(gradient_descent, rng):
    X, _ = patches(rng, 20, 4)
    X = np.vstack([X, X])  # every patch with both labels: the minimum is at 0, and the curvature there is exactly L
    y = np.repeat([0.0, 1.0], 20)
    _, singular, directions = np.linalg.svd(X)
    L = singular[0] ** 2 / 4
    w0 = 1e-3 * directions[0]
    for factor in (1.95, 2.05):
        path = gradient_descent(logistic_gradient(X, y), w0, factor / L, 40)
        expected = abs(1.0 - factor) ** np.arange(41) * 1e-3
        assert_allclose(np.linalg.norm(path, axis=1), expected, rtol=1e-2)


# backtracking_step


@points(1)
@hint(
    "Return the first of alpha, alpha rho, alpha rho^2, ... with f(w + a d) <= f(w) + c a g'd. All of alpha, c and "
    "rho count, the step a stands on both sides, and g'd is a negative number, whatever the direction."
)
def test_takes_the_first_step_that_descends_enough(backtracking_step, rng):
    for tries in (0, 1, 2, 5):
        w, bend = rng.normal(size=4), rng.uniform(0.02, 0.05)
        g = bend * w
        direction = -2.0 * g + 0.2 * np.linalg.norm(g) * rng.uniform(-0.5, 0.5, size=4)
        slope = g @ direction
        c, rho = rng.uniform(0.6, 0.8), rng.uniform(0.6, 0.85)
        # f(w + a d) - f(w) = a g'd + a^2 bend |d|^2 / 2, so the condition reads a <= longest
        longest = 2.0 * (1.0 - c) * -slope / (bend * direction @ direction)
        alpha = longest * rho ** (rng.uniform(0.2, 0.8) - tries)
        found = backtracking_step(lambda v, bend=bend: 0.5 * bend * v @ v, g, w, direction, alpha, c, rho)
        assert_allclose(found, alpha * rho**tries, rtol=1e-9)


@points(1)
@hint("Armijo's condition is <=, with g'd multiplied by the very step that is tried: at equality the step is accepted.")
def test_accepts_equality(backtracking_step):
    # f = w^2 at w = 1 along d = -1: 1 - 2a + a^2 <= 1 - 2ca. With c = 1/2 this is a <= 1, exactly in floating point.
    f, g, w, direction = lambda v: float(v[0] ** 2), np.array([2.0]), np.array([1.0]), np.array([-1.0])
    assert_allclose(backtracking_step(f, g, w, direction, alpha=1.0, c=0.5, rho=0.5), 1.0, rtol=1e-12)
    # With c = 1/4 it is a <= 3/2: of 8, 4, 2 and 1 the last is the first that will do, as of 1, 1/2, ... by default.
    assert_allclose(backtracking_step(f, g, w, direction, alpha=8.0, c=0.25, rho=0.5), 1.0, rtol=1e-12)
    assert_allclose(backtracking_step(f, g, w, direction), 1.0, rtol=1e-12)


@points(1)
@hint("A loss of inf, -inf or nan counts as a failure: nan > x is False, so ask for finiteness before you compare.")
def test_rejects_a_loss_that_is_not_finite(backtracking_step):
    for bad in (np.inf, np.nan, -np.inf):
        cliff = lambda v, bad=bad: float(v[0]) if v[0] > -0.3 else bad  # noqa: E731
        found = backtracking_step(cliff, np.array([1.0]), np.array([0.0]), np.array([-1.0]))
        assert_allclose(found, 0.25, rtol=1e-12)
    narrow = lambda v: float(v[0]) if v[0] > -1e-8 else np.nan  # noqa: E731
    found = backtracking_step(narrow, np.array([1.0]), np.array([0.0]), np.array([-1.0]))
    assert_allclose(found, 0.5**27, rtol=1e-9)


@points(1)
@hint(
    "Where g'd >= 0 the direction does not lead downhill, and no step need ever do: raise ValueError before the loop."
)
def test_refuses_a_direction_that_is_not_downhill(backtracking_step):
    bowl, w = lambda v: float(v @ v), np.array([1.0, 0.0])
    with raises(ValueError):
        backtracking_step(bowl, 2.0 * w, w, np.array([1.0, 0.0]))
    with raises(ValueError):
        backtracking_step(bowl, 2.0 * w, w, np.array([0.0, 1.0]))


# momentum


@points(1)
@hint(
    "v <- beta v + grad(w), then w <- w - step v with the new v. The gradient is taken at w, not ahead of it "
    "(Nesterov)."
)
def test_follows_torch(momentum, rng):
    X, y = patches(rng, 40, 5)
    w0 = rng.normal(size=5)
    for beta in (0.9, 0.3):
        expected = torch_path("SGD", X, y, w0, 50, lr=0.05, momentum=beta)
        assert_allclose(momentum(logistic_gradient(X, y), w0, 0.05, 50, beta=beta), expected, rtol=1e-12, atol=1e-12)


@points(1)
@hint(
    "On a constant slope the velocity is the sum 1 + beta + beta^2 + ... times g: there is no factor (1 - beta), the"
    " first step is a plain gradient step, and beta is 0.9 unless said otherwise."
)
def test_gathers_speed_on_a_slope(momentum, rng):
    expected = -0.2 * (1.0 - 0.9 ** np.arange(1, 31)) / (1.0 - 0.9)  # the geometric sum
    for _ in range(2):  # the second slope tells whether a velocity is left from the first
        w0, g = rng.normal(size=3), rng.normal(size=3)
        speed = np.diff(momentum(lambda w, g=g: g, w0, 0.2, 30), axis=0)
        assert_allclose(speed, expected[:, None] * g, rtol=1e-9, atol=1e-12)


@points(1)
@hint("A path of T steps has T + 1 rows, the first a copy of w0, and every call begins with a velocity of zeros.")
def test_starts_from_rest(momentum, rng):
    assert_starts_afresh(momentum, rng)


# adagrad


@points(1)
@hint("G <- G + g^2 (a sum that only grows), then w <- w - step g / (sqrt(G) + eps), coordinate by coordinate.")
def test_follows_torch_adagrad(adagrad, rng):
    X, y = patches(rng, 40, 5)
    w0 = rng.normal(size=5)
    for eps in (1e-10, 0.1):
        expected = torch_path("Adagrad", X, y, w0, 50, lr=0.1, eps=eps)
        assert_allclose(adagrad(logistic_gradient(X, y), w0, 0.1, 50, eps=eps), expected, rtol=1e-12, atol=1e-12)


@points(1)
@hint(
    "eps is added to the root, not under it: the first step is -step g / (|g| + eps), and 0 where g is 0. Without "
    "eps, 0 / 0 is nan."
)
def test_adds_eps_to_the_root_adagrad(adagrad):
    w0, g = np.array([1.0, -2.0, 0.5]), np.array([0.3, -20.0, 0.0])
    first = adagrad(lambda w: g, w0, 0.5, 1, eps=0.1)[1] - w0
    assert_allclose(first, [-0.5 * 0.3 / 0.4, 0.5 * 20.0 / 20.1, 0.0], rtol=1e-12)
    # On a constant slope the steps shrink as 1 / sqrt(t); a coordinate without a slope stays.
    path = adagrad(lambda w: g, w0, 0.5, 9)
    assert_allclose(path[9] - path[8], [-0.5 / 3, 0.5 / 3, 0.0], rtol=1e-8)


@points(1)
@hint("A path of T steps has T + 1 rows, the first a copy of w0, and every call begins with G = 0.")
def test_starts_afresh_adagrad(adagrad, rng):
    assert_starts_afresh(adagrad, rng)


# rmsprop


@points(1)
@hint(
    "V <- beta V + (1 - beta) g^2, then w <- w - step g / (sqrt(V) + eps), coordinate by coordinate, without "
    "correction."
)
def test_follows_torch_rmsprop(rmsprop, rng):
    X, y = patches(rng, 40, 5)
    w0 = rng.normal(size=5)
    for beta, eps in ((0.99, 1e-8), (0.8, 0.1)):
        expected = torch_path("RMSprop", X, y, w0, 50, lr=0.02, alpha=beta, eps=eps)
        path = rmsprop(logistic_gradient(X, y), w0, 0.02, 50, beta=beta, eps=eps)
        assert_allclose(path, expected, rtol=1e-12, atol=1e-12)


@points(1)
@hint(
    "eps is added to the root of the new V, not under it: the first step is -step g / (sqrt(1 - beta) |g| + eps), "
    "and 0 where g is 0."
)
def test_adds_eps_to_the_root_rmsprop(rmsprop):
    w0, g = np.array([1.0, -2.0, 0.5]), np.array([0.3, -20.0, 0.0])
    first = rmsprop(lambda w: g, w0, 0.5, 1, beta=0.75, eps=0.1)[1] - w0
    assert_allclose(first, [-0.5 * 0.3 / 0.25, 0.5 * 20.0 / 10.1, 0.0], rtol=1e-12)
    # By default the root of 1 - 0.99 makes the first step ten times as long as `step`.
    assert_allclose(rmsprop(lambda w: g, w0, 0.5, 1)[1] - w0, [-5.0, 5.0, 0.0], rtol=1e-6)


@points(1)
@hint("A path of T steps has T + 1 rows, the first a copy of w0, and every call begins with V = 0.")
def test_starts_afresh_rmsprop(rmsprop, rng):
    assert_starts_afresh(rmsprop, rng)


# adam


@points(1)
@hint(
    "m averages g with beta1, V averages g^2 with beta2; both are divided by 1 - beta^t for the step alone, while m "
    "and V themselves stay uncorrected."
)
def test_follows_torch_adam(adam, rng):
    X, y = patches(rng, 40, 5)
    w0 = rng.normal(size=5)
    for beta1, beta2, eps in ((0.9, 0.999, 1e-8), (0.5, 0.8, 0.1)):
        expected = torch_path("Adam", X, y, w0, 50, lr=0.05, betas=(beta1, beta2), eps=eps)
        path = adam(logistic_gradient(X, y), w0, 0.05, 50, beta1=beta1, beta2=beta2, eps=eps)
        assert_allclose(path, expected, rtol=1e-12, atol=1e-12)


@points(1)
@hint(
    "The averages of a constant slope, corrected by 1 - beta^t with t = 1, 2, ..., are the slope itself, in every step."
)
def test_corrects_for_the_start_at_zero(adam, rng):
    signs = rng.choice([-1.0, 1.0], 3)
    for sign in (signs, -signs):  # the second slope tells whether averages are left from the first
        w0, g = rng.normal(size=3), sign * rng.uniform(0.5, 2.0, size=3)
        steps = np.diff(adam(lambda w, g=g: g, w0, 0.2, 12), axis=0)
        assert_allclose(steps, np.tile(-0.2 * sign, (12, 1)), rtol=1e-7)  # eps = 1e-8 beside |g| >= 0.5


@points(1)
@hint(
    "eps is added to the root of the corrected V: the first step is -step g / (|g| + eps), and 0 where g is 0. Not "
    "under the root, and not before the correction."
)
def test_adds_eps_to_the_root_adam(adam):
    w0, g = np.array([1.0, -2.0, 0.5]), np.array([0.3, -20.0, 0.0])
    first = adam(lambda w: g, w0, 0.5, 1, eps=0.1)[1] - w0
    assert_allclose(first, [-0.5 * 0.3 / 0.4, 0.5 * 20.0 / 20.1, 0.0], rtol=1e-9)
    assert_allclose(adam(lambda w: g, w0, 0.5, 1)[1] - w0, [-0.5, 0.5, 0.0], rtol=1e-6)


@points(1)
@hint("A path of T steps has T + 1 rows, the first a copy of w0, and every call begins with m = V = 0 and t = 1.")
def test_starts_afresh_adam(adam, rng):
    assert_starts_afresh(adam, rng)


# minibatches


@points(1)
@hint(
    "One epoch shows every example exactly once: permute 0 ... N - 1 and cut it up, instead of drawing with "
    "replacement."
)
def test_deals_every_example_once(minibatches, rng):
    for N, B in ((12, 4), (13, 4), (5, 1), (3, 8)):
        batches = list(minibatches(N, B, rng))
        together = np.concatenate([np.atleast_1d(batch) for batch in batches])
        assert together.dtype.kind in "iu", f"the indices have dtype {together.dtype}, expected integers"
        assert_array_equal(np.sort(together), np.arange(N))


@points(1)
@hint("All batches hold batch_size examples except a smaller last one, which is kept; no batch is empty.")
def test_keeps_the_ragged_last_batch(minibatches, rng):
    for N, B, sizes in ((13, 4, [4, 4, 4, 1]), (12, 4, [4, 4, 4]), (3, 8, [3]), (4, 1, [1, 1, 1, 1]), (5, 5, [5])):
        found = [np.size(batch) for batch in minibatches(N, B, rng)]
        assert found == sizes, f"{N} examples in batches of {B} gave batches of sizes {found}, expected {sizes}"


@points(1)
@hint(
    "The order is random and comes from rng alone: a new order in each epoch, the same one from the same seed, and "
    "batches that mix the whole range instead of shuffled blocks."
)
def test_shuffles_with_the_generator(minibatches, rng):
    seed = int(rng.integers(2**32))
    first, again = (np.concatenate(list(minibatches(1000, 100, np.random.default_rng(seed)))) for _ in range(2))
    assert_array_equal(again, first)
    other = list(minibatches(1000, 100, rng))
    assert not np.array_equal(np.concatenate(other), first), "two generators gave the same order"
    for batch in other:  # 100 of 1000 at random lie within 500 neighbours with probability < 500 * 2^-100
        assert np.ptp(batch) > 500, "a batch holds neighbours only: shuffle all examples, not blocks of them"
        assert np.any(np.diff(batch) < 0), "a batch is in ascending order: the examples were not shuffled"


# minibatch_gradient


@points(1)
@hint(
    "A batch of B of the N examples stands for all of them: its data term is multiplied by N / B, so that it "
    "estimates the gradient of the sum. Use the rows idx of X and y, as often as they are named."
)
def test_scales_the_batch_to_all_examples(minibatch_gradient, rng):
    X, y = patches(rng, 23, 4)
    w = rng.normal(size=4)
    for idx in (rng.permutation(23)[:5], np.array([7]), np.array([3, 3, 9]), np.arange(23)):
        expected = 23 / len(idx) * torch_gradient(w, X[idx], y[idx], 0.0)
        assert_allclose(minibatch_gradient(w, X, y, idx), expected, rtol=1e-9, atol=1e-12)


@points(1)
@hint(
    "The penalty is no sum over examples: lam w is added once, as it is, and not multiplied by N / B or divided by N."
)
def test_adds_the_ridge_once(minibatch_gradient, rng):
    X, y = patches(rng, 20, 3)
    w = rng.normal(size=3) + 2.0
    for idx in (np.array([4, 1, 7, 11]), np.arange(20)):
        change = minibatch_gradient(w, X, y, idx, 2.5) - minibatch_gradient(w, X, y, idx)
        assert_allclose(change, 2.5 * w, rtol=1e-9)


@points(1)
@hint(
    "Over one epoch the estimates, weighted by their batch sizes, average to the full gradient: the factor is N / "
    "len(idx)."
)
def test_averages_to_the_full_gradient(minibatch_gradient, rng):
    X, y = patches(rng, 22, 4)
    X *= np.array([1.0, 1.0, 3e3, 3e3])  # activations beyond the range of exp
    w, order = rng.normal(size=4), rng.permutation(22)
    full = torch_gradient(w, X, y, 0.7)
    batches = [order[start : start + 5] for start in range(0, 22, 5)]  # the last one holds 2
    mean = sum(len(idx) / 22 * minibatch_gradient(w, X, y, idx, lam=0.7) for idx in batches)
    assert_allclose(mean, full, rtol=1e-9, atol=1e-7)


# sgd


@points(1)
@hint(
    "With one batch that holds everything, sgd is gradient descent on the penalised sum: check the sign, the ridge, "
    "and that row t holds the weights after t updates, row 0 being the start."
)
def test_is_gradient_descent_when_the_batch_is_full(sgd, rng):
    X, y = patches(rng, 15, 3)
    w0 = rng.normal(size=3)
    path = sgd(w0, X, y, 0.1, 6, 15, rng, lam=0.5)
    assert np.shape(path) == (7, 3), f"6 epochs of one batch gave a path of shape {np.shape(path)}, expected (7, 3)"
    expected = [w0]
    for _ in range(6):
        expected.append(expected[-1] - 0.1 * torch_gradient(expected[-1], X, y, 0.5))
    assert_allclose(path, expected, rtol=1e-9, atol=1e-12)


@points(1)
@hint(
    "One row per update, not per epoch: num_epochs * ceil(N / batch_size) + 1 rows. Each update moves by -step times"
    " the mini-batch's gradient at the current w, scaled by N / B with the B of that batch, the ragged last one too."
)
def test_steps_along_each_batch(sgd, rng):
    # One weight per patch shows which patches an update saw; a shared one couples each update to those before it.
    X, y = np.column_stack([np.eye(5), np.ones(5)]), np.array([0.0, 1.0, 1.0, 0.0, 1.0])
    w0 = rng.normal(size=6)
    path = sgd(w0, X, y, 0.1, 3, 2, rng)
    assert np.shape(path) == (10, 6), f"3 epochs of 3 batches gave a path of shape {np.shape(path)}, expected (10, 6)"
    assert_allclose(path[0], w0, rtol=1e-15)
    for update, (before, after) in enumerate(zip(path[:-1], path[1:], strict=True)):
        seen = (after != before)[:5]
        size = [2, 2, 1][update % 3]
        assert seen.sum() == size, (
            f"update {update + 1} moved {seen.sum()} weights, for the {size} patches in its batch"
        )
        expected = before - 0.1 * 5 / size * X.T @ np.where(seen, expit(X @ before) - y, 0.0)
        assert_allclose(after, expected, rtol=1e-9)
        if update % 3 == 0:
            epoch = np.zeros(5, dtype=int)
        epoch += seen
    assert_array_equal(epoch, np.ones(5, dtype=int))


@points(1)
@hint("Every epoch deals all examples out, each exactly once, in a new random order drawn from rng.")
def test_shuffles_anew_in_every_epoch(sgd, rng):
    X, y = np.eye(40), np.zeros(40)
    orders = []
    for _ in range(2):
        moved = np.diff(sgd(np.zeros(40), X, y, 0.01, 2, 1, rng), axis=0) != 0
        assert_array_equal(moved.sum(axis=1), np.ones(80))
        orders += [moved[:40].argmax(axis=1), moved[40:].argmax(axis=1)]
    for order in orders:
        assert_array_equal(np.sort(order), np.arange(40))
    different = len({tuple(order) for order in orders})
    assert different == 4, f"4 epochs with a fresh shuffle each gave {different} different orders"


# rate_of_convergence


def slope(t, z):
    """Slope of the least-squares line through the points (t, z), by its normal equation."""
    return np.sum((t - np.mean(t)) * z) / np.sum((t - np.mean(t)) ** 2)


@points(1)
@hint(
    "Fit a straight line through ln(loss - optimum) against t by least squares, all points counting alike, and "
    "return its slope: ln rho, in natural logarithms, for gaps that shrink like rho^t."
)
def test_is_the_slope_of_the_log_gap(rate_of_convergence, rng):
    rho = rng.uniform(0.3, 0.9)
    assert_allclose(rate_of_convergence(7.0 + 2.0 * rho ** np.arange(12), 7.0), np.log(rho), rtol=1e-6)
    wiggle = np.array([0.4, -0.3, 0.1, 0.5, -0.6, 0.2, -0.1])
    t = np.arange(7.0)
    expected = np.log(rho) + slope(t, wiggle)
    assert_allclose(rate_of_convergence(rho**t * np.exp(wiggle), 0.0), expected, rtol=1e-9)


@points(1)
@hint("Gaps that are zero or negative have no logarithm: drop them, but let the others keep their step number t.")
def test_drops_gaps_that_are_not_positive(rate_of_convergence):
    t = np.arange(10)
    log_gaps = np.log(0.5) * t + np.array([0.4, -0.3, 0.1, 0.5, -0.6, 0.2, -0.1, 0.7, 0.0, 0.3])
    losses = 3.0 + np.exp(log_gaps)
    losses[[2, 3, 7, 9]] = [3.0, 2.9, 3.0, 3.0 - 1e-12]
    kept = np.array([0, 1, 4, 5, 6, 8])
    assert_allclose(rate_of_convergence(losses, 3.0), slope(kept, log_gaps[kept]), rtol=1e-9)
