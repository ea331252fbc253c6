"""Checks of `softplus`."""

import numpy as np
import pytest

from autograder import agree, hint, points


@points(1)
@hint(
    "log(1 + exp(a)), element by element and of the same shape as `a`. At a = 0 both exponents are zero, so "
    "softplus(0) = log 2; far to the right it is `a`, but not yet at 20.",
    also=("shape",),
)
@pytest.mark.parametrize("shape", [(3, 7), "line", (1,), ()])
def test_agrees_with_logaddexp(softplus, rng, shape):
    # Where even the naive formula keeps twelve digits.
    a = np.linspace(-4.0, 40.0, 177) if shape == "line" else rng.uniform(-5.0, 5.0, size=shape)
    agree(softplus(a), np.logaddexp(0.0, a), rtol=1e-12)


@points(1)
@hint(
    "If smaller numbers come out right, exp(a) overflows here. Take m = max(0, a) of each element out of the "
    "logarithm first."
)
def test_is_finite_far_from_zero(softplus):
    a = np.array([600.0, 710.0, 1e4, 1e30])
    agree(softplus(a), a, rtol=1e-12)
    agree(softplus(-a[1:]), [0.0, 0.0, 0.0], atol=1e-300)


@points(1)
@hint(
    "If other numbers come out right: for very negative a the 1 swallows exp(a): log(1 + x) for tiny x needs np.log1p."
)
def test_keeps_small_values(softplus):
    a = np.array([-10.0, -30.0, -40.0, -700.0])
    x = np.exp(a)
    agree(softplus(a), x * (1.0 - x / 2.0 + x**2 / 3.0), rtol=1e-9)  # log(1 + x) by its series
    a = np.array([-9.5, -8.0, -7.0, -21.0, -24.5])  # where formulas for small and large numbers meet
    x = np.exp(a)
    agree(softplus(a), x * (1.0 - x / 2.0 + x**2 / 3.0 - x**3 / 4.0), rtol=1e-12)
