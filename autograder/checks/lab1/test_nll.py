"""Checks of `nll`."""

import numpy as np
import pytest
from scipy import special

from autograder import agree, hint, points
from autograder.checks.lab1.common import log_probability, patches_and_labels


@points(1)
@hint(
    "The sum over patches (not the mean) of minus the log probability of each label: softplus(a) - y a with a = Xw. "
    "It is positive, and a single number."
)
@pytest.mark.parametrize("N, D", [(17, 4), (1, 3), (5, 1), (1, 1)])
def test_sums_negative_log_probabilities(nll, rng, N, D):
    w, X, y = patches_and_labels(rng, N, D)
    for labels in (y, 1.0 - y):
        agree(nll(w, X, labels), -np.sum(log_probability(labels, special.expit(X @ w))))


@points(1)
@hint(
    "The ridge term is half of lam times the squared norm of w, over all weights, added once, however many patches there "
    "are."
)
@pytest.mark.parametrize("lam", [0.5, 3.0])
def test_adds_the_ridge_once(nll, rng, lam):
    w, X, y = patches_and_labels(rng)
    plain = nll(w, X, y)  # what is wrong without a ridge is another check's business
    agree(nll(w, X, y, lam) - plain, lam * np.linalg.norm(w) ** 2 / 2, rtol=1e-8)


@points(1)
@hint(
    "If smaller scores come out right: where |Xw| is 1000 the probability rounds to 0 or 1, and its logarithm is -inf"
    " or, times zero, nan. Work with the log odds a = Xw and your softplus, and never form the probability."
)
def test_stays_finite_when_sure(nll):
    # One patch, no ridge: how losses are added up, and what is added to them, are other checks' business.
    w = np.array([1.0, 1.0])
    for x, right in (([1000.0, 0.0], 1), ([-1000.0, 0.0], 0), ([0.0, 800.0], 1), ([-500.0, -300.0], 0)):
        agree(nll(w, np.array([x]), np.array([right])), 0.0, atol=1e-9)
        agree(nll(w, np.array([x]), np.array([1 - right])), abs(sum(x)))
