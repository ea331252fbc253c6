"""Checks of `bfgs_update`."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import hint, points
from autograder.checks.lab3.common import bfgs_through_the_hessian, positive_definite


@points(1)
@hint(
    "The updated inverse Hessian must map the change of the gradient to the step, B_new q = s. If it maps s to q, they "
    "are swapped."
)
def test_satisfies_the_secant_equation(bfgs_update, rng):
    for size in (1, 2, 5):
        B, s = positive_definite(rng, size), rng.uniform(0.5, 2.0, size=size) * rng.choice([-1.0, 1.0], size=size)
        q = positive_definite(rng, size) @ s
        new = bfgs_update(B, s, q)
        assert np.shape(new) == (size, size), f"the update has shape {np.shape(new)}, expected {(size, size)}"
        assert_allclose(new @ q, s, rtol=1e-9, atol=1e-11)


@points(1)
@hint(
    "B_new = (I - r s q') B (I - r q s') + r s s' with r = 1 / s'q: symmetric, positive definite, and the inverse of "
    "the BFGS update of the Hessian (the similar DFP update is not), of whatever B, wherever s'q > 0."
)
def test_is_the_bfgs_update(bfgs_update, rng):
    B, s = positive_definite(rng, 5), rng.normal(size=5)
    q = positive_definite(rng, 5, 0.5, 20.0) @ s
    new = bfgs_update(B, s, q)
    assert_allclose(new, np.transpose(new), rtol=1e-9, atol=1e-12)
    assert np.linalg.eigvalsh(new)[0] > 0, "the update has an eigenvalue that is not positive"
    assert_allclose(new, bfgs_through_the_hessian(B, s, q), rtol=1e-8, atol=1e-10)
    for B in (np.eye(5), 1e-3 * np.eye(5)):  # to begin with, and it is not to be scaled here
        assert_allclose(bfgs_update(B, s, q), bfgs_through_the_hessian(B, s, q), rtol=1e-8, atol=1e-10)
    # Little curvature along a long step is curvature: s'q is a thousandth of |s| |q|, then a billionth.
    s, across = np.linalg.qr(rng.normal(size=(5, 2)))[0].T
    B, q = positive_definite(rng, 5), across + 1e-3 * s
    assert_allclose(bfgs_update(B, s, q), bfgs_through_the_hessian(B, s, q), rtol=1e-6)
    new = bfgs_update(np.eye(2), np.array([1.0, 0.0]), np.array([1e-9, 1.0]))
    assert_allclose(new, [[1e18 + 1e9, -1e9], [-1e9, 1.0]], rtol=1e-6)


@points(1)
@hint("Where s'q <= 0 no positive definite matrix maps q to s: skip the update and return B as it was.")
def test_skips_negative_curvature(bfgs_update, rng):
    B, s = positive_definite(rng, 3), np.array([1.0, -2.0, 0.5])
    for q in (-s, np.array([2.0, 1.0, 0.0]), np.zeros(3)):  # s'q < 0, = 0, = 0
        assert_allclose(bfgs_update(B, s, q), B, rtol=1e-12)


@points(1)
@hint(
    "Near the minimum steps and changes of the gradient become small, and s'q smaller still, but it stays positive: "
    "skip for s'q <= 0 only, not below a threshold."
)
def test_updates_with_small_steps(bfgs_update, rng):
    B, direction = positive_definite(rng, 4), rng.normal(size=4)
    for size in (1e-7, 1e-13):
        s = size * direction
        q = positive_definite(rng, 4) @ s
        assert_allclose(bfgs_update(B, s, q) @ q, s, rtol=1e-8, atol=1e-10 * size)
