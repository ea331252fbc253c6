"""Checks of `newton_cg_step`."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import budget, hint, points
from autograder.checks.lab3.common import (
    assert_is_a_step,
    assert_solves,
    newton_by_autograd,
    patches,
    residual,
    rotation,
)


@points(1)
@hint(
    "Conjugate gradients solve H d = -g: the residual starts as -g, each direction is the new residual plus (new "
    "size / old size) times the old direction, and the loop runs until the residual is at most tol |g|, and no longer. "
    "Steps along residuals alone get lost in a narrow valley."
)
def test_solves_newtons_system(newton_cg_step, rng):
    X, y = patches(rng, 60, 20)
    X *= np.geomspace(1.0, 5.0, 20)
    w = rng.normal(size=20)
    for lam in (0.5, 4.0):
        expected = newton_by_autograd(w, X, y, lam)
        assert_allclose(newton_cg_step(w, X, y, lam), expected, rtol=1e-5, atol=1e-5)
        assert_solves(newton_cg_step(w, X, y, lam, tol=1e-12), w, X, y, lam, 1e-10)
    # At w = 0 the Hessian is X'X / 4 + lam I: a valley 20,000 times as long as wide, turned, so that every method walks alike.
    fixed = np.random.default_rng(1)
    U, _ = np.linalg.qr(fixed.normal(size=(60, 20)))
    X, y = 2.0 * U * np.sqrt(np.geomspace(1e-2, 200.0, 20)) @ rotation(rng, 20), np.arange(60.0) % 2
    assert_solves(newton_cg_step(np.zeros(20), X, y, 1e-6, tol=1e-10), np.zeros(20), X, y, 1e-6, 1e-8)
    rough = residual(newton_cg_step(np.zeros(20), X, y, 1e-6, tol=0.3), np.zeros(20), X, y, 1e-6)
    assert 1e-4 < rough < 0.31, f"with tol = 0.3 the loop ended where the residual is {rough:.1g} |g|"
    # The gradient itself is small where the patches are faint.
    assert_solves(newton_cg_step(np.zeros(20), 1e-7 * X, y, 1e-16), np.zeros(20), 1e-7 * X, y, 1e-16, 1e-7)


@points(1)
@hint("Use hessian_vector_product: with 20,000 pixels the Hessian does not fit into memory.")
@budget(cpu=5, memory=400)
def test_never_forms_the_hessian(newton_cg_step, rng):
    X, y = patches(rng, 50, 20_000)
    w = rng.normal(size=20_000)
    # With so large a ridge one round will do, whatever is wrong with the next: the value is the other check's business.
    assert_is_a_step(newton_cg_step(w, X, y, 1e3, tol=1e-2), 20_000)
