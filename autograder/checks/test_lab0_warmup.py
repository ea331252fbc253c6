"""Lab 0: the three functions of the warm-up."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import special

from autograder import hint, points


def agree(result, expected, rtol=1e-10, atol=0.0):
    """Shapes too, because numpy.testing lets a scalar stand for an array and (1,) for a scalar."""
    shape = np.shape(expected)
    assert np.shape(result) == shape, f"returned shape {np.shape(result)}, expected {shape}"
    assert_allclose(result, expected, rtol=rtol, atol=atol)


@points(1)
@hint("A point is (x, y) = (column, row), the other way round than an index into the array.")
@pytest.mark.parametrize("shape, x, y", [((5, 9), 7, 2), ((9, 5), 0, 8), ((6, 6), 5, 1), ((1, 4), 3, 0)])
def test_finds_the_point(brightest_point, rng, shape, x, y):
    image = rng.uniform(0.0, 0.5, size=shape)
    image[y, x] = 0.9
    agree(brightest_point(image), [x, y])


@points(1)
@hint("Compare signed values, not absolute ones, and find the largest: an image may be negative everywhere.")
def test_takes_negative_images(brightest_point, rng):
    image = rng.uniform(-2.0, -1.0, size=(4, 7))
    image[3, 2] = -0.5
    agree(brightest_point(image), [2, 3])


@points(1)
@hint("log odds = log p - log(1 - p): the natural logarithm of a quotient, 0 at p = 1/2, positive above.")
@pytest.mark.parametrize("shape", [(6,), (2, 3), ()])
def test_agrees_with_logit(log_odds, rng, shape):
    p = rng.uniform(0.1, 0.4, size=shape)
    agree(log_odds(p), special.logit(p))
    agree(log_odds(1 - p), -special.logit(p))


@points(1)
@hint("At p = 0 the log odds are -inf and at p = 1 inf: do not clip p or add a small number to it.")
def test_is_infinite_at_the_ends(log_odds):
    agree(log_odds(np.array([0.0, 1.0, 0.5])), [-np.inf, np.inf, 0.0], atol=1e-12)


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
