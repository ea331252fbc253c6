"""Checks of `newton_step`."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import hint, points, raises
from autograder.checks.lab3.common import positive_definite


@points(1)
@hint(
    "The step must lead downhill, g'd < 0. The slide prints w + H^-1 grad L, but the model g'd + 1/2 d'Hd has its "
    "minimum where g + Hd = 0: the step is -H^-1 g."
)
def test_goes_downhill(newton_step, rng):
    H, g = positive_definite(rng, 5), rng.normal(size=5)
    assert g @ newton_step(g, H) < 0, "the slope along the step, g'd, is not negative"


@points(1)
@hint(
    "Solve H d = -g for the vector d (D,): with a Cholesky factor L that takes two triangular solves, with L and "
    "with L'."
)
def test_solves_the_system(newton_step, rng):
    for size in (1, 2, 6):
        H, g = positive_definite(rng, size), rng.normal(size=size)
        step = newton_step(g, H)
        assert np.shape(step) == (size,), f"the step has shape {np.shape(step)}, expected {(size,)}"
        # Up to its sign, which is another check's business.
        assert_allclose(H @ step * np.sign(g @ step), g, rtol=1e-6, atol=1e-6)  # the last digits are yet another's
    small = np.array([2e-13, -4e-13])  # where a step is small it is a step
    assert_allclose(np.abs(newton_step(small, 2.0 * np.eye(2))), np.abs(small) / 2.0, rtol=1e-6)


@points(1)
@hint(
    "This H is ill-conditioned, with eigenvalues down to 10^-10, and positive definite all the same: factorise it and"
    " solve. If easier systems come out right: multiplying by an explicit inverse loses digits; adding something to "
    "the diagonal solves another system."
)
def test_is_backward_stable(newton_step, rng):
    H = positive_definite(rng, 20, 1e-10, 1.0)
    g = H @ rng.normal(size=20)
    step = np.ravel(newton_step(g, H))
    # A factorisation solves a system within a few units of the last place of H; the inverse misses by its condition.
    miss = min(np.linalg.norm(H @ step + g), np.linalg.norm(H @ step - g))  # the sign is another check's business
    error = miss / (np.linalg.norm(H, 2) * np.linalg.norm(step))
    assert error < 1e-13, f"Hd + g is {error:.0e} of |H| |d|, where rounding alone leaves 1e-15"


@points(1)
@hint(
    "An H with a zero or negative eigenvalue has no Newton step, whatever g is: a Cholesky factorisation notices, "
    "np.linalg.solve does not, and the determinant, the diagonal or the slope along the step do not tell. Raise ValueError "
    "(LinAlgError is one)."
)
def test_refuses_what_is_not_positive_definite(newton_step):
    g = np.array([1.0, -1.0])
    for H in ([[1.0, 2.0], [2.0, 1.0]], [[2.0, 0.0], [0.0, 0.0]], [[-1.0, 0.0], [0.0, -2.0]]):
        with raises(ValueError):
            newton_step(g, np.array(H))
    for H in (np.diag([1.0, -1.0]), np.diag([1.0, 0.0])):  # at rest as well
        with raises(ValueError):
            newton_step(np.zeros(2), H)
    # Eigenvalues 5, -1 and -1: the determinant, the trace and the diagonal are positive, and along g so is the curvature.
    with raises(ValueError):
        newton_step(np.ones(3), 2.0 * np.ones((3, 3)) - np.eye(3))
    # Two of four directions, the last ones: the first corners of H and the determinant are positive.
    with raises(ValueError):
        newton_step(np.array([1.0, 0.0, 0.0, 0.0]), np.diag([2.0, 3.0, -1.0, -1.0]))
    # One narrow direction of eight in which the model falls, off the axes, and g at a right angle to it.
    narrow = np.array([1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0]) / np.sqrt(8.0)
    with raises(ValueError):
        newton_step(np.ones(8), np.eye(8) - 1.001 * np.outer(narrow, narrow))
