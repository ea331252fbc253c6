"""Checks of `partition_and_label`."""

from itertools import permutations, product

import numpy as np

from autograder import budget, hint, no_probe, points


def against(p):
    """The cost of a yes."""
    return np.log((1.0 - p) / p)


def cost_of(clusters, part, pair):
    """The objective: unary costs of kept candidates, pairwise costs within animals."""
    kept = np.flatnonzero(clusters >= 0)
    total = sum(against(part[d].max()) for d in kept)
    return total + sum(against(pair[d, e]) for d in kept for e in kept if d < e and clusters[d] == clusters[e])


def lowest_cost(part, pair):
    """Over all ways to drop some candidates and to group the others."""
    D = len(part)
    ways = (np.array(way) for way in product(*(range(-1, d + 1) for d in range(D))))
    return min(
        cost_of(way, part, pair) for way in ways if all(c <= max(way[:d], default=-1) + 1 for d, c in enumerate(way))
    )


def symmetric(rng, low, high):
    """Probabilities of pairs between those of two tables (D, D)."""
    p = np.triu(rng.uniform(low, high), 1)
    return p + p.T + 0.5 * np.eye(len(p))


def read(result, D):
    """The clusters of an assembly. AssertionError where labels and clusters do not fit together."""
    labels, clusters = (np.asarray(part) for part in result)
    for name, array in (("labels", labels), ("clusters", clusters)):
        assert array.shape == (D,), f"the {name} have shape {array.shape}, expected {(D,)}"
        assert array.dtype.kind in "iu", f"the {name} are of type {array.dtype}: return whole numbers"
        assert (array >= -1).all(), f"the {name} hold {int(array.min())}"
    return labels, clusters


def compare(result, part, pair):
    """The assembly's cost with the lowest one; a solver's gap of 1e-4 is forgiven."""
    _, clusters = read(result, len(part))
    found, lowest = cost_of(clusters, part, pair), lowest_cost(part, pair)
    assert found <= lowest + 1e-9 + 2e-4 * abs(lowest), (
        f"the assembly {clusters.tolist()} costs {found:.4f}, the best one {lowest:.4f}"
    )


def distinct(likely):
    """Part probabilities of candidates of which each is likeliest another part, so that nothing hangs on equal labels."""
    return np.where(np.eye(len(likely)) > 0, np.asarray(likely)[:, None], 0.04)


@points(1)
@hint(
    "Minimise the sum of log((1 - p) / p) over kept candidates plus that over pairs in one animal, each pair once. "
    "Pairs of unlikely candidates may pay, likely candidates may not: all is decided together, none is dropped "
    "beforehand."
)
@no_probe("integers", "float32")  # rounded probabilities are 0 and 1
def test_equals_the_best_of_all_assemblies(partition_and_label, rng):
    for D in (
        1,
        3,
        5,
        6,
    ):  # pairs that never contradict each other: what is transitive by itself is another check's business
        group = rng.permutation(np.arange(D) % 2)
        same = group[:, None] == group
        part = distinct(rng.uniform(0.15, 0.9, size=D) if D > 1 else [0.8])
        pair = symmetric(rng, np.where(same, 0.55, 0.1), np.where(same, 0.9, 0.45))
        compare(partition_and_label(part, pair), part, pair)
    # Two weak candidates pay if their pair is likely enough, and not if it is a little less likely; a third one that belongs to nobody
    # pays by itself, a fourth one does not. (The two alone are in no triple.)
    for D, likely, count in ((4, 0.92, 3), (4, 0.8, 1), (2, 0.92, 2), (2, 0.8, 0)):
        part = distinct((np.array([0.3, 0.3, 0.8, 0.35]) + rng.uniform(-0.01, 0.01, size=4))[:D])
        low, high = np.full((D, D), 0.02), np.full((D, D), 0.05)
        low[0, 1] = low[1, 0] = likely - 0.005
        high[0, 1] = high[1, 0] = likely + 0.005
        pair = symmetric(rng, low, high)
        result = partition_and_label(part, pair)
        compare(result, part, pair)
        kept = int(np.sum(read(result, D)[1] >= 0))
        assert kept == count, f"{kept} of {D} candidates are kept, expected {count}"


@points(1)
@hint(
    "A dropped candidate has -1 in *both* arrays, a kept one its likeliest part and the number of its animal, from "
    "0 on, alone in it or not. Where every cost is positive nothing is kept."
)
@no_probe("integers", "float32")  # rounded probabilities are 0 and 1
def test_labels_what_it_keeps(partition_and_label, rng):
    part = rng.uniform(0.01, 0.04, size=(7, 4))
    kind = rng.permutation(7) % 4
    part[np.arange(7), kind] = rng.uniform(0.8, 0.95, size=7)
    gone = rng.permutation(7)[:2]
    part[gone] *= 0.2
    pair = symmetric(rng, np.full((7, 7), 0.02), np.full((7, 7), 0.2))
    labels, clusters = read(partition_and_label(part, pair), 7)
    expected = np.where(np.isin(np.arange(7), gone), -1, kind)
    assert np.array_equal(labels, expected), f"the labels are {labels.tolist()}, expected {expected.tolist()}"
    assert np.array_equal(clusters < 0, expected < 0), (
        f"the clusters are {clusters.tolist()}, the labels {labels.tolist()}"
    )
    assert len(set(clusters[clusters >= 0])) == 5, (
        f"five candidates that do not belong together are in {clusters.tolist()}"
    )
    nothing = symmetric(rng, np.full((4, 4), 0.1), np.full((4, 4), 0.4))
    for array in read(partition_and_label(rng.uniform(0.1, 0.4, size=(4, 2)), nothing), 4):
        assert (array == -1).all(), f"all costs are positive, and yet {array.tolist()} is kept"


