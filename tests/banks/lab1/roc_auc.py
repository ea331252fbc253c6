"""What goes wrong, and what else is right, in `roc_auc`."""

import numpy as np
from scipy import stats

from autograder.judge.bank import alternative, mistake


def split(y, score):
    y, score = np.asarray(y), np.asarray(score, float)
    return score[y == 1], score[y == 0]


def fraction(y, score, tie):
    """Pairs won plus `tie` for each tie, over all pairs."""
    positives, negatives = split(y, score)
    if not len(positives) or not len(negatives):
        return float("nan")
    negatives = np.sort(negatives)
    below = np.searchsorted(negatives, positives, side="left")
    ties = np.searchsorted(negatives, positives, side="right") - below
    return float(np.mean(below + tie * ties) / len(negatives))


def by_sorting(y, score):
    """The trapezoids under a curve that takes one step per example, also within a tie."""
    y = np.asarray(y)[np.argsort(-np.asarray(score, float), kind="stable")]
    hits, alarms = np.append(0, np.cumsum(y)), np.append(0, np.cumsum(1 - y))
    return float(np.trapezoid(hits, alarms) / (hits[-1] * alarms[-1])) if hits[-1] * alarms[-1] else float("nan")


@mistake("does not count ties", hint="counts half")
def ties_lose(y, score):
    return fraction(y, score, 0.0)


@mistake("counts ties in full", hint="counts half")
def ties_win(y, score):
    return fraction(y, score, 1.0)


@mistake("breaks ties by their position", hint="breaks ties by position")
def ties_by_position(y, score):
    return by_sorting(y, score)


@mistake("ranks by position within a tie", hint="mean rank")
def ordinal_ranks(y, score):
    y = np.asarray(y)
    n, m = np.sum(y == 1), np.sum(y == 0)
    if n * m == 0:
        return float("nan")
    ranks = 1 + np.argsort(np.argsort(score, kind="stable"))
    return float((ranks[y == 1].sum() - n * (n + 1) / 2) / (n * m))


@mistake("counts the pairs that the negative wins", hint="fraction of pairs")
def reversed_order(y, score):
    return 1 - fraction(y, score, 0.5)


@mistake("returns the larger of the area and its mirror image", hint="fraction of pairs")
def never_below_half(y, score):
    area = fraction(y, score, 0.5)
    return max(area, 1 - area)


@mistake("returns the accuracy at a threshold of zero", hint="fraction of pairs")
def accuracy(y, score):
    if len(np.unique(y)) < 2:
        return float("nan")
    return float(np.mean((np.asarray(score) > 0) == np.asarray(y)))


@mistake("tries thresholds between 0 and 1 only", hint="any real score")
def thresholds_from_0_to_1(y, score):
    positives, negatives = split(y, score)
    if not len(positives) or not len(negatives):
        return float("nan")
    t = np.linspace(1.01, -0.01, 103)
    hits = [np.mean(positives >= s) for s in t]
    alarms = [np.mean(negatives >= s) for s in t]
    return float(np.trapezoid(hits, alarms))


@mistake("divides by the square of the number of examples", hint="fraction of pairs")
def divides_by_all_pairs(y, score):
    positives, negatives = split(y, score)
    return fraction(y, score, 0.5) * len(positives) * len(negatives) / len(y) ** 2


@mistake("assumes as many positives as negatives", hint="any numbers of the two classes")
def balanced_classes(y, score):
    positives, negatives = split(y, score)
    return fraction(y, score, 0.5) * len(positives) * len(negatives) / (len(y) / 2) ** 2


@mistake("compares the positives with the mean of the negatives", hint="fraction of pairs")
def against_the_mean(y, score):
    positives, negatives = split(y, score)
    if not len(positives) or not len(negatives):
        return float("nan")
    return float(np.mean(positives > np.mean(negatives)))


@mistake("is off by one in the ranks", hint="fraction of pairs")
def ranks_from_zero(y, score):
    y = np.asarray(y)
    n, m = np.sum(y == 1), np.sum(y == 0)
    if n * m == 0:
        return float("nan")
    _, where, count = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count + 1) / 2)[where]  # the first of them is 0
    return float((ranks[y == 1].sum() - n * (n + 1) / 2) / (n * m))


@mistake("adds steps instead of trapezoids", hint="counts half")
def left_steps(y, score):
    positives, negatives = split(y, score)
    if not len(positives) or not len(negatives):
        return float("nan")
    levels = np.unique(score)[::-1]
    negatives, positives = np.sort(negatives), np.sort(positives)
    alarms = np.append(0, len(negatives) - np.searchsorted(negatives, levels)) / len(negatives)
    hits = np.append(0, len(positives) - np.searchsorted(positives, levels)) / len(positives)
    return float(np.sum(np.diff(alarms) * hits[1:]))


@mistake("returns 0 where one class is missing", hint="not 0")
def zero_for_one_class(y, score):
    return float(np.nan_to_num(fraction(y, score, 0.5)))


