"""Checks of `nll_gradient`."""

import autograd
import numpy as np
import pytest

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
        agree(nll_gradient(w, X, labels), autograd.grad(objective)(w, X, labels, 0.0), rtol=1e-9, atol=1e-12)


@points(1)
@hint("The ridge term lam |w|^2 / 2 has the gradient lam w: added once, with this sign, to every entry.")
@pytest.mark.parametrize("lam", [0.5, 3.0])
def test_includes_the_ridge(nll_gradient, rng, lam):
    w, X, y = patches_and_labels(rng)
    h = 1e-30  # a complex step: Im f(w + ih) / h has no difference to cancel
    expected = [objective(w + 1j * h * e, X, y, lam).imag / h for e in np.eye(len(w))]
    agree(nll_gradient(w, X, y, lam), expected, rtol=1e-9)


@points(1)
@hint(
    "Where |Xw| is 1000 the gradient is as harmless as elsewhere: use your stable sigmoid. An example that is right "
    "and sure contributes nothing, one that is wrong and sure its whole patch."
)
def test_is_finite_when_sure(nll_gradient):
    X = np.array([[1000.0, 5.0], [-1000.0, 7.0], [0.0, 800.0]])
    w = np.array([1.0, 1.0])
    agree(nll_gradient(w, X, np.array([0, 1, 0])), X[0] - X[1] + X[2])
    agree(nll_gradient(w, X, np.array([1, 0, 1]), 0.5), [0.5, 0.5])
