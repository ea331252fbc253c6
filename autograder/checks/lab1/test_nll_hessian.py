"""Checks of `nll_hessian`."""

import autograd
import numpy as np
import pytest

from autograder import agree, budget, hint, points
from autograder.checks.lab1.common import objective, patches_and_labels


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
