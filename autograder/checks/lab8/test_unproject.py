"""Checks of `unproject`."""

import numpy as np

from autograder import agree, hint, points
from autograder.checks.lab7.common import pixels, points_in_view, rig


@points(1)
@hint(
    "Each camera looks at the grid by `project`, and its own map is read there: row y, column x, bilinearly "
    "between the four pixels around. The result has a row for each point and a column for each camera."
)
def test_reads_each_map_where_its_camera_looks(unproject, rng):
    P, grid = rig(rng, 3), points_in_view(rng, 40) * 0.4 + [0.0, 0.0, 24.0]
    x, y = np.moveaxis(pixels(P, grid), -1, 0)  # (G, C)
    rows, columns = np.mgrid[:112, :128]
    slopes = rng.uniform(0.5, 2.0, size=(3, 3))
    # A map that is a x + b y + c x y is its own bilinear interpolation.
    maps = np.array([a * columns + b * rows + 0.01 * c * rows * columns for a, b, c in slopes])
    a, b, c = slopes.T
    inside = (x > 0) & (x < 127) & (y > 0) & (y < 111)
    expected = np.where(inside, a * x + b * y + 0.01 * c * x * y, 0.0)
    agree(unproject(maps, P, grid), expected, rtol=1e-9, atol=1e-9)


@points(1)
@hint(
    "0 where the point is outside of the picture, at any of its four sides, or behind the camera (where `project` "
    "gives NaN)."
)
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
