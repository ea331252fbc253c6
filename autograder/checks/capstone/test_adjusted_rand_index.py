"""Checks of `adjusted_rand_index`."""

from fractions import Fraction

import numpy as np

from autograder import agree, hint, points
from autograder.checks.capstone.common import index_by_pairs


@points(2)
@hint(
    "Count pairs, n (n - 1) / 2, in three places: groups of a, groups of b, and groups that are in both (cells of the table of a "
    "against b). Index = (both - chance) / (mean of the first two - chance) with chance = first * second / number of all pairs."
)
def test_agrees_with_counting_pairs(adjusted_rand_index, rng):
    for num_a, num_b, moved in ((3, 4, 8), (2, 6, 20), (5, 2, 3)):
        a = np.concatenate([np.arange(num_a), rng.integers(num_a, size=30)])
        b = np.where(np.arange(len(a)) < moved, rng.integers(num_b, size=len(a)), a % num_b)
        b[:num_b] = np.arange(num_b)
        agree(adjusted_rand_index(a, b), index_by_pairs(a, b), rtol=1e-6, atol=1e-9)
    agree(adjusted_rand_index(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])), -0.5, rtol=1e-6)


@points(1)
@hint(
    "What the groups are called must not matter: labels may be renamed, be negative or large, and 1 in `a` is not 1 in `b`. A "
    "number that is made of both labels, as 10 a + b, may be the same for two pairs of labels."
)
def test_names_do_not_matter(adjusted_rand_index, rng):
    a = np.repeat([0, 1, 2, 3], [14, 5, 16, 9])
    b = np.where(np.arange(len(a)) % 3 == 0, (a + 1) % 4, a)
    names = np.array([-7, 10**12, 3, -(10**12)])[rng.permutation(4)]
    agree(adjusted_rand_index(names[a], b), adjusted_rand_index(a, b), rtol=1e-6)
    agree(adjusted_rand_index(a, names[a]), 1.0, rtol=1e-9)
    # Labels for which 10 a + b, 100 a + b, ... and (max(b) + 1) a + b are the same for several pairs.
    for few, many in (([0, 1], [0, 10, 100, 1000]), ([0, 1], [5, -1])):
        a, b = np.array(few)[np.arange(40) % 7 % 2], np.array(many)[np.arange(40) ** 2 % 11 % len(many)]
        agree(adjusted_rand_index(a, b), index_by_pairs(a, b), rtol=1e-6, atol=1e-9)


@points(1)
@hint(
    "Where nothing is left to disagree about the formula is 0 / 0, and the index is 1: one group on both sides, or groups of one on "
    "both sides. One group against several is 0: that is what sorting by chance gives."
)
def test_where_nothing_is_left_to_disagree(adjusted_rand_index):
    agree(adjusted_rand_index(np.full(9, 4), np.full(9, -2)), 1.0, rtol=1e-9)
    agree(adjusted_rand_index(np.arange(6), np.arange(6)[::-1].copy()), 1.0, rtol=1e-9)
    agree(adjusted_rand_index(np.array([3]), np.array([5])), 1.0, rtol=1e-9)
    agree(adjusted_rand_index(np.array([0, 0, 0, 1, 1, 2]), np.zeros(6, dtype=int)), 0.0, atol=1e-9)
    agree(adjusted_rand_index(np.arange(6), np.zeros(6, dtype=int)), 0.0, atol=1e-9)


@points(1)
@hint(
    "Count groups and not pairs: a table of all T x T pairs is too large for a long recording. And products of numbers of pairs leave "
    "the range of a 64-bit integer: multiply Python's own integers, or floats."
)
def test_a_long_recording(adjusted_rand_index):
    T = 400_000  # 8e10 pairs, whose square is beyond 64 bits
    a, b = np.arange(T) % 4, np.arange(T) % 6
    # Both are functions of t mod 12, and two frames are together in both if these are the same.
    agree(adjusted_rand_index(a, b), _from_sizes(np.arange(T) % 12, a, b), rtol=1e-6)
    b = np.where(np.arange(T) < T // 2, 0, 1 + np.arange(T) // 1000)
    agree(adjusted_rand_index(b, b // 2), _from_sizes(b, b, b // 2), rtol=1e-6)  # groups, and unions of them


def _from_sizes(both, a, b):
    """The index as an exact fraction, where `both` says which frames are together in a and in b."""
    pairs = [
        Fraction(sum(n * (n - 1) // 2 for n in np.unique(x, return_counts=True)[1].tolist())) for x in (both, a, b)
    ]
    chance = pairs[1] * pairs[2] / Fraction(len(a) * (len(a) - 1) // 2)
    return float((pairs[0] - chance) / ((pairs[1] + pairs[2]) / 2 - chance))
