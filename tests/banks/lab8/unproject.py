"""What goes wrong, and what else is right, in `unproject`."""

import numpy as np
from scipy.interpolate import RegularGridInterpolator
from scipy.ndimage import map_coordinates

from autograder.judge.bank import alternative, mistake
from solutions.triangulation import project


def looked_up(maps, P, grid, *, points=None, order=1, mode="constant", swapped=False, shift=0.0, inside=True):
    maps = np.asarray(maps, dtype=float)
    points = project(P, grid) if points is None else points
    x, y = np.moveaxis(points + shift, -1, 0)
    values = np.empty(x.shape)
    for c, image in enumerate(maps):
        H, W = image.shape
        seen = (x[:, c] >= 0) & (x[:, c] <= W - 1) & (y[:, c] >= 0) & (y[:, c] <= H - 1)
        at = [x[:, c], y[:, c]] if swapped else [y[:, c], x[:, c]]
        found = map_coordinates(image, np.where(np.isfinite(at), at, -1e6), order=order, mode=mode)
        values[:, c] = np.where(seen, found, 0.0) if inside else found
    return values


@mistake("exchanges rows and columns", hint="row y, column x")
def swapped(maps, P, grid):
    return looked_up(maps, P, grid, swapped=True)


@mistake("takes the nearest pixel", hint="bilinearly between the four pixels around")
def nearest(maps, P, grid):
    return looked_up(maps, P, grid, order=0)


@mistake("rounds down", hint="bilinearly between the four pixels around")
def floor(maps, P, grid):
    return looked_up(maps, P, grid, points=np.floor(project(P, grid)))


@mistake("is off by half a pixel", hint="bilinearly between the four pixels around")
def half_pixel(maps, P, grid):
    return looked_up(maps, P, grid, shift=0.5)


@mistake("returns one row a camera", hint="expected shape (40, 3)")
def transposed(maps, P, grid):
    return looked_up(maps, P, grid).T


@mistake("repeats the edge outside of the picture", hint="0 where the point is outside of the picture")
def clamped(maps, P, grid):
    points = project(P, grid)
    behind = ~np.isfinite(points).all(axis=-1)
    found = looked_up(maps, P, grid, points=np.nan_to_num(points), mode="nearest", inside=False)
    return np.where(behind, 0.0, found)


@mistake("sees points behind the camera", hint="or behind the camera")
def mirrored(maps, P, grid):
    homogeneous = np.einsum("cij,gj->gci", P[:, :, :3], grid) + P[:, :, 3]
    with np.errstate(all="ignore"):
        return looked_up(maps, P, grid, points=homogeneous[..., :2] / homogeneous[..., 2:])


@mistake("wraps around the picture", hint="at any of its four sides")
def wraps(maps, P, grid):
    points = project(P, grid)
    seen = np.isfinite(points).all(axis=-1)
    found = looked_up(maps, P, grid, points=np.nan_to_num(points), mode="grid-wrap", inside=False)
    return np.where(seen, found, 0.0)


@mistake("reads the first camera's map for all", hint="its own map is read")
def first_map(maps, P, grid):
    return looked_up(np.broadcast_to(np.asarray(maps)[:1], np.shape(maps)), P, grid)


@mistake("gives NaN where nothing is seen", hint="0 where the point is outside")
def nan_outside(maps, P, grid):
    points = project(P, grid)
    H, W = np.shape(maps)[1:]
    seen = ((points >= 0) & (points <= [W - 1, H - 1])).all(axis=-1)
    return np.where(seen, looked_up(maps, P, grid), np.nan)


@mistake("averages over the cameras", hint="expected shape (40, 3)")
def mean(maps, P, grid):
    return looked_up(maps, P, grid).mean(axis=1)


@mistake(
    "looks up a cubic spline, which is what map_coordinates does by itself", hint="bilinearly between the four pixels"
)
def cubic(maps, P, grid):
    return looked_up(maps, P, grid, order=3)


@mistake("takes the picture for one pixel wider and higher than it is", hint="W columns end at W - 1")
def one_more(maps, P, grid):
    points = project(P, grid)
    H, W = np.shape(maps)[1:]
    outside = (points > [W - 1, H - 1]) & (points <= [W, H])
    return looked_up(maps, P, grid, points=np.where(outside, np.minimum(points, [W - 1, H - 1]), points))


@mistake("leaves out the last row and column", hint="The first and the last row and column are the picture's")
def one_less(maps, P, grid):
    points = project(P, grid)
    H, W = np.shape(maps)[1:]
    return np.where((points < [W - 1, H - 1]).all(axis=-1), looked_up(maps, P, grid), 0.0)


@mistake("exchanges height and width", hint="0 where the point is outside of the picture")
def exchanged(maps, P, grid):
    points = project(P, grid)
    H, W = np.shape(maps)[1:]
    return np.where((points <= [H - 1, W - 1]).all(axis=-1), looked_up(maps, P, grid), 0.0)


@alternative
def by_interpolator(maps, P, grid):
    points, values = project(P, grid), []
    for c, image in enumerate(np.asarray(maps, dtype=float)):
        axes = np.arange(image.shape[0]), np.arange(image.shape[1])
        inner = RegularGridInterpolator(axes, image, bounds_error=False, fill_value=0.0)
        values.append(inner(np.nan_to_num(points[:, c, ::-1], nan=-5.0)))
    return np.stack(values, axis=-1)


@alternative
def by_hand(maps, P, grid):
    maps, points = np.asarray(maps, dtype=float), project(P, grid)
    C, H, W = maps.shape
    values = np.zeros(points.shape[:2])
    for g, c in np.ndindex(*values.shape):
        x, y = points[g, c]
        if 0 <= x <= W - 1 and 0 <= y <= H - 1:
            i, j = min(int(y), H - 2), min(int(x), W - 2)
            a, b = y - i, x - j
            upper = (1 - b) * maps[c, i, j] + b * maps[c, i, j + 1]
            values[g, c] = (1 - a) * upper + a * ((1 - b) * maps[c, i + 1, j] + b * maps[c, i + 1, j + 1])
    return values
