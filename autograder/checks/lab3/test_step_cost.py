"""Checks of `step_cost`."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import hint, points, raises


@points(1)
@hint(
    "Gradient descent multiplies by X once for Xw and once for X'r, 2ND in all. Return a whole number; another name "
    "than the five raises ValueError."
)
def test_counts_two_products_for_a_gradient(step_cost):
    for N, D in ((1_000, 400), (300, 2_000)):
        cost = step_cost(N, D, "gd")
        assert isinstance(cost, (int, np.integer)), f"the cost is a {type(cost).__name__}, expected an int"
        assert_allclose(cost, 2 * N * D, rtol=0.05)
        for method in ("newton", "newton_wide", "bfgs", "lbfgs"):
            cost = step_cost(N, D, method)
            assert isinstance(cost, (int, np.integer)), (
                f"the cost of {method} is a {type(cost).__name__}, expected an int"
            )
            assert cost > 2 * N * D, f"{method} needs a gradient too: {cost} is not more than 2ND"
    with raises(ValueError):
        step_cost(10, 10, "magic")


def growth(step_cost, method, N, D):
    """How the cost grows when N doubles, and when D doubles."""
    cost = step_cost(N, D, method)
    assert cost > 0, f"{method} costs {cost} for N = {N}, D = {D}"
    return step_cost(2 * N, D, method) / cost, step_cost(N, 2 * D, method) / cost


@points(1)
@hint(
    "Newton: ND^2 for the Hessian and D^3 / 3 for its Cholesky factor. By Woodbury N and D change places: N^2 D and "
    "N^3 / 3."
)
def test_counts_newton(step_cost):
    many, few = 10**6, 10
    assert_allclose(growth(step_cost, "newton", many, few), (2, 4), rtol=0.3)
    assert_allclose(growth(step_cost, "newton", few, many), (1, 8), rtol=0.1)
    assert_allclose(growth(step_cost, "newton", 10**4, 10**3), (2, 4), rtol=0.1)
    for method, N, D in (("newton", many, few), ("newton_wide", few, many)):
        products = step_cost(N, D, method) / (N * D * few)
        assert 0.4 <= products <= 4, f"{method} costs {products:.3g} products of X with itself, where about one is due"
    assert_allclose(growth(step_cost, "newton_wide", few, many), (4, 2), rtol=0.3)
    assert_allclose(growth(step_cost, "newton_wide", many, few), (8, 1), rtol=0.1)
    assert_allclose(growth(step_cost, "newton_wide", 10**3, 10**4), (4, 2), rtol=0.1)


@points(1)
@hint(
    "Beside the gradient BFGS works on a D x D matrix with a few D^2 (no D^3: nothing is solved), L-BFGS on m = 10 "
    "pairs of vectors with about 4mD."
)
def test_counts_quasi_newton(step_cost):
    many, few = 10**6, 10
    assert_allclose(growth(step_cost, "bfgs", few, many), (1, 4), rtol=0.1)
    assert_allclose(growth(step_cost, "bfgs", many, few), (2, 2), rtol=0.1)
    matrices = step_cost(1, many, "bfgs") / many**2
    assert 1 <= matrices <= 20, f"with one patch BFGS costs {matrices:.3g} D^2, where about four are due"
    assert_allclose(growth(step_cost, "lbfgs", many, few), (2, 2), rtol=0.1)
    assert_allclose(growth(step_cost, "lbfgs", few, many)[1], 2, rtol=0.1)
    memory = step_cost(1, many, "lbfgs") / many  # per pixel: 4m and a little more
    assert 15 <= memory <= 100, f"with one patch L-BFGS costs {memory:.3g} per pixel, where 10 pairs make about 40"
