"""What goes wrong, and what else is right, in `calibration`."""

import numpy as np

from autograder.judge.bank import alternative, mistake


def bin_of(p, bins):
    return np.minimum((np.asarray(p, float) * bins).astype(int), bins - 1)


def summary(p, y, which, bins, empty=np.nan):
    p, y = np.asarray(p, float), np.asarray(y, float)
    mean_p, mean_y, count = np.full(bins, empty), np.full(bins, empty), np.zeros(bins, int)
    for k in range(bins):
        here = which == k
        count[k] = here.sum()
        if count[k]:
            mean_p[k], mean_y[k] = p[here].mean(), y[here].mean()
    return mean_p, mean_y, count


@mistake("drops p = 1", hint="p = 1 is not lost")
def drops_one(p, y, bins):
    return summary(p, y, (np.asarray(p) * bins).astype(int), bins)


@mistake("gives p = 1 a bin of its own", hint="shape (bins,)")
def extra_bin(p, y, bins):
    return summary(p, y, (np.asarray(p) * bins).astype(int), bins + 1)


@mistake("closes the bins on the right", hint="closed on the left")
def closed_on_the_right(p, y, bins):
    return summary(p, y, np.maximum(np.ceil(np.asarray(p) * bins).astype(int) - 1, 0), bins)


@mistake("closes the bins on neither side", hint="closed on the left")
def open_bins(p, y, bins):
    edges = np.arange(bins + 1) / bins
    which = np.full(len(p), -1)
    for k in range(bins):
        which[(p > edges[k]) & (p < edges[k + 1])] = k
    return summary(p, y, which, bins)


@mistake("closes the bins on both sides, and counts edges twice", hint="closed on the left")
def closed_bins(p, y, bins):
    edges = np.arange(bins + 1) / bins
    parts = [(p >= edges[k]) & (p <= edges[k + 1]) for k in range(bins)]
    count = np.array([part.sum() for part in parts])
    mean_p = np.array([p[part].mean() if part.any() else np.nan for part in parts])
    mean_y = np.array([y[part].mean() if part.any() else np.nan for part in parts])
    return mean_p, mean_y, count


@mistake("returns the centres of the bins instead of the mean predictions", hint="not the bin's centre")
def bin_centres(p, y, bins):
    _, mean_y, count = summary(p, y, bin_of(p, bins), bins)
    return (np.arange(bins) + 0.5) / bins, mean_y, count


@mistake("returns the left edges instead of the mean predictions", hint="mean of its predictions")
def left_edges(p, y, bins):
    _, mean_y, count = summary(p, y, bin_of(p, bins), bins)
    return np.arange(bins) / bins, mean_y, count


@mistake("returns labels before predictions", hint="in this order")
def swapped(p, y, bins):
    mean_p, mean_y, count = summary(p, y, bin_of(p, bins), bins)
    return mean_y, mean_p, count


@mistake("returns the number of positives instead of their fraction", hint="mean of its labels")
def positives(p, y, bins):
    mean_p, mean_y, count = summary(p, y, bin_of(p, bins), bins)
    return mean_p, mean_y * count, count


@mistake("divides by the number of all examples", hint="mean of its labels")
def divides_by_all(p, y, bins):
    mean_p, mean_y, count = summary(p, y, bin_of(p, bins), bins)
    return mean_p * count / len(p), mean_y * count / len(p), count


@mistake("returns fractions instead of counts", hint="how many there are")
def fractions(p, y, bins):
    mean_p, mean_y, count = summary(p, y, bin_of(p, bins), bins)
    return mean_p, mean_y, count / len(p)


@mistake("compares the thresholded predictions with the labels", hint="mean of its labels")
def accuracy(p, y, bins):
    mean_p, _, count = summary(p, y, bin_of(p, bins), bins)
    _, right, _ = summary(p, (np.asarray(p) >= 0.5) == y, bin_of(p, bins), bins)
    return mean_p, right, count


@mistake("makes bins of equal count", hint="how many there are")
def quantile_bins(p, y, bins):
    rank = np.argsort(np.argsort(p, kind="stable"), kind="stable")
    return summary(p, y, rank * bins // len(p), bins)


@mistake("spreads the bins from the smallest to the largest prediction", hint="has no mean")
def bins_over_the_range(p, y, bins):
    edges = np.linspace(np.min(p), np.max(p), bins + 1)
    which = np.clip(np.searchsorted(edges, p, side="right") - 1, 0, bins - 1)
    return summary(p, y, which, bins)


@mistake("returns 0 for the means of an empty bin", hint="not 0")
def zero_for_empty(p, y, bins):
    return summary(p, y, bin_of(p, bins), bins, empty=0.0)


@mistake("leaves empty bins out", hint="keeps its place")
def drops_empty(p, y, bins):
    mean_p, mean_y, count = summary(p, y, bin_of(p, bins), bins)
    return mean_p[count > 0], mean_y[count > 0], count[count > 0]


@mistake("stops at the last bin that is not empty", hint="shape (bins,)")
def no_minlength(p, y, bins):
    which = bin_of(p, bins)
    count = np.bincount(which)
    with np.errstate(invalid="ignore"):
        return np.bincount(which, weights=p) / count, np.bincount(which, weights=y) / count, count


@mistake("returns NaN for the count of an empty bin", hint="a count of 0")
def nan_count(p, y, bins):
    mean_p, mean_y, count = summary(p, y, bin_of(p, bins), bins)
    return mean_p, mean_y, np.where(count == 0, np.nan, count)


@mistake("returns the means only", hint="in this order")
def no_count(p, y, bins):
    return summary(p, y, bin_of(p, bins), bins)[:2]


@mistake("sorts the predictions but not the labels", hint="mean of its labels")
def sorts_p_only(p, y, bins):
    p = np.sort(p)
    return summary(p, y, bin_of(p, bins), bins)


@mistake("sorts its input", hint="Work on a copy")
def in_place(p, y, bins):
    result = summary(p, y, bin_of(p, bins), bins)
    p.sort()
    return result


@alternative
def by_loop(p, y, bins):
    means, rates, counts = [], [], []
    for k in range(bins):
        low, high = k / bins, (k + 1) / bins
        here = [i for i in range(len(p)) if low <= p[i] and (p[i] < high or k == bins - 1)]
        counts.append(len(here))
        means.append(sum(float(p[i]) for i in here) / len(here) if here else float("nan"))
        rates.append(sum(int(y[i]) for i in here) / len(here) if here else float("nan"))
    return means, rates, counts


@alternative
def by_digitize(p, y, bins):
    edges = np.linspace(0, 1, bins + 1)
    which = np.digitize(p, edges[1:-1])
    return summary(p, y, which, bins)


@alternative
def by_histogram(p, y, bins):
    count, _ = np.histogram(p, bins=bins, range=(0, 1))
    sum_p, _ = np.histogram(p, bins=bins, range=(0, 1), weights=p)
    sum_y, _ = np.histogram(p, bins=bins, range=(0, 1), weights=y)
    return sum_p / count, sum_y / count, count


@alternative
def by_binned_statistic(p, y, bins):
    from scipy import stats

    mean_p, mean_y = stats.binned_statistic(p, [p, y], "mean", bins=bins, range=(0, 1)).statistic
    return mean_p, mean_y, stats.binned_statistic(p, p, "count", bins=bins, range=(0, 1)).statistic
