"""Checks of `lbfgs_direction`."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import budget, hint, points
from autograder.checks.lab3.common import bfgs_through_the_hessian, positive_definite


def curvature_pairs(rng, num_pairs, size):
    """Steps and changes of the gradient of a quadratic function, (m, D) each, with s'q > 0."""
    S = rng.normal(size=(num_pairs, size))
    return S, S @ positive_definite(rng, size)


@points(1)
@hint(
    "Both loops are needed: from the newest pair to the oldest with s'd / s'q before the scaling, and back with q'd "
    "/ s'q after it, over all pairs. The result is -Bg for the matrix B that m BFGS updates make of (s'q / q'q) I."
)
def test_equals_the_updates_of_a_matrix(lbfgs_direction, rng):
    for m in (1, 3, 12):
        S, Q = curvature_pairs(rng, m, 16)
        g = rng.normal(size=16)
        B = (S[-1] @ Q[-1]) / (Q[-1] @ Q[-1]) * np.eye(16)
        for s, q in zip(S, Q, strict=True):
            B = bfgs_through_the_hessian(B, s, q)
        assert_allclose(lbfgs_direction(g, S, Q), -B @ g, rtol=1e-8, atol=1e-10)


@points(1)
@hint("With an empty memory the direction is -g: minus, unscaled.", also=("exception",))
def test_begins_with_steepest_descent(lbfgs_direction, rng):
    g = rng.normal(size=6)
    assert_allclose(lbfgs_direction(g, np.zeros((0, 6)), np.zeros((0, 6))), -g, rtol=1e-12)


@points(1)
@hint(
    "The newest pair is the last row: its secant equation holds exactly (g = q gives -s), and the scale s'q / q'q "
    "between the loops is its own. A pair counts wherever s'q > 0, however small."
)
def test_trusts_the_newest_pair(lbfgs_direction, rng):
    S, Q = curvature_pairs(rng, 4, 12)
    S *= np.array([1.0, 10.0, 0.1, 1.0])[:, None]
    assert_allclose(lbfgs_direction(Q[-1], S, Q), -S[-1], rtol=1e-8, atol=1e-10)
    # Near the minimum all steps are small; in other units the direction is the same.
    small = lbfgs_direction(Q[-1], 1e-9 * S, 1e-9 * Q)
    assert_allclose(small, -S[-1], rtol=1e-8, atol=1e-10)
    # A gradient that is orthogonal to all steps and changes meets none of the pairs, only the scale between the loops.
    basis, _ = np.linalg.qr(np.vstack([S, Q]).T)
    g = rng.normal(size=12)
    g = g - basis @ (basis.T @ g)
    g = g - basis @ (basis.T @ g)
    assert_allclose(lbfgs_direction(g, S, Q), -(S[-1] @ Q[-1]) / (Q[-1] @ Q[-1]) * g, rtol=1e-8, atol=1e-10)


@points(1)
@hint(
    "With 100,000 pixels nothing of size D x D fits into memory: the two loops use inner products and sums of "
    "vectors only."
)
@budget(cpu=5, memory=400)
def test_needs_vectors_only(lbfgs_direction, rng):
    S = rng.normal(size=(10, 100_000))
    Q = S * rng.uniform(0.5, 2.0, size=100_000)
    g = rng.normal(size=100_000)
    assert g @ lbfgs_direction(g, S, Q) < 0, "the direction leads uphill"
    assert_allclose(lbfgs_direction(Q[-1], S, Q), -S[-1], rtol=1e-6, atol=1e-8)
