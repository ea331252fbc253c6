"""Checks of `warp_image`."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from autograder import agree, hint, no_probe, points
from autograder.checks.lab5.common import blob, centroid, same_kind

pytestmark = no_probe("integers")  # floats are promised


def about(center, linear, shift=(0.0, 0.0)):
    """The matrix (2, 3) of a linear map about a point, with a shift behind it."""
    linear, center = np.asarray(linear, dtype=float), np.asarray(center, dtype=float)
    return np.column_stack([linear, center + shift - linear @ center])


def turned(degrees, scale=1.0):
    """A rotation that takes the x axis towards the y axis, and a scale."""
    z = scale * np.exp(1j * np.radians(degrees))
    return np.array([[z.real, -z.imag], [z.imag, z.real]])


@points(1)
@hint(
    "Pixel (x, y) is centred at the integers x and y, so the identity and mirror images reproduce every pixel exactly. "
    "A grid from -1 to 1 means the outer edges, half a pixel outside, for align_corners=False: (2 x + 1)/W - 1. With "
    "align_corners=True it means the outermost centres: 2 x/(W - 1) - 1. A tensor goes out as a tensor of its kind."
)
@pytest.mark.parametrize("tensor", [None, torch.float32, torch.float64])
@pytest.mark.parametrize("flip_x, flip_y", [(False, False), (True, False), (False, True), (True, True)])
def test_keeps_pixels_on_pixels(warp_image, rng, flip_x, flip_y, tensor):
    H, W = 9, 12
    image = rng.uniform(0.2, 1.0, size=(2, H, W))
    matrix = about(((W - 1) / 2, (H - 1) / 2), np.diag([-1.0 if flip_x else 1.0, -1.0 if flip_y else 1.0]))
    given = torch.tensor(image, dtype=tensor) if tensor else image
    warped = warp_image(given, matrix)
    expected = image[:, :: -1 if flip_y else 1, :: -1 if flip_x else 1]
    agree(warped, expected, rtol=0.0, atol=1e-4)  # single precision is enough for pixels
    same_kind(warp_image, given, warped)


@points(1)
@hint(
    "The matrix says where the pixels of the source go. To fill the target, each of its pixels (x, y) must ask the "
    "*inverse* where it came from: the matrix itself there turns, scales and shifts the wrong way round. Coordinates "
    "are (x, y) = (column, row)."
)
@pytest.mark.parametrize(
    "linear, shift",
    [
        (np.eye(2), (7.25, -4.5)),
        (turned(35.0), (2.0, 1.0)),
        (turned(-10.0, 0.7), (-6.0, 3.0)),
        (turned(0.0, 1.5), (0.0, 0.0)),
        ([[1.1, 0.5], [-0.1, 0.8]], (-3.0, 2.0)),
    ],
)
def test_moves_a_blob_where_its_point_goes(warp_image, rng, linear, shift):
    H, W = 56, 70
    middle = np.array([(W - 1) / 2, (H - 1) / 2])
    point = middle + rng.uniform(4.0, 7.0, size=2) * rng.choice([-1.0, 1.0], size=2)
    matrix = about(middle, linear, shift)
    warped = np.asarray(warp_image(blob((H, W), point, 2.5)[None], matrix))
    assert warped.shape == (1, H, W), f"returned shape {warped.shape}, expected {(1, H, W)}"
    due = matrix @ [*point, 1.0]
    y, x = np.mgrid[:H, :W]
    seen = np.where(np.hypot(x - due[0], y - due[1]) < 13.0, warped[0], 0.0)
    mass = seen.sum() / np.linalg.det(linear)  # of a blob that covers so much more of the image
    assert abs(mass / (2.0 * np.pi * 2.5**2) - 1.0) < 0.05, (
        f"the blob of ({point[0]:.2f}, {point[1]:.2f}) is not around ({due[0]:.2f}, {due[1]:.2f}), or not as bright"
    )
    found = centroid(seen)
    assert np.hypot(*(found - due)) < 0.05, (
        f"the blob of ({point[0]:.2f}, {point[1]:.2f}) is at ({found[0]:.2f}, {found[1]:.2f}), "
        f"its point at ({due[0]:.2f}, {due[1]:.2f})"
    )


@points(1)
@hint(
    "Between pixels the value is bilinear: the mean of the four neighbours, weighted by closeness; not the nearest, and "
    "not a spline. Each channel is its own image. What comes from outside is zero, not the edge again. And fill "
    "backward, a value for each target pixel: pushing pixels forward leaves holes where the image grows."
)
@pytest.mark.parametrize(
    "linear, shift",
    [
        (np.eye(2), (0.5, 0.25)),
        (turned(20.0, 1.8), (1.3, -2.1)),
        (turned(-75.0, 0.6), (2.2, 4.4)),
        (np.eye(2), (-60.0, 5.5)),
    ],
)
def test_interpolates_and_puts_zeros_outside(warp_image, rng, linear, shift):
    C, H, W = 3, 15, 22
    image = rng.uniform(0.2, 1.0, size=(C, H, W))
    matrix = about(((W - 1) / 2, (H - 1) / 2), linear, shift)
    y, x = np.mgrid[:H, :W]
    targets = np.stack([x.ravel(), y.ravel()])
    sx, sy = np.linalg.solve(matrix[:, :2], targets - matrix[:, 2:]).reshape(2, H, W)
    beside = np.maximum(np.maximum(-sx, sx - (W - 1)), np.maximum(-sy, sy - (H - 1)))  # px beyond the outermost centres
    expected = [ndimage.map_coordinates(channel, [sy, sx], order=1, mode="nearest") for channel in image]
    expected = np.where(beside >= 1.0, 0.0, expected)
    warped = np.asarray(warp_image(image, matrix))
    assert warped.shape == (C, H, W), f"returned shape {warped.shape}, expected {(C, H, W)}"
    border = (beside > -1e-3) & (beside < 1.001)  # half inside: honest solutions differ there
    agree(np.where(border, 0.0, warped), np.where(border, 0.0, expected), rtol=0.0, atol=1e-4)
