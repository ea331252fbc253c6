"""Checks of `receptive_field`."""

import numpy as np
import pytest

from autograder import hint, points

RESNET_18 = [(7, 2), (3, 2)] + [(3, 1)] * 4 + ([(3, 2)] + [(3, 1)] * 3) * 3


@points(1)
@hint(
    "A layer of kernel k adds (k - 1) times the stride of its *input*, the product of the strides below it; then its "
    "own stride multiplies this product. Start from a window of 1, which is also the answer without layers.",
    also=("exception",),
)
@pytest.mark.parametrize(
    "layers", [[], [(3, 1)], [(7, 2)], [(3, 2), (3, 1), (5, 3), (1, 2), (2, 1)], [(1, 2), (2, 2), (3, 1)], RESNET_18]
)
def test_counts_the_pixels_below(receptive_field, layers):
    window = {0}  # which inputs of each layer, from the top down, one output depends on
    for kernel, stride in reversed(layers):
        window = {stride * n + k for n in window for k in range(kernel)}
    found = receptive_field(layers)
    assert isinstance(found, (int, np.integer)), f"returned {found}, which is no int"
    assert np.shape(found) == () and found == max(window) + 1, f"{layers} see {max(window) + 1} px, not {found}"
