"""Checks of `direction_posterior`."""

import numpy as np

from autograder import agree, hint, points
from autograder.checks.lab8.common import PARENTS, sphere


@points(1)
@hint(
    "Natural parameters add: that of the prior, and rho d / sigma2 from the bone, with d = x_k - x_parent (from "
    "the parent to the child) and the variance sigma2 as it is."
)
def test_is_bayes_rule(direction_posterior, rng):
    nodes, weights = sphere()
    X, prior = 15.0 * rng.normal(size=(2, 5, 3)), 3.0 * rng.normal(size=(2, 5, 3))
    rho, sigma2 = rng.uniform(10.0, 20.0, 5), rng.uniform(40.0, 80.0, 5)
    m = np.asarray(direction_posterior(X, PARENTS, rho, sigma2, prior))
    assert m.shape == (2, 5, 3), f"the natural parameters have shape {m.shape}, expected (2, 5, 3)"
    for t in range(2):
        for k in range(1, 5):
            d = X[t, k] - X[t, PARENTS[k]]
            log_p = nodes @ prior[t, k] - np.sum((d - rho[k] * nodes) ** 2, axis=-1) / (2 * sigma2[k])
            # A vMF density's logarithm is linear in u: the slope that fits the posterior best, and exactly.
            p = weights * np.exp(log_p - log_p.max())
            slope = np.linalg.lstsq(
                np.column_stack([nodes, np.ones(len(nodes))]) * np.sqrt(p)[:, None], log_p * np.sqrt(p)
            )[0]
            agree(m[t, k], slope[:3], rtol=1e-6, atol=1e-6)


@points(1)
@hint(
    "The root has no bone: its row is the prior's, whatever stands in rho[0] and sigma2[0]. The prior itself "
    "stays as it was."
)
def test_leaves_the_root_alone(direction_posterior, rng):
    X, prior = 15.0 * rng.normal(size=(3, 5, 3)), 3.0 * rng.normal(size=(3, 5, 3))
    rho, sigma2 = rng.uniform(10.0, 20.0, 5), rng.uniform(40.0, 80.0, 5)
    for anything in (0.0, np.nan, 12.0):
        rho[0] = sigma2[0] = anything
        agree(np.asarray(direction_posterior(X, PARENTS, rho, sigma2, prior))[:, 0], prior[:, 0], rtol=1e-12)
