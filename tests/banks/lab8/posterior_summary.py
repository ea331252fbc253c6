"""What goes wrong, and what else is right, in `posterior_summary`."""

import numpy as np
from scipy.signal import correlate

from autograder.judge.bank import alternative, mistake


def correlations(samples, centred=True):
    samples = np.asarray(samples, dtype=float)
    S = len(samples)
    spectrum = np.fft.rfft(samples - (samples.mean(axis=0) if centred else 0.0), n=2 * S, axis=0)
    products = np.fft.irfft(np.abs(spectrum) ** 2, n=2 * S, axis=0)[: S - S % 2]
    with np.errstate(all="ignore"):
        return products / products[0]


def in_pairs(rho):
    pairs = rho[::2] + rho[1::2]
    return 2.0 * np.sum(pairs * np.logical_and.accumulate(pairs > 0, axis=0), axis=0) - 1.0


def summary(samples, **changed):
    samples = np.asarray(samples, dtype=float)
    lower, upper = np.quantile(samples, [0.05, 0.95], axis=0)
    found = {"mean": samples.mean(axis=0), "sd": samples.std(axis=0), "lower": lower, "upper": upper}
    return found | {"ess": len(samples) / in_pairs(correlations(samples))} | changed


@mistake("takes the 10 and 90 % quantiles", hint="leaves out 5 % on either side")
def eighty(samples):
    lower, upper = np.quantile(samples, [0.1, 0.9], axis=0)
    return summary(samples, lower=lower, upper=upper)


@mistake("takes the 2.5 and 97.5 % quantiles", hint="leaves out 5 % on either side")
def ninety_five(samples):
    lower, upper = np.quantile(samples, [0.025, 0.975], axis=0)
    return summary(samples, lower=lower, upper=upper)


@mistake("takes mean plus and minus 1.645 standard deviations", hint="the quantiles at 5 and 95 %")
def normal_interval(samples):
    mean, sd = np.mean(samples, axis=0), np.std(samples, axis=0)
    return summary(samples, lower=mean - 1.645 * sd, upper=mean + 1.645 * sd)


@mistake("exchanges the ends of the interval", hint="the quantiles at 5 and 95 %")
def exchanged(samples):
    lower, upper = np.quantile(samples, [0.95, 0.05], axis=0)
    return summary(samples, lower=lower, upper=upper)


@mistake("returns the variance", hint="standard deviation")
def variance(samples):
    return summary(samples, sd=np.var(samples, axis=0))


@mistake("returns the standard error of the mean", hint="standard deviation")
def standard_error(samples):
    return summary(samples, sd=np.std(samples, axis=0) / np.sqrt(len(samples)))


@mistake("takes the median for the mean", hint="Mean, standard deviation")
def median(samples):
    return summary(samples, mean=np.median(samples, axis=0))


@mistake("takes means over time", hint="over the samples, axis 0")
def over_time(samples):
    return summary(samples, mean=np.broadcast_to(np.mean(samples, axis=(0, 1)), np.shape(samples)[1:]))


@mistake("gives the number of samples", hint="a chain that hardly moves has few")
def number(samples):
    return summary(samples, ess=np.full(np.shape(samples)[1:], float(len(samples))))


@mistake("sums all autocorrelations, noise included", hint="behind that is nothing but noise")
def all_lags(samples):
    rho = correlations(samples)
    with np.errstate(all="ignore"):
        return summary(samples, ess=len(samples) / (1 + 2 * rho[1:].sum(axis=0)))


@mistake("forgets the factor 2", hint="S / (1 + 2 (rho_1 + rho_2 + ...))")
def one_sided(samples):
    tau = in_pairs(correlations(samples))
    return summary(samples, ess=len(samples) / ((tau + 1) / 2))


@mistake("does not subtract the mean", hint="autocorrelations")
def not_centred(samples):
    return summary(samples, ess=len(samples) / in_pairs(correlations(samples, centred=False)))


@mistake("looks at the first autocorrelation only", hint="S / (1 + 2 (rho_1 + rho_2 + ...))")
def first_lag(samples):
    return summary(samples, ess=len(samples) / (1 + 2 * correlations(samples)[1]))


@mistake("gives all coordinates the mean of their sizes", hint="each coordinate has its own")
def one_for_all(samples):
    found = summary(samples)
    return found | {"ess": np.where(np.isnan(found["ess"]), np.nan, np.nanmean(found["ess"]))}


@mistake("gives the autocorrelation time", hint="The effective sample size is S / ")
def time(samples):
    return summary(samples, ess=in_pairs(correlations(samples)))


@mistake("counts lag zero twice", hint="S / (1 + 2 (rho_1 + rho_2 + ...))")
def zero_twice(samples):
    return summary(samples, ess=len(samples) / (in_pairs(correlations(samples)) + 2))


@mistake(
    "calls all samples of a coordinate that does not move effective", hint="A coordinate that does not move has none"
)
def still_counts(samples):
    found = summary(samples)
    return found | {"ess": np.nan_to_num(found["ess"], nan=float(len(samples)))}


@alternative
def by_correlate(samples):
    samples = np.asarray(samples, dtype=float)
    S = len(samples)
    ess = np.zeros(samples.shape[1:])
    for i in np.ndindex(*ess.shape):
        x = samples[(slice(None), *i)] - samples[(slice(None), *i)].mean()
        rho = correlate(x, x, mode="full", method="fft")[S - 1 :] / (x @ x)
        tau = -1.0
        for lag in range(0, S - 1, 2):
            if rho[lag] + rho[lag + 1] <= 0:
                break
            tau += 2 * (rho[lag] + rho[lag + 1])
        ess[i] = S / tau
    return summary(samples, sd=samples.std(axis=0, ddof=1), ess=ess)


@alternative
def by_all_products(samples):
    """Every lag as a sum of products, which takes a time that grows with the square of the number of samples."""
    samples = np.asarray(samples, dtype=float)
    S = len(samples)
    ess = np.full(samples.shape[1:], np.nan)
    for i in np.ndindex(*ess.shape):
        x = samples[(slice(None), *i)]
        if np.ptp(x) > 0:
            products = np.correlate(x - x.mean(), x - x.mean(), "full")[S - 1 :]
            ess[i] = S / in_pairs(products[: S - S % 2] / products[0])
    return summary(samples, ess=ess)


@alternative
def by_a_window(samples):
    """Sum up to the first lag that is five times the autocorrelation time (Sokal 1997)."""
    rho = correlations(samples)
    tau = 2.0 * np.cumsum(rho, axis=0) - 1.0
    lags = np.arange(len(rho)).reshape(-1, *(1,) * (rho.ndim - 1))
    window = np.argmax(lags > 5.0 * tau, axis=0)
    return summary(samples, ess=len(samples) / np.take_along_axis(tau, window[None], axis=0)[0])


@alternative
def by_single_lags(samples):
    """Sum up to the first autocorrelation that is not positive, and never more than there are samples."""
    rho = correlations(samples)
    positive = np.logical_and.accumulate(rho > 0, axis=0)
    with np.errstate(all="ignore"):
        ess = len(samples) / (2 * np.sum(np.where(positive, rho, 0.0), axis=0) - 1)
    return summary(samples, ess=np.where(positive[0], np.minimum(ess, len(samples)), np.nan))
