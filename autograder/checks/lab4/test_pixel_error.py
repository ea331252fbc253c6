"""Checks of `pixel_error`."""

import numpy as np
import pytest

from autograder import agree, hint, no_probe, points
from autograder.checks.lab4.common import KINDS, of_kind


@points(1)
@no_probe("integers")  # honest in float32
@KINDS
@hint(
    "The Euclidean distance sqrt(dx^2 + dy^2) of each pair of points, in px: one number per keypoint, neither squared "
    "nor averaged, and the last axis is gone.",
    also=("shape",),
)
@pytest.mark.parametrize("lead", [(), (5,), (1, 1), (2, 3), (2, 1, 3)])
def test_measures_distances(pixel_error, rng, kind, lead):
    true = rng.uniform(20.0, 60.0, size=(*lead, 2))
    away = rng.uniform(1.0, 30.0, size=lead) * np.exp(2j * np.pi * rng.uniform(size=lead))
    pred = true + np.stack([np.real(away), np.imag(away)], axis=-1)
    agree(pixel_error(*of_kind(kind, pred, true)), np.abs(away), rtol=1e-4)


@points(1)
@hint(
    "Where the truth is NaN, in one coordinate or in both, there is no error to measure: NaN, neither 0 nor dropped; nor "
    "where the prediction is NaN. The other keypoints are not touched by it.",
    also=("shape",),
)
def test_is_nan_where_one_of_the_two_is(pixel_error):
    nan = np.nan
    true = np.array([[[3.0, 4.0], [nan, nan]], [[nan, 4.0], [3.0, nan]], [[0.0, 0.0], [1.0, 1.0]]])
    pred = np.zeros((3, 2, 2))
    agree(pixel_error(pred, true), [[5.0, nan], [nan, nan], [0.0, np.sqrt(2.0)]], rtol=1e-5)
    agree(pixel_error(true, pred), [[5.0, nan], [nan, nan], [0.0, np.sqrt(2.0)]], rtol=1e-5)
