"""What goes wrong, and what else is right, in `adjusted_rand_index`."""

from collections import Counter

import numpy as np
from scipy.sparse import coo_array
from scipy.special import comb

from autograder.judge.bank import alternative, mistake


def pairs_in(sizes):
    return sum(n * (n - 1) // 2 for n in sizes)


def parts(a, b):
    """Numbers of pairs: together in both, in a, in b, and all, as Python's integers."""
    a, b = np.asarray(a).tolist(), np.asarray(b).tolist()
    sizes = (Counter(zip(a, b, strict=True)), Counter(a), Counter(b))
    return [*(pairs_in(size.values()) for size in sizes), pairs_in([len(a)])]


def adjusted(both, in_a, in_b, total):
    if both == in_a == in_b:
        return 1.0
    chance = in_a * in_b / total
    return (both - chance) / ((in_a + in_b) / 2 - chance)


@mistake("gives Rand's index without the adjustment", hint="both - chance")
def rand(a, b):
    both, in_a, in_b, total = parts(a, b)
    return (total + 2 * both - in_a - in_b) / total if total else 1.0


@mistake("gives the share of frames with the same label", hint="Count pairs")
def accuracy(a, b):
    return float(np.mean(np.asarray(a) == np.asarray(b)))


@mistake("names each group after its most frequent partner, and gives the share of frames", hint="Count pairs")
def purity(a, b):
    b = np.asarray(b)
    return sum(max(Counter(b[np.asarray(a) == s].tolist()).values()) for s in np.unique(a)) / len(b)


@mistake("divides by the larger number of pairs and not by the mean", hint="mean of the first two")
def larger(a, b):
    both, in_a, in_b, total = parts(a, b)
    if both == in_a == in_b:
        return 1.0
    chance = in_a * in_b / total
    return (both - chance) / (max(in_a, in_b) - chance)


@mistake("does not subtract chance below the line", hint="(mean of the first two - chance)")
def half_adjusted(a, b):
    both, in_a, in_b, total = parts(a, b)
    if both == in_a == in_b:
        return 1.0
    return (both - in_a * in_b / total) / ((in_a + in_b) / 2)


@mistake("counts n squared pairs in place of n (n - 1) / 2", hint="n (n - 1) / 2")
def squares(a, b):
    a, b = np.asarray(a).tolist(), np.asarray(b).tolist()
    sizes = [sum(n * n for n in Counter(x).values()) for x in (list(zip(a, b, strict=True)), a, b)]
    return adjusted(*sizes, len(a) ** 2)


@mistake("divides by the number of frames squared for chance", hint="number of all pairs")
def wrong_total(a, b):
    both, in_a, in_b, _ = parts(a, b)
    return adjusted(both, in_a, in_b, len(np.asarray(a)) ** 2)


@mistake(
    "compares labels as numbers: renamed groups are other groups", hint="What the groups are called must not matter"
)
def by_name(a, b):
    a, b = np.asarray(a), np.asarray(b)
    both = pairs_in([int(n) for n in Counter(a[a == b].tolist()).values()])
    return adjusted(both, *parts(a, b)[1:])


@mistake("makes a table as large as the largest label", hint="much larger than what goes in")
def table_of_labels(a, b):
    a, b = np.asarray(a), np.asarray(b)
    table = np.zeros((a.max() + 1, b.max() + 1), dtype=int)
    np.add.at(table, (a, b), 1)
    sizes = [table.ravel().tolist(), table.sum(axis=1).tolist(), table.sum(axis=0).tolist(), [len(a)]]
    return adjusted(*(pairs_in(size) for size in sizes))


@mistake("is NaN where nothing is left to disagree about", hint="the formula is 0 / 0")
def nan_where_trivial(a, b):
    both, in_a, in_b, total = parts(a, b)
    chance = in_a * in_b / total if total else np.nan
    below = (in_a + in_b) / 2 - chance
    return (both - chance) / below if below else np.nan


@mistake("is 0 where nothing is left to disagree about", hint="the index is 1")
def zero_where_trivial(a, b):
    both, in_a, in_b, total = parts(a, b)
    if both == in_a == in_b and both in (0, total):
        return 0.0
    return adjusted(both, in_a, in_b, total)


@mistake("is 1 where one of the two has a single group", hint="One group against several is 0")
def one_for_single(a, b):
    if len(np.unique(a)) == 1 or len(np.unique(b)) == 1:
        return 1.0
    return adjusted(*parts(a, b))


@mistake("is not below 0", hint="Count pairs")
def clipped(a, b):
    return max(adjusted(*parts(a, b)), 0.0)


@mistake("compares all frames with all others, in one table", hint="much larger than what goes in")
def all_pairs(a, b):
    a, b = np.asarray(a), np.asarray(b)
    together_a, together_b = a[:, None] == a, b[:, None] == b
    T = len(a)
    counts = [(x.sum() - T) // 2 for x in (together_a & together_b, together_a, together_b)]
    return adjusted(*map(int, counts), T * (T - 1) // 2)


@mistake("multiplies numbers of pairs as 64-bit integers", hint="64-bit integer")
def overflows(a, b):
    both, in_a, in_b, total = np.array(parts(a, b))
    with np.errstate(over="ignore"):
        return adjusted(both, in_a, in_b, total)


@mistake("gives Fowlkes and Mallows' index", hint="both - chance")
def fowlkes(a, b):
    both, in_a, in_b, _ = parts(a, b)
    return both / np.sqrt(in_a * in_b) if in_a and in_b else 1.0


@mistake("tells cells by a number that two of them may share", hint="may be the same for two pairs of labels")
def by_ten(a, b):
    a, b = np.asarray(a), np.asarray(b)
    return adjusted(pairs_in(np.unique(10 * a + b, return_counts=True)[1]), *parts(a, b)[1:])


@mistake("tells cells by the largest label alone", hint="may be the same for two pairs of labels")
def by_largest(a, b):
    a, b = np.asarray(a), np.asarray(b)
    return adjusted(pairs_in(np.unique(a * (b.max() + 1) + b, return_counts=True)[1]), *parts(a, b)[1:])


@alternative
def by_counters(a, b):
    return adjusted(*parts(a, b))


@alternative
def by_confusion_of_pairs(a, b):
    """As scikit-learn does it, in floats."""
    both, in_a, in_b, total = map(float, parts(a, b))
    fp, fn = in_a - both, in_b - both
    tn = total - both - fp - fn
    if fp == 0 and fn == 0:
        return 1.0
    return 2 * (both * tn - fn * fp) / ((both + fn) * (fn + tn) + (both + fp) * (fp + tn))


@alternative
def by_sparse_table(a, b):
    _, i = np.unique(a, return_inverse=True)
    _, j = np.unique(b, return_inverse=True)
    table = coo_array((np.ones(len(i)), (i, j))).tocsr()
    sizes = table.data, np.asarray(table.sum(axis=1)).ravel(), np.asarray(table.sum(axis=0)).ravel(), [len(i)]
    return np.float64(adjusted(*(comb(np.asarray(size, dtype=float), 2).sum() for size in sizes)))
