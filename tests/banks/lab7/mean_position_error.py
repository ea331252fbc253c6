"""What goes wrong, and what else is right, in `mean_position_error`."""

import math

import numpy as np

from autograder.judge.bank import alternative, mistake


def known(Xtrue):
    return np.isfinite(Xtrue).all(axis=-1)


def distances(X, Xtrue):
    """Distances where there is a truth; a missing estimate raises."""
    X, Xtrue = np.asarray(X, dtype=float), np.asarray(Xtrue, dtype=float)
    d = np.linalg.norm(X - Xtrue, axis=-1)[known(Xtrue)]
    if np.isnan(d).any():
        raise ValueError("an estimate is missing")
    return d


def mean(values):
    return np.mean(values) if np.size(values) else np.nan


@mistake("leaves missing estimates out", hint="raises ValueError")
def forgiving(X, Xtrue):
    d = np.linalg.norm(np.asarray(X) - Xtrue, axis=-1)
    return mean(d[np.isfinite(d)])


@mistake("counts a missing estimate as no error", hint="raises ValueError")
def zero_for_missing(X, Xtrue):
    return mean(np.nan_to_num(np.linalg.norm(np.asarray(X) - Xtrue, axis=-1))[known(Xtrue)])


@mistake("is NaN if an estimate is missing", hint="raises ValueError")
def nan_for_missing(X, Xtrue):
    return mean(np.linalg.norm(np.asarray(X) - Xtrue, axis=-1)[known(Xtrue)])


@mistake("raises wherever an estimate is missing", hint="does no harm")
def strict(X, Xtrue):
    if np.isnan(X).any():
        raise ValueError("an estimate is missing")
    return mean(distances(X, Xtrue))


@mistake("is NaN if a truth is missing", hint="that have a truth")
def needs_all(X, Xtrue):
    distances(X, Xtrue)
    return np.mean(np.linalg.norm(np.asarray(X) - Xtrue, axis=-1))


@mistake("averages the means of the frames", hint="mean of the means")
def mean_of_means(X, Xtrue):
    d = distances(X, Xtrue)
    if np.ndim(X) < 3:
        return mean(d)
    rows = np.where(known(Xtrue), np.linalg.norm(np.asarray(X) - Xtrue, axis=-1), np.nan)
    return mean([np.nanmean(row) for row in rows if np.isfinite(row).any()])


@mistake("returns the root mean square", hint="root mean square")
def root_mean_square(X, Xtrue):
    return np.sqrt(mean(distances(X, Xtrue) ** 2))


@mistake("averages the squared distances", hint="Euclidean distances")
def squares(X, Xtrue):
    return mean(distances(X, Xtrue) ** 2)


@mistake("averages over the coordinates", hint="Euclidean distances")
def coordinates(X, Xtrue):
    distances(X, Xtrue)
    return mean(np.abs(np.asarray(X) - Xtrue)[known(Xtrue)])


@mistake("returns the median", hint="mean of the Euclidean distances")
def median(X, Xtrue):
    d = distances(X, Xtrue)
    return np.median(d) if d.size else np.nan


@mistake("returns the sum", hint="mean of the Euclidean distances")
def total(X, Xtrue):
    d = distances(X, Xtrue)
    return np.sum(d) if d.size else np.nan


@mistake("divides by the number of all points", hint="that have a truth")
def wrong_count(X, Xtrue):
    d = distances(X, Xtrue)
    return d.sum() / np.prod(np.shape(X)[:-1]) if d.size else np.nan


@mistake("uses the coordinates that are known of a truth that is not complete", hint="that have a truth")
def partial_truth(X, Xtrue):
    distances(X, Xtrue)
    some = np.isfinite(Xtrue).any(axis=-1)
    return mean(np.sqrt(np.nansum((np.asarray(X) - Xtrue) ** 2, axis=-1))[some])


@mistake("wants an estimate where a truth is not complete", hint="where there is no truth does no harm")
def wants_too_much(X, Xtrue):
    X, Xtrue = np.asarray(X, dtype=float), np.asarray(Xtrue, dtype=float)
    if np.isnan(X[np.isfinite(Xtrue).any(axis=-1)]).any():
        raise ValueError("mean_position_error: an estimate is missing")
    return mean(distances(X, Xtrue))


@mistake("returns zero where nothing has a truth", hint="without any truth")
def zero_without_truth(X, Xtrue):
    d = distances(X, Xtrue)
    return np.mean(d) if d.size else 0.0


@alternative
def by_loops(X, Xtrue):
    found = []
    for x, truth in zip(np.reshape(X, (-1, 3)), np.reshape(Xtrue, (-1, 3)), strict=True):
        if not any(math.isnan(v) for v in truth):
            if any(math.isnan(v) for v in x):
                raise ValueError("mean_position_error: an estimate is missing")
            found.append(math.dist(x, truth))
    return sum(found) / len(found) if found else math.nan


@alternative
def by_nanmean(X, Xtrue):
    d = np.sqrt(((np.asarray(X, dtype=float) - Xtrue) ** 2).sum(-1))
    truth = ~np.isnan(Xtrue).any(-1)
    if np.any(np.isnan(d) & truth):
        raise ValueError("NaN among the estimates")
    return np.nanmean(np.where(truth, d, np.nan)) if truth.any() else np.float64("nan")
