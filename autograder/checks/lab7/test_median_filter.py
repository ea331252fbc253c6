"""Checks of `median_filter`."""

from statistics import median

import numpy as np

from autograder import agree, hint, points, raises


def medians(X, width):
    """Number by number, by Python's own median."""
    T, half = len(X), width // 2
    result = np.full(X.shape, np.nan)
    for t, k, i in np.ndindex(X.shape):
        seen = [X[s, k, i] for s in range(max(t - half, 0), min(t + half + 1, T)) if not np.isnan(X[s, k, i])]
        if seen:
            result[t, k, i] = median(seen)
    return result


@points(1)
@hint(
    "Frame t is the median of the frames t - width // 2 to t + width // 2, each coordinate for itself. At the ends the window holds "
    "the frames that exist: no zeros, no copies."
)
def test_is_a_running_median(median_filter, rng):
    X = rng.normal(100.0, 20.0, size=(9, 3, 3))
    for width in (1, 3, 7, 31):
        agree(median_filter(X, width), medians(X, width), rtol=1e-12)


@points(1)
@hint(
    "A NaN is no estimate: the median is over the others in the window (np.nanmedian), so a gap is filled where the window reaches "
    "beyond it. An even or non-positive width raises ValueError.",
    also=("exception",),
)
def test_fills_gaps(median_filter, rng):
    X = rng.normal(100.0, 20.0, size=(12, 2, 3))
    X[0, 0] = X[3:5, 0] = X[6:11, 1] = np.nan
    X[2, 1, 0] = np.nan
    agree(median_filter(X, 3), medians(X, 3), rtol=1e-12)
    agree(median_filter(X, 5), medians(X, 5), rtol=1e-12)
    for width in (4, 0, -1):
        with raises(ValueError):
            median_filter(X, width)
