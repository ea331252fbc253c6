"""Checks of `hessian_vector_product`."""

import autograd
import numpy as np
from numpy.testing import assert_allclose

from autograder import budget, hint, points
from autograder.checks.lab3.common import assert_is_a_step, objective, patches


@points(1)
@hint(
    "Hv = X'(s * (Xv)) + lam v with s = sigmoid'(Xw) = sigmoid(a) (1 - sigmoid(a)): the derivative, not sigmoid "
    "itself, and at w, not at v; exact, not by differences of gradients; and the ridge times v, not w."
)
def test_equals_the_hessian_times_the_vector(hessian_vector_product, rng):
    X, y = patches(rng, 12, 5)
    w, v = rng.normal(size=5), rng.normal(size=5)
    for lam in (0.0, 0.8):
        H = autograd.hessian(objective(X, y, lam))(w)
        assert_allclose(hessian_vector_product(w, X, y, v, lam), H @ v, rtol=1e-9, atol=1e-11)
    assert_allclose(hessian_vector_product(w, X, y, v), hessian_vector_product(w, X, y, v, 0.0), rtol=1e-12)
    # Two patches that are sure, one of them wrong: a slope of zero, but a gradient of 10^8 in which differences drown.
    X, w = np.array([[1e8, -1e8], [-1e8, 1e8], [1.0, 2.0]]), np.array([1.0, 1.0 - 5e-6])
    v = rng.uniform(1.0, 2.0, size=2)
    expected = 0.25 / np.cosh(0.5 * X[2] @ w) ** 2 * X[2] * (X[2] @ v)
    assert_allclose(hessian_vector_product(w, X, np.array([0.0, 0.0, 1.0]), v), expected, rtol=1e-9)


@points(1)
@hint(
    "Multiply by v first, X'(s * (Xv)): neither the D x D Hessian nor an N x N diagonal matrix fits into memory here."
)
@budget(cpu=5, memory=400)
def test_needs_no_matrix(hessian_vector_product, rng):
    for N, D in ((50, 20_000), (200_000, 3)):
        X, y = patches(rng, N, D)
        w, v = rng.normal(size=D), rng.normal(size=D)
        product = hessian_vector_product(w, X, y, v, 0.5)
        assert_is_a_step(product, D)  # its value is the other check's business
