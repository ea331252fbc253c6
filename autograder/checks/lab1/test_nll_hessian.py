"""Checks of `nll_hessian`."""

import autograd
import numpy as np
import pytest

from autograder import agree, budget, hint, points
from autograder.checks.lab1.common import objective, patches_and_labels


@points(1)
@hint(
    "The Hessian is X'SX, where S holds the slope of the logistic function, sigmoid(a) (1 - sigmoid(a)), not "
    "sigmoid(a) itself and not the residual; summed over patches, and the labels drop out. By the formula, not by "
    "differences of the gradient, which lose half of the digits. A patch that is sure has no slope: use your stable sigmoid. "
    "Nothing is added to the diagonal unasked."
)
@pytest.mark.parametrize("N, D", [(17, 4), (1, 3), (5, 1), (1, 1)])
def test_agrees_with_second_derivatives(nll_hessian, rng, N, D):
    w, X, y = patches_and_labels(rng, N, D)
    agree(nll_hessian(w, X, y), autograd.hessian(objective)(w, X, y, 0.0), rtol=1e-8, atol=1e-10)
    # Two patches that are sure, one of them wrong: a slope of zero, but a gradient of 10^8 in which differences drown.
    scale = rng.uniform(1.0, 2.0)
    X = np.array([[1e8, 1e8], [-1e8, -1e8], [1.0, 2.0]]) * scale
    slope = 0.25 / np.cosh(1.5 * scale) ** 2
    agree(nll_hessian(np.ones(2), X, np.array([0, 0, 1])), slope * np.outer(X[2], X[2]), rtol=1e-8)
    faint = 1e-6 * X[2:]  # other units: something small on the diagonal would be as large as this
    agree(nll_hessian(np.full(2, 1e6), faint, np.array([1])), 1e-12 * slope * np.outer(X[2], X[2]), rtol=1e-8)


@points(1)
@hint(
    "The ridge adds lam on the diagonal, that is lam times the identity matrix: to every entry of it, nothing off the "
    "diagonal, not once per patch."
)
def test_adds_lam_to_the_diagonal(nll_hessian, rng):
    w, X, y = patches_and_labels(rng, N=3, D=6)
    plain = np.asarray(nll_hessian(w, X, y))  # what is wrong without a ridge is another check's business
    for lam in (0.5, 3.0):
        agree(nll_hessian(w, X, y, lam) - plain, lam * np.eye(6), rtol=1e-6, atol=1e-6)


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
    hessian = nll_hessian(np.zeros(2), X, np.zeros(N, dtype=int))  # its value is another check's business
    assert np.shape(hessian) == (2, 2), f"returned shape {np.shape(hessian)}, expected (2, 2)"
    assert np.all(np.isfinite(hessian)), "not all entries are finite"
