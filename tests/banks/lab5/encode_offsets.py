"""What goes wrong, and what else is right, in `encode_offsets`."""

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


@mistake("measures from the first pixel of a cell", hint="its first pixel")
def from_the_corner(keypoints, shape, stride):
    return from_centers(keypoints, stride * np.arange(shape[1]), stride * np.arange(shape[0]))


@mistake("puts the middle of a cell half a pixel too far", hint="half a pixel too far")
def half_a_pixel_off(keypoints, shape, stride):
    return from_centers(keypoints, *(stride * (np.arange(n) + 0.5) for n in shape[::-1]))


@mistake("halves the stride in whole numbers", hint="(s - 1)/2")
def whole_half(keypoints, shape, stride):
    return from_centers(keypoints, *(stride * np.arange(n) + (stride - 1) // 2 for n in shape[::-1]))


@mistake("leads from the keypoint to the cell", hint="keypoint minus centre")
def reversed_sign(keypoints, shape, stride):
    return -from_centers(keypoints, middles(shape[1], stride), middles(shape[0], stride))


@mistake("divides the offsets by the stride", hint="not divided by the stride")
def in_cells(keypoints, shape, stride):
    return from_centers(keypoints, middles(shape[1], stride), middles(shape[0], stride)) / stride


@mistake("stores dy before dx", hint="[:, 0] holds dx")
def dy_first(keypoints, shape, stride):
    return from_centers(keypoints, middles(shape[1], stride), middles(shape[0], stride))[:, ::-1].copy()


@mistake("takes the shape of the map as (w, h)", hint="shape is (h, w)")
def width_first(keypoints, shape, stride):
    return from_centers(keypoints, middles(shape[0], stride), middles(shape[1], stride))


@mistake("lets dx change along the rows", hint="changes along the columns")
def transposed_grid(keypoints, shape, stride):
    h, w = shape
    y, x = np.meshgrid(middles(h, stride), middles(w, stride))  # (w, h)
    keypoints = np.asarray(keypoints, dtype=float)
    return keypoints[:, :, None, None] - np.stack([y.reshape(h, w), x.reshape(h, w)])


@mistake("puts the axis of dx and dy last", hint="[:, 0]")
def coordinates_last(keypoints, shape, stride):
    return np.moveaxis(from_centers(keypoints, middles(shape[1], stride), middles(shape[0], stride)), 1, -1).copy()


@mistake("sets missing keypoints to zero", hint="missing keypoint is NaN")
def zeros_for_missing(keypoints, shape, stride):
    return np.nan_to_num(from_centers(keypoints, middles(shape[1], stride), middles(shape[0], stride)))


@mistake("treats a missing keypoint as one at the origin", hint="missing keypoint is NaN")
def missing_at_the_origin(keypoints, shape, stride):
    keypoints = np.nan_to_num(np.asarray(keypoints, dtype=float))
    return from_centers(keypoints, middles(shape[1], stride), middles(shape[0], stride))


@mistake("rounds the keypoints to pixels", hint="keypoint minus centre")
def whole_pixels(keypoints, shape, stride):
    return from_centers(np.round(keypoints), middles(shape[1], stride), middles(shape[0], stride))


@mistake("clips the offsets to the cell", hint="keypoint minus centre")
def clipped(keypoints, shape, stride):
    offsets = from_centers(keypoints, middles(shape[1], stride), middles(shape[0], stride))
    return np.clip(offsets, -stride / 2, stride / 2)


@mistake("handles NumPy arrays only", hint="Arrays and tensors both come in")
def arrays_only(keypoints, shape, stride):
    centers = np.stack(np.meshgrid(middles(shape[1], stride), middles(shape[0], stride)))
    return keypoints.astype(float)[:, :, None, None] - centers


@alternative
def by_outer_subtraction(keypoints, shape, stride):
    keypoints = np.asarray(keypoints, dtype=float)
    h, w = shape
    dx = np.subtract.outer(keypoints[:, 0], middles(w, stride))  # (K, w)
    dy = np.subtract.outer(keypoints[:, 1], middles(h, stride))  # (K, h)
    return np.stack([np.repeat(dx[:, None, :], h, axis=1), np.repeat(dy[:, :, None], w, axis=2)], axis=1)


@alternative
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
def by_torch(keypoints, shape, stride):
    keypoints = torch.as_tensor(keypoints)
    y, x = (stride * torch.arange(n, dtype=keypoints.dtype) + (stride - 1) / 2 for n in shape)
    y, x = torch.meshgrid(y, x, indexing="ij")
    return keypoints[:, :, None, None] - torch.stack([x, y])
