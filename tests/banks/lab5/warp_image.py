"""What goes wrong, and what else is right, in `warp_image`."""

from functools import wraps

import numpy as np
import torch
from scipy import ndimage
from torch.nn import functional as F

from autograder.judge.bank import alternative, mistake


def as_numpy(image):
    return np.array(image, dtype=float)


def whole(matrix):
    """The matrix (3, 3) of homogeneous coordinates."""
    return np.vstack([np.asarray(matrix, dtype=float), [0.0, 0.0, 1.0]])


def sources(shape, backward):
    """Where each pixel of the target comes from, x and y (H, W), by a matrix that leads there."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    points = np.asarray(backward)[:2] @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    return points.reshape(2, *shape)


def sampled(image, x, y, order=1, mode="constant"):
    return np.stack([ndimage.map_coordinates(channel, [y, x], order=order, mode=mode) for channel in image])


def by_grid(image, x, y, align_corners=False, **options):
    """torch's sampling at points that are already between -1 and 1."""
    grid = torch.as_tensor(np.stack([x, y], axis=-1))[None]
    pixels = torch.as_tensor(as_numpy(image))[None]
    return F.grid_sample(pixels, grid, align_corners=align_corners, **options)[0].numpy()


def like_the_image(function):
    """Tensors out where tensors came in."""

    @wraps(function)
    def wrapped(image, matrix):
        result = function(image, matrix)
        return torch.as_tensor(result).to(image) if torch.is_tensor(image) else result

    return wrapped


@mistake("uses the matrix where its inverse is due", hint="must ask the *inverse*")
@like_the_image
def forward_for_inverse(image, matrix):
    image = as_numpy(image)
    return sampled(image, *sources(image.shape[1:], matrix))


@mistake("inverts the linear part only", hint="must ask the *inverse*")
@like_the_image
def shift_not_inverted(image, matrix):
    image, matrix = as_numpy(image), np.array(matrix, dtype=float)
    backward = np.column_stack([np.linalg.inv(matrix[:, :2]), -matrix[:, 2]])
    return sampled(image, *sources(image.shape[1:], backward))


@mistake("transposes instead of inverting", hint="turns, scales and shifts the wrong way")
@like_the_image
def transposed(image, matrix):
    image, matrix = as_numpy(image), np.array(matrix, dtype=float)
    linear = matrix[:, :2].T
    return sampled(image, *sources(image.shape[1:], np.column_stack([linear, -linear @ matrix[:, 2]])))


@mistake("takes points as (row, column)", hint="(x, y) = (column, row)")
@like_the_image
def row_column(image, matrix):
    image = as_numpy(image)
    backward = np.linalg.inv(whole(matrix))[:2]
    return np.stack([ndimage.affine_transform(c, backward[:, :2], backward[:, 2], order=1) for c in image])


@mistake("mixes the outermost centres with the outer edges", hint="half a pixel outside")
@like_the_image
def corners_mixed_up(image, matrix):
    _, H, W = image.shape
    x, y = sources((H, W), np.linalg.inv(whole(matrix)))
    return by_grid(image, 2 * x / (W - 1) - 1, 2 * y / (H - 1) - 1, align_corners=False)


@mistake("mixes the outer edges with the outermost centres", hint="half a pixel outside")
@like_the_image
def edges_mixed_up(image, matrix):
    _, H, W = image.shape
    x, y = sources((H, W), np.linalg.inv(whole(matrix)))
    return by_grid(image, (2 * x + 1) / W - 1, (2 * y + 1) / H - 1, align_corners=True)


@mistake("divides by the size instead of the distance of the outermost centres", hint="2 x/(W - 1) - 1")
@like_the_image
def divides_by_the_size(image, matrix):
    _, H, W = image.shape
    x, y = sources((H, W), np.linalg.inv(whole(matrix)))
    return by_grid(image, 2 * x / W - 1, 2 * y / H - 1, align_corners=True)


@mistake("puts the centres of pixels at one half", hint="centred at the integers")
@like_the_image
def centers_at_one_half(image, matrix):
    image = as_numpy(image)
    half = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]])
    return sampled(image, *sources(image.shape[1:], np.linalg.inv(half) @ np.linalg.inv(whole(matrix)) @ half))


@mistake("hands the matrix of pixels to affine_grid", hint="must ask the *inverse*")
@like_the_image
def normalised_matrix(image, matrix):
    backward = torch.as_tensor(np.linalg.inv(whole(matrix))[:2])[None]
    pixels = torch.as_tensor(as_numpy(image))[None]
    grid = F.affine_grid(backward, pixels.shape, align_corners=False)
    return F.grid_sample(pixels, grid, align_corners=False)[0].numpy()


@mistake("takes the nearest pixel", hint="not the nearest")
@like_the_image
def nearest(image, matrix):
    image = as_numpy(image)
    return sampled(image, *sources(image.shape[1:], np.linalg.inv(whole(matrix))), order=0)


@mistake("interpolates by cubic splines", hint="not a spline")
@like_the_image
def cubic(image, matrix):
    image = as_numpy(image)
    return sampled(image, *sources(image.shape[1:], np.linalg.inv(whole(matrix))), order=3)


@mistake("repeats the edge outside", hint="not the edge again")
@like_the_image
def repeats_the_edge(image, matrix):
    image = as_numpy(image)
    return sampled(image, *sources(image.shape[1:], np.linalg.inv(whole(matrix))), mode="nearest")


@mistake("mirrors the image outside", hint="What comes from outside is zero")
@like_the_image
def mirrors_the_edge(image, matrix):
    image = as_numpy(image)
    return sampled(image, *sources(image.shape[1:], np.linalg.inv(whole(matrix))), mode="mirror")


