"""The data card's numbers about detections: how often they err, and how, from the arrays alone."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from data.truth import load_clip_truth
from posekit.data import load_detections
from posekit.skeleton import NAMES, left_right_pairs

from .card import table
from .recipes import DETECTOR_SEEDS

RECORDINGS = {"six_test": "six (test)", "six_train": "six (train)", "clip": "clip"}
# Quantiles 50 %, 90 % and 99 % of a real rat's detections in the recording that GIMBAL was published with, in the image's plane.
PUBLIC_RAT_MM = (3.9, 15.0, 70.0)
QUANTILES = (0.5, 0.9, 0.99)
WRONG, SURE = 8.0, 0.5  # px, and confidence: what counts as a mistake that more than one camera may share
SWAPPED = 6.0  # px: farther than this from its own place, and nearer than this to its partner's
SMALL = 12.0  # px: errors that are no gross mistakes, whose course in time is looked at
LAGS = (1, 3, 10, 30)


@dataclass(frozen=True)
class Errors:
    """Of S detectors in a recording: T time steps, C cameras, K keypoints."""

    vectors: np.ndarray  #: (S, T, C, K, 2) px, detected minus true
    confidence: np.ndarray  #: (S, T, C, K)
    keypoints: np.ndarray  #: (S, T, C, K, 2) px, detected
    truth: np.ndarray  #: (T, C, K, 2) px
    visible: np.ndarray  #: (T, C, K)
    mm: np.ndarray  #: (T, C, K) mm in the image's plane through the keypoint for each px

    @property
    def lengths(self):
        """(S, T, C, K) px."""
        return np.linalg.norm(self.vectors, axis=-1)


@cache
def errors_of(recording):
    """The `Errors` of a recording."""
    found = [load_detections(recording, seed) for seed in DETECTOR_SEEDS]
    truth, P = found[0].truth or load_clip_truth(), found[0].P
    keypoints = np.array([one.keypoints for one in found])
    depth = np.einsum("cj,tkj->tck", P[:, 2, :3], truth.points3d) + P[:, 2, 3:]
    focal = np.linalg.norm(np.cross(P[:, 0, :3], P[:, 2, :3]), axis=-1)  # the third row has length 1
    return Errors(
        vectors=keypoints - truth.keypoints,
        confidence=np.array([one.confidence for one in found]),
        keypoints=keypoints,
        truth=truth.keypoints,
        visible=truth.visible,
        mm=depth / focal[:, None],
    )


def _row(values):
    return [f"{value:.1f}" for value in np.quantile(values, QUANTILES)]


def _percent(fraction):
    return f"{100 * np.mean(fraction):.1f} %"


def sizes():
    """Quantiles of the errors by recording and visibility, in px and in mm, beside a real rat's."""
    rows = []
    for recording, name in RECORDINGS.items():
        errors = errors_of(recording)
        mm = errors.lengths * errors.mm
        seen = np.broadcast_to(errors.visible, mm.shape)
        for kind, chosen in (("all", np.ones_like(seen)), ("seen", seen), ("hidden", ~seen)):
            rows.append([f"{name}, {kind}", *_row(errors.lengths[chosen]), *_row(mm[chosen])])
    rows.append(["public rat, all", "", "", "", *PUBLIC_RAT_MM])
    seeds = [f"{seed}: {', '.join(_row(errors_of('six_test').lengths[n]))}" for n, seed in enumerate(DETECTOR_SEEDS)]
    head = ["errors", "50 % px", "90 % px", "99 % px", "50 % mm", "90 % mm", "99 % mm"]
    return table(head, rows) + f"\n\nSix (test), all, detector by detector, px: {'; '.join(seeds)}."


