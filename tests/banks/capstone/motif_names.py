"""What goes wrong, and what else is right, in `motif_names`."""

import numpy as np

from autograder.judge.bank import alternative, mistake


def window(X, half):
    t = np.arange(len(X))
    return np.maximum(t - half, 0), np.minimum(t + half, len(X) - 1)


def speed_of(X, fps, names, half):
    first, last = window(X, half)
    spine = X[:, names.index("spine"), :2]
    return np.linalg.norm(spine[last] - spine[first], axis=-1) * fps / (last - first)


def height_of(X, names):
    z = X[..., 2]
    return np.where(np.isnan(z).all(axis=1), np.nan, np.max(np.where(np.isnan(z), -np.inf, z), axis=1))


def elongation_of(X, names):
    return np.linalg.norm(X[:, names.index("snout")] - X[:, names.index("tail_base")], axis=-1)


def summary(X, states, num_states, fps, names, half, speed=speed_of, height=height_of, elongation=elongation_of):
    """The solution with its parts exchangeable."""
    X, names = np.asarray(X, dtype=float), list(names)
    values = {"speed": speed(X, fps, names, half), "height": height(X, names), "elongation": elongation(X, names)}
    found = {"frames": np.bincount(states, minlength=num_states), "name": [""] * num_states}
    for measure, of_frames in values.items():
        groups = [of_frames[(np.asarray(states) == s) & np.isfinite(of_frames)] for s in range(num_states)]
        found[measure] = np.array([g.mean() if len(g) else np.nan for g in groups])
    return found


@mistake("takes speed from one frame to the next", hint="of the window")
def next_frame(X, states, num_states, fps, names, half_window=5):
    return summary(X, states, num_states, fps, names, 1)


@mistake("divides by the whole window at the ends, too", hint="divide by `last - first`")
def whole_window(X, states, num_states, fps, names, half_window=5):
    def speed(X, fps, names, half):
        first, last = window(X, half)
        return speed_of(X, fps, names, half) * (last - first) / (2 * half)

    return summary(X, states, num_states, fps, names, half_window, speed=speed)


@mistake("counts the frames of the window and not the steps", hint="number of frames between the two")
def frames_not_steps(X, states, num_states, fps, names, half_window=5):
    def speed(X, fps, names, half):
        first, last = window(X, half)
        return speed_of(X, fps, names, half) * (last - first) / (last - first + 1)

    return summary(X, states, num_states, fps, names, half_window, speed=speed)


@mistake("gives mm per frame", hint="times fps")
def per_frame(X, states, num_states, fps, names, half_window=5):
    return summary(X, states, num_states, 1.0, names, half_window)


@mistake("counts rising and sinking as speed", hint="in x and y")
def in_space(X, states, num_states, fps, names, half_window=5):
    def speed(X, fps, names, half):
        first, last = window(X, half)
        spine = X[:, names.index("spine")]
        return np.linalg.norm(spine[last] - spine[first], axis=-1) * fps / (last - first)

    return summary(X, states, num_states, fps, names, half_window, speed=speed)


@mistake("measures how fast the snout is", hint="how far `spine` has moved")
def of_the_snout(X, states, num_states, fps, names, half_window=5):
    def speed(X, fps, names, half):
        return speed_of(X, fps, ["spine" if name == "snout" else "" for name in names], half)

    return summary(X, states, num_states, fps, names, half_window, speed=speed)


@mistake("looks ahead only", hint="first and the last frame of the window")
def ahead(X, states, num_states, fps, names, half_window=5):
    def speed(X, fps, names, half):
        last, spine = np.minimum(np.arange(len(X)) + half, len(X) - 1), X[:, names.index("spine"), :2]
        steps = np.maximum(last - np.arange(len(X)), 1)
        return np.linalg.norm(spine[last] - spine, axis=-1) * fps / steps

    return summary(X, states, num_states, fps, names, half_window, speed=speed)


@mistake("takes the mean height of the keypoints", hint="the largest z")
def mean_height(X, states, num_states, fps, names, half_window=5):
    return summary(X, states, num_states, fps, names, half_window, height=lambda X, names: np.mean(X[..., 2], axis=1))


@mistake("takes the height of the snout", hint="over its keypoints")
def snout_height(X, states, num_states, fps, names, half_window=5):
    def height(X, names):
        return X[:, names.index("snout"), 2]

    return summary(X, states, num_states, fps, names, half_window, height=height)


@mistake("measures the elongation on the floor", hint="all three coordinates")
def flat_elongation(X, states, num_states, fps, names, half_window=5):
    def elongation(X, names):
        return elongation_of(X[..., :2], names)

    return summary(X, states, num_states, fps, names, half_window, elongation=elongation)


@mistake("measures the elongation from the first keypoint to the last", hint="rows of `snout` and of `tail_base`")
def first_to_last(X, states, num_states, fps, names, half_window=5):
    def elongation(X, names):
        return np.linalg.norm(X[:, -1] - X[:, 0], axis=-1)

    return summary(X, states, num_states, fps, names, half_window, elongation=elongation)


@mistake("knows no height where any keypoint is missing", hint="highest of the keypoints that are there")
def strict_height(X, states, num_states, fps, names, half_window=5):
    return summary(X, states, num_states, fps, names, half_window, height=lambda X, names: np.max(X[..., 2], axis=1))


@mistake("takes missing keypoints for zeros", hint="What is missing does not count")
def zeros(X, states, num_states, fps, names, half_window=5):
    return summary(np.nan_to_num(X), states, num_states, fps, names, half_window)


@alternative
def by_loops(X, states, num_states, fps, names, half_window=5):
    def speed(X, fps, names, half):
        spine, T = X[:, names.index("spine"), :2], len(X)
        ends = [(max(t - half, 0), min(t + half, T - 1)) for t in range(T)]
        return np.array([np.hypot(*(spine[b] - spine[a])) / ((b - a) / fps) for a, b in ends])

    return summary(X, states, num_states, fps, names, half_window, speed=speed)


@alternative
def by_nanmax(X, states, num_states, fps, names, half_window=5):
    def height(X, names):
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.nanmax(X[..., 2], axis=1)

    return summary(X, states, num_states, fps, names, half_window, height=height)
