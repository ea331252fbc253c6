"""Checks of `minibatches`."""

import numpy as np
from numpy.testing import assert_array_equal

from autograder import hint, points


@points(1)
@hint(
    "One epoch shows every example exactly once: permute 0 ... N - 1 and cut it up, instead of drawing with "
    "replacement.",
    also=("shape",),
)
def test_deals_every_example_once(minibatches, rng):
    for N, B in ((12, 4), (13, 4), (5, 1), (3, 8)):
        batches = list(minibatches(N, B, rng))
        together = np.concatenate([np.atleast_1d(batch) for batch in batches])
        assert together.dtype.kind in "iu", f"the indices have dtype {together.dtype}, expected integers"
        assert_array_equal(np.sort(together), np.arange(N))


@points(1)
@hint("All batches hold batch_size examples except a smaller last one, which is kept; no batch is empty.")
def test_keeps_the_ragged_last_batch(minibatches, rng):
    for N, B, sizes in ((13, 4, [4, 4, 4, 1]), (12, 4, [4, 4, 4]), (3, 8, [3]), (4, 1, [1, 1, 1, 1]), (5, 5, [5])):
        found = [np.size(batch) for batch in minibatches(N, B, rng)]
        assert found == sizes, f"{N} examples in batches of {B} gave batches of sizes {found}, expected {sizes}"
    for N in (401, 601, 801):  # where the odd one is not the last by luck
        found = [np.size(batch) for batch in minibatches(N, 4, rng)]
        assert found == [4] * (N // 4) + [1], (
            f"{N} examples in batches of 4 did not leave the odd one for the last batch"
        )


@points(1)
@hint(
    "The order is random and comes from rng alone: a new order in each epoch, the same one from the same seed. Who shares a "
    "batch is random, too: deal all examples out, instead of shuffling blocks of neighbours or every k-th example. (The order "
    "within a batch is free.)"
)
def test_shuffles_with_the_generator(minibatches, rng):
    seed = int(rng.integers(2**32))
    first, again = (np.concatenate(list(minibatches(1000, 100, np.random.default_rng(seed)))) for _ in range(2))
    assert np.array_equal(again, first), (
        "the same seed gave two orders: is every number drawn from rng, and from it alone?"
    )
    other = list(minibatches(1000, 100, rng))
    assert not np.array_equal(np.concatenate(other), first), "two generators gave the same order"
    of = np.empty(1000, dtype=int)
    for number, batch in enumerate(
        other
    ):  # 100 of 1000 at random lie within 500 neighbours with probability < 500 * 2^-100
        of[np.asarray(batch, dtype=int)] = number
        assert np.size(batch) == 0 or np.ptp(batch) > 500, (
            "a batch holds neighbours only: shuffle all examples, not blocks of them"
        )
    epochs = [list(minibatches(7, 3, rng)) for _ in range(60)]  # by chance all end alike once in 7^59 times
    lasts = {int(np.ravel(epoch[-1])[0]) for epoch in epochs}
    assert len(lasts) > 1, (
        f"in 60 epochs of 7 examples the last was always {lasts.pop()}: deal all of them out at random"
    )
    # 999 pairs of neighbours share a batch with probability 99 / 999: 99 of them, with a deviation of less than 10.
    pairs = np.sum(of[1:] == of[:-1])
    assert 20 < pairs < 178, f"{pairs} of 999 pairs of neighbours share a batch of 100, where chance gives about 99"
