"""What predictions are worth: errors against the truth, and agreement of labels."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.course import CourseError
from posekit.data import DataError, Truth, read_arrays, truth_of
from posekit.skeleton import NAMES

WITHIN = (10.0, 20.0)  # mm


@dataclass(frozen=True)
class Score:
    """How good one set of predictions is. Errors are mean distances in mm, over all frames and keypoints."""

    name: str
    raw: float
    aligned: float  # after each frame's pose was turned and moved onto the true one
    within: tuple[float, ...]  # shares of points with a raw error of at most so much (`WITHIN`)
    agreement: float | None  # adjusted Rand index of the labels; None for a baseline without labels
    by_keypoint: tuple[float, ...]  # raw, in the order of `posekit.skeleton.NAMES`
    by_state: tuple[float, ...]  # raw, in the order of the truth's `state_names`


def load_truth(root: Path) -> Truth:
    """The truth of the capstone's clip, of a checkout.

    Raises
    ------
    CourseError
        Where it is not there: students' packages do not have it.
    """
    folder = root / "data" / "truth"
    try:
        return truth_of(read_arrays("clip_truth.npz", folder))
    except DataError:
        raise CourseError(
            f"the truth of the clip is not (whole) in {folder}: score in an instructor's checkout of the course; "
            "what students install does not have it"
        ) from None


def load_baselines(root: Path) -> list[Score]:
    """What the reference reaches on the clip, as `python -m tests.bench.capstone --write` stored it.

    Raises
    ------
    CourseError
        Where that file is missing or damaged.
    """
    path = root / "data" / "truth" / "baselines.json"
    try:
        return [_score_from(row) for row in json.loads(path.read_text("utf-8"))]
    except (OSError, ValueError, TypeError, AttributeError):
        raise CourseError(
            f"{path} is missing or damaged: write it with `python -m tests.bench.capstone --write`"
        ) from None


def _score_from(row: dict[str, Any]) -> Score:
    lists: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    return Score(**lists)


def dump(scores: list[Score]) -> str:
    """Scores as the text of a JSON file, which `load_baselines` reads."""
    return json.dumps([asdict(score) for score in scores], indent=1) + "\n"


def score(name: str, positions: np.ndarray, labels: np.ndarray | None, truth: Truth) -> Score:
    """Positions (T, K, 3) mm and labels (T,) against the truth. `None` for labels where a method gives none."""
    error = np.linalg.norm(positions - truth.points3d, axis=-1)
    turned = np.linalg.norm(aligned(positions, truth.points3d) - truth.points3d, axis=-1)
    states = range(len(truth.state_names))
    return Score(
        name,
        float(error.mean()),
        float(turned.mean()),
        tuple(float(np.mean(error <= limit)) for limit in WITHIN),
        None if labels is None else agreement(labels, truth.state),
        tuple(error.mean(axis=0).tolist()),
        tuple(float(error[truth.state == s].mean()) for s in states),
    )


def aligned(X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """Poses X (T, K, 3), each turned and moved onto that of Y as closely as possible, without a mirror image (Kabsch 1976)."""
    x, y = X - X.mean(axis=1, keepdims=True), Y - Y.mean(axis=1, keepdims=True)
    U, _, Vt = np.linalg.svd(x.swapaxes(1, 2) @ y)
    U[:, :, 2] *= np.linalg.det(U @ Vt)[:, None]
    return x @ U @ Vt + Y.mean(axis=1, keepdims=True)


def agreement(a: np.ndarray, b: np.ndarray) -> float:
    """The adjusted Rand index of two sets of labels (Hubert and Arabie 1985): 1 for the same groups, 0 by chance."""
    table = np.zeros((len(np.unique(a)), len(np.unique(b))))
    np.add.at(table, (np.unique(a, return_inverse=True)[1], np.unique(b, return_inverse=True)[1]), 1)
    both, rows, columns, all_pairs = (
        float(np.sum(n * (n - 1) / 2)) for n in (table, table.sum(axis=1), table.sum(axis=0), table.sum())
    )
    if both == rows == columns:
        return 1.0
    chance = rows * columns / all_pairs
    return (both - chance) / ((rows + columns) / 2 - chance)


def columns(truth: Truth) -> list[str]:
    """Names of all numbers of a score, as `numbers` gives them."""
    within = [f"share within {limit:g} mm" for limit in WITHIN]
    parts = [f"{name}, mm" for name in (*NAMES, *truth.state_names)]
    return ["mean error, mm", "after Procrustes, mm", *within, "agreement of labels", *parts]


def numbers(found: Score) -> list[float | None]:
    return [found.raw, found.aligned, *found.within, found.agreement, *found.by_keypoint, *found.by_state]
