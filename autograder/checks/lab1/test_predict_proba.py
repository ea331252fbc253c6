"""Checks of `predict_proba`."""

import numpy as np
import pytest
from scipy import special

from autograder import agree, hint, points
from autograder.checks.lab1.common import patches_and_labels


@points(1)
@hint(
    "One probability per patch, sigmoid(Xw), of shape (N,): not the score Xw, not the label, not the probability of "
    "a negative, and stable where |Xw| is 1000.",
    also=("shape",),
)
@pytest.mark.parametrize("N, D", [(7, 4), (1, 3), (5, 1), (4, 4), (4, 2)])
def test_gives_one_probability_per_patch(predict_proba, rng, N, D):
    if D == 2:
        X = np.array([[1000.0, 0.0], [-1000.0, 0.0], [0.0, -40.0], [0.0, 0.0]])
        agree(predict_proba(np.ones(2), X), [1.0, 0.0, np.exp(-40.0), 0.5], rtol=1e-9, atol=1e-300)
    else:
        w, X, _ = patches_and_labels(rng, N, D)
        agree(predict_proba(w, X), special.expit(X @ w))