@mistake("reads the opposite edge outside", hint="What comes from outside is zero")
@like_the_image
def wraps_around(image, matrix):
    image = as_numpy(image)
    return sampled(image, *sources(image.shape[1:], np.linalg.inv(whole(matrix))), mode="grid-wrap")


@mistake("pushes pixels forward", hint="leaves holes")
@like_the_image
def pushes_forward(image, matrix):
    image = as_numpy(image)
    _, H, W = image.shape
    x, y = np.rint(sources((H, W), matrix)).astype(int)  # where each pixel of the source goes
    inside = (x >= 0) & (x < W) & (y >= 0) & (y < H)
    warped = np.zeros_like(image)
    warped[:, y[inside], x[inside]] = image[:, inside]
    return warped


@mistake("warps the first channel only", hint="Each channel is its own image")
@like_the_image
def first_channel(image, matrix):
    image = as_numpy(image)
    first = sampled(image[:1], *sources(image.shape[1:], np.linalg.inv(whole(matrix))))
    return np.repeat(first, len(image), axis=0)


@mistake("divides by the change of area", hint="Between pixels the value is bilinear")
@like_the_image
def keeps_the_mass(image, matrix):
    image = as_numpy(image)
    warped = sampled(image, *sources(image.shape[1:], np.linalg.inv(whole(matrix))))
    return warped / abs(np.linalg.det(whole(matrix)))


@mistake("handles NumPy arrays only", hint="raised AttributeError")
@like_the_image
def arrays_only(image, matrix):
    x, y = sources(image.shape[1:], np.linalg.inv(whole(matrix)))
    return sampled(image.astype(float), x, y)


@mistake("gives arrays for tensors", hint="arrays came back")
def always_arrays(image, matrix):
    return np.asarray(by_loop(np.asarray(image, dtype=float), matrix))


@alternative
@like_the_image
def by_scipy(image, matrix):
    image = as_numpy(image)
    swap = [1, 0]
    backward = np.linalg.inv(whole(matrix))[:2]
    linear, shift = backward[:, :2][swap][:, swap], backward[swap, 2]
    return np.stack([ndimage.affine_transform(c, linear, shift, order=1, mode="grid-constant") for c in image])


@alternative
@like_the_image
def by_scipy_to_the_outermost_centers(image, matrix):
    image = as_numpy(image)
    return sampled(image, *sources(image.shape[1:], np.linalg.inv(whole(matrix))))


@alternative
@like_the_image
def by_grid_sample(image, matrix):
    _, H, W = image.shape
    x, y = sources((H, W), np.linalg.inv(whole(matrix)))
    return by_grid(image, 2 * x / (W - 1) - 1, 2 * y / (H - 1) - 1, align_corners=True)


@alternative
@like_the_image
def by_affine_grid(image, matrix):
    _, H, W = image.shape
    pixels = torch.as_tensor(as_numpy(image)).float()[None]  # single precision is enough
    to_pixels = np.array([[(W - 1) / 2, 0.0, (W - 1) / 2], [0.0, (H - 1) / 2, (H - 1) / 2], [0.0, 0.0, 1.0]])
    theta = np.linalg.inv(to_pixels) @ np.linalg.inv(whole(matrix)) @ to_pixels
    grid = F.affine_grid(torch.as_tensor(theta[:2]).float()[None], pixels.shape, align_corners=True)
    return F.grid_sample(pixels, grid, align_corners=True)[0]


@alternative
@like_the_image
def by_four_neighbours(image, matrix):
    image = as_numpy(image)
    _, H, W = image.shape
    padded = np.pad(image, ((0, 0), (1, 1), (1, 1)))  # a frame of zeros takes whatever is outside
    x, y = sources((H, W), np.linalg.inv(whole(matrix)))
    x, y = np.clip(x, -1, W) + 1, np.clip(y, -1, H) + 1
    left, top = np.minimum(np.floor(x).astype(int), W), np.minimum(np.floor(y).astype(int), H)
    u, v = x - left, y - top
    upper = (1 - u) * padded[:, top, left] + u * padded[:, top, left + 1]
    lower = (1 - u) * padded[:, top + 1, left] + u * padded[:, top + 1, left + 1]
    return (1 - v) * upper + v * lower


@alternative
@like_the_image
def by_loop(image, matrix):
    image = as_numpy(image)
    C, H, W = image.shape
    backward = np.linalg.inv(whole(matrix)).tolist()
    warped = np.zeros((C, H, W))
    for row in range(H):
        for column in range(W):
            x, y = (a * column + b * row + c for a, b, c in backward[:2])
            j, i = int(np.floor(x)), int(np.floor(y))
            for m, n in ((i, j), (i, j + 1), (i + 1, j), (i + 1, j + 1)):
                if 0 <= m < H and 0 <= n < W:
                    warped[:, row, column] += (1 - abs(y - m)) * (1 - abs(x - n)) * image[:, m, n]
    return warped


@alternative
def by_grid_sample_on_what_came(image, matrix):
    _, H, W = image.shape
    pixels = torch.as_tensor(image)
    inverse = np.linalg.inv(np.vstack([matrix, [0.0, 0.0, 1.0]]))
    x, y = np.meshgrid(np.arange(W), np.arange(H))
    sources = np.stack([x, y, np.ones_like(x)], axis=-1) @ inverse[:2].T
    grid = torch.as_tensor((2.0 * sources + 1.0) / [W, H] - 1.0).to(pixels)
    warped = F.grid_sample(pixels[None], grid[None], align_corners=False)[0]
    return warped if torch.is_tensor(image) else warped.numpy()
