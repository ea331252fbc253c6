"""The capstone: from positions to behaviour. The rat's own frame, bouts and what follows what, agreement, and names.

`X` (T, K, 3) are keypoints in millimetres with z up from the floor, NaN where one is missing. `states` (T,) are whole
numbers, one for each frame: which of S behaviours the animal is in. A *bout* is a longest stretch of frames in one state.
The lecture's opening: "decomposing behavior into stereotyped components and behavioral motifs" (slide "Computational
(Neuro)Ethology").
"""

import numpy as np
from scipy.special import logsumexp

from solutions.pictorial import soft_transform


def decode_body(fine, parents, trees, shares, least=0.01):
    """Mean place of each part under a mixture of trees, one for each heading in the picture: Lab 6's marginals, for a whole film.

    Messages go up each tree once, which gives its evidence, and down those that are probable.

    Parameters
    ----------
    fine : ndarray (K, H, W)
        A picture's maps, as from `votes`.
    parents : ndarray (K,) with parents[k] < k
    trees : sequence of (mu (K, 2), w (K, 2))
        Offsets from parent to child and their weights, in cells, as from `posekit.bodies.limb_prior`.
    shares : ndarray (number of trees,)
        How probable each tree is before the picture is seen.
    least : float
        A tree that is less probable than this afterwards is left out.

    Returns
    -------
    ndarray of float64 (K, 2)
        (x, y) = (column, row), cells.
    """
    base, evidence, upward = np.log(fine + 1.0 / fine[0].size), [], []  # a cell that nobody votes for is possible, too
    for mu, w in trees:
        belief, messages = base.copy(), {}
        for k in range(len(parents) - 1, 0, -1):
            messages[k] = soft_transform(belief[k], w[k], -mu[k])
            belief[parents[k]] += messages[k]
        upward.append((belief, messages))
        evidence.append(logsumexp(belief[0]) + 0.5 * np.sum(np.log(w[1:])))
    chance = np.log(shares) + evidence
    chance = np.exp(chance - logsumexp(chance))
    mixture = np.zeros(base.shape)
    for (mu, w), (belief, messages), weight in zip(trees, upward, chance):
        if weight < least:
            continue
        for k in range(1, len(parents)):
            belief[k] += soft_transform(belief[parents[k]] - messages[k], w[k], mu[k])
        places = np.exp(belief - belief.max(axis=(1, 2), keepdims=True))
        mixture += weight * places / places.sum(axis=(1, 2), keepdims=True)
    mixture /= mixture.sum(axis=(1, 2), keepdims=True)
    _, H, W = mixture.shape
    return np.stack([mixture.sum(axis=1) @ np.arange(W), mixture.sum(axis=2) @ np.arange(H)], axis=-1)


def egocentric(X, heading, root):
    """Positions in the animal's own frame: the root above the origin, the heading along +x. Heights stay.

    Where a rat is in its room, and which way it looks, says little about what it does. How high its parts are above the
    floor says much, and the floor does not move with the rat: so only x and y are moved and turned.

    Parameters
    ----------
    X : ndarray (T, K, 3)
        Keypoints, mm; NaN where one is missing.
    heading : ndarray (T,)
        Radians, from +x towards +y (anticlockwise, seen from above).
    root : int
        Number of the keypoint that is moved to x = y = 0.

    Returns
    -------
    ndarray of float64 (T, K, 3)
        A missing keypoint stays NaN, and the others of its frame do not. In a frame whose root or heading is missing, x
        and y are NaN for all keypoints; z is their height, or NaN.

    Raises
    ------
    ValueError
        If there is not one heading for each frame.
    """
    X, heading = np.asarray(X, dtype=float), np.asarray(heading, dtype=float)
    if heading.shape != X.shape[:1]:
        raise ValueError(f"egocentric: want one heading for each of {len(X)} frames, got shape {heading.shape}.")
    ### BEGIN SOLUTION
    x, y = np.moveaxis(X[..., :2] - X[:, root, None, :2], -1, 0)
    cos, sin = np.cos(heading)[:, None], np.sin(heading)[:, None]
    return np.stack([cos * x + sin * y, cos * y - sin * x, X[..., 2]], axis=-1)
    ### END SOLUTION


def ethogram(states, fps):
    """The bouts of a recording, in order: an ethogram as a list.

    Parameters
    ----------
    states : ndarray of int (T,)
    fps : float
        Frames per second.

    Returns
    -------
    list of tuples (state, start, stop, seconds)
        The frames from `start` up to, but not including, `stop` are in `state`, and those next to them are not.
        `seconds` is how long they last together: a frame stands for 1 / fps. Empty where there is no frame.

    Raises
    ------
    ValueError
        If `states` are not whole numbers in one row, or `fps` is not positive.
    """
    states = np.asarray(states)
    if states.ndim != 1 or (len(states) and states.dtype.kind not in "iu"):
        raise ValueError(f"ethogram: want whole numbers of shape (T,), got {states.dtype} of shape {states.shape}.")
    if not fps > 0:
        raise ValueError(f"ethogram: fps must be positive, got {fps}.")
    ### BEGIN SOLUTION
    edges = np.flatnonzero(np.diff(states)) + 1
    starts, stops = [0, *edges.tolist()], [*edges.tolist(), len(states)]
    return [(int(states[a]), a, b, (b - a) / fps) for a, b in zip(starts, stops) if b > a]
    ### END SOLUTION


