"""Checks of `pck`."""

import numpy as np

from autograder import agree, hint, points
from autograder.checks.lab4.common import KINDS, of_kind


@points(1)
@KINDS
@hint(
    "The fraction (between 0 and 1, not per cent) of keypoints whose distance is at most the threshold: <=, so that "
    "exactly 5 px is correct for a threshold of 5, and nothing is rounded. One number over all frames and keypoints.",
    also=("shape",),
)
def test_counts_those_within_the_threshold(pck, rng, kind):
    # 3-4-5 triangles and their multiples: distances 0, 5, 10, 25, all exact.
    offsets = np.array([[0, 0], [3, 4], [-4, 3], [6, -8], [15, 20], [0, 5], [-5, 0], [7, 24]], dtype=float)
    true = rng.integers(10, 60, size=(2, 4, 2)).astype(float)
    pred = true + rng.permutation(offsets).reshape(2, 4, 2)
    for threshold, count in ((0.0, 1), (4.999, 1), (5.0, 5), (9.999, 5), (10.0, 6), (25.0, 8)):
        agree(pck(*of_kind(kind, pred, true), threshold), count / 8, rtol=1e-6)
    apart, middle = np.array([[1.0, 1.0], [1.5, 0.0], [0.0, 2.5]]), np.zeros((3, 2))  # √2, 3/2 and 5/2 px
    for threshold, count in ((1.2, 0), (1.45, 1), (1.9, 2)):
        agree(pck(*of_kind(kind, apart, middle), threshold), count / 3, rtol=1e-6)


@points(1)
@hint(
    "Keypoints without truth are left out of both counts; where nothing is left the answer is NaN. But a prediction "
    "that is NaN although there is a truth is a miss: it stays in the denominator. All keypoints of all frames count "
    "alike: no mean over frames, or over keypoints, of fractions."
)
def test_leaves_out_what_has_no_truth(pck):
    nan = np.nan
    true = np.array([[0.0, 0.0], [nan, nan], [0.0, nan], [0.0, 0.0], [0.0, 0.0]])
    pred = np.array([[3.0, 4.0], [0.0, 0.0], [0.0, 0.0], [nan, nan], [30.0, 40.0]])
    agree(pck(pred, true, 6.0), 1 / 3, rtol=1e-6)
    agree(pck(pred, true, 60.0), 2 / 3, rtol=1e-6)
    # Two frames with one and three keypoints that have a truth; of these the first and one more are found.
    frames = np.array([[[0.0, 0.0], [nan, nan], [nan, nan]], [[0.0, 0.0], [9.0, 9.0], [9.0, 9.0]]])
    agree(pck(np.zeros((2, 3, 2)), frames, 1.0), 2 / 4, rtol=1e-6)
    agree(pck(np.zeros((3, 2, 2)), np.swapaxes(frames, 0, 1), 1.0), 2 / 4, rtol=1e-6)
    agree(pck(pred[3:4], true[3:4], 6.0), 0.0)
    agree(pck(pred[1:3], true[1:3], 6.0), nan)
    agree(pck(np.full((1, 2), nan), np.full((1, 2), nan), 6.0), nan)
