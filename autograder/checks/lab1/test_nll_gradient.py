"""Checks of `nll_gradient`."""

import autograd
import numpy as np
import pytest
from scipy.special import expit

from autograder import agree, hint, points
from autograder.checks.lab1.common import objective, patches_and_labels


@points(1)
@hint(
    "The gradient is X'(sigmoid(Xw) - y): prediction minus label (uphill, so mind the sign), summed over patches, "
    "one entry per weight.",
    also=("shape",),
)
@pytest.mark.parametrize("N, D", [(17, 4), (1, 3), (5, 1), (1, 1)])
def test_agrees_with_autograd(nll_gradient, rng, N, D):
    w, X, y = patches_and_labels(rng, N, D)
    for labels in (y, 1.0 - y):
        # Loose: how exact a right gradient is, the check of sure examples tells on every seed alike.
        agree(nll_gradient(w, X, labels), autograd.grad(objective)(w, X, labels, 0.0), rtol=1e-4, atol=1e-4)


@points(1)
@hint("The ridge term lam |w|^2 / 2 has the gradient lam w: added once, with this sign, to every entry.")
@pytest.mark.parametrize("lam", [0.5, 3.0])
def test_includes_the_ridge(nll_gradient, rng, lam):
    w, X, y = patches_and_labels(rng)
    plain = np.asarray(nll_gradient(w, X, y))  # what is wrong without a ridge is another check's business
    agree(nll_gradient(w, X, y, lam) - plain, lam * w, rtol=1e-4)


@points(1)
@hint(
    "Where |Xw| is 1000 the gradient is as harmless as elsewhere: use your stable sigmoid. An example that is right "
    "and sure contributes next to nothing, without being cut off or clipped, "
    "one that is wrong and sure its whole patch, to the last digit: by the formula, not by "
    "differences of `nll`, in which a large loss drowns what it is to tell."
)
def test_is_exact_when_sure(nll_gradient):
    # One patch, no ridge: sums and penalties are other checks' business.
    w = np.array([1.0, 1.0])
    for x, right in (([1000.1, 5.3], 1), ([-1000.1, 7.7], 0), ([0.0, 800.1], 1)):
        agree(nll_gradient(w, np.array([x]), np.array([right])), [0.0, 0.0], atol=1e-9)
        agree(nll_gradient(w, np.array([x]), np.array([1 - right])), np.multiply(x, 2 * right - 1))
    for a in (25.0, 35.0):  # nearly sure, and right; in units in which that is not nothing
        agree(
            nll_gradient(np.array([-1e-12]), np.array([[a * 1e12]]), np.array([0])), [a * 1e12 * expit(-a)], rtol=1e-8
        )
    # The loss is 10^8, so that its last digit is 10^-8, and a difference over 10^-5 is wrong in the third.
    agree(nll_gradient(np.array([1e4, 0.5]), np.array([[1e4, 3.3]]), np.array([0])), [1e4, 3.3])
