"""Checks of `lipschitz_bound`."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import budget, hint, points


@points(1)
@hint(
    "The bound is a quarter of the largest eigenvalue of X'X (the square of the largest singular value of X): not "
    "their sum (trace), not a norm of all entries, and the sum over patches is not divided by N. An iteration that finds "
    "it must go on until it has arrived, from any start: below the largest eigenvalue it is no bound."
)
def test_is_a_quarter_of_the_top_eigenvalue(lipschitz_bound, rng):
    for N, D in ((12, 5), (4, 9)):
        X = rng.normal(size=(N, D))
        X += 3.0 * np.outer(rng.choice([-1.0, 1.0], N), rng.choice([-1.0, 1.0], D))  # one direction stands out
        assert_allclose(lipschitz_bound(X), np.linalg.norm(X, 2) ** 2 / 4, rtol=1e-6)
    # The first two singular values are close, and the sum of all columns leads to the least: power iteration takes its time.
    U, _ = np.linalg.qr(rng.normal(size=(12, 4)))
    signs = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2
    X = U * [1.0, 10.0, 9.9, 5.0] @ signs
    bound = lipschitz_bound(X)
    assert np.shape(bound) == (), f"want one number, returned shape {np.shape(bound)}"
    assert_allclose(bound, 25.0, rtol=1e-6)


@points(1)
@hint("The ridge adds lam to every eigenvalue of the Hessian, so it adds lam to the bound, outside the quarter.")
def test_adds_the_ridge(lipschitz_bound):
    for X, lam in ((np.diag([2.0, 6.0, 1.0]), 3.0), (np.array([[3.0, 4.0], [4.0, -3.0]]), 0.5)):
        plain = lipschitz_bound(X)  # what is wrong without a ridge is another check's business
        assert_allclose(lipschitz_bound(X, lam) - plain, lam, rtol=1e-6)


@points(1)
@hint("With 200,000 patches nothing of size N x N fits into memory: X'X has D x D entries and the same eigenvalues.")
@budget(cpu=5, memory=400)
def test_needs_no_table_of_patches_by_patches(lipschitz_bound, rng):
    bound = lipschitz_bound(rng.normal(size=(200_000, 3)))
    assert np.isfinite(bound) and bound > 0, f"the bound came out as {bound}"  # its size is another check's business
