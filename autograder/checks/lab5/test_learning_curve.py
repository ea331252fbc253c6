"""Checks of `learning_curve`."""

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

    def frames(self):
        """The sets of frames by seed and number."""
        return {(seed, len(indices)): set(indices.tolist()) for indices, seed in self.runs}


@points(1)
@hint(
    "errors[row, column] belongs to seeds[row] and counts[column], in the order given: the error that `evaluate` finds "
    "for the model that `fit` made of counts[column] frames with that seed. Each model is trained once.",
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
    frames = bench.frames()
    for indices, _ in bench.runs:
        assert indices.shape in [(count,) for count in counts] and indices.dtype.kind in "iu", (
            "indices (count,) are due"
        )
        assert len(set(indices.tolist())) == len(indices), "a frame was labelled twice"
        assert np.ptp(indices) > 100, "these frames are next to each other"
    due = {(seed, count) for seed in seeds for count in counts}
    assert frames.keys() == due, "`fit` was not given each seed with each number of frames"
    for seed in seeds:
        sets = [frames[seed, count] for count in sorted(counts)]
        assert sets[0] < sets[1] < sets[2], "the larger label sets do not contain the smaller ones of the same seed"
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
    "frames of its own, and the same again whenever it is run, after whatever other seeds and beside whatever other counts. "
    "`fit` gets this seed, too."
)
def test_draws_the_frames_from_the_seed(learning_curve, rng):
    first = int(rng.integers(10**6))
    seeds = [first + n for n in (0, 1, 10, 100, 256, 1000)]
    runs = []
    # The same seeds in another order and alone; then with fewer numbers of frames, others, and in another order.
    for some, counts in (
        (seeds, [20, 40]),
        (seeds[1::-1], [20, 40]),
        (seeds[2:3], [20, 40]),
        (seeds, [20]),
        (seeds, [300, 40, 5]),
    ):
        bench = Bench(rng)
        learning_curve(bench.fit, bench.evaluate, counts, 2000, some)
        runs.append(bench.frames())
    together = runs[0]
    assert len({frozenset(together.get((seed, 20), ())) for seed in seeds}) == len(seeds), (
        "different seeds got the same frames, or another seed than their own"
    )
    for again, what in zip(runs[1:], ("seeds", "seeds", "numbers of frames", "numbers of frames"), strict=True):
        for key in again.keys() & together.keys():
            assert again[key] == together[key], f"the same seed got other frames beside other {what} than before"
        assert again.keys() & together.keys(), "`fit` was not given the seed that it is for"
