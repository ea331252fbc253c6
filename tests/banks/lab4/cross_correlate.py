"""What goes wrong, and what else is right, in `cross_correlate`."""

import numpy as np
import scipy
import torch
import torch.nn.functional as F
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage

from autograder.judge.bank import alternative, mistake


def slide(image, kernel, row=lambda h: (h - 1) // 2, col=lambda w: (w - 1) // 2, **pad):
    """Sliding dot products with the kernel's pixel (row(h), col(w)) on the output's pixel."""
    image, kernel = np.asarray(image, float), np.asarray(kernel, float)
    h, w = kernel.shape
    top, left = row(h), col(w)
    padded = np.pad(image, ((top, h - 1 - top), (left, w - 1 - left)), **pad)
    return np.einsum("rcij,ij->rc", sliding_window_view(padded, (h, w)), kernel)


@mistake("flips the kernel", hint="convolution")
def flips(image, kernel):
    image, kernel = np.asarray(image, float), np.asarray(kernel, float)
    (H, W), (h, w) = image.shape, kernel.shape
    padded = np.pad(image, (((h - 1) // 2, h // 2), ((w - 1) // 2, w // 2)))
    out = np.zeros((H, W))
    for i in range(h):
        for j in range(w):
            out += kernel[h - 1 - i, w - 1 - j] * padded[i : i + H, j : j + W]
    return out


@mistake("flips the kernel upside down only", hint="laid on the image as it is")
def flips_rows(image, kernel):
    return slide(image, np.asarray(kernel)[::-1])


@mistake("transposes the kernel", hint="laid on the image as it is")
def transposes(image, kernel):
    return slide(image, np.asarray(kernel).T)


@mistake("convolves with scipy's 'same'", hint="by 180 degrees")
def scipy_convolution(image, kernel):
    return scipy.signal.convolve2d(image, kernel, mode="same")


@mistake("centres an even kernel at (h // 2, w // 2), as scipy does", hint="scipy.ndimage centres at h // 2")
def scipy_correlate(image, kernel):
    return ndimage.correlate(np.asarray(image, float), np.asarray(kernel, float), mode="constant")


@mistake("places a kernel of even width one pixel too far", hint="even size")
def only_the_column_is_off(image, kernel):
    return slide(image, kernel, col=lambda w: w // 2)


@mistake("pads all of the kernel before the image", hint="laid on the image as it is")
def pads_before(image, kernel):
    return slide(image, kernel, row=lambda h: h - 1, col=lambda w: w - 1)


@mistake("wraps around to the opposite edge", hint="np.roll")
def rolls(image, kernel):
    image, (h, w) = np.asarray(image, float), np.shape(kernel)
    out = np.zeros(image.shape)
    for i in range(h):
        for j in range(w):
            out += kernel[i][j] * np.roll(image, ((h - 1) // 2 - i, (w - 1) // 2 - j), axis=(0, 1))
    return out


@mistake("repeats the edge beyond the border", hint="goes on with its edge")
def repeats_the_edge(image, kernel):
    return slide(image, kernel, mode="edge")


@mistake("mirrors the image at the border", hint="mirrored")
def mirrors(image, kernel):
    return slide(image, kernel, mode="symmetric")


@mistake("returns only where the kernel fits", hint="size of the image")
def valid_only(image, kernel):
    return scipy.signal.correlate2d(image, kernel, mode="valid")


@mistake("returns wherever the kernel touches the image", hint="size of the image")
def full(image, kernel):
    return scipy.signal.correlate2d(image, kernel, mode="full")


@mistake("leaves a frame of zeros at the border", hint="Beyond the border")
def skips_the_border(image, kernel):
    (H, W), (h, w) = np.shape(image), np.shape(kernel)
    out = np.zeros((H, W))
    inside = scipy.signal.correlate2d(image, kernel, mode="valid")
    out[(h - 1) // 2 : (h - 1) // 2 + inside.shape[0], (w - 1) // 2 : (w - 1) // 2 + inside.shape[1]] = inside
    return out


@mistake("divides by the sum of the kernel", hint="nothing is rescaled")
def normalises(image, kernel):
    return slide(image, kernel) / np.sum(kernel)


@mistake("clips negative results", hint="negative values count")
def clips(image, kernel):
    return np.maximum(slide(image, kernel), 0.0)


@mistake("pads the kernel's width into the rows", hint="expected shape (9, 12)")
def swaps_the_padding(image, kernel):
    h, w = np.shape(kernel)
    padded = np.pad(np.asarray(image, float), (((w - 1) // 2, w // 2), ((h - 1) // 2, h // 2)))
    return np.einsum("rcij,ij->rc", sliding_window_view(padded, (h, w)), kernel)


@mistake("turns square kernels", hint="laid on the image as it is")
def turns_square_ones(image, kernel):
    h, w = np.shape(kernel)
    return slide(image, np.transpose(kernel) if h == w else kernel)


@mistake("makes its result of the image's type", hint="np.asarray(x, dtype=float)")
def of_the_images_type(image, kernel):
    (H, W), (h, w) = np.shape(image), np.shape(kernel)
    padded = np.pad(image, (((h - 1) // 2, h // 2), ((w - 1) // 2, w // 2)))
    out = np.zeros_like(image)
    for r in range(H):
        for c in range(W):
            out[r, c] = np.sum(kernel * padded[r : r + h, c : c + w])
    return out


@mistake("takes weights without their sign", hint="negative values count")
def no_signs(image, kernel):
    return slide(image, np.abs(kernel))


@mistake("leaves negative weights out", hint="negative values count")
def positive_weights_only(image, kernel):
    return slide(image, np.maximum(kernel, 0.0))


@alternative
def pixel_by_pixel(image, kernel):
    (H, W), (h, w) = np.shape(image), np.shape(kernel)
    padded = np.pad(image, h + w)
    out = np.zeros((H, W))
    for r in range(H):
        for c in range(W):
            top, left = r + h + w - (h - 1) // 2, c + h + w - (w - 1) // 2
            out[r, c] = np.sum(padded[top : top + h, left : left + w] * kernel)
    return out


@alternative
def by_windows(image, kernel):
    return slide(image, kernel)


@alternative
def by_scipy_with_the_right_part(image, kernel):
    (H, W), (h, w) = np.shape(image), np.shape(kernel)
    every = scipy.signal.correlate2d(image, kernel, mode="full")
    return every[h - 1 - (h - 1) // 2 :, w - 1 - (w - 1) // 2 :][:H, :W]


@alternative
def in_torch(image, kernel):
    image, kernel = torch.as_tensor(image).double(), torch.as_tensor(kernel).double()
    (h, w), (top, left) = kernel.shape, ((kernel.shape[0] - 1) // 2, (kernel.shape[1] - 1) // 2)
    padded = F.pad(image[None, None], (left, w - 1 - left, top, h - 1 - top))
    return F.conv2d(padded, kernel[None, None])[0, 0]


@alternative
def as_a_list(image, kernel):
    return slide(image, kernel).tolist()


@alternative
def by_scipy_padded(image, kernel):
    h, w = np.shape(kernel)
    padded = np.pad(image, (((h - 1) // 2, h // 2), ((w - 1) // 2, w // 2)))
    return scipy.signal.correlate2d(padded, kernel, mode="valid")


@alternative
def by_tensordot(image, kernel):
    h, w = np.shape(kernel)
    padded = np.pad(np.asarray(image, float), (((h - 1) // 2, h // 2), ((w - 1) // 2, w // 2)))
    return np.tensordot(sliding_window_view(padded, (h, w)), kernel, axes=([2, 3], [0, 1]))


@alternative
def in_torch_in_single_precision(image, kernel):
    x = torch.tensor(image, dtype=torch.float32)[None, None]
    return F.conv2d(x, torch.tensor(kernel, dtype=torch.float32)[None, None], padding="same")[0, 0].numpy()
