"""Checks of `newton_cg_step`."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import budget, hint, points
from autograder.checks.lab3.common import assert_solves, newton_by_autograd, patches


@points(1)
@hint(
    "Conjugate gradients solve H d = -g: the residual starts as -g, each direction is the new residual plus (new "
    "size / old size) times the old direction, and the loop runs until the residual is small beside tol."
)
def test_solves_newtons_system(newton_cg_step, rng):
    X, y = patches(rng, 60, 20)
    X *= np.geomspace(1.0, 5.0, 20)
    w = rng.normal(size=20)
    for lam in (0.5, 4.0):
        expected = newton_by_autograd(w, X, y, lam)
        assert_allclose(newton_cg_step(w, X, y, lam), expected, rtol=1e-5, atol=1e-5)
        assert_solves(newton_cg_step(w, X, y, lam, tol=1e-12), w, X, y, lam, 1e-10)


@points(1)
@hint("Use hessian_vector_product: with 20,000 pixels the Hessian does not fit into memory.")
@budget(cpu=5, memory=400)
def test_never_forms_the_hessian(newton_cg_step, rng):
    X, y = patches(rng, 50, 20_000)
    w = rng.normal(size=20_000)
    assert_solves(newton_cg_step(w, X, y, 0.5), w, X, y, 0.5, 1e-6)
