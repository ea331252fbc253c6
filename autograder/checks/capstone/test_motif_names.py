"""Checks of `motif_names`."""

import numpy as np

from autograder import agree, hint, points

NAMES = ("tail_base", "snout", "hand_L", "spine")
T, FPS, HALF = 24, 20.0, 3


def draw_recording(rng):
    """Keypoints (T, 4, 3) of an animal that jumps about, and states: 0, 1 and 3 of four occur."""
    X = rng.uniform(0.0, 200.0, size=(T, 4, 3))
    return X, rng.permutation(np.repeat([0, 1, 3], T // 3))


def mean_by_state(values, states):
    """Of (T,) by state, frame by frame; NaN is unknown."""
    groups = [[v for v, s in zip(values, states, strict=True) if s == state and not np.isnan(v)] for state in range(4)]
    return [sum(group) / len(group) if group else np.nan for group in groups]


def speeds(X, half):
    found = []
    for t in range(len(X)):
        a, b = max(t - half, 0), min(t + half, len(X) - 1)
        (x0, y0, _), (x1, y1, _) = X[a, 3], X[b, 3]
        found.append(np.hypot(x1 - x0, y1 - y0) / ((b - a) / FPS))
    return found


@points(1)
@hint(
    "Speed: how far `spine` has moved in x and y between the first and the last frame of the window, times fps, over the number of "
    "frames between the two. At the ends of the recording that is fewer than 2 * half_window: divide by `last - first`."
)
def test_speed(motif_names, rng):
    X, states = draw_recording(rng)
    for half in (HALF, 1):
        found = motif_names(X, states, 4, FPS, NAMES, half)
        agree(found["speed"], mean_by_state(speeds(X, half), states), rtol=1e-6)
    agree(motif_names(X[:2], np.array([0, 2]), 4, FPS, NAMES)["speed"][[0, 2]], [speeds(X[:2], 1)[0]] * 2, rtol=1e-6)


@points(1)
@hint(
    "Height: the largest z of a frame, over its keypoints. Elongation: the distance in all three coordinates between the rows of "
    "`snout` and of `tail_base`, for each frame. The means over states are taken below."
)
def test_height_and_elongation(motif_names, rng):
    X, states = draw_recording(rng)
    found = motif_names(X, states, 4, FPS, NAMES, HALF)
    agree(found["height"], mean_by_state([max(z for _, _, z in pose.tolist()) for pose in X], states), rtol=1e-6)
    between = [sum((a - b) ** 2 for a, b in zip(pose[1], pose[0], strict=True)) ** 0.5 for pose in X]
    agree(found["elongation"], mean_by_state(between, states), rtol=1e-6)


@points(1)
@hint(
    "What is missing does not count: the highest of the keypoints that are there (`np.nanmax` warns where none is, `np.fmax.reduce` "
    "does not), NaN for a frame whose ends of the window, snout or tail base are missing."
)
def test_missing_keypoints(motif_names, rng):
    # An animal that stands still, all parts at one height and in two places: only what is missing makes a difference.
    z, length = rng.uniform(20.0, 60.0), rng.uniform(100.0, 200.0)
    X = np.tile([[0.0, 0.0, z], [length, 0.0, z], [length, 0.0, z], [length, 0.0, z]], (T, 1, 1))
    states = np.repeat([0, 1, 3], T // 3)
    X[: T // 3, 1] = np.nan  # no snout in state 0
    X[2 * T // 3 : -1] = np.nan  # nothing in state 3, but for its last frame
    found = motif_names(X, states, 4, FPS, NAMES, HALF)
    agree(found["speed"], [0.0, 0.0, np.nan, np.nan], atol=1e-6)
    agree(found["height"], [z, z, np.nan, z], rtol=1e-6)
    agree(found["elongation"], [np.nan, length, np.nan, length], rtol=1e-6)
