"""Checks of `edge_log_density`, by quadrature over the direction."""

import numpy as np

from autograder import agree, hint, no_probe, points
from autograder.checks.lab8.common import sphere


def edges(rng):
    """Bones (2, 2, 3) with m, rho and sigma2 (2,): long, short, nothing known of the direction, and no bone at all."""
    d = np.array([[[20.0], [2.0]], [[25.0], [0.0]]]) * rng.normal(size=(2, 2, 3))
    m = np.array([[[6.0], [3.0]], [[0.0], [2.0]]]) * rng.normal(size=(2, 2, 3))
    return d, m, rng.uniform(15.0, 30.0, 2), rng.uniform(30.0, 80.0, 2)


def expected(d, m, rho, sigma2):
    """Log density of one bone and its derivatives: those of the density under the integral sign."""
    nodes, weights = sphere()
    log_prior = nodes @ m - np.log(weights @ np.exp(nodes @ m))
    log_p = log_prior - np.sum((d - rho * nodes) ** 2, axis=-1) / (2 * sigma2) - 1.5 * np.log(2 * np.pi * sigma2)
    total = weights @ np.exp(log_p - log_p.max())
    p = weights * np.exp(log_p - log_p.max()) / total
    pull = (rho * nodes - d) / sigma2
    gradient = p @ pull
    hessian = (p[:, None] * pull).T @ pull - np.outer(gradient, gradient) - np.eye(3) / sigma2
    return np.log(total) + log_p.max(), gradient, hessian


def compared(edge_log_density, rng, part, atol):
    d, m, rho, sigma2 = edges(rng)
    due = np.array([[expected(d[i, j], m[i, j], rho[j], sigma2[j])[part] for j in range(2)] for i in range(2)])
    found = edge_log_density(d, m, rho, sigma2)
    assert isinstance(found, tuple) and len(found) == 3, "expected three results: value, gradient and hessian"
    agree(found[part], due, rtol=1e-7, atol=atol)
    alone = edge_log_density(d[0, 1], m[0, 1], float(rho[1]), float(sigma2[1]))
    agree(alone[part], due[0, 1], rtol=1e-7, atol=atol)  # any number of leading axes, also none


@points(1)
@hint(
    "The value has four terms: -(|d|^2 + rho^2) / 2 sigma2, the normalising constant of a normal density in three "
    "dimensions, plus log_normalizer(|b|) and minus log_normalizer(|m|)."
)
@no_probe("integers", "float32")
def test_value(edge_log_density, rng):
    compared(edge_log_density, rng, 0, 1e-8)


@points(1)
@hint("By the chain rule: (rho / sigma2) a(|b|) b / |b|, where the mean direction pulls, minus d / sigma2.")
@no_probe("integers", "float32")
def test_gradient(edge_log_density, rng):
    compared(edge_log_density, rng, 1, 1e-8)


@points(1)
@hint(
    "(rho / sigma2)^2 times a matrix that is a' along b and a / |b| across it, minus the identity over sigma2. "
    "With o = the outer product of the axis with itself, that matrix is a' o + (a / |b|) (1 - o)."
)
@no_probe("integers", "float32")
def test_hessian(edge_log_density, rng):
    compared(edge_log_density, rng, 2, 1e-8)
