"""The reference functions of Lab 1 against peers and theorems: scipy.stats, autograd, torch, complex steps, enumeration."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage, special, stats

from autograder.checks.lab1.common import log_probability
from solutions.likelihood import (
    bernoulli_logpmf,
    calibration,
    extract_patches,
    gradient_error,
    label_patches,
    nll,
    nll_gradient,
    nll_hessian,
    predict_proba,
    roc_auc,
    sigmoid,
    softplus,
)

EVERYWHERE = np.concatenate([-np.logspace(3, -3, 61), [0.0], np.logspace(-3, 3, 61)])


@pytest.fixture
def rng():
    return np.random.default_rng(20240229)


@pytest.fixture
def problem(rng):
    X = rng.normal(size=(40, 6))
    return rng.normal(size=6), X, rng.integers(0, 2, size=40)


# --- patches ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(3, 3), (5, 2), (2, 5), (4, 4), (1, 1), (9, 20)])
def test_patches_are_what_torch_unfolds_from_a_padded_image(rng, size):
    (H, W), (h, w) = (7, 11), size
    image = rng.normal(size=(H, W))
    # torch's "same" puts (size - 1) // 2 before the image and the rest behind it.
    pad = ((w - 1) // 2, w - 1 - (w - 1) // 2, (h - 1) // 2, h - 1 - (h - 1) // 2)
    unfolded = F.unfold(F.pad(torch.from_numpy(image)[None, None], pad), size)[0].T
    columns, rows = np.meshgrid(np.arange(W), np.arange(H))
    assert_array_equal(extract_patches(image, np.column_stack([columns.ravel(), rows.ravel()]), size), unfolded)


@pytest.mark.parametrize("size", [(3, 5), (4, 6)])
def test_patches_times_weights_are_a_correlation(rng, size):
    image, kernel = rng.normal(size=(9, 8)), rng.normal(size=size)
    columns, rows = np.meshgrid(np.arange(8), np.arange(9))
    patches = extract_patches(image, np.column_stack([columns.ravel(), rows.ravel()]), size)
    # scipy centres an even kernel at size // 2, one pixel further than we do.
    origin = [-1 if n % 2 == 0 else 0 for n in size]
    expected = ndimage.correlate(image, kernel, mode="constant", origin=origin)
    assert_allclose((patches @ kernel.ravel()).reshape(9, 8), expected, rtol=1e-12, atol=1e-13)


def test_patches_far_away_are_zero_and_the_image_is_left_alone():
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    before = image.copy()
    patches = extract_patches(image, [[-50, 1], [1, 900], [10**9, -(10**9)]], (3, 3))
    assert_array_equal(patches, np.zeros((3, 9)))
    assert patches.dtype == float
    patches[:] = 7.0
    assert_array_equal(image, before)
    assert extract_patches(image, np.zeros((0, 2), int), (3, 3)).shape == (0, 9)


@pytest.mark.parametrize(
    ("image", "size"), [(np.zeros((3, 4, 5)), (3, 3)), (np.zeros(4), (3, 3)), (np.zeros((3, 4)), (0, 3))]
)
def test_patches_refuse_what_makes_no_sense(image, size):
    with pytest.raises(ValueError, match="extract_patches"):
        extract_patches(image, [[0, 0]], size)


def test_labels_count_lattice_points_in_a_disc():
    x, y = np.meshgrid(np.arange(-20, 21), np.arange(-20, 21))
    lattice = np.column_stack([x.ravel(), y.ravel()])
    # Gauss's circle problem: lattice points with x^2 + y^2 <= r^2.
    counts = [label_patches(lattice, (0.0, 0.0), r).sum() for r in range(6)]
    assert counts == [1, 5, 13, 29, 49, 81]
    assert label_patches(lattice, (0.0, np.nan), 5).sum() == 0
    with pytest.raises(ValueError, match="radius"):
        label_patches(lattice, (0.0, 0.0), -1.0)


# --- the logistic function and the Bernoulli distribution ------------------------------------------------------------


def test_sigmoid_and_softplus_agree_with_their_peers_everywhere():
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert_allclose(sigmoid(EVERYWHERE), special.expit(EVERYWHERE), rtol=1e-14, atol=1e-320)
        assert_allclose(softplus(EVERYWHERE), np.logaddexp(0.0, EVERYWHERE), rtol=1e-14, atol=1e-320)


def test_softplus_is_the_integral_of_sigmoid():
    a = EVERYWHERE[np.abs(EVERYWHERE) < 30]
    assert_allclose(autograd.elementwise_grad(lambda x: anp.log1p(anp.exp(x)))(a), sigmoid(a), rtol=1e-12)
    assert_allclose(softplus(a) - softplus(-a), a, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("function", [sigmoid, softplus])
def test_elementwise_functions_keep_shapes_and_pass_nan_on(function):
    for shape in ((), (0,), (2, 3)):
        assert np.shape(function(np.zeros(shape))) == shape
    assert np.isnan(function(np.nan))
    assert_array_equal(function([1, 2]), function([1.0, 2.0]))


def test_the_oracle_of_the_checks_is_scipys_bernoulli(rng):
    p, y = rng.uniform(size=(30, 1)), np.array([0, 1])
    assert_allclose(log_probability(y, p), stats.bernoulli.logpmf(y, p), rtol=1e-14)


def test_logpmf_agrees_with_scipy_and_sums_to_one(rng):
    p = np.concatenate([rng.uniform(size=20), [0.0, 1.0, 1e-300, 1.0 - 1e-16]])
    y = np.array([[0.0], [1.0], [2.0], [-1.0], [0.5]])
    assert_allclose(bernoulli_logpmf(y[:4], p), stats.bernoulli.logpmf(y[:4], p), rtol=1e-14)
    assert_allclose(np.exp(bernoulli_logpmf(y, p)).sum(axis=0), 1.0, rtol=1e-15)
    assert_array_equal(bernoulli_logpmf([1, 0, 1, 0], [1.0, 0.0, 0.0, 1.0]), [0.0, 0.0, -np.inf, -np.inf])


# --- the objective and its derivatives -------------------------------------------------------------------------------


@pytest.mark.parametrize("lam", [0.0, 2.5])
def test_nll_agrees_with_the_pmf_and_with_torch(problem, lam):
    w, X, y = problem
    ridge = lam * np.sum(w**2) / 2
    pmf = stats.bernoulli.logpmf(y, special.expit(X @ w)).sum()
    loss = F.binary_cross_entropy_with_logits(torch.from_numpy(X @ w), torch.from_numpy(y).double(), reduction="sum")
    assert_allclose(nll(w, X, y, lam), ridge - pmf, rtol=1e-12)
    assert_allclose(nll(w, X, y, lam), ridge + loss.item(), rtol=1e-12)
    assert type(nll(w, X, y, lam)) is float


def test_nll_is_relatively_accurate_where_every_label_is_nearly_certain():
    # log(1 + e^-a) = e^-a (1 - e^-a / 2 + ...): at a = 40 two terms are more than a double can tell.
    assert_allclose(nll(np.ones(1), np.array([[40.0], [-40.0]]), [1, 0]), 2 * np.exp(-40.0), rtol=1e-14)
    assert nll(np.ones(1), np.array([[1000.0], [-1000.0]]), [0, 1]) == 2000.0


@pytest.mark.parametrize("lam", [0.0, 2.5])
def test_gradient_and_hessian_agree_with_torch(problem, lam):
    w, X, y = problem
    X_torch, y_torch = torch.from_numpy(X), torch.from_numpy(y).double()

    def loss(v):
        return F.binary_cross_entropy_with_logits(X_torch @ v, y_torch, reduction="sum") + lam * (v @ v) / 2

    v = torch.tensor(w, requires_grad=True)
    assert_allclose(nll_gradient(w, X, y, lam), torch.autograd.grad(loss(v), v)[0], rtol=1e-11, atol=1e-13)
    assert_allclose(nll_hessian(w, X, y, lam), torch.autograd.functional.hessian(loss, v), rtol=1e-11, atol=1e-13)


def test_gradient_agrees_with_a_complex_step_and_hessian_with_its_jacobian(problem):
    w, X, y = problem

    def objective(v):
        return np.sum(np.log(1 + np.exp(X @ v)) - y * (X @ v)) + 0.35 * v @ v

    def gradient(v):
        return anp.dot(X.T, 1 / (1 + anp.exp(-anp.dot(X, v))) - y) + 0.7 * v

    steps = 1e-30j * np.eye(6)  # no difference is taken, so the step may be as small as one likes
    assert_allclose(nll_gradient(w, X, y, 0.7), [objective(w + s).imag / 1e-30 for s in steps], rtol=1e-12, atol=1e-14)
    assert_allclose(nll_hessian(w, X, y, 0.7), autograd.jacobian(gradient)(w), rtol=1e-11, atol=1e-13)


def test_hessian_is_positive_definite_exactly_when_it_should_be(rng):
    X = rng.normal(size=(3, 5))
    w, y = rng.normal(size=5), np.array([0, 1, 1])
    eigenvalues = np.linalg.eigvalsh(nll_hessian(w, X, y))
    assert np.sum(eigenvalues > 1e-12) == 3  # three patches, three directions
    assert eigenvalues[0] > -1e-14
    assert_allclose(np.linalg.eigvalsh(nll_hessian(w, X, y, 0.3)), eigenvalues + 0.3, atol=1e-12)


def test_objective_is_convex_along_every_chord(problem, rng):
    w, X, y = problem
    v = rng.normal(size=6)
    for t in np.linspace(0, 1, 11):
        assert nll((1 - t) * w + t * v, X, y) <= (1 - t) * nll(w, X, y) + t * nll(v, X, y) + 1e-12


@pytest.mark.parametrize("function", [nll, nll_gradient])
def test_labels_of_the_wrong_shape_are_refused(function):
    with pytest.raises(ValueError, match="one label per row"):
        function(np.zeros(2), np.zeros((3, 2)), np.zeros((3, 1)))


def test_gradient_error_tells_right_from_wrong(problem):
    w, X, y = problem
    before = w.copy()
    for scale in (1e-6, 1.0, 1e6):
        loss, gradient = (lambda v, c=scale: c * nll(v, X, y)), (lambda v, c=scale: c * nll_gradient(v, X, y))
        right, wrong = gradient_error(loss, gradient, w), gradient_error(loss, lambda v, g=gradient: -g(v), w)
        # Rounding: eps(double) * nll / step / |gradient| is of the order 1e-9.
        assert right < 1e-8
        assert wrong == pytest.approx(1.0)
    assert gradient_error(lambda v: 1.0, np.zeros_like, w) == 0.0
    assert gradient_error(lambda v: v @ v, lambda v: [2.0 * x for x in v], w) < 1e-8  # a list is a gradient, too
    assert_array_equal(w, before)


def test_gradient_error_shows_the_order_of_central_differences():
    w = np.array([0.3, -1.2, 0.8])
    coarse, fine = (gradient_error(lambda v: np.sum(np.exp(v)), np.exp, w, eps) for eps in (1e-2, 1e-3))
    assert np.log10(coarse / fine) == pytest.approx(2.0, abs=0.01)


def test_predictions_are_the_logistic_distribution(problem):
    w, X, _ = problem
    assert_allclose(predict_proba(w, X), stats.logistic.cdf(X @ w), rtol=1e-13)
    assert predict_proba(w, X[:0]).shape == (0,)


# --- evaluation ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bins", [1, 4, 7, 16])
def test_calibration_agrees_with_binned_statistics(rng, bins):
    p = rng.uniform(size=500)
    y = rng.integers(0, 2, size=500)
    mean_p, mean_y, count = calibration(p, y, bins)
    span = {"bins": bins, "range": (0.0, 1.0)}
    assert_array_equal(count, np.histogram(p, **span)[0])
    assert_allclose(mean_p, stats.binned_statistic(p, p, **span).statistic, rtol=1e-12)
    assert_allclose(mean_y, stats.binned_statistic(p, y, **span).statistic, rtol=1e-12)
    assert_allclose(np.sum(mean_y * count), np.sum(y))


def test_calibration_of_edges_and_of_nothing():
    mean_p, _, count = calibration([0.0, 0.25, 1.0], [0, 1, 1], 4)
    assert_array_equal(count, [1, 1, 0, 1])
    assert_array_equal(np.isnan(mean_p), [False, False, True, False])
    assert_array_equal(calibration([], [], 3)[2], [0, 0, 0])


def test_calibration_keeps_its_edges_for_every_number_of_bins():
    for bins in range(1, 201):
        edges = np.array([k / bins for k in range(bins + 1)])
        p = np.concatenate([edges, np.nextafter(edges[1:], 0.0), np.nextafter(edges[:-1], 1.0)])
        inside = (edges[:-1, None] <= p) & ((p < edges[1:, None]) | (edges[1:, None] == 1.0))
        assert_array_equal(calibration(p, np.zeros(len(p)), bins)[2], inside.sum(axis=1), err_msg=f"{bins} bins")


@pytest.mark.parametrize(("p", "y", "bins"), [([0.5], [1], 0), ([0.5], [1, 0], 4), ([1.5], [1], 4), ([np.nan], [1], 4)])
def test_calibration_refuses_what_makes_no_sense(p, y, bins):
    with pytest.raises(ValueError, match="calibration"):
        calibration(p, y, bins)


@pytest.mark.parametrize("levels", [3, 1000])
def test_auc_agrees_with_mann_whitney_and_with_all_pairs(rng, levels):
    y, score = rng.integers(0, 2, size=200), rng.integers(0, levels, size=200).astype(float)
    positives, negatives = score[y == 1], score[y == 0]
    U = stats.mannwhitneyu(positives, negatives).statistic
    assert_allclose(roc_auc(y, score), U / (len(positives) * len(negatives)), rtol=1e-12)
    difference = positives[:, None] - negatives
    assert_allclose(roc_auc(y, score), np.mean((np.sign(difference) + 1) / 2), rtol=1e-12)


def test_auc_knows_order_only(rng):
    y, score = rng.integers(0, 2, size=50), rng.normal(size=50)
    assert roc_auc(y, score) == roc_auc(y, np.exp(5 * score))
    assert_allclose(roc_auc(y, -score), 1 - roc_auc(y, score), rtol=1e-12)
    assert_allclose(roc_auc(1 - y, score), 1 - roc_auc(y, score), rtol=1e-12)
    assert np.isnan(roc_auc(np.ones(3), np.arange(3.0)))
    with pytest.raises(ValueError, match="same shape"):
        roc_auc([0, 1], [0.5])
