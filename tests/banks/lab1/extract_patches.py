"""What goes wrong, and what else is right, in `extract_patches`."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.judge.bank import alternative, mistake


def cut(image, centers, size, row=lambda h: (h - 1) // 2, col=lambda w: (w - 1) // 2, pad=np.pad):
    """Patches from a generously padded image, with the centre pixel wherever `row` and `col` put it."""
    image, (h, w) = np.asarray(image, float), size
    margin = 400
    padded = pad(image, margin)
    patches = []
    for x, y in np.asarray(centers):
        top, left = y - row(h) + margin, x - col(w) + margin
        patches.append(padded[top : top + h, left : left + w].ravel())
    return np.array(patches)


@mistake("takes a centre as (row, column) instead of (x, y)", hint="(x, y) = (column, row)")
def swaps_x_and_y(image, centers, size):
    return cut(image, np.asarray(centers)[:, ::-1], size)


@mistake("takes the size as (width, height)", hint="size is (h, w)")
def swaps_the_size(image, centers, size):
    return cut(image, centers, size[::-1])


@mistake("lays the pixels out column by column", hint="row by row")
def column_major(image, centers, size):
    h, w = size
    return cut(image, centers, size).reshape(-1, h, w).transpose(0, 2, 1).reshape(-1, h * w)


@mistake("does not flatten the patches", hint="flattened row by row")
def not_flattened(image, centers, size):
    return cut(image, centers, size).reshape(-1, *size)


@mistake("returns the patches as columns", hint="(N, h * w)")
def patches_as_columns(image, centers, size):
    return cut(image, centers, size).T


@mistake("drops the first axis of a single patch", hint="(N, h * w)")
def squeezes(image, centers, size):
    return np.squeeze(cut(image, centers, size))


@mistake("starts the patch at its centre", hint="(x, y) = (column, row)")
def centre_is_the_corner(image, centers, size):
    return cut(image, centers, size, row=lambda h: 0, col=lambda w: 0)


@mistake("places an even patch one pixel too far up and left", hint="even size")
def half_rounds_down(image, centers, size):
    return cut(image, centers, size, row=lambda h: h // 2, col=lambda w: w // 2)


@mistake("places a patch of even height one pixel too far up", hint="even size")
def only_the_row_is_off(image, centers, size):
    return cut(image, centers, size, row=lambda h: h // 2)


@mistake("makes even patches one pixel larger", hint="even size")
def symmetric_around_the_centre(image, centers, size):
    h, w = size
    return cut(image, centers, (2 * (h // 2) + 1, 2 * (w // 2) + 1))


@mistake("repeats the edge pixel beyond the border", hint="Beyond the border")
def clips_the_indices(image, centers, size):
    return cut(image, centers, size, pad=lambda image, margin: np.pad(image, margin, mode="edge"))


@mistake("mirrors the image at the border", hint="Beyond the border")
def reflects(image, centers, size):
    return cut(image, centers, size, pad=lambda image, margin: np.pad(image, margin, mode="reflect"))


@mistake("wraps around to the opposite edge", hint="negative index")
def wraps(image, centers, size):
    return cut(image, centers, size, pad=lambda image, margin: np.pad(image, margin, mode="wrap"))


@mistake("pads with ones", hint="Beyond the border")
def pads_with_ones(image, centers, size):
    return cut(image, centers, size, pad=lambda image, margin: np.pad(image, margin, constant_values=1.0))


@mistake("shifts patches at the border back into the image", hint="no patch is shifted")
def shifts_inside(image, centers, size):
    (H, W), (h, w) = np.shape(image), size
    centers = np.asarray(centers)
    x = np.clip(centers[:, 0], (w - 1) // 2, max(W - 1 - w // 2, (w - 1) // 2))
    y = np.clip(centers[:, 1], (h - 1) // 2, max(H - 1 - h // 2, (h - 1) // 2))
    return cut(image, np.column_stack([x, y]), size)


@mistake("forgets the border", hint="Beyond the border")
def slices_the_image(image, centers, size):
    (h, w) = size
    corners = [(y - (h - 1) // 2, x - (w - 1) // 2) for x, y in np.asarray(centers)]
    return np.array([np.asarray(image, float)[r : r + h, c : c + w].ravel() for r, c in corners])


@mistake("drops patches that cross the border", hint="dropped")
def drops_border_patches(image, centers, size):
    (H, W), (h, w) = np.shape(image), size
    x, y = np.asarray(centers).T
    left, top = x - (w - 1) // 2, y - (h - 1) // 2
    keep = (left >= 0) & (top >= 0) & (left + w <= W) & (top + h <= H)
    return cut(image, np.asarray(centers)[keep], size).reshape(-1, h * w)


@mistake("pads by half a patch, which a centre outside the image leaves", hint="half a patch")
def pads_half_a_patch(image, centers, size):
    h, w = size
    padded = np.pad(np.asarray(image, float), ((h, h), (w, w)))
    patches = np.zeros((len(centers), h * w))
    for n, (x, y) in enumerate(np.asarray(centers)):
        top, left = y + h - (h - 1) // 2, x + w - (w - 1) // 2
        patch = padded[top : top + h, left : left + w]
        if patch.shape == (h, w):
            patches[n] = patch.ravel()
    return patches


@mistake("leaves out the last row and column of the image", hint="Beyond the border")
def last_pixel_is_outside(image, centers, size):
    image = np.array(image, float)
    image[-1], image[:, -1] = 0.0, 0.0
    return cut(image, centers, size)


@mistake("rounds the pixels to integers", hint="(x, y) = (column, row)")
def integer_patches(image, centers, size):
    return cut(image, centers, size).astype(int)


@mistake("subtracts the corner from `centers` in place", hint="Work on a copy")
def changes_the_centers(image, centers, size):
    centers -= 0
    patches = cut(image, centers, size)
    centers -= np.array([(size[1] - 1) // 2, (size[0] - 1) // 2])
    return patches


@mistake("writes into the image", hint="Work on a copy")
def changes_the_image(image, centers, size):
    patches = cut(image, centers, size)
    image[0, 0] = 0.0
    return patches


@alternative
def by_overlapping_slices(image, centers, size):
    (H, W), (h, w) = image.shape, size
    patches = np.zeros((len(centers), h, w))
    for n, (x, y) in enumerate(centers):
        top, left = y - (h - 1) // 2, x - (w - 1) // 2
        r0, r1, c0, c1 = max(top, 0), min(top + h, H), max(left, 0), min(left + w, W)
        if r0 < r1 and c0 < c1:
            patches[n, r0 - top : r1 - top, c0 - left : c1 - left] = image[r0:r1, c0:c1]
    return patches.reshape(len(centers), -1)


@alternative
def pixel_by_pixel(image, centers, size):
    (H, W), (h, w) = np.shape(image), size
    patches = []
    for x, y in centers:
        patch = []
        for row in range(y - (h - 1) // 2, y - (h - 1) // 2 + h):
            for col in range(x - (w - 1) // 2, x - (w - 1) // 2 + w):
                patch.append(image[row, col] if 0 <= row < H and 0 <= col < W else 0)
        patches.append(patch)
    return patches


@alternative
def by_windows_of_a_padded_image(image, centers, size):
    (H, W), (h, w) = image.shape, size
    windows = sliding_window_view(np.pad(image, ((h, h), (w, w))), size)
    top = np.clip(centers[:, 1] - (h - 1) // 2 + h, 0, H + h)  # the first and last windows are empty
    left = np.clip(centers[:, 0] - (w - 1) // 2 + w, 0, W + w)
    return windows[top, left].reshape(len(centers), h * w).copy()


@alternative
def by_map_coordinates(image, centers, size):
    from scipy.ndimage import map_coordinates

    h, w = size
    rows = centers[:, 1, None, None] - (h - 1) // 2 + np.arange(h)[:, None] + np.zeros((h, w), int)
    cols = centers[:, 0, None, None] - (w - 1) // 2 + np.arange(w) + np.zeros((h, w), int)
    values = map_coordinates(np.asarray(image, float), [rows, cols], order=0, mode="constant")
    return values.reshape(len(centers), h * w)


@alternative
def in_torch(image, centers, size):
    import torch

    (H, W), (h, w) = image.shape, size
    image, centers = torch.as_tensor(image), torch.as_tensor(centers)
    rows = (centers[:, 1, None] - (h - 1) // 2 + torch.arange(h))[:, :, None]
    cols = (centers[:, 0, None] - (w - 1) // 2 + torch.arange(w))[:, None, :]
    inside = (rows >= 0) & (rows < H) & (cols >= 0) & (cols < W)
    return (image[rows.clamp(0, H - 1), cols.clamp(0, W - 1)] * inside).reshape(len(centers), h * w)
