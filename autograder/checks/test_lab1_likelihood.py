"""Lab 1: what the twelve exercises on patches, the Bernoulli likelihood and its evaluation must do."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import special

from autograder import budget, hint, no_probe, points, quiet


def agree(result, expected, rtol=1e-10, atol=0.0):
    """Shapes too, because numpy.testing lets a scalar stand for an array and (1,) for a scalar."""
    shape = np.shape(expected)
    assert np.shape(result) == shape, f"returned shape {np.shape(result)}, expected {shape}"
    assert_allclose(result, expected, rtol=rtol, atol=atol)


# --- extract_patches -------------------------------------------------------------------------------------------------


def padded_patches(image, centers, size, margin=20):
    """Patches as slices of an image with so much zero around it that no slice leaves it."""
    (h, w), padded = size, np.pad(image, margin)
    corners = np.array(centers) - [(w - 1) // 2, (h - 1) // 2] + margin
    return np.array([padded[y : y + h, x : x + w].ravel() for x, y in corners])


@points(1)
@hint(
    "A centre is (x, y) = (column, row), so it is the pixel image[y, x]; size is (h, w). Each patch is flattened row "
    "by row into one row of an (N, h * w) array."
)
@pytest.mark.parametrize("number, size", [(6, (3, 7)), (5, (5, 3)), (1, (3, 3)), (4, (1, 1))])
def test_cuts_odd_patches_inside(extract_patches, rng, number, size):
    image = rng.uniform(0.1, 1.0, size=(21, 26))
    centers = np.column_stack([rng.integers(4, 10, number), rng.integers(11, 17, number)])  # x < y: a swap shows
    agree(extract_patches(image, centers, size), padded_patches(image, centers, size))


@points(1)
@hint(
    "With an even size the centre is the patch's pixel ((h - 1) // 2, (w - 1) // 2): a 4 x 4 patch starts one pixel "
    "above and left of its centre, not two."
)
@pytest.mark.parametrize("size", [(4, 6), (2, 3), (3, 2), (1, 8)])
def test_centres_even_sizes(extract_patches, rng, size):
    image = rng.uniform(0.1, 1.0, size=(21, 26))
    centers = np.column_stack([rng.integers(5, 9, 5), rng.integers(11, 16, 5)])
    agree(extract_patches(image, centers, size), padded_patches(image, centers, size))


@points(1)
@hint(
    "Beyond the border a patch is zero: neither the edge pixel again (clipping) nor the opposite edge (a negative "
    "index counts from the end), and no patch is shifted, shortened or dropped."
)
@pytest.mark.parametrize("size", [(5, 3), (4, 4)])
def test_pads_the_border_with_zeros(extract_patches, rng, size):
    image = rng.uniform(0.5, 1.0, size=(8, 11))
    xs, ys = np.meshgrid([0, 1, 5, 9, 10], [0, 1, 4, 6, 7])
    centers = np.column_stack([xs.ravel(), ys.ravel()])
    agree(extract_patches(image, centers, size), padded_patches(image, centers, size))


@points(1)
@hint(
    "A centre may lie outside the image, even so far that nothing of its patch is left (all zeros), and a patch may "
    "be larger than the image. Padding by half a patch is not enough for these, and negative indices wrap around."
)
@pytest.mark.parametrize("size", [(3, 5), (15, 18)])
def test_gives_zeros_far_outside(extract_patches, rng, size):
    image = rng.uniform(0.5, 1.0, size=(7, 9))
    xs, ys = np.meshgrid(np.arange(-20, 30, 3), np.arange(-19, 28, 3))
    far = [[-200, 5], [5, 200], [250, -90]]
    centers = np.vstack([np.column_stack([xs.ravel(), ys.ravel()]), far])
    agree(extract_patches(image, centers, size), padded_patches(image, centers, size, margin=300))


# --- label_patches ---------------------------------------------------------------------------------------------------


@points(1)
@hint(
    "A patch is positive when the Euclidean distance of its centre from the keypoint, sqrt(dx^2 + dy^2), is at most "
    "the radius: a disc, not a square or a diamond, around a keypoint that need not be whole. Labels are the "
    "integers 0 and 1."
)
@pytest.mark.parametrize("radius", [3.7, 1.2, 0.6])
def test_labels_a_disc(label_patches, rng, radius):
    keypoint = np.array([9.25, 20.75]) + rng.integers(-3, 4, 2)  # quarters: no distance comes near a radius
    xs, ys = np.meshgrid(np.arange(20), np.arange(30))
    centers = np.column_stack([xs.ravel(), ys.ravel()])
    distance = np.abs((centers[:, 0] - keypoint[0]) + 1j * (centers[:, 1] - keypoint[1]))
    labels = label_patches(centers, keypoint, radius)
    agree(labels, np.where(distance < radius, 1, 0))
    kind = np.asarray(labels).dtype
    assert kind.kind in "iu", f"labels are the integers 0 and 1, returned {kind}"


@points(1)
@hint("A centre at exactly the radius counts as positive: the distance is compared by <=, without rounding or slack.")
def test_includes_the_boundary(label_patches):
    centers = np.array([[13, 24], [14, 23], [15, 20], [10, 15], [10, 20], [15, 21], [14, 24], [10, 14]])
    agree(label_patches(centers, np.array([10.0, 20.0]), 5.0), [1, 1, 1, 1, 1, 0, 0, 0])  # 3-4-5 triangles
    agree(label_patches(centers, np.array([11.5, 22.0]), 2.5), [1, 0, 0, 0, 1, 0, 0, 0])  # 1.5, 2, 2.5
    agree(label_patches(centers, np.array([15.0, 20.0]), 0.0), [0, 0, 1, 0, 0, 0, 0, 0])


@points(1)
@hint(
    "A keypoint that was not seen is NaN, in one or both coordinates, and makes every patch negative: N zeros, also "
    "for N = 1 and for any radius. A comparison with NaN is always False."
)
@pytest.mark.parametrize("keypoint", [(np.nan, np.nan), (5.0, np.nan), (np.nan, 5.0)])
@pytest.mark.parametrize("number", [4, 1])
def test_knows_missing_keypoints(label_patches, keypoint, number):
    centers = np.array([[5, 5], [0, 0], [6, 5], [9, 9]])[:number]
    agree(label_patches(centers, np.array(keypoint), 100.0), np.zeros(number))


# --- sigmoid ---------------------------------------------------------------------------------------------------------


@points(1)
@hint(
    "sigmoid(a) = 1 / (1 + exp(-a)), element by element: 1/2 at zero, rising, and of the same shape as `a` (also for "
    "a single number)."
)
@pytest.mark.parametrize("shape", [(3, 7), "line", (1,), (), (2, 1, 3)])
def test_agrees_with_expit(sigmoid, rng, shape):
    if shape == "line":
        a = np.linspace(-6.0, 6.0, 97)
    else:
        a = rng.uniform(0.5, 5.0, size=shape) * rng.choice([-1.0, 1.0], size=shape)
    agree(sigmoid(a), special.expit(a), rtol=1e-12)


@points(1)
@quiet
@hint(
    "exp overflows beyond 709, on whichever side you feed it. Exponentiate only -|a|, which is never positive; "
    "np.where does not help by itself, because it computes both branches everywhere."
)
def test_does_not_overflow(sigmoid):
    a = np.array([-1000.0, 1000.0, -710.0, 710.0, -1e30, 1e30])
    agree(sigmoid(a), [0.0, 1.0, 0.0, 1.0, 0.0, 1.0], rtol=1e-12, atol=1e-300)
    agree(sigmoid(np.array([-1000.0])), [0.0], atol=1e-300)
    agree(sigmoid(np.array([1000.0])), [1.0], rtol=1e-12)


@points(1)
@hint(
    "For very negative a the answer is exp(a), tiny but not zero: 1 minus something cancels, and clipping `a` or "
    "adding a small number forgets it. There, write exp(a) / (1 + exp(a))."
)
def test_keeps_small_probabilities(sigmoid):
    a = np.array([-20.0, -40.0, -100.0, -700.0])
    agree(sigmoid(a), np.exp(a - np.log1p(np.exp(a))), rtol=1e-10)


# --- softplus --------------------------------------------------------------------------------------------------------


@points(1)
@hint(
    "log(1 + exp(a)), element by element and of the same shape as `a`. At a = 0 both exponents are zero, so "
    "softplus(0) = log 2; far to the right it is `a`, but not yet at 20."
)
@pytest.mark.parametrize("shape", [(3, 7), "line", (1,), ()])
def test_agrees_with_logaddexp(softplus, rng, shape):
    # Where even the naive formula keeps twelve digits.
    a = np.linspace(-4.0, 40.0, 177) if shape == "line" else rng.uniform(-5.0, 5.0, size=shape)
    agree(softplus(a), np.logaddexp(0.0, a), rtol=1e-12)


@points(1)
@hint("exp(a) overflows for large a. Take m = max(0, a) of each element out of the logarithm first.")
def test_is_finite_far_from_zero(softplus):
    a = np.array([600.0, 710.0, 1e4, 1e30])
    agree(softplus(a), a, rtol=1e-12)
    agree(softplus(-a[1:]), [0.0, 0.0, 0.0], atol=1e-300)


@points(1)
@hint("For very negative a the 1 swallows exp(a): log(1 + x) for tiny x needs np.log1p.")
def test_keeps_small_values(softplus):
    a = np.array([-10.0, -30.0, -40.0, -700.0])
    x = np.exp(a)
    agree(softplus(a), x * (1.0 - x / 2.0 + x**2 / 3.0), rtol=1e-9)  # log(1 + x) by its series


# --- bernoulli_logpmf ------------------------------------------------------------------------------------------------


def log_probability(y, p):
    """scipy.stats.bernoulli.logpmf, without the half second that scipy.stats takes to import."""
    return special.xlogy(y, p) + special.xlog1py(1 - y, -p)


@points(1)
@hint(
    "log pmf = y log p + (1 - y) log(1 - p), element by element: the natural logarithm of p where y = 1 and of 1 - p "
    "where y = 0, with y and p broadcast against each other and nothing summed."
)
@pytest.mark.parametrize("shape_y, shape_p", [((8,), (8,)), ((5, 1), (4,)), ((6,), ()), ((), (3,)), ((), ())])
def test_agrees_with_scipy(bernoulli_logpmf, rng, shape_y, shape_p):
    p = rng.uniform(0.05, 0.45, size=shape_p)
    y = rng.integers(0, 2, size=shape_y)
    agree(bernoulli_logpmf(y, p), log_probability(y, p))
    agree(bernoulli_logpmf(1 - y, p), log_probability(1 - y, p))


@points(1)
@no_probe("float32")  # has no 1e-300
@hint(
    "With p = 0 or 1 a certain outcome has log probability exactly 0 and an impossible one -inf. 0 * log 0 is nan, "
    "and log(p + eps) or a clipped p never gets to -inf: choose the term by y instead of multiplying by it."
)
def test_is_exact_at_zero_and_one(bernoulli_logpmf):
    y = np.array([1, 0, 1, 0, 1])
    p = np.array([1.0, 0.0, 0.0, 1.0, 1e-300])
    agree(bernoulli_logpmf(y, p), [0.0, 0.0, -np.inf, -np.inf, -300 * np.log(10.0)])


@points(1)
@hint(
    "A Bernoulli variable is 0 or 1. Any other y (2, -1, 0.5, ...) has probability 0, so its log is -inf, whatever p "
    "is."
)
def test_calls_other_outcomes_impossible(bernoulli_logpmf):
    y = np.array([2.0, -1.0, 0.5, 3.0, 2.0, -1.0, 0.5, 0.0, 1.0])
    p = np.array([0.3, 0.6, 0.5, 0.9, 0.0, 1.0, 1.0, 0.3, 0.3])
    agree(bernoulli_logpmf(y, p), [-np.inf] * 7 + [np.log1p(-0.3), np.log(0.3)])
    agree(bernoulli_logpmf(2, 0.3), -np.inf)


# --- nll, nll_gradient, nll_hessian ----------------------------------------------------------------------------------


def patches_and_labels(rng, N=17, D=4):
    """Standard normal X, both labels, and weights none of which is small."""
    X = rng.normal(size=(N, D))
    y = np.arange(N) % 2
    w = rng.uniform(0.3, 1.2, size=D) * rng.choice([-1.0, 1.0], size=D)
    return w, X, y


def objective(w, X, y, lam):
    """The objective as on the slide, for autograd and complex steps; fine while |Xw| is moderate."""
    a = anp.dot(X, w)
    return anp.sum(anp.log(1.0 + anp.exp(a)) - y * a) + 0.5 * lam * anp.dot(w, w)


@points(1)
@hint(
    "The sum over patches (not the mean) of minus the log probability of each label: softplus(a) - y a with a = Xw. "
    "It is positive, and a single number."
)
@pytest.mark.parametrize("N, D", [(17, 4), (1, 3), (5, 1), (1, 1)])
def test_sums_negative_log_probabilities(nll, rng, N, D):
    w, X, y = patches_and_labels(rng, N, D)
    for labels in (y, 1.0 - y):
        agree(nll(w, X, labels), -np.sum(log_probability(labels, special.expit(X @ w))))


@points(1)
@hint(
    "The ridge term is half of lam times the squared norm of w, over all weights, added once: twice the patches "
    "double the data term and leave it as it is."
)
@pytest.mark.parametrize("lam", [0.5, 3.0])
def test_adds_the_ridge_once(nll, rng, lam):
    w, X, y = patches_and_labels(rng)
    data = -np.sum(log_probability(y, special.expit(X @ w)))
    agree(nll(w, X, y, lam), data + lam * np.linalg.norm(w) ** 2 / 2)
    agree(nll(w, np.vstack([X, X]), np.concatenate([y, y]), lam), 2 * data + lam * np.linalg.norm(w) ** 2 / 2)


@points(1)
@hint(
    "Where |Xw| is 1000 the probability rounds to 0 or 1, and its logarithm is -inf or, times zero, nan. Work with "
    "the log odds a = Xw and your softplus, and never form the probability."
)
def test_stays_finite_when_sure(nll):
    X = np.array([[1000.0, 0.0], [-1000.0, 0.0], [0.0, 800.0]])
    w = np.array([1.0, 1.0])
    agree(nll(w, X, np.array([0, 1, 0])), 2800.0)
    agree(nll(w, X, np.array([1, 0, 1])), 0.0, atol=1e-9)
    agree(nll(w, X, np.array([0, 0, 1]), 2.0), 1002.0)


@points(1)
@hint(
    "The gradient is X'(sigmoid(Xw) - y): prediction minus label (uphill, so mind the sign), summed over patches, "
    "one entry per weight."
)
@pytest.mark.parametrize("N, D", [(17, 4), (1, 3), (5, 1), (1, 1)])
def test_agrees_with_autograd(nll_gradient, rng, N, D):
    w, X, y = patches_and_labels(rng, N, D)
    for labels in (y, 1.0 - y):
        agree(nll_gradient(w, X, labels), autograd.grad(objective)(w, X, labels, 0.0), rtol=1e-9, atol=1e-12)


@points(1)
@hint("The ridge term lam |w|^2 / 2 has the gradient lam w: added once, with this sign, to every entry.")
@pytest.mark.parametrize("lam", [0.5, 3.0])
def test_includes_the_ridge(nll_gradient, rng, lam):
    w, X, y = patches_and_labels(rng)
    h = 1e-30  # a complex step: Im f(w + ih) / h has no difference to cancel
    expected = [objective(w + 1j * h * e, X, y, lam).imag / h for e in np.eye(len(w))]
    agree(nll_gradient(w, X, y, lam), expected, rtol=1e-9)


@points(1)
@hint(
    "Where |Xw| is 1000 the gradient is as harmless as elsewhere: use your stable sigmoid. An example that is right "
    "and sure contributes nothing, one that is wrong and sure its whole patch."
)
def test_is_finite_when_sure(nll_gradient):
    X = np.array([[1000.0, 5.0], [-1000.0, 7.0], [0.0, 800.0]])
    w = np.array([1.0, 1.0])
    agree(nll_gradient(w, X, np.array([0, 1, 0])), X[0] - X[1] + X[2])
    agree(nll_gradient(w, X, np.array([1, 0, 1]), 0.5), [0.5, 0.5])


@points(1)
@hint(
    "The Hessian is X'SX, where S holds the slope of the logistic function, sigmoid(a) (1 - sigmoid(a)), not "
    "sigmoid(a) itself and not the residual; summed over patches, and the labels drop out."
)
@pytest.mark.parametrize("N, D", [(17, 4), (1, 3), (5, 1), (1, 1)])
def test_agrees_with_second_derivatives(nll_hessian, rng, N, D):
    w, X, y = patches_and_labels(rng, N, D)
    agree(nll_hessian(w, X, y), autograd.hessian(objective)(w, X, y, 0.0), rtol=1e-8, atol=1e-10)


@points(1)
@hint(
    "The ridge adds lam on the diagonal, that is lam times the identity matrix: nothing off the diagonal, not once "
    "per patch. The matrix is symmetric, and no eigenvalue is below lam."
)
def test_adds_lam_to_the_diagonal(nll_hessian, rng):
    w, X, y = patches_and_labels(rng, N=3, D=6)
    for lam in (0.5, 3.0):
        hessian = nll_hessian(w, X, y, lam)
        agree(hessian, autograd.hessian(objective)(w, X, y, lam), rtol=1e-8, atol=1e-10)
        agree(hessian, np.asarray(hessian).T, rtol=1e-12, atol=1e-14)
        # Three patches span three directions: in the other three the data term is flat.
        agree(np.linalg.eigvalsh(hessian)[:3], [lam] * 3, rtol=1e-9)
    sure = np.array([[1000.0, 0.0], [-1000.0, 0.0], [0.0, 800.0]])
    agree(nll_hessian(np.ones(2), sure, np.array([0, 1, 0]), 2.0), 2.0 * np.eye(2), atol=1e-9)


@points(1)
@budget(cpu=5, memory=600)
@hint(
    "S is diagonal: an N x N matrix for it has 400 million entries here, nearly all of them zero. Multiply each row "
    "of X by its slope instead."
)
def test_has_no_matrix_of_patches_by_patches(nll_hessian):
    N = 20_000
    ramp = np.arange(N) / N
    X = np.column_stack([np.ones(N), ramp])
    # At w = 0 every slope is 1/4, and the sums of 1, n and n^2 are known.
    expected = np.array([[N, (N - 1) / 2], [(N - 1) / 2, (N - 1) * (2 * N - 1) / (6 * N)]]) / 4
    agree(nll_hessian(np.zeros(2), X, np.zeros(N, dtype=int)), expected, rtol=1e-9)


# --- gradient_error --------------------------------------------------------------------------------------------------


class Hill:
    """f(w) = scale * sum of exp(Aw), its gradient, and the same gradient with errors: each entry times a factor.

    Every row of the positive matrix A is steep, so that f'' / f' is about 30 and a forward difference is off by 1e-5,
    and no entry of the gradient is much smaller than another.
    """

    def __init__(self, rng, D=3, scale=1.0):
        self.A = rng.uniform(25.0, 35.0, size=(3, D))
        self.w = rng.uniform(-0.02, 0.02, size=D)
        self.scale = scale
        self.factors = np.ones(D)

    def f(self, w):
        return float(self.scale * np.sum(np.exp(self.A @ w)))

    def gradient(self, w):
        return self.factors * self.scale * (self.A.T @ np.exp(self.A @ w))


def measure(gradient_error, *arguments):
    """The error as a float; a check compares it with `<`, which an array would answer with an array."""
    error = gradient_error(*arguments)
    assert np.shape(error) == (), f"want one number, returned shape {np.shape(error)}"
    return float(error)


@points(1)
@hint(
    "Use central differences, (f(w + eps e_i) - f(w - eps e_i)) / (2 eps), moving one coordinate at a time: a "
    "one-sided difference is off by about eps f''/2, which here makes a right gradient look wrong."
)
@pytest.mark.parametrize("D", [3, 1])
def test_accepts_a_right_gradient(gradient_error, rng, D):
    hill = Hill(rng, D)
    error = measure(gradient_error, hill.f, hill.gradient, hill.w)
    assert abs(error) < 1e-6, f"a right gradient gave {error:.2g}, which should be below 1e-6"
    whole = np.array([1, 2, 3])
    error = measure(gradient_error, lambda w: float(np.sum(np.cos(w))), lambda w: -np.sin(w), whole)
    assert error < 1e-6, (
        f"a right gradient at the integers [1, 2, 3] gave {error:.2g}: move a copy of w that holds floats"
    )


@points(1)
@hint(
    "Every coordinate counts. Signed differences cancel in a sum or a mean, a maximum without abs sees one sign "
    "only, and comparing norms or directions misses errors that keep them: take the norm of g - d, or its largest "
    "|entry|."
)
@pytest.mark.parametrize(
    "factors",
    [
        (1.1, 1.0, 1.0),
        (1.0, 1.0, 0.9),
        (1.0, -1.0, 1.0),
        (1.0, 0.0, 1.0),
        (2.0, 2.0, 2.0),
        (-1.0, -1.0, -1.0),
        (0.0, 0.0, 0.0),
    ],
)
def test_notices_one_wrong_coordinate(gradient_error, rng, factors):
    hill = Hill(rng)
    hill.factors = np.array(factors)
    error = measure(gradient_error, hill.f, hill.gradient, hill.w)
    assert not error <= 1e-3, f"a gradient with its entries times {factors} got away with {error:.2g}"


@points(1)
@hint(
    "Errors that make up for each other are still errors: entries of g - d of opposite sign add up to nothing, so "
    "take absolute values or squares before summing."
)
def test_does_not_let_errors_cancel(gradient_error, rng):
    hill = Hill(rng)
    g = hill.gradient(hill.w)
    shift = 0.4 * np.min(np.abs(g)) * np.array([1.0, -2.0, 1.0])
    error = measure(gradient_error, hill.f, lambda w: hill.gradient(w) + shift, hill.w)
    assert not error <= 1e-3, f"errors of opposite sign got away with {error:.2g}"


@points(1)
@hint(
    "Divide by the size of the gradients: in other units (a million f, or a millionth of f) the same gradient must "
    "be as right, and the same mistake as wrong, as before."
)
@pytest.mark.parametrize("scale", [1e6, 1e-6])
def test_does_not_depend_on_units(gradient_error, rng, scale):
    hill = Hill(rng, scale=scale)
    error = measure(gradient_error, hill.f, hill.gradient, hill.w)
    assert error < 1e-6, f"the right gradient of {scale:g} f gave {error:.2g}"
    hill.factors = np.array([1.0, 0.5, 1.0])
    error = measure(gradient_error, hill.f, hill.gradient, hill.w)
    assert not error <= 1e-3, f"a wrong gradient of {scale:g} f got away with {error:.2g}"


@points(1)
@hint(
    "Where the gradient and all differences are zero there is nothing to divide by: 0 / 0 is nan, and the answer is "
    "0. Take care that eps is used as it was given, too."
)
def test_is_zero_where_both_vanish(gradient_error):
    w = np.array([0.5, -1.0, 2.0])
    error = measure(gradient_error, lambda w: 3.0, lambda w: np.zeros(3), w)
    assert error == 0.0, f"a constant function and a zero gradient gave {error:.2g}"
    error = measure(gradient_error, lambda w: float(w[0] ** 2), lambda w: np.array([2 * w[0], 0.0, 0.0]), w)
    assert error < 1e-6, f"a right gradient of a function that ignores two of its three weights gave {error:.2g}"
    # The central difference of w^3 is 3 w^2 + eps^2: with a coarse step even a right gradient must show it.
    error = measure(gradient_error, lambda w: float(np.sum(w**3)), lambda w: 3 * w**2, w, 0.1)
    assert error > 1e-5, f"with eps = 0.1 the differences of w^3 are off by 0.01, but the error came out as {error:.2g}"


# --- predict_proba ---------------------------------------------------------------------------------------------------


@points(1)
@hint(
    "One probability per patch, sigmoid(Xw), of shape (N,): not the score Xw, not the label, not the probability of "
    "a negative, and stable where |Xw| is 1000."
)
@pytest.mark.parametrize("N, D", [(7, 4), (1, 3), (5, 1), (4, 4), (4, 2)])
def test_gives_one_probability_per_patch(predict_proba, rng, N, D):
    if D == 2:
        X = np.array([[1000.0, 0.0], [-1000.0, 0.0], [0.0, -40.0], [0.0, 0.0]])
        agree(predict_proba(np.ones(2), X), [1.0, 0.0, np.exp(-40.0), 0.5], rtol=1e-9, atol=1e-300)
    else:
        w, X, _ = patches_and_labels(rng, N, D)
        agree(predict_proba(w, X), special.expit(X @ w))


# --- calibration -----------------------------------------------------------------------------------------------------


@points(1)
@hint(
    "In each bin: the mean of its predictions p (not the bin's centre), the mean of its labels y, and how many there "
    "are, in this order and each of shape (bins,)."
)
@pytest.mark.parametrize("bins", [4, 8, 16])
def test_agrees_with_a_histogram(calibration, rng, bins):
    # No bin is empty, low ones are fuller, and no p is near 0: bins over the range of p are others.
    cells = np.concatenate([np.arange(1, 64), rng.integers(1, 16, 100)])
    p = rng.permutation(32 * cells + rng.integers(1, 31, len(cells)) + 0.5) / 2048  # on no edge
    y = (rng.uniform(size=len(p)) < p**2).astype(int)
    mean_p, mean_y, count = calibration(p, y, bins)
    span = {"bins": bins, "range": (0.0, 1.0)}
    inside = np.histogram(p, **span)[0]
    agree(mean_p, np.histogram(p, weights=p, **span)[0] / inside)
    agree(mean_y, np.histogram(p, weights=y, **span)[0] / inside, atol=1e-15)
    agree(count, inside)


@points(1)
@no_probe("float32")  # rounds the neighbour of an edge onto it
@hint(
    "Bins are closed on the left: p = k / bins belongs to bin k, not to bin k - 1. Only the last bin is closed on "
    "the right too, so that p = 1 is not lost."
)
@pytest.mark.parametrize("bins", [4, 8, 16])
def test_puts_edges_into_the_right_bin(calibration, bins):
    edges = np.arange(bins + 1) / bins
    p = np.concatenate([edges, np.nextafter(edges[1:], 0.0)])  # each edge, and what lies just left of it
    y = np.concatenate([np.ones(bins + 1), np.zeros(bins)])
    mean_p, mean_y, count = calibration(p, y, bins)
    agree(count, [2] * (bins - 1) + [3])
    agree(mean_y, [1 / 2] * (bins - 1) + [2 / 3])
    agree(mean_p, np.append(edges[:-2] + 0.5 / bins, (3 - 1 / bins) / 3))


@points(1)
@hint(
    "A bin without predictions has no mean: NaN for both means (not 0) and a count of 0, and it keeps its place, so "
    "that all three arrays have shape (bins,)."
)
@pytest.mark.parametrize("where", [0, 5, 7])
def test_marks_empty_bins(calibration, where):
    p = np.array([0.25, 0.75, 0.375]) / 8 + where / 8
    mean_p, mean_y, count = calibration(p, np.array([0, 1, 1]), 8)
    here = np.arange(8) == where
    agree(count, np.where(here, 3, 0))
    agree(mean_p, np.where(here, np.mean(p), np.nan))
    agree(mean_y, np.where(here, 2 / 3, np.nan))


# --- roc_auc ---------------------------------------------------------------------------------------------------------


def pairs_won(y, score):
    """The definition: all pairs of a positive and a negative, a tie counting half."""
    difference = score[y == 1][:, None] - score[y == 0]
    return np.mean(0.5 + 0.5 * np.sign(difference))


@points(1)
@hint(
    "The fraction of pairs (positive, negative) in which the positive has the larger score: any real score, any "
    "numbers of the two classes, and close to 1 when positives score high."
)
@pytest.mark.parametrize("positives, negatives", [(9, 31), (20, 8), (1, 1), (1, 12)])
def test_counts_the_pairs_won(roc_auc, rng, positives, negatives):
    y = np.repeat([1, 0], [positives, negatives])
    score = 10.0 * rng.normal(size=len(y)) + 15.0 * y - 20.0
    score[0] = score[-1] + 1.0  # at least one pair is won: the reverse is never right by luck
    order = rng.permutation(len(y))
    y, score = y[order], score[order]
    agree(roc_auc(y, score), pairs_won(y, score))
    agree(roc_auc(y, 50.0 + y + 0.0 * score), 1.0)
    agree(roc_auc(y, -2.0 - y), 0.0, atol=1e-12)


@points(1)
@hint(
    "A tie between a positive and a negative counts half, in whatever order they stand: sorting breaks ties by "
    "position, so give tied scores their mean rank (or count both < and <=)."
)
@pytest.mark.parametrize("y", [(1, 1, 1, 0, 0, 0), (0, 0, 0, 1, 1, 1), (0, 1, 0, 1, 1, 0)])
def test_counts_ties_half(roc_auc, rng, y):
    y = np.array(y)
    agree(roc_auc(y, np.full(6, 0.25)), 0.5)
    score = np.array([0.0, 1.0, 1.0, 1.0, 2.0, 1.0])
    agree(roc_auc(y, score), pairs_won(y, score))
    y, score = np.arange(60) % 2, rng.integers(0, 4, size=60)
    agree(roc_auc(y, score), pairs_won(y, score))


@points(1)
@hint("With one class only there is no pair to compare: the answer is NaN, not 0, 1/2 or an error.")
@pytest.mark.parametrize("label", [0, 1])
def test_is_nan_for_one_class(roc_auc, label):
    result = roc_auc(np.full(3, label), np.array([0.1, 0.4, 0.2]))
    assert np.shape(result) == () and np.isnan(result), f"one class only, and the area came out as {result}"
    result = roc_auc(np.array([label]), np.array([0.3]))
    assert np.shape(result) == () and np.isnan(result), f"one class only, and the area came out as {result}"


@points(1)
@budget(cpu=3, memory=400)
@hint(
    "All pairs are too many here: ten billion. Sort the scores once and work with ranks (np.searchsorted, or "
    "scipy.stats.rankdata)."
)
def test_does_not_visit_all_pairs(roc_auc):
    N = 200_000
    score = (np.arange(N) * 7919) % N  # 7919 is prime: every score once
    y = (score % 2 == 1).astype(int)
    # The negative 2k loses to the positives 2k + 1, 2k + 3, ...: of n(n + 1)/2 pairs among n^2.
    n = N // 2
    agree(roc_auc(y, score / N), (n + 1) / (2 * n), rtol=1e-9)
