"""Checks of `log_normalizer`."""

import numpy as np

from autograder import agree, hint, points


@points(1)
@hint(
    "The integral over the sphere is 4 pi sinh(kappa) / kappa, and its logarithm is asked for; 4 pi is the area "
    "of the sphere."
)
def test_agrees_with_quadrature(log_normalizer, rng):
    kappa = rng.uniform(0.3, 25.0, size=(2, 3))
    kappa[0, 0] = 0.4  # where sinh is not yet half an exponential
    w, weight = np.polynomial.legendre.leggauss(80)
    agree(log_normalizer(kappa), np.log(2 * np.pi * np.exp(kappa[..., None] * w) @ weight), rtol=1e-10)


@points(1)
@hint(
    "At kappa = 0 the integral is the area of the sphere, 4 pi, although the formula gives 0 / 0 there. An array "
    "may hold zeros beside other numbers."
)
def test_is_the_area_of_the_sphere_at_zero(log_normalizer):
    agree(log_normalizer(np.array([0.0, 2.0])), [np.log(4 * np.pi), np.log(2 * np.pi * np.sinh(2.0))], rtol=1e-10)
    agree(log_normalizer(np.array([1e-14, 1e-9])), np.full(2, np.log(4 * np.pi)), rtol=1e-10)
    assert np.abs(log_normalizer(0.0) - np.log(4 * np.pi)) < 1e-10, f"log_normalizer(0.0) gave {log_normalizer(0.0)}"


@points(1)
@hint(
    "If smaller numbers come out right: sinh(kappa) overflows from 710 on. Take exp(kappa) out of it: "
    "log(sinh(kappa)) = kappa + log(1 - exp(-2 kappa)) - log 2."
)
def test_does_not_overflow(log_normalizer):
    kappa = np.array([800.0, 1e5, 1e12])
    agree(log_normalizer(kappa), kappa + np.log(2 * np.pi / kappa), rtol=1e-14)