def by_keypoint():
    """Quantiles on the test recording by keypoint, and how often it is taken for its partner."""
    errors, rows = errors_of("six_test"), []
    for k, name in enumerate(NAMES):
        lengths, seen = errors.lengths[..., k], np.broadcast_to(errors.visible[..., k], errors.lengths.shape[:-1])
        swaps = swapped(errors)[..., k]
        paired = k in left_right_pairs()
        rows.append(
            [
                f"`{name}`",
                *(", ".join(_row(lengths[chosen])) for chosen in (seen, ~seen)),
                _percent(lengths > SMALL),
                _percent(swaps) if paired else "",
            ]
        )
    head = ["keypoint", "seen: 50 %, 90 %, 99 % px", "hidden: 50 %, 90 %, 99 % px", f"> {SMALL:.0f} px", "swapped"]
    return table(head, rows)


def swapped(errors):
    """(S, T, C, K) bool: a keypoint that is off its own place and near its partner's."""
    partner = np.arange(len(NAMES))
    for left, right in left_right_pairs():
        partner[[left, right]] = right, left
    to_partner = np.linalg.norm(errors.keypoints - errors.truth[..., partner, :], axis=-1)
    return (errors.lengths > SWAPPED) & (to_partner < SWAPPED) & (partner != np.arange(len(NAMES)))


def mistakes():
    """Swaps, and mistakes that several cameras share."""
    rows = []
    paired = left_right_pairs().ravel()
    for recording in ("six_test", "clip"):
        errors = errors_of(recording)
        swaps, wrong = swapped(errors), errors.lengths > WRONG
        sure = wrong & (errors.confidence > SURE)
        rows.append(
            [
                RECORDINGS[recording],
                _percent(swaps[..., paired]),
                f"{np.median(errors.confidence[swaps]):.2f}",
                _percent(wrong.sum(2) >= 2),
                _percent(sure.sum(2) >= 1),
                _percent(sure.sum(2) >= 2),
                _percent(sure.sum(2) >= 3),
            ]
        )
    head = [
        "",
        "left for right, of paired keypoints",
        "their median confidence",
        f"> {WRONG:.0f} px in two cameras or more",
        f"the same with confidence > {SURE}: in one or more",
        "two or more",
        "three or more",
    ]
    return table(head, rows)


def calibration():
    """How often a keypoint is as near as a positive cell of the score map says, by confidence."""
    edges = np.linspace(0, 1, 11)
    columns = []
    for recording in ("six_test", "clip"):
        errors = errors_of(recording)
        part = np.minimum(np.digitize(errors.confidence, edges) - 1, 9)
        near = errors.lengths <= 6.0
        columns.append([f"{near[part == n].mean():.2f} ({_percent(part == n)})" for n in range(10)])
    rows = [[f"{edges[n]:.1f}–{edges[n + 1]:.1f}", *cells] for n, cells in enumerate(zip(*columns, strict=True))]
    return table(["confidence", "six (test): within 6 px (share of all)", "clip: within 6 px (share of all)"], rows)


def course():
    """How much of the small errors stays the same for a keypoint and camera, and how the rest is correlated in time."""
    rows = []
    for recording in ("six_test", "clip"):
        errors = errors_of(recording)
        small = (errors.lengths <= SMALL)[..., None]
        kept = np.where(small, errors.vectors, np.nan)
        bias = np.nanmean(kept, axis=1, keepdims=True)
        static = np.nansum(np.where(small, bias, 0.0) ** 2) / np.nansum(kept**2)
        rest = kept - bias
        correlations = []
        for lag in LAGS:
            both = ~np.isnan(rest[:, lag:]) & ~np.isnan(rest[:, :-lag])
            late, early = rest[:, lag:][both], rest[:, :-lag][both]
            correlations.append(f"{late @ early / np.sqrt((late @ late) * (early @ early)):.2f}")
        rows.append([RECORDINGS[recording], _percent(static), *correlations])
    head = [f"errors up to {SMALL:.0f} px", "share that never changes", *(f"lag {lag}" for lag in LAGS)]
    return table(head, rows)


SECTIONS = {section.__name__: section for section in (sizes, by_keypoint, mistakes, calibration, course)}
