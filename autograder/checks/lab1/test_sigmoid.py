"""Checks of `sigmoid`."""

import numpy as np
import pytest
from scipy import special

from autograder import agree, hint, points, quiet


@points(1)
@hint(
    "sigmoid(a) = 1 / (1 + exp(-a)), element by element: 1/2 at zero, rising, and of the same shape as `a` (also for "
    "a single number).",
    also=("shape",),
)
@pytest.mark.parametrize("shape", [(3, 7), "line", (1,), (), (2, 1, 3)])
def test_agrees_with_expit(sigmoid, rng, shape):
    if shape == "line":
        a = np.linspace(-6.0, 6.0, 97)
    else:
        a = rng.uniform(0.5, 5.0, size=shape) * rng.choice([-1.0, 1.0], size=shape)
    agree(sigmoid(a), special.expit(a), rtol=1e-12)


@points(1)
@quiet
@hint(
    "Numbers of up to 1e30. If smaller ones come out right, exp overflows here: it does so beyond 709, on whichever "
    "side you feed it. Exponentiate only -|a|, which is never positive; np.where does not help by itself, because it "
    "computes both branches everywhere."
)
def test_does_not_overflow(sigmoid):
    a = np.array([-1000.0, 1000.0, -710.0, 710.0, -1e30, 1e30])
    agree(sigmoid(a), [0.0, 1.0, 0.0, 1.0, 0.0, 1.0], rtol=1e-12, atol=1e-300)
    agree(sigmoid(np.array([-1000.0])), [0.0], atol=1e-300)
    agree(sigmoid(np.array([1000.0])), [1.0], rtol=1e-12)


@points(1)
@hint(
    "If other numbers come out right: for very negative a the answer is exp(a), tiny but not zero: 1 minus something "
    "cancels, and clipping `a` or adding a small number forgets it. There, write exp(a) / (1 + exp(a))."
)
def test_keeps_small_probabilities(sigmoid):
    a = np.array([-20.0, -40.0, -100.0, -700.0])
    agree(sigmoid(a), np.exp(a - np.log1p(np.exp(a))), rtol=1e-10)
