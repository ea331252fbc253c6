"""Checks of `irls_step`."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import hint, points
from autograder.checks.lab3.common import newton_by_autograd, patches


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
    "If smaller scores come out right: where sigmoid'(a) underflows to 0, z is infinite and 0 * inf is nan: work with"
    " s z = s a + (y - sigmoid(a)), undivided. A floor under s is felt where the pixels are large: it adds to X'SX."
)
def test_survives_weights_that_vanish(irls_step, rng):
    X = np.array([[1.0, 0.0], [-1.0, 0.0], [1.0, 1.0], [0.0, -1.0]]) + 0.1 * rng.uniform(size=(4, 2))
    w, y = np.array([1500.0, -4000.0]), np.array([0.0, 0.0, 1.0, 0.0])
    for brightness, lam in ((1.0, 2.0), (10.0, 0.5)):
        pixels = brightness * X
        a = pixels @ w
        assert np.all(np.abs(a) > 1000)  # S = 0: the Hessian is lam I, and sigmoid(a) is 0 or 1
        step = -(pixels.T @ ((a > 0) - y) + lam * w) / lam
        assert_allclose(irls_step(w, pixels, y, lam), step, rtol=1e-4)  # a floor of 1e-8 under s is not felt
