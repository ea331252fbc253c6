"""The rat's keypoints: their names, the tree that joins them, and which of them are left and right of each other."""

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


def left_right_pairs(names=NAMES):
    """Pairs of keypoints that a mirror image swaps.

    Parameters
    ----------
    names : sequence of K str

    Returns
    -------
    pairs : (M, 2) int array of (left, right) indices
    """
    names = tuple(names)
    lefts = [name for name in names if name.endswith("_L") and name[:-1] + "R" in names]
    pairs = [(names.index(name), names.index(name[:-1] + "R")) for name in lefts]
    return np.array(pairs, dtype=int).reshape(-1, 2)
