"""The rat's keypoints: their names, the tree that joins them, and which of them are left and right of each other."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

#: Keypoint names, in the order of every array (axis K). Left and right are the rat's own.
NAMES = (
    "spine",
    "withers",
    "snout",
    "ear_L",
    "ear_R",
    "hand_L",
    "hand_R",
    "tail_base",
    "tail_mid",
    "knee_L",
    "foot_L",
    "knee_R",
    "foot_R",
)

_PARENT = {
    "spine": "spine",
    "withers": "spine",
    "snout": "withers",
    "ear_L": "snout",
    "ear_R": "snout",
    "hand_L": "withers",
    "hand_R": "withers",
    "tail_base": "spine",
    "tail_mid": "tail_base",
    "knee_L": "tail_base",
    "foot_L": "knee_L",
    "knee_R": "tail_base",
    "foot_R": "knee_R",
}


class Skeleton(NamedTuple):
    """A body that GIMBAL (lab 8) can work with: any animal, any number of keypoints.

    It is a plain tuple, so that it can be taken apart anywhere: ``names, parents, heading = skeleton``. Whether its parts fit
    together is looked at where it is used.
    """

    names: Sequence[str]  #: K keypoint names
    parents: Sequence[int]  #: K indices, ``parents[k] < k``; the first keypoint is the root, and its own parent
    #: Names of two keypoints: seen from above, the animal faces from the first to the second. Take two of the trunk that are
    #: never right above each other.
    heading: tuple[str, str] | None = None


def parents_of(names=NAMES):
    """Index of each keypoint's parent.

    Parameters
    ----------
    names : sequence of K str, in an order that puts every parent before its children

    Returns
    -------
    parents : (K,) int array; ``parents[k] < k``, and the root (``spine``) is its own parent

    Raises
    ------
    ValueError : for a name that is no keypoint, or one whose parent is not in ``names``
    """
    names = tuple(names)
    index = {name: k for k, name in enumerate(names)}
    for name in names:
        if name not in _PARENT:
            raise ValueError(f"{name!r} is no keypoint of the rat; choose from {', '.join(NAMES)}")
        if _PARENT[name] not in index:
            raise ValueError(f"names lacks {_PARENT[name]!r}, the parent of {name!r}; add it")
    return np.array([index[_PARENT[name]] for name in names], dtype=int)


# How names say a side: as a word of its own ("left_hand", "Hand L"), or where lower case meets upper ("leftEar", "EarL"). The two
# words can also begin or end a name ("leftear"); a single letter cannot.
_OTHER = {"left": "right", "l": "r"}
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^A-Za-z0-9]+")


def side_of(name):
    """ "left", "right", or "" for a keypoint of neither side, as far as its name says."""
    words = {word.lower() for word in _WORDS.findall(name)}
    for left, right in _OTHER.items():
        for side, sign in (("left", left), ("right", right)):
            if sign in words or (len(sign) > 1 and (name.lower().startswith(sign) or name.lower().endswith(sign))):
                return side
    return ""


def left_right_pairs(names=NAMES, pairs=None):
    """Pairs of keypoints that a mirror image swaps.

    Parameters
    ----------
    names : sequence of K str
        A left name differs from its right one in "left" and "right" or in "l" and "r", in any case: "ear_L" and "ear_R",
        "Left_ear", "earLeft", "leftear", "L ear".
    pairs : sequence of (left, right), optional
        The names of each pair, where they cannot be guessed.

    Returns
    -------
    pairs : (M, 2) int array of (left, right) indices

    Raises
    ------
    ValueError : where a pair holds a name that is not in ``names``, or one that another pair holds
    """
    names = tuple(names)
    if pairs is None:
        lowered = [name.lower() for name in names]
        mirrored = [_mirrored(name) for name in names]
        pairs = [
            (left, names[lowered.index(right)])
            for left, options in zip(names, mirrored, strict=True)
            for right in options
            if right in lowered
        ]
    found = []
    for left, right in pairs:
        for name in (left, right):
            if name not in names:
                raise ValueError(
                    f"{name!r} of the pair {left!r}, {right!r} is no keypoint; there are {', '.join(names)}"
                )
        found.append((names.index(left), names.index(right)))
    used = [k for pair in found for k in pair]
    if len(set(used)) < len(used):
        twice = next(names[k] for k in used if used.count(k) > 1)
        raise ValueError(f"{twice!r} is in two pairs; say which belong together, pairs=[(left, right), ...]")
    return np.array(found, dtype=int).reshape(-1, 2)


def _mirrored(name):
    """What the right counterpart of a left name may be called, in lower case; empty for other names."""
    words = [word.lower() for word in _WORDS.findall(name)]
    options = {"".join([*words[:n], _OTHER[word], *words[n + 1 :]]) for n, word in enumerate(words) if word in _OTHER}
    lowered = name.lower()
    if lowered.startswith("left"):
        options.add("right" + lowered[4:])
    if lowered.endswith("left"):
        options.add(lowered[:-4] + "right")
    return sorted(options)
