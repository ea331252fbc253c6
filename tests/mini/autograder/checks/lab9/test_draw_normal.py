"""Checks of `draw_normal`."""

import numpy as np

from autograder import hint, points


@points(1)
@hint("Add standard normal noise to the mean.")
def test_moments(draw_normal, rng):
    samples = np.array([draw_normal(np.array([1.0, -2.0]), rng) for _ in range(400)])
    # 400 draws: a standard error of 0.05; five of them is a false alarm once in millions of runs
    assert np.all(np.abs(samples.mean(axis=0) - [1.0, -2.0]) < 0.25), "the mean of 400 samples is off"
    assert np.all(np.abs(samples.std(axis=0) - 1.0) < 0.18), "the spread of 400 samples is off"
