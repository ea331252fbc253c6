"""Checks of `ethogram`."""

import numpy as np

from autograder import agree, hint, points
from autograder.checks.capstone.common import draw_bouts, rows_of


@points(2)
@hint(
    "A bout ends where the state changes: `np.flatnonzero(np.diff(states)) + 1` are the frames in which a new one begins. Frame 0 "
    "begins the first bout, and T ends the last one: the frames start ... stop - 1 are in it."
)
def test_finds_all_bouts(ethogram, rng):
    bouts, states = draw_bouts(rng, 4, 11)
    stops = np.cumsum([frames for _, frames in bouts])
    found = rows_of(ethogram(states, 30.0), len(bouts))
    agree(found[:, 0], [state for state, _ in bouts])
    agree(found[:, 1], [0, *stops[:-1]])
    agree(found[:, 2], stops)


@points(1)
@hint(
    "A frame stands for 1 / fps seconds, so a bout lasts (stop - start) / fps: one frame at 30 Hz is a thirtieth, and not 0."
)
def test_says_how_long_they_last(ethogram, rng):
    bouts, states = draw_bouts(rng, 3, 7)
    fps = float(rng.uniform(20.0, 120.0))
    agree(rows_of(ethogram(states, fps), len(bouts))[:, 3], [frames / fps for _, frames in bouts], rtol=1e-6)


@points(1)
@hint(
    "Look at the ends: a single frame is a bout, one state all the way through is one bout, no frame is no bout, an empty list. "
    "The states are any whole numbers, also negative ones, and come back as they are.",
    also=("exception",),
)
def test_at_the_ends(ethogram):
    agree(rows_of(ethogram(np.array([7]), 10.0), 1), [[7, 0, 1, 0.1]], rtol=1e-6)
    agree(rows_of(ethogram(np.full(20, -1), 10.0), 1), [[-1, 0, 20, 2.0]], rtol=1e-6)
    agree(rows_of(ethogram(np.array([-1, -1, 40]), 10.0), 2), [[-1, 0, 2, 0.2], [40, 2, 3, 0.1]], rtol=1e-6)
    rows_of(ethogram(np.zeros(0, dtype=int), 10.0), 0)
