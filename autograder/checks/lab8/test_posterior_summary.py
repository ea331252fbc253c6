"""Checks of `posterior_summary`."""

import numpy as np
from scipy.signal import lfilter

from autograder import agree, hint, no_probe, points


@points(1)
@hint(
    "Mean, standard deviation and the quantiles at 5 and 95 % are taken over the samples, axis 0, of each "
    "coordinate for itself. A 90 % interval leaves out 5 % on either side."
)
@no_probe("integers")
def test_mean_deviation_and_interval(posterior_summary, rng):
    samples = rng.gamma(2.0, 3.0, size=(2001, 2, 2, 3)) * np.arange(1.0, 13.0).reshape(
        2, 2, 3
    )  # skewed, each on a scale of its own
    found = posterior_summary(samples)
    missing = {"mean", "sd", "lower", "upper", "ess"} - set(found)
    assert not missing, f"the summary lacks {sorted(missing)}"
    agree(found["mean"], samples.sum(axis=0) / 2001, rtol=1e-9)
    agree(
        found["sd"], np.sqrt(np.sum((samples - samples.sum(axis=0) / 2001) ** 2, axis=0) / 2000), rtol=5e-4
    )  # or / 2001
    ordered = np.sort(samples, axis=0)
    agree(found["lower"], ordered[100], rtol=1e-9)
    agree(found["upper"], ordered[1900], rtol=1e-9)


@points(1)
@hint(
    "The effective sample size is S / (1 + 2 (rho_1 + rho_2 + ...)): a chain that hardly moves has few, one that "
    "swings back has many, and each coordinate has its own. Sum only as far as pairs of neighbouring autocorrelations are "
    "positive: behind that is nothing but noise. A coordinate that does not move has none: 0 / 0, NaN."
)
@no_probe("integers", "float32")
def test_effective_sample_size(posterior_summary, rng):
    # Not longer, so that a sum over all pairs of samples is quick enough, too. None swings back: there a stop at the first
    # negative autocorrelation, Sokal's window and a limit of S, which are honest as well, say something else.
    noise, factors = rng.normal(size=(8000, 3, 4, 3)), np.array([0.0, 0.6, 0.9])
    chain = 5.0 + 0.01 * np.stack(
        [lfilter([1.0], [1.0, -phi], noise[:, t], axis=0) for t, phi in enumerate(factors)], axis=1
    )
    ess = np.asarray(posterior_summary(chain)["ess"], dtype=float)
    assert ess.shape == (3, 4, 3), f"ess has shape {ess.shape}, expected (3, 4, 3)"
    expected = 8000 * (1 - factors) / (1 + factors)  # of a first-order autoregression
    for due, found in zip(expected, ess, strict=True):
        typical = np.exp(np.log(found).mean())
        assert abs(np.log(typical / due)) < 0.3, (  # six times the standard deviation of such a mean
            f"effective sample sizes of {due:.0f} came out as {typical:.0f} in the mean"
        )
        worst = found.ravel()[np.abs(np.log(found / due)).argmax()]
        assert abs(np.log(worst / due)) < 1.0, f"an effective sample size of {due:.0f} came out as {worst:.0f}"
    chain[:, 0, 0, 1] = 7.0
    still = float(np.asarray(posterior_summary(chain)["ess"], dtype=float)[0, 0, 1])
    assert np.isnan(still), f"a coordinate that does not move has the effective sample size {still:.3g}, expected NaN"
