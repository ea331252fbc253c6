"""Checks of `standardize`."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from autograder import hint, points


@points(1)
@hint(
    "Subtract each column's mean over the patches (axis 0) and divide by its population deviation, with ddof = 0. "
    "Return Z, mean and scale, the latter two of shape (D,)."
)
def test_gives_mean_zero_and_deviation_one(standardize, rng):
    X = 5.0 + 3.0 * rng.normal(size=(20, 4))
    X[7, 1] += 100.0  # far out, and to be kept there
    Z, mean, scale = standardize(X)
    assert np.shape(Z) == (20, 4), f"Z has shape {np.shape(Z)}, expected (20, 4)"
    assert np.shape(mean) == np.shape(scale) == (4,), f"mean and scale have shapes {np.shape(mean)}, {np.shape(scale)}"
    assert_allclose(np.sum(Z, axis=0), np.zeros(4), atol=1e-12)
    assert_allclose(np.sum(Z**2, axis=0), np.full(4, 20.0), rtol=1e-12)
    assert_allclose(Z * scale + mean, X, rtol=1e-12)  # what new patches are to be treated with


@points(1)
@hint(
    "A constant column (its largest entry equals its smallest) must get the scale 1. Its computed deviation need not"
    " be exactly 0, so do not test that for zero."
)
def test_leaves_constant_columns_alone(standardize):
    X = np.column_stack([np.full(20, value) for value in (0.1, 0.7, 1 / 3, 255.0, 0.0)] + [np.arange(20.0)])
    Z, _, scale = standardize(X)
    assert_array_equal(scale[:5], np.ones(5))
    assert_allclose(Z[:, :5], np.zeros((20, 5)), atol=1e-12)
    Z, mean, scale = standardize(np.array([[3.0, -1.0]]))  # a single patch is constant everywhere
    assert_array_equal(scale, np.ones(2))
    assert_allclose(mean, [3.0, -1.0], rtol=1e-15)
    assert_allclose(Z, np.zeros((1, 2)), atol=1e-15)


@points(1)
@hint(
    "The scale is the deviation itself, however small or far from zero the column: no added epsilon, no threshold, "
    "and the mean is subtracted before anything is squared."
)
def test_scales_faint_and_distant_columns(standardize, rng):
    shape = rng.permutation([-1.0, -1.0, 1.0, 1.0, 1.0, -1.0])  # mean 0, deviation 1
    Z, mean, scale = standardize(np.column_stack([1e-15 * shape, 1e8 + 3.0 * shape, 1e3 * shape]))
    assert_allclose(scale, [1e-15, 3.0, 1e3], rtol=1e-7)
    assert_allclose(Z, np.column_stack([shape] * 3), rtol=1e-6)
    assert_allclose(mean, [0.0, 1e8, 0.0], rtol=1e-12, atol=1e-9)
    faint = 2.0**-30  # beside 1: its digits are there, exactly
    Z, _, scale = standardize(1.0 + faint * shape[:, None])
    assert_allclose(scale, [faint], rtol=1e-5)
    assert_allclose(Z, shape[:, None], rtol=1e-5)
