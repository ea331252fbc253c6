"""Checks of `roc_auc`."""

import numpy as np
import pytest

from autograder import agree, budget, hint, points


def pairs_won(y, score):
    """The definition: all pairs of a positive and a negative, a tie counting half."""
    difference = score[y == 1][:, None] - score[y == 0]
    return np.mean(0.5 + 0.5 * np.sign(difference))


@points(1)
@hint(
    "The fraction of pairs (positive, negative) in which the positive has the larger score: any real score as it is (not "
    "rounded, not on a grid of thresholds), any numbers of the two classes, and close to 1 when positives score high."
)
@pytest.mark.parametrize("positives, negatives", [(9, 31), (20, 8), (1, 1), (1, 12)])
def test_counts_the_pairs_won(roc_auc, rng, positives, negatives):
    y = np.repeat([1, 0], [positives, negatives])
    score = 10.0 * rng.normal(size=len(y)) + 15.0 * y - 20.0
    score[0] = score[-1] + 1.0  # at least one pair is won: the reverse is never right by luck
    order = rng.permutation(len(y))
    y, score = y[order], score[order]
    won = pairs_won(y, score)
    agree(roc_auc(y, score), won)
    # Only the order counts: not how close two scores are, nor how large.
    agree(roc_auc(y, 1e-15 * score), won)
    agree(roc_auc(y, 2.0**30 + np.argsort(np.argsort(score))), won)
    agree(roc_auc(y, 50.0 + y + 0.0 * score), 1.0)
    agree(roc_auc(y, -2.0 - y), 0.0, atol=1e-12)


@points(1)
@hint(
    "A tie between a positive and a negative counts half, in whatever order they stand: sorting breaks ties by "
    "position, so give tied scores their mean rank (or count both < and <=)."
)
@pytest.mark.parametrize("y", [(1, 1, 1, 0, 0, 0), (0, 0, 0, 1, 1, 1), (0, 1, 0, 1, 1, 0)])
def test_counts_ties_half(roc_auc, rng, y):
    y = np.array(y)
    agree(roc_auc(y, np.full(6, 0.25)), 0.5)
    score = np.array([0.0, 1.0, 1.0, 1.0, 2.0, 1.0])
    agree(roc_auc(y, score), pairs_won(y, score))
    y, score = np.arange(60) % 2, rng.integers(0, 4, size=60)
    agree(roc_auc(y, score), pairs_won(y, score))


@points(1)
@hint(
    "With one class only there is no pair to compare: the answer is NaN, not 0, 1/2 or an error.", also=("exception",)
)
@pytest.mark.parametrize("label", [0, 1])
def test_is_nan_for_one_class(roc_auc, label):
    result = roc_auc(np.full(3, label), np.array([0.1, 0.4, 0.2]))
    assert np.shape(result) == () and np.isnan(result), f"one class only, and the area came out as {result}"
    result = roc_auc(np.array([label]), np.array([0.3]))
    assert np.shape(result) == () and np.isnan(result), f"one class only, and the area came out as {result}"


@points(1)
@budget(cpu=3, memory=400)
@hint(
    "All pairs are too many here: ten billion. Sort the scores once and work with ranks (np.searchsorted, or "
    "scipy.stats.rankdata)."
)
def test_does_not_visit_all_pairs(roc_auc):
    N = 200_000
    score = (np.arange(N) * 7919) % N  # 7919 is prime: every score once
    y = (score % 2 == 1).astype(int)
    # The negative 2k loses to the positives 2k + 1, 2k + 3, ...: of n(n + 1)/2 pairs among n^2.
    n = N // 2
    agree(roc_auc(y, score / N), (n + 1) / (2 * n), rtol=1e-9)
