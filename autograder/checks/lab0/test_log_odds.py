"""Checks of `log_odds`."""

import numpy as np
import pytest
from scipy import special

from autograder import agree, hint, points


@points(1)
@hint("log odds = log p - log(1 - p): the natural logarithm of a quotient, 0 at p = 1/2, positive above.")
@pytest.mark.parametrize("shape", [(6,), (2, 3), ()])
def test_agrees_with_logit(log_odds, rng, shape):
    p = rng.uniform(0.1, 0.4, size=shape)
    agree(log_odds(p), special.logit(p))
    agree(log_odds(1 - p), -special.logit(p))


@points(1)
@hint(
    "At p = 0 the log odds are -inf and at p = 1 inf: do not clip p or add a small number to it. And log p "
    "knows a p of 10^-20, which 1 - 2 p does not."
)
def test_is_infinite_at_the_ends(log_odds):
    agree(log_odds(np.array([0.0, 1.0, 0.5])), [-np.inf, np.inf, 0.0], atol=1e-12)
    agree(log_odds(np.array([1e-20])), [np.log(1e-20)])  # where 2 p - 1 is -1 already
