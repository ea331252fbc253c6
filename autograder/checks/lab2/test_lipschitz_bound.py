"""Checks of `lipschitz_bound`."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import budget, hint, points


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
