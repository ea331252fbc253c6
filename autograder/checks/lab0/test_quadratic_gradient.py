"""Checks of `quadratic_gradient`."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from autograder import agree, hint, points


@points(1)
@hint("The gradient of -b'w is -b, and that of 1/2 w'Aw is Aw for a symmetric A: no factor 2, no 1/2 left over.")
@pytest.mark.parametrize("D", [4, 1])
def test_agrees_with_autograd_for_symmetric_matrices(quadratic_gradient, rng, D):
    A = rng.normal(size=(D, D))
    A, b, w = A @ A.T + np.eye(D), rng.uniform(1.0, 2.0, size=D), rng.uniform(1.0, 2.0, size=D)
    agree(quadratic_gradient(w, A, b), autograd.grad(quadratic)(w, A, b), rtol=1e-9, atol=1e-12)


@points(1)
@hint("In w'Aw each pair of weights meets A_ij and A_ji: for an A that is not symmetric the gradient needs (A + A')/2.")
def test_agrees_with_autograd_for_any_matrix(quadratic_gradient, rng):
    A = np.triu(rng.uniform(1.0, 2.0, size=(4, 4)))
    b, w = rng.normal(size=4), rng.uniform(1.0, 2.0, size=4)
    agree(quadratic_gradient(w, A, b), autograd.grad(quadratic)(w, A, b), rtol=1e-9, atol=1e-12)


def quadratic(w, A, b):
    """The function of the docstring, for autograd."""
    return 0.5 * anp.dot(w, anp.dot(A, w)) - anp.dot(b, w)