@points(1)
@hint(
    "If d and e are the same animal, and e and f, then so are d and f: y_de + y_ef <= y_df + x_e, for *each* of "
    "the three as the middle one. Look for violated triples and solve again until there are none, at last in whole "
    "numbers: a pair that is half together is in no assembly."
)
@no_probe("integers", "float32")  # rounded probabilities are 0 and 1
def test_being_one_animal_is_transitive(partition_and_label, rng):
    part = distinct([0.9, 0.9, 0.9])
    for d, f in ((0, 1), (0, 2), (1, 2)):  # two pairs want to be together, the third one does not: by how much decides
        for low, high, animals in ((0.15, 0.2, 1), (0.005, 0.01, 2)):
            lower, upper = np.full((3, 3), 0.93), np.full((3, 3), 0.95)
            lower[d, f] = lower[f, d] = low
            upper[d, f] = upper[f, d] = high
            pair = symmetric(rng, lower, upper)
            _, clusters = read(partition_and_label(part, pair), 3)
            assert (clusters >= 0).all(), f"three candidates of probability 0.9 are kept, not {clusters.tolist()}"
            found = len(set(clusters.tolist()))
            assert found == animals, (
                f"pairs of {pair[0, 1]:.3f}, {pair[0, 2]:.3f} and {pair[1, 2]:.3f} make {animals} animal(s), not {found}"
            )
    # Who joins the likeliest pair first, the middle two of a row of four, cannot do what is best: the first two, and the last two.
    row = np.array([[0.5, 0.75, 0.2, 0.35], [0.75, 0.5, 0.78, 0.2], [0.2, 0.78, 0.5, 0.75], [0.35, 0.2, 0.75, 0.5]])
    order = rng.permutation(4)
    pair = symmetric(rng, row - 0.005, row + 0.005)[np.ix_(order, order)]
    part = distinct(rng.uniform(0.8, 0.9, size=4))
    compare(partition_and_label(part, pair), part, pair)
    # Three that want to be with the first one, not with each other: relaxed, each is half with it, at a lower cost than any assembly.
    want = np.full((4, 4), 0.02)
    want[0], want[:, 0] = 0.9, 0.9
    order = rng.permutation(4)
    pair = symmetric(rng, want - 0.01, want + 0.01)[np.ix_(order, order)]
    part = distinct(rng.uniform(0.8, 0.9, size=4))
    compare(partition_and_label(part, pair), part, pair)
    # A weak one wants to be with the middle one only, and is dropped: the two others stay together without it.
    likely = np.array([0.88, 0.88, 0.27]) + rng.uniform(-0.01, 0.01, size=3)
    chain = symmetric(
        rng, *(np.array([[0.5, 0.99, 1e-4], [0.99, 0.5, 0.95], [1e-4, 0.95, 0.5]]) + [[[-5e-5]], [[5e-5]]])
    )
    for order in permutations(range(3)):
        pair = chain[np.ix_(order, order)]
        compare(partition_and_label(distinct(likely[list(order)]), pair), distinct(likely[list(order)]), pair)
    # A ring of six, of which each wants the two next to it and not the others.
    near = np.isin(np.abs(np.arange(6)[:, None] - np.arange(6)), (1, 5))
    pair = symmetric(rng, np.where(near, 0.75, 0.2), np.where(near, 0.95, 0.45))
    part = distinct(rng.uniform(0.7, 0.9, size=6))
    compare(partition_and_label(part, pair), part, pair)


@points(1)
@hint(
    "Twelve candidates of two animals, several for each part: 78 variables, which the integer programme solves at "
    "once; there are 27 million assemblies to go through. Two candidates of one part may belong to one animal. And "
    "log 0 is no cost, so clip.",
    also=("exception",),
)
@no_probe("integers", "float32")  # a budget is for one call
@budget(cpu=3)
def test_tells_two_animals_apart(partition_and_label, rng):
    D = 12  # a programme with a wrong sign is hard, and should end, too
    animal, kind = rng.permutation(np.arange(D) % 2), rng.integers(5, size=D)
    same = animal[:, None] == animal
    pair = symmetric(rng, np.where(same, 0.6, 0.05), np.where(same, 0.98, 0.35))
    part = np.full((D, 5), 0.02)
    part[np.arange(D), kind] = rng.uniform(0.55, 0.95, size=D)
    # Certain pairs: cost log 0, if nothing is clipped.
    first = np.flatnonzero(animal == 0)[:2]
    other = np.flatnonzero(animal == 1)[0]
    pair[first[0], first[1]] = pair[first[1], first[0]] = 1.0
    pair[first[0], other] = pair[other, first[0]] = 0.0
    labels, clusters = read(partition_and_label(part, pair), D)
    assert np.array_equal(labels, kind), f"{int(np.sum(labels != kind))} of {D} candidates have the wrong label"
    wrong = int(np.sum((clusters[:, None] == clusters) != same)) // 2
    assert wrong == 0, f"{wrong} of {D * (D - 1) // 2} pairs of candidates are joined or parted wrongly"