def transition_matrix(states, num_states):
    """How often a bout of one state is followed by a bout of each other: shares of the steps between bouts.

    A state does not follow itself: that would only say how long bouts last, and depend on the frame rate.

    Parameters
    ----------
    states : ndarray of int (T,)
        In 0 ... num_states - 1.
    num_states : int
        S, from 1.

    Returns
    -------
    ndarray of float64 (S, S)
        Entry (i, j): of the bouts of i that another bout follows, the share that is followed by j. Rows sum to one, but
        for those of states that are never left, or never visited: these are zero.

    Raises
    ------
    ValueError
        If a state is not a whole number in 0 ... num_states - 1.
    """
    states = np.asarray(states)
    if states.ndim != 1 or (len(states) and states.dtype.kind not in "iu"):
        raise ValueError(f"transition_matrix: want whole numbers (T,), got {states.dtype} of shape {states.shape}.")
    if len(states) and not (0 <= states.min() and states.max() < num_states):
        raise ValueError(
            f"transition_matrix: states must be 0 ... {num_states - 1}, got {states.min()}, {states.max()}."
        )
    ### BEGIN SOLUTION
    steps = np.flatnonzero(np.diff(states))
    counts = np.zeros((num_states, num_states))
    np.add.at(counts, (states[steps], states[steps + 1]), 1.0)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    ### END SOLUTION


def adjusted_rand_index(a, b):
    """How far two ways to sort frames into groups agree, whatever the groups are called (Hubert and Arabie 1985).

    Of all pairs of frames, some are together in `a`, some in `b`, some in both. The index is the number that are together
    in both, less what chance would give for groups of these sizes, divided by the largest value that this difference
    could have (the mean of the two numbers, less chance).

    Parameters
    ----------
    a, b : ndarray of int (T,)
        A label for each frame: any whole numbers, also negative or large ones.

    Returns
    -------
    float
        1 where the groups are the same, 0 on average for groups at random, below 0 for less than that. Where the two
        leave nothing to disagree about, the index is 1: both have a single group, or both have only groups of one.

    Raises
    ------
    ValueError
        If the two have not the same number of labels, or none.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.ndim != 1 or a.shape != b.shape or not len(a):
        raise ValueError(f"adjusted_rand_index: want two labels for each frame, got shapes {a.shape} and {b.shape}.")
    ### BEGIN SOLUTION
    cells = np.unique(np.stack([a, b]), axis=1, return_counts=True)[1]
    sizes = (cells, np.unique(a, return_counts=True)[1], np.unique(b, return_counts=True)[1], [len(a)])
    both, in_a, in_b, pairs = (sum(n * (n - 1) // 2 for n in map(int, size)) for size in sizes)
    if in_a == in_b and both == in_a:  # the same groups; among them those with nothing to disagree about
        return 1.0
    chance = in_a * in_b / pairs
    return (both - chance) / ((in_a + in_b) / 2 - chance)
    ### END SOLUTION


def motif_names(X, states, num_states, fps, names, half_window=5):
    """What each state looks like in three numbers, and a first name made of them: so that a person can find a better one.

    All three are means over the frames of a state, of what is known there:

    - the speed of `spine` over the floor (x and y), over the frames from t - half_window to t + half_window as far as they
      exist: the distance between the first and the last of them, over the time between the two. From one frame to the
      next, the jitter of the estimate would be taken for speed. If one of the two is missing, the speed is not known;
    - the height of the highest keypoint above the floor;
    - the elongation, the distance in space from `tail_base` to `snout`.

    Parameters
    ----------
    X : ndarray (T, K, 3)
        Keypoints in the room, mm, T from 2; NaN where one is missing, which then does not count.
    states : ndarray of int (T,)
        In 0 ... num_states - 1.
    num_states : int
    fps : float
    names : sequence of K str
        Names of the keypoints, among them `spine`, `tail_base` and `snout`.
    half_window : int
        From 1.

    Returns
    -------
    dict
        `frames` (S,) of int; `speed` (S,) in mm/s, `height` (S,) and `elongation` (S,) in mm, NaN for a state in which
        nothing of the kind is known; `name` list of S str.
    """
    X, states, names = np.asarray(X, dtype=float), np.asarray(states), list(names)
    spine, tail, snout = (names.index(part) for part in ("spine", "tail_base", "snout"))
    frames = np.bincount(states, minlength=num_states)
    first = np.maximum(np.arange(len(X)) - half_window, 0)
    last = np.minimum(np.arange(len(X)) + half_window, len(X) - 1)
    ### BEGIN SOLUTION
    moved = np.linalg.norm(X[last, spine, :2] - X[first, spine, :2], axis=1)
    speed = moved * fps / (last - first)
    height = np.fmax.reduce(X[:, :, 2], axis=1)
    elongation = np.linalg.norm(X[:, snout] - X[:, tail], axis=1)
    ### END SOLUTION

    def by_state(values):
        known = [values[(states == s) & np.isfinite(values)] for s in range(num_states)]
        return np.array([np.mean(v) if len(v) else np.nan for v in known])

    found = {"frames": frames, "speed": by_state(speed), "height": by_state(height), "elongation": by_state(elongation)}
    found["name"] = []
    for s in range(num_states):
        words = []
        for measure, low, high in (
            ("speed", "slow", "fast"),
            ("height", "low", "high"),
            ("elongation", "short", "long"),
        ):
            known = found[measure][np.isfinite(found[measure])]
            if (
                np.isfinite(found[measure][s]) and len(known) > 2
            ):  # among the lowest third of the states, or the highest
                rank = np.mean(known < found[measure][s])
                words += [low] if rank < 1 / 3 else [high] if rank >= 2 / 3 else []
        found["name"].append(", ".join(words) or ("never seen" if frames[s] == 0 else "in between"))
    return found
