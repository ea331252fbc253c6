"""Checks of `unproject`."""

import numpy as np

from autograder import agree, hint, no_probe, points
from autograder.checks.lab7.common import pixels, points_in_view, rig


@points(1)
@hint(
    "Each camera looks at the grid by `project`, and its own map is read there: row y, column x, bilinearly "
    "between the four pixels around. The result has a row for each point and a column for each camera."
)
@no_probe("integers")  # floats are promised
def test_reads_each_map_where_its_camera_looks(unproject, rng):
    P, grid = rig(rng, 3), points_in_view(rng, 40) * 0.4 + [0.0, 0.0, 24.0]
    maps = rng.uniform(-1.0, 1.0, size=(3, 112, 128))
    expected = np.array([[bilinear(image, at) for image, at in zip(maps, row, strict=True)] for row in pixels(P, grid)])
    agree(unproject(maps, P, grid), expected, rtol=1e-9, atol=1e-9)


def bilinear(image, at):
    """The value at a pixel (x, y), 0 outside."""
    (j, i), (b, a) = np.floor(at).astype(int), at - np.floor(at)
    if not (0 <= i < image.shape[0] - 1 and 0 <= j < image.shape[1] - 1):
        return 0.0
    return np.array([1 - a, a]) @ image[i : i + 2, j : j + 2] @ np.array([1 - b, b])


@points(1)
@hint(
    "0 where the point is outside of the picture, at any of its four sides, or behind the camera (where `project` "
    "gives NaN). The first and the last row and column are the picture's, and count: W columns end at W - 1."
)
@no_probe("integers")  # floats are promised
def test_is_zero_where_nothing_is_seen(unproject, rng):
    P, maps = rig(rng, 3), np.ones((3, 112, 128))
    grid = rng.uniform(-600.0, 600.0, size=(300, 3))
    centres = -np.linalg.solve(P[:, :, :3], P[:, :, 3:])[..., 0]
    grid[:3] = 2.0 * centres - [
        0.0,
        0.0,
        40.0,
    ]  # behind each camera, where its mirror image is in the middle of the picture
    homogeneous = np.column_stack([grid, np.ones(300)])
    u, v, w = np.moveaxis(np.einsum("cij,gj->gci", P, homogeneous), -1, 0)
    seen = (w > 0) & (u >= 0) & (u <= 127 * w) & (v >= 0) & (v <= 111 * w)
    with np.errstate(divide="ignore", invalid="ignore"):
        x, y = u / w, v / w
    near_edge = (np.abs(np.abs(x - 63.5) - 63.5) < 2.0) | (np.abs(np.abs(y - 55.5) - 55.5) < 2.0)
    found = np.asarray(unproject(maps, P, grid), dtype=float)
    assert found.shape == (300, 3), f"the result has shape {found.shape}, expected (300, 3)"
    agree(np.where(near_edge, 0.0, found), np.where(near_edge, 0.0, seen), atol=1e-9)
    # A camera whose pixels are exact: (x, y, 1) is seen at (x, y). Inside, on the edge, and just outside, in turns.
    x, y = (
        side.ravel() for side in np.meshgrid([-0.25, 0.0, 0.25, 5.75, 6.0, 6.25], [-0.25, 0.0, 0.25, 3.75, 4.0, 4.25])
    )
    expected = (np.abs(x - 3.0) <= 3.0) & (np.abs(y - 2.0) <= 2.0)
    found = unproject(np.ones((1, 5, 7)), np.eye(3, 4)[None], np.column_stack([x, y, np.ones(len(x))]))
    agree(np.ravel(found), expected.astype(float), atol=1e-9)
