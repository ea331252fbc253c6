"""Checks of `encode_offsets`."""

import numpy as np
import pytest
import torch

from autograder import agree, hint, no_probe, points
from autograder.checks.lab5.common import PRECISE, cell_centers, same_kind

pytestmark = no_probe("integers")  # floats are promised


@points(1)
@hint(
    "The offset leads from the cell to the keypoint: keypoint minus centre, in px (not divided by the stride). [:, 0] "
    "holds dx, which changes along the columns j, and [:, 1] dy; shape is (h, w). A missing keypoint is NaN in its "
    "whole map. Arrays and tensors both come in, and go out as they came.",
    also=("exception",),
)
@pytest.mark.parametrize("tensor", [None, torch.float32, torch.float64])
@pytest.mark.parametrize("number, shape, stride", [(3, (4, 6), 8), (1, (5, 3), 4), (2, (1, 7), 1), (5, (2, 2), 3)])
def test_leads_from_cells_to_keypoints(encode_offsets, rng, number, shape, stride, tensor):
    h, w = shape
    keypoints = rng.uniform(-20.0, 60.0, size=(number, 2))  # also far beside the map
    keypoints[1::2] = np.nan
    given = torch.tensor(keypoints, dtype=tensor) if tensor else keypoints
    offsets = encode_offsets(given, shape, stride)
    expected = np.empty((number, 2, h, w))
    for k, (x, y) in enumerate(keypoints):
        expected[k, 0] = x - cell_centers(w, stride)
        expected[k, 1] = (y - cell_centers(h, stride))[:, None]
    assert np.shape(offsets) == expected.shape, f"returned shape {np.shape(offsets)}, expected {expected.shape}"
    # Where a cell is centred is the next check's business: up to one shift, these are right or wrong for every cell.
    shift = np.asarray(offsets) - expected
    assert np.array_equal(np.isnan(offsets), np.isnan(expected)), "NaN is due for missing keypoints, and for no others"
    assert np.nanmax(np.abs(shift)) <= stride / 2 + 1e-3 and np.nanmax(shift) - np.nanmin(shift) < 1e-3, (
        "the offsets differ from keypoint - centre by "
        f"{np.nanmin(shift):.4g} to {np.nanmax(shift):.4g} px over the map, not by 0"
    )
    same_kind(encode_offsets, given, offsets)


@points(1)
@hint(
    "A cell of stride s covers the pixels s j to s j + s - 1, and pixels are centred at integers: its middle is "
    "s j + (s - 1)/2, not s j (its first pixel) and not s j + s/2 (half a pixel too far)."
)
@pytest.mark.parametrize("stride", [8, 1, 5, 2])
def test_measures_from_the_middle_of_a_cell(encode_offsets, rng, stride):
    h, w = 3, 4
    x, y = rng.uniform(5.0, 15.0, size=2)
    offsets = encode_offsets(np.array([[x, y]]), (h, w), stride)
    dx, dy = x - cell_centers(w, stride), y - cell_centers(h, stride)
    agree(offsets, np.stack([np.tile(dx, (h, 1)), np.tile(dy[:, None], (1, w))])[None], rtol=0.0, atol=PRECISE)
