"""Checks of `hessian_vector_product`."""

import autograd
import numpy as np
from numpy.testing import assert_allclose
from scipy.special import expit

from autograder import budget, hint, points
from autograder.checks.lab3.common import objective, patches


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
