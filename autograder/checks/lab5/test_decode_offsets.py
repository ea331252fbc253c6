"""Checks of `decode_offsets`."""

import numpy as np
import pytest
import torch

from autograder import agree, hint, no_probe, points
from autograder.checks.lab5.common import PRECISE, cell_centers, same_kind

pytestmark = no_probe("integers")  # floats are promised


def maps_with_a_best_cell(rng, number, shape):
    """Logits of which one per map is the largest, all of them negative, and the rows and columns of these."""
    scores = -1.0 - np.stack([rng.permutation(shape[0] * shape[1]) for _ in range(number)]).reshape(number, *shape)
    rows, columns = np.unravel_index(scores.reshape(number, -1).argmax(axis=1), shape)
    return scores, rows, columns


@points(1)
@hint(
    "Each keypoint takes the cell where its own score map is largest (all scores may be negative), and that cell's "
    "offset from its own map: index i w + j is row i and column j, x goes with the column and offset [:, 0]. The "
    "offset is added, in px. A NaN offset gives a NaN point, whatever the others are. Arrays and tensors both come "
    "in, and go out as they came.",
    also=("exception",),
)
@pytest.mark.parametrize("tensor", [None, torch.float32, torch.float64])
@pytest.mark.parametrize("number, shape", [(4, (5, 9)), (3, (7, 2)), (1, (3, 3)), (2, (1, 6))])
def test_adds_the_offset_of_the_best_cell(decode_offsets, rng, number, shape, tensor):
    scores, rows, columns = maps_with_a_best_cell(rng, number, shape)
    offsets = rng.uniform(1.0, 3.0, size=(number, 2, *shape)) * [[[[1.0]], [[-1.0]]]]
    if number > 1:
        offsets[1, :, rows[1], columns[1]] = np.nan  # and nowhere else
        offsets[2:3] = np.nan  # a keypoint that is missing
    # A stride of 1: the middle of a cell is its only pixel.
    expected = [[j + offsets[k, 0, i, j], i + offsets[k, 1, i, j]] for k, (i, j) in enumerate(zip(rows, columns))]
    if tensor:
        scores, offsets = torch.tensor(scores, dtype=tensor), torch.tensor(offsets, dtype=tensor)
    found = decode_offsets(scores, offsets, 1)
    agree(found, expected, rtol=0.0, atol=PRECISE)
    same_kind(decode_offsets, offsets, found)
    sure = 200.0 + scores  # where all sigmoids are one
    agree(decode_offsets(sure, offsets, 1), expected, rtol=0.0, atol=PRECISE)


@points(1)
@hint(
    "The point is the middle of the best cell plus the offset, and with pixel centres at integers the middle is "
    "s j + (s - 1)/2: not s j, not s j + s/2, and never divide the offset by the stride. Then whatever cell wins, the "
    "offsets lead back to the keypoint exactly."
)
@pytest.mark.parametrize("stride", [8, 3, 2])
def test_leads_back_from_every_cell(decode_offsets, rng, stride):
    h, w = 4, 5
    keypoints = rng.uniform(-10.0, 50.0, size=(h * w, 2))
    x = np.broadcast_to(cell_centers(w, stride), (h, w))
    y = np.broadcast_to(cell_centers(h, stride)[:, None], (h, w))
    scores = np.eye(h * w).reshape(h * w, h, w)  # map k is best in cell k
    agree(decode_offsets(scores, keypoints[:, :, None, None] - [x, y], stride), keypoints, rtol=0.0, atol=PRECISE)
