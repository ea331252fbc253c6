"""Checks of `label_patches`."""

import numpy as np
import pytest

from autograder import agree, hint, points


@points(1)
@hint(
    "A patch is positive when the Euclidean distance of its centre from the keypoint, sqrt(dx^2 + dy^2), is at most "
    "the radius: a disc, not a square or a diamond, around a keypoint that need not be whole. Labels are the "
    "integers 0 and 1."
)
@pytest.mark.parametrize("radius", [3.7, 1.2, 0.6])
def test_labels_a_disc(label_patches, rng, radius):
    keypoint = np.array([9.25, 20.75]) + rng.integers(-3, 4, 2)  # quarters: no distance comes near a radius
    xs, ys = np.meshgrid(np.arange(0.0, 20.0, 0.5), np.arange(30))
    centers = np.column_stack([xs.ravel(), ys.ravel()])
    distance = np.abs((centers[:, 0] - keypoint[0]) + 1j * (centers[:, 1] - keypoint[1]))
    labels = label_patches(centers, keypoint, radius)
    agree(labels, np.where(distance < radius, 1, 0))
    kind = np.asarray(labels).dtype
    assert kind.kind in "iu", f"labels are the integers 0 and 1, returned {kind}"


@points(1)
@hint("A centre at exactly the radius counts as positive: the distance is compared by <=, without rounding or slack.")
def test_includes_the_boundary(label_patches):
    centers = np.array([[13, 24], [14, 23], [15, 20], [10, 15], [10, 20], [15, 21], [14, 24], [10, 14]])
    agree(label_patches(centers, np.array([10.0, 20.0]), 5.0), [1, 1, 1, 1, 1, 0, 0, 0])  # 3-4-5 triangles
    agree(label_patches(centers, np.array([11.5, 22.0]), 2.5), [1, 0, 0, 0, 1, 0, 0, 0])  # 1.5, 2, 2.5
    agree(label_patches(centers, np.array([15.0, 20.0]), 0.0), [0, 0, 1, 0, 0, 0, 0, 0])
    beyond = np.array([10.0 - 1e-9, 20.0])  # from here (15, 20) is a billionth farther away than 5
    agree(label_patches(centers, beyond, 5.0), [0, 0, 0, 1, 1, 0, 0, 0])


@points(1)
@hint(
    "A keypoint that was not seen is NaN, in one or both coordinates, and makes every patch negative: N zeros, also "
    "for N = 1 and for any radius. A comparison with NaN is always False.",
    also=("shape", "exception"),
)
@pytest.mark.parametrize("keypoint", [(np.nan, np.nan), (5.0, np.nan), (np.nan, 5.0)])
@pytest.mark.parametrize("number", [4, 1])
def test_knows_missing_keypoints(label_patches, keypoint, number):
    centers = np.array([[5, 5], [0, 0], [6, 5], [9, 9]])[:number]
    for radius in (100.0, 1e5):
        agree(label_patches(centers, np.array(keypoint), radius), np.zeros(number))
