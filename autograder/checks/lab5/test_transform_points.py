"""Checks of `transform_points`."""

import numpy as np
import pytest
import torch

from autograder import agree, hint, no_probe, points
from autograder.checks.lab5.common import PRECISE, same_kind

pytestmark = no_probe("integers")  # floats are promised


@points(1)
@hint(
    "x' = m00 x + m01 y + m02 and y' = m10 x + m11 y + m12: for points in rows that is points @ A.T + b, not "
    "points @ A, and b is added. Any leading axes stay (one point, none, a grid), NaN stays NaN without spreading to "
    "other points, and arrays and tensors both come in, and go out as they came.",
    also=("shape", "exception"),
)
@pytest.mark.parametrize("tensor", [None, torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(5, 2), (2,), (1, 2), (3, 4, 2), (2, 2), (0, 2)])
def test_applies_the_matrix_to_every_point(transform_points, rng, shape, tensor):
    matrix = rng.uniform(0.5, 1.5, size=(2, 3)) * [[1.0, -0.6, 8.0], [0.3, 1.2, -5.0]]
    moved = rng.uniform(1.0, 40.0, size=shape)
    source = np.linalg.solve(matrix[:, :2], moved.reshape(-1, 2).T - matrix[:, 2:]).T.reshape(shape)
    if len(shape) > 1 and shape[0] > 1:
        source[1], moved[1] = np.nan, np.nan
    given = torch.tensor(source, dtype=tensor) if tensor else source
    result = transform_points(given, matrix)
    agree(result, moved, rtol=0.0, atol=PRECISE)
    same_kind(transform_points, given, result)
