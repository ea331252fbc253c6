"""Checks of `mean_resultant`."""

import numpy as np

from autograder import agree, hint, points


@points(1)
@hint("The mean of mu.u is coth(kappa) - 1 / kappa: positive, growing from 0 to 1. coth is one over tanh.")
def test_is_the_mean_cosine(mean_resultant, rng):
    kappa = rng.uniform(0.5, 25.0, size=(2, 3))
    kappa[0, 0] = 0.6  # where coth is not yet 1
    w, weight = np.polynomial.legendre.leggauss(80)
    density = np.exp(kappa[..., None] * w)
    agree(mean_resultant(kappa), (density * w) @ weight / (density @ weight), rtol=1e-10)


@points(1)
@hint(
    "If larger ones come out right, digits are lost here: for a small kappa two large numbers are subtracted, and "
    "their digits cancel; at 0 it is infinity minus infinity. There the series kappa / 3 - kappa^3 / 45 + ... is "
    "better, up to the kappa where both are good."
)
def test_keeps_its_digits_near_zero(mean_resultant):
    # Closely spaced: the formula is worst right above where somebody stops using a series.
    kappa = np.array([1e-12, 1e-5, 1.01e-4, 3e-4, 1.01e-3, 3e-3, 0.02, 0.05, 0.0999, 0.1, 0.2])
    # sinh and cosh by their power series: (kappa cosh - sinh) / (kappa sinh), term by term without cancellation
    above = sum(2 * n * kappa ** (2 * n) / _factorial(2 * n + 1) for n in range(1, 9))
    below = sum(kappa ** (2 * n + 1) / _factorial(2 * n + 1) for n in range(9))
    agree(mean_resultant(kappa), above / below, rtol=1e-10)
    agree(mean_resultant(np.array([0.0, 3.0])), [0.0, 1 / np.tanh(3.0) - 1 / 3.0], rtol=1e-10)


@points(1)
@hint("If smaller numbers come out right: cosh and sinh overflow from 710 on, tanh does not: it is 1 there.")
def test_does_not_overflow(mean_resultant):
    kappa = np.array([750.0, 1e6, 1e12])
    agree(mean_resultant(kappa), 1 - 1 / kappa, rtol=1e-14)


def _factorial(n):
    return float(np.prod(np.arange(1.0, n + 1)))
