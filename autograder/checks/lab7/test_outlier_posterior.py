"""Checks of `outlier_posterior`."""

import numpy as np
from scipy.stats import multivariate_normal

from autograder import agree, hint, points


def by_densities(r2, outlier_prob, omega2_in, omega2_out):
    """Bayes' rule with two-dimensional normal densities, number by number."""

    def one(r2, prior, inner, outer):
        at = [np.sqrt(r2), 0.0]
        bad = prior * multivariate_normal.pdf(at, cov=outer * np.eye(2))
        good = (1.0 - prior) * multivariate_normal.pdf(at, cov=inner * np.eye(2))
        return bad / (bad + good)

    return np.vectorize(one)(r2, outlier_prob, omega2_in, omega2_out)


@points(1)
@hint(
    "Bayes: prior times density of an outlier, divided by the sum of both products. In two dimensions a normal density is "
    "exp(-r2 / (2 omega2)) / (2 pi omega2): the variance, not its root, stands below. The prior belongs to the outliers."
)
def test_is_bayes_rule(outlier_posterior, rng):
    r2 = rng.uniform(0.0, 60.0, size=(3, 4))
    agree(outlier_posterior(r2, 0.1, 2.0, 90.0), by_densities(r2, 0.1, 2.0, 90.0), rtol=1e-9)
    # Odds of at most e^15: where they are held below some bound is the other check's business.
    prior, inner, outer = rng.uniform(0.05, 0.5, 4), rng.uniform(2.0, 4.0, 4), rng.uniform(30.0, 90.0, (3, 1))
    agree(outlier_posterior(r2, prior, inner, outer), by_densities(r2, prior, inner, outer), rtol=1e-9)


@points(1)
@hint(
    "If smaller distances come out right: far away both densities underflow, and 0 / 0 is nan. Take the logarithm of "
    "the odds, in which r2 appears once, and put it through the logistic function."
)
def test_survives_large_distances(outlier_posterior):
    r2 = np.array([0.0, 1e4, 1e6, 1e12])
    expected = [by_densities(0.0, 0.2, 1.0, 100.0).item(), 1.0, 1.0, 1.0]
    agree(outlier_posterior(r2, 0.2, 1.0, 100.0), expected, rtol=1e-9)
