"""What goes wrong, and what else is right, in `encode_offsets`."""

from functools import wraps

import numpy as np
import torch

from autograder.judge.bank import alternative, mistake


def from_centers(keypoints, x, y):
    """(K, 2, h, w) for cells that are centred at x (w,) and y (h,)."""
    keypoints = np.asarray(keypoints, dtype=float)
    offsets = np.empty((len(keypoints), 2, len(y), len(x)))
    offsets[:, 0] = keypoints[:, 0, None, None] - x
    offsets[:, 1] = keypoints[:, 1, None, None] - y[:, None]
    return offsets


def middles(number, stride):
    return stride * np.arange(number) + (stride - 1) / 2


def like_the_keypoints(function):
    """Tensors out where tensors came in."""

    @wraps(function)
    def wrapped(keypoints, shape, stride):
        result = function(keypoints, shape, stride)
        return torch.as_tensor(result).to(keypoints) if torch.is_tensor(keypoints) else result

    return wrapped


@mistake("measures from the first pixel of a cell", hint="its first pixel")
@like_the_keypoints
def from_the_corner(keypoints, shape, stride):
    return from_centers(keypoints, stride * np.arange(shape[1]), stride * np.arange(shape[0]))


@mistake("puts the middle of a cell half a pixel too far", hint="half a pixel too far")
@like_the_keypoints
def half_a_pixel_off(keypoints, shape, stride):
    return from_centers(keypoints, *(stride * (np.arange(n) + 0.5) for n in shape[::-1]))


@mistake("halves the stride in whole numbers", hint="(s - 1)/2")
@like_the_keypoints
def whole_half(keypoints, shape, stride):
    return from_centers(keypoints, *(stride * np.arange(n) + (stride - 1) // 2 for n in shape[::-1]))


@mistake("leads from the keypoint to the cell", hint="keypoint minus centre")
@like_the_keypoints
def reversed_sign(keypoints, shape, stride):
    return -from_centers(keypoints, middles(shape[1], stride), middles(shape[0], stride))


@mistake("divides the offsets by the stride", hint="not divided by the stride")
@like_the_keypoints
def in_cells(keypoints, shape, stride):
    return from_centers(keypoints, middles(shape[1], stride), middles(shape[0], stride)) / stride


@mistake("stores dy before dx", hint="[:, 0] holds dx")
@like_the_keypoints
def dy_first(keypoints, shape, stride):
    return from_centers(keypoints, middles(shape[1], stride), middles(shape[0], stride))[:, ::-1].copy()


@mistake("takes the shape of the map as (w, h)", hint="shape is (h, w)")
@like_the_keypoints
def width_first(keypoints, shape, stride):
    return from_centers(keypoints, middles(shape[0], stride), middles(shape[1], stride))


@mistake("lets dx change along the rows", hint="changes along the columns")
@like_the_keypoints
def transposed_grid(keypoints, shape, stride):
    h, w = shape
    y, x = np.meshgrid(middles(h, stride), middles(w, stride))  # (w, h)
    keypoints = np.asarray(keypoints, dtype=float)
    return keypoints[:, :, None, None] - np.stack([y.reshape(h, w), x.reshape(h, w)])


@mistake("puts the axis of dx and dy last", hint="[:, 0]")
@like_the_keypoints
def coordinates_last(keypoints, shape, stride):
    return np.moveaxis(from_centers(keypoints, middles(shape[1], stride), middles(shape[0], stride)), 1, -1).copy()


@mistake("sets missing keypoints to zero", hint="missing keypoint is NaN")
@like_the_keypoints
def zeros_for_missing(keypoints, shape, stride):
    return np.nan_to_num(from_centers(keypoints, middles(shape[1], stride), middles(shape[0], stride)))


@mistake("treats a missing keypoint as one at the origin", hint="missing keypoint is NaN")
@like_the_keypoints
def missing_at_the_origin(keypoints, shape, stride):
    keypoints = np.nan_to_num(np.asarray(keypoints, dtype=float))
    return from_centers(keypoints, middles(shape[1], stride), middles(shape[0], stride))


@mistake("rounds the keypoints to pixels", hint="keypoint minus centre")
@like_the_keypoints
def whole_pixels(keypoints, shape, stride):
    return from_centers(np.round(keypoints), middles(shape[1], stride), middles(shape[0], stride))


@mistake("clips the offsets to the cell", hint="keypoint minus centre")
@like_the_keypoints
def clipped(keypoints, shape, stride):
    offsets = from_centers(keypoints, middles(shape[1], stride), middles(shape[0], stride))
    return np.clip(offsets, -stride / 2, stride / 2)


@mistake("handles NumPy arrays only", hint="Arrays and tensors both come in")
@like_the_keypoints
def arrays_only(keypoints, shape, stride):
    centers = np.stack(np.meshgrid(middles(shape[1], stride), middles(shape[0], stride)))
    return keypoints.astype(float)[:, :, None, None] - centers


@mistake("gives arrays for tensors", hint="arrays came back")
def always_arrays(keypoints, shape, stride):
    return from_centers(keypoints, middles(shape[1], stride), middles(shape[0], stride))


@mistake("gives double precision for single", hint="float32 went in")
def always_double(keypoints, shape, stride):
    offsets = from_centers(keypoints, middles(shape[1], stride), middles(shape[0], stride))
    return torch.as_tensor(offsets) if torch.is_tensor(keypoints) else offsets


@alternative
@like_the_keypoints
def by_outer_subtraction(keypoints, shape, stride):
    keypoints = np.asarray(keypoints, dtype=float)
    h, w = shape
    dx = np.subtract.outer(keypoints[:, 0], middles(w, stride))  # (K, w)
    dy = np.subtract.outer(keypoints[:, 1], middles(h, stride))  # (K, h)
    return np.stack([np.repeat(dx[:, None, :], h, axis=1), np.repeat(dy[:, :, None], w, axis=2)], axis=1)


@alternative
@like_the_keypoints
def by_loop(keypoints, shape, stride):
    h, w = shape
    offsets = np.zeros((len(keypoints), 2, h, w))
    for k in range(len(keypoints)):
        for i in range(h):
            for j in range(w):
                offsets[k, 0, i, j] = float(keypoints[k][0]) - (stride * j + (stride - 1) / 2)
                offsets[k, 1, i, j] = float(keypoints[k][1]) - (stride * i + (stride - 1) / 2)
    return offsets


@alternative
@like_the_keypoints
def by_torch(keypoints, shape, stride):
    keypoints = torch.as_tensor(keypoints)
    y, x = (stride * torch.arange(n, dtype=keypoints.dtype) + (stride - 1) / 2 for n in shape)
    y, x = torch.meshgrid(y, x, indexing="ij")
    return keypoints[:, :, None, None] - torch.stack([x, y])


@alternative
@like_the_keypoints
def in_single_precision(keypoints, shape, stride):
    points = torch.as_tensor(keypoints, dtype=torch.float32)
    x, y = (torch.arange(n) * stride + (stride - 1) / 2 for n in shape[::-1])
    dx = points[:, 0, None, None] - x.expand(*shape)
    dy = points[:, 1, None, None] - y[:, None].expand(*shape)
    return torch.stack([dx, dy], dim=1).numpy()