@mistake("returns 1/2 where one class is missing", hint="1/2")
def half_for_one_class(y, score):
    return float(np.nan_to_num(fraction(y, score, 0.5), nan=0.5))


@mistake("raises an error where one class is missing", hint="or an error")
def refuses_one_class(y, score):
    if len(np.unique(y)) < 2:
        raise ValueError("two classes are needed")
    return fraction(y, score, 0.5)


@mistake("divides zero by zero where one class is missing", hint="or an error")
def python_division(y, score):
    positives, negatives = split(y, score)
    if not len(positives) or not len(negatives):
        return 0 / len(positives[:0])
    return fraction(y, score, 0.5)


@mistake("compares all pairs at once", hint="All pairs are too many")
def all_pairs(y, score):
    positives, negatives = split(y, score)
    if not len(positives) or not len(negatives):
        return float("nan")
    difference = positives[:, None] - negatives[None, :]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))


@mistake("compares all pairs, in booleans", hint="All pairs are too many")
def all_pairs_in_bytes(y, score):
    positives, negatives = split(y, score)
    if not len(positives) or not len(negatives):
        return float("nan")
    wins = np.greater.outer(positives, negatives).mean()
    return float(wins + 0.5 * np.equal.outer(positives, negatives).mean())


@mistake("returns an array of one entry", hint="expected a single number")
def array_of_one(y, score):
    return np.array([fraction(y, score, 0.5)])


@mistake("sorts the scores in place", hint="Work on a copy")
def in_place(y, score):
    value = fraction(y, score, 0.5)
    score.sort()
    return value


@mistake("reads the curve at a grid of thresholds", hint="not on a grid of thresholds")
def grid_of_thresholds(y, score):
    positives, negatives = score[y == 1], score[y == 0]
    if not len(positives) or not len(negatives):
        return np.nan
    thresholds = np.linspace(np.max(score) + 1e-9, np.min(score) - 1e-9, 1001)
    hits = np.array([np.mean(positives >= t) for t in thresholds])
    alarms = np.array([np.mean(negatives >= t) for t in thresholds])
    return np.sum(np.diff(alarms) * (hits[1:] + hits[:-1]) / 2)


def by_mean_ranks(y, score):
    positives = np.sum(y == 1)
    pairs = positives * np.sum(y == 0)
    return (np.sum(stats.rankdata(score)[y == 1]) - positives * (positives + 1) / 2) / pairs if pairs else np.nan


@mistake("rounds the scores first", hint="not rounded")
def rounded_scores(y, score):
    return by_mean_ranks(y, np.round(score, 9))


@mistake("keeps the scores in single precision", hint="any real score as it is")
def single_precision(y, score):
    return by_mean_ranks(y, np.asarray(score, dtype=np.float32))


@alternative
def by_ranks(y, score):
    y = np.asarray(y)
    n, m = int(np.sum(y == 1)), int(np.sum(y == 0))
    if n == 0 or m == 0:
        return np.nan
    return (stats.rankdata(score)[y == 1].sum() - n * (n + 1) / 2) / (n * m)


@alternative
def by_mann_whitney(y, score):
    positives, negatives = split(y, score)
    if not len(positives) or not len(negatives):
        return float("nan")
    return stats.mannwhitneyu(positives, negatives, method="asymptotic").statistic / (len(positives) * len(negatives))


@alternative
def by_trapezoids(y, score):
    y, score = np.asarray(y), np.asarray(score, float)
    if np.all(y == 1) or np.all(y == 0):
        return np.nan
    order = np.argsort(-score)
    y, score = y[order], score[order]
    last = np.append(np.flatnonzero(np.diff(score)), len(score) - 1)
    hits, alarms = np.append(0, np.cumsum(y == 1)[last]), np.append(0, np.cumsum(y == 0)[last])
    return np.trapezoid(hits / hits[-1], alarms / alarms[-1])


@alternative
def by_levels(y, score):
    levels, which = np.unique(score, return_inverse=True)
    y = np.asarray(y)
    positives = np.bincount(which[y == 1], minlength=len(levels))
    negatives = np.bincount(which[y == 0], minlength=len(levels))
    pairs = positives.sum() * negatives.sum()
    if pairs == 0:
        return float("nan")
    return float(np.sum(positives * (np.cumsum(negatives) - negatives / 2)) / pairs)


@alternative
def by_loop(y, score):
    wins, seen, total = 0.0, 0, sum(1 for label in y if label == 0)
    positives = len(y) - total
    if total == 0 or positives == 0:
        return float("nan")
    groups = {}
    for label, value in zip(y.tolist(), score.tolist(), strict=True):
        group = groups.setdefault(value, [0, 0])
        group[int(label)] += 1
    for value in sorted(groups):
        negatives, hits = groups[value]
        wins += hits * (seen + negatives / 2)
        seen += negatives
    return wins / (positives * total)
