"""Checks of `tree_order`."""

import numpy as np

from autograder import hint, no_probe, points


def draw_tree(rng, K, deep=False):
    """Parents of a random tree, or of a chain, with the parts' numbers shuffled. The root is not part 0, nor the last one.

    A chain's depths are in no order of its parts.
    """
    name = rng.permutation(K)
    while K > 2 and (
        name[0] in (0, K - 1)
        or name[1] > name[0]  # some parent has a larger number than its child
        or deep
        and np.all(np.diff(name[name]) > 0)
    ):
        name = rng.permutation(K)
    parents = np.zeros(K, dtype=int)
    parents[name] = name[[0, *(k - 1 if deep or k < 3 else int(rng.integers(k)) for k in range(1, K))]]
    return parents


def as_order(order, K):
    order = np.asarray(order)
    assert order.shape == (K,), f"the order has shape {order.shape}, expected {(K,)}"
    assert order.dtype.kind in "iu", (
        f"the order is of type {order.dtype}, and holds numbers of parts: return whole numbers"
    )
    return order.tolist()


@points(1)
@hint(
    "Each part must come behind its parent, so the root comes first, then its children, then theirs. The numbers "
    "of the parts say nothing: a parent may have a larger number than its child."
)
@no_probe("integers", "float32")
def test_parents_come_before_their_children(tree_order, rng):
    for K, deep in ((2, True), (6, True), (9, False), (13, False)):
        parents = draw_tree(rng, K, deep)
        order = as_order(tree_order(parents), K)
        for k in range(K) if sorted(order) == list(range(K)) else ():  # what is no order is the other check's business
            if parents[k] != k:
                assert order.index(parents[k]) < order.index(k), (
                    f"with parents {parents.tolist()} the order is {order}: part {k} comes before its parent {parents[k]}"
                )


@points(1)
@hint("Every part once: the root too, also where it is alone, and grandchildren and theirs: go on until all are there.")
@no_probe("integers", "float32")
def test_every_part_comes_once(tree_order, rng):
    trees = [np.zeros(1, dtype=int), draw_tree(rng, 8, deep=True), draw_tree(rng, 11)]
    for parents in (*trees, np.zeros(5, dtype=int)):
        order = as_order(tree_order(parents), len(parents))
        assert sorted(order) == list(range(len(parents))), f"with parents {parents.tolist()} the order is {order}"
