"""What goes wrong, and what else is right, in `outlier_posterior`."""

import numpy as np
from scipy.special import expit, logsumexp

from autograder.judge.bank import alternative, mistake


def from_odds(r2, prior, inner, outer, *, power=1.0, half=0.5, odds=None):
    """The logistic function of the log odds, with the power of the variances and the factor of r2."""
    odds = np.log(prior) - np.log1p(-np.asarray(prior)) if odds is None else odds
    return expit(odds + power * np.log(np.divide(inner, outer)) + half * np.asarray(r2) * (1 / inner - 1 / outer))


@mistake("has the normaliser of one dimension", hint="the variance, not its root")
def one_dimension(r2, outlier_prob, omega2_in, omega2_out):
    return from_odds(r2, outlier_prob, omega2_in, omega2_out, power=0.5)


@mistake("leaves the normalisers out", hint="/ (2 pi omega2)")
def no_normaliser(r2, outlier_prob, omega2_in, omega2_out):
    return from_odds(r2, outlier_prob, omega2_in, omega2_out, power=0.0)


@mistake("has the ratio of the normalisers upside down", hint="/ (2 pi omega2)")
def inverted(r2, outlier_prob, omega2_in, omega2_out):
    return from_odds(r2, outlier_prob, omega2_in, omega2_out, power=-1.0)


@mistake("forgets the one half in the exponent", hint="r2 / (2 omega2)")
def no_half(r2, outlier_prob, omega2_in, omega2_out):
    return from_odds(r2, outlier_prob, omega2_in, omega2_out, half=1.0)


@mistake("leaves the prior out", hint="Bayes: prior times density")
def no_prior(r2, outlier_prob, omega2_in, omega2_out):
    return from_odds(r2, outlier_prob, omega2_in, omega2_out, odds=0.0)


@mistake("takes the prior for the odds", hint="divided by the sum of both products")
def prior_as_odds(r2, outlier_prob, omega2_in, omega2_out):
    return from_odds(r2, outlier_prob, omega2_in, omega2_out, odds=np.log(outlier_prob))


@mistake("returns the probability of an inlier", hint="prior times density of an outlier")
def inlier(r2, outlier_prob, omega2_in, omega2_out):
    return 1.0 - from_odds(r2, outlier_prob, omega2_in, omega2_out)


@mistake("gives the prior to the inliers", hint="The prior belongs to the outliers")
def prior_of_inliers(r2, outlier_prob, omega2_in, omega2_out):
    return from_odds(r2, 1.0 - np.asarray(outlier_prob), omega2_in, omega2_out)


@mistake("takes the variances for standard deviations", hint="the variance, not its root")
def standard_deviations(r2, outlier_prob, omega2_in, omega2_out):
    return from_odds(r2, outlier_prob, np.square(omega2_in), np.square(omega2_out))


@mistake("takes the squared distance for a distance", hint="exp(-r2 / (2 omega2))")
def squares_again(r2, outlier_prob, omega2_in, omega2_out):
    return from_odds(np.square(r2), outlier_prob, omega2_in, omega2_out)


@mistake("keeps the exponent below a bound of its own", hint="Take the logarithm of the odds")
def bounded(r2, outlier_prob, omega2_in, omega2_out):
    exponent = 0.5 * np.asarray(r2) * (1 / omega2_in - 1 / omega2_out)
    prior = np.asarray(outlier_prob)
    odds = prior / (1 - prior) * omega2_in / omega2_out * np.exp(np.minimum(exponent, 20.0))
    return odds / (1 + odds)


@mistake("divides two densities that underflow", hint="0 / 0 is nan")
def underflows(r2, outlier_prob, omega2_in, omega2_out):
    bad = outlier_prob / omega2_out * np.exp(-0.5 * np.asarray(r2) / omega2_out)
    good = (1 - np.asarray(outlier_prob)) / omega2_in * np.exp(-0.5 * np.asarray(r2) / omega2_in)
    return bad / (bad + good)


@mistake("adds an epsilon to the sum of the densities", hint="Take the logarithm of the odds")
def epsilon(r2, outlier_prob, omega2_in, omega2_out):
    bad = outlier_prob / omega2_out * np.exp(-0.5 * np.asarray(r2) / omega2_out)
    good = (1 - np.asarray(outlier_prob)) / omega2_in * np.exp(-0.5 * np.asarray(r2) / omega2_in)
    return bad / (bad + good + 1e-300)


@mistake("overflows in the odds", hint="through the logistic function")
def odds_overflow(r2, outlier_prob, omega2_in, omega2_out):
    exponent = 0.5 * np.asarray(r2) * (1 / omega2_in - 1 / omega2_out)
    odds = outlier_prob / (1 - np.asarray(outlier_prob)) * omega2_in / omega2_out * np.exp(exponent)
    return odds / (1 + odds)


@mistake("returns the density of an outlier alone", hint="divided by the sum of both products")
def density(r2, outlier_prob, omega2_in, omega2_out):
    return outlier_prob * np.exp(-0.5 * np.asarray(r2) / omega2_out) / (2 * np.pi * omega2_out)


@alternative
def by_log_densities(r2, outlier_prob, omega2_in, omega2_out):
    bad = np.log(outlier_prob) - np.log(2 * np.pi * omega2_out) - 0.5 * r2 / omega2_out
    good = np.log(1 - outlier_prob) - np.log(2 * np.pi * omega2_in) - 0.5 * r2 / omega2_in
    return np.exp(bad - logsumexp(np.stack(np.broadcast_arrays(bad, good)), axis=0))


@alternative
def by_the_inverse_odds(r2, outlier_prob, omega2_in, omega2_out):
    exponent = -0.5 * np.asarray(r2, dtype=float) * (1 / omega2_in - 1 / omega2_out)
    return 1 / (1 + (1 - outlier_prob) / outlier_prob * omega2_out / omega2_in * np.exp(exponent))


@alternative
def by_logaddexp(r2, outlier_prob, omega2_in, omega2_out):
    bad = np.log(outlier_prob / omega2_out) - r2 / (2.0 * omega2_out)
    good = np.log((1.0 - outlier_prob) / omega2_in) - r2 / (2.0 * omega2_in)
    return np.exp(bad - np.logaddexp(bad, good))
