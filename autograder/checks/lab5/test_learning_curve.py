"""Checks of `learning_curve`."""

from itertools import pairwise

import numpy as np
import pytest

from autograder import agree, hint, points


class Bench:
    """Stands in for training and testing: notes what it is given, and has an error ready for every run."""

    def __init__(self, rng):
        self.errors = rng.uniform(1.0, 10.0, size=2000)
        self.runs = []

    def fit(self, indices, seed):
        self.runs.append((np.array(indices), int(seed)))
        return {"run": len(self.runs) - 1}

    def evaluate(self, model):
        return float(self.errors[model["run"]])

    def chosen(self):
        """The sets of frames by their number. Whether `fit` got the right seed with them is asked of it in one place."""
        chosen = {}
        for indices, _ in self.runs:
            chosen.setdefault(len(indices), set()).add(frozenset(indices.tolist()))
        return chosen


@points(1)
@hint(
    "errors[row, column] belongs to seeds[row] and counts[column], in the order given: the error that `evaluate` finds "
    "for the model that `fit` made of counts[column] frames. `fit` gets that seed, too. Each model is trained once.",
    also=("shape",),
)
@pytest.mark.parametrize("counts, seeds", [([25, 5, 10], [7, 3]), ([4], [0, 1, 2]), ([1, 40], [11])])
def test_puts_each_error_in_its_place(learning_curve, rng, counts, seeds):
    bench = Bench(rng)
    errors = learning_curve(bench.fit, bench.evaluate, counts, 40, seeds)
    trained = [(seed, len(indices)) for indices, seed in bench.runs]
    due = [(seed, count) for seed in seeds for count in counts]
    assert sorted(trained) == sorted(due), f"trained with (seed, number of frames) {trained}, where {due} were due"
    agree(errors, [[bench.errors[trained.index((seed, count))] for count in counts] for seed in seeds])


@points(1)
@hint(
    "Make one permutation of the frames per seed and take its first `count`: then more labels include the fewer. A new "
    "draw for each count swaps frames too; a draw with replacement labels a frame twice; consecutive frames look alike. "
    "Every frame, the first and the last as well, must be as likely as any other."
)
def test_nests_the_label_sets_of_a_seed(learning_curve, rng):
    bench, counts, seeds = Bench(rng), [30, 10, 60], rng.choice(10**6, size=4, replace=False).tolist()
    learning_curve(bench.fit, bench.evaluate, counts, 1000, seeds)
    for indices, _ in bench.runs:
        assert indices.shape in [(count,) for count in counts] and indices.dtype.kind in "iu", (
            "indices (count,) are due"
        )
        assert len(set(indices.tolist())) == len(indices), "a frame was labelled twice"
        assert np.ptp(indices) > 100, "these frames are next to each other"
    chosen = bench.chosen()
    assert chosen.keys() == set(counts), f"`fit` was given {sorted(chosen)} frames, where {sorted(counts)} were due"
    for less, more in pairwise(sorted(counts)):
        assert len(chosen[less]) == len(chosen[more]) and all(
            any(few < many for few in chosen[less]) for many in chosen[more]
        ), "the larger label sets do not contain the smaller ones of the same seed"
    bench, seeds = Bench(rng), rng.choice(10**6, size=100, replace=False).tolist()
    learning_curve(bench.fit, bench.evaluate, [3], 8, seeds)
    chosen = np.concatenate([indices for indices, _ in bench.runs])
    assert chosen.min() >= 0 and chosen.max() < 8, "indices must be in 0 ... num_frames - 1"
    # 37.5 times each, with a standard deviation of 4.8; a right solution never comes near.
    times = np.bincount(chosen, minlength=8)
    assert np.all(np.abs(times - 37.5) < 30), (
        f"three of eight frames for each of 100 seeds, and they came {times} times"
    )


@points(1)
@hint(
    "The frames of a seed depend on that seed alone: seed a new generator with it, once per seed, so that each has "
    "frames of its own, and the same again whenever it is run, after whatever other seeds and beside whatever other counts."
)
def test_draws_the_frames_from_the_seed(learning_curve, rng):
    first = int(rng.integers(10**6))
    seeds = [first + n for n in (0, 1, 10, 100, 256, 1000)]

    def chosen(seeds, counts):
        bench = Bench(rng)
        learning_curve(bench.fit, bench.evaluate, counts, 2000, seeds)
        return bench.chosen()

    together, alone = chosen(seeds, [20, 40]), [chosen([seed], [20, 40]) for seed in seeds]
    assert all(result.keys() == {20, 40} for result in (together, *alone)), "`fit` was not given 20 and 40 frames"
    assert len(together[20]) == len(set.union(*(one[20] for one in alone))) == len(seeds), (
        "different seeds got the same frames, or another seed than their own"
    )
    pair = chosen(seeds[1::-1], [20, 40])
    for count in (20, 40):
        own = [one[count] for one in alone]
        assert together[count] == set.union(*own) and pair[count] == own[0] | own[1], (
            "the same seed got other frames beside other seeds than before"
        )
    for counts in ([20], [300, 40, 5]):  # fewer numbers of frames, then others, and in another order
        again = chosen(seeds, counts)
        assert all(again[count] == together[count] for count in again.keys() & together.keys()), (
            "the same seed got other frames beside other numbers of frames than before"
        )
