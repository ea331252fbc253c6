"""What goes wrong, and what else is right, in `patch_logits`."""

import types

import numpy as np
import scipy
import torch
import torch.nn.functional as F
from numpy.lib.stride_tricks import sliding_window_view
from scipy import special

from autograder.judge.bank import alternative, mistake
from solutions.convolution import cross_correlate
from solutions.likelihood import extract_patches


def everywhere(image):
    columns, rows = np.meshgrid(np.arange(np.shape(image)[1]), np.arange(np.shape(image)[0]))
    return np.column_stack([columns.ravel(), rows.ravel()])


@mistake("flips the weights", hint="no flip")
def flips(image, w, b, size):
    return cross_correlate(image, np.reshape(w, size)[::-1, ::-1]) + b


@mistake("reads the weights column by column", hint="line by line")
def column_major(image, w, b, size):
    return cross_correlate(image, np.reshape(w, size, order="F")) + b


@mistake("takes the size as (width, height)", hint="two dimensions back")
def swaps_the_size(image, w, b, size):
    return cross_correlate(image, np.reshape(w, size[::-1])) + b


@mistake("forgets the offset", hint="offset")
def no_offset(image, w, b, size):
    return cross_correlate(image, np.reshape(w, size))


@mistake("subtracts the offset", hint="offset")
def subtracts(image, w, b, size):
    return cross_correlate(image, np.reshape(w, size)) - b


@mistake("adds the offset to the image", hint="offset")
def offset_in_the_image(image, w, b, size):
    return cross_correlate(np.asarray(image) + b, np.reshape(w, size))


@mistake("adds the offset once per weight", hint="once to every score")
def offset_per_weight(image, w, b, size):
    return cross_correlate(image, np.reshape(w, size)) + b * len(w)


@mistake("adds the offset to each weight", hint="once to every score")
def offset_in_the_weights(image, w, b, size):
    return cross_correlate(image, np.reshape(w, size) + b)


@mistake("returns probabilities", hint="no sigmoid")
def probabilities(image, w, b, size):
    return special.expit(cross_correlate(image, np.reshape(w, size)) + b)


@mistake("returns a flat array", hint="expected shape (10, 13)")
def flat(image, w, b, size):
    return (cross_correlate(image, np.reshape(w, size)) + b).ravel()


@mistake("cuts out all patches", hint="half a gigabyte")
def cuts_patches(image, w, b, size):
    return (extract_patches(image, everywhere(image), size) @ w + b).reshape(np.shape(image))


@alternative
def in_one_line(image, w, b, size):
    return b + cross_correlate(image, np.array(w, float).reshape(size))


@alternative
def by_scipy(image, w, b, size):
    (H, W), (h, width) = np.shape(image), size
    every = scipy.signal.correlate(
        np.asarray(image, float), np.asarray(w, float).reshape(size), mode="full", method="direct"
    )
    return every[h - 1 - (h - 1) // 2 :, width - 1 - (width - 1) // 2 :][:H, :W] + b


@alternative
def patches_row_by_row(image, w, b, size):
    centers = everywhere(image).reshape(*np.shape(image), 2)
    return [extract_patches(image, row, size) @ w + b for row in centers]


def in_a_notebook_with(correlate):
    """The model answer where the student's own `cross_correlate` is this one."""
    return types.FunctionType(model_answer.__code__, {**globals(), "cross_correlate": correlate}, correlate.__name__)


def model_answer(image, w, b, size):
    return cross_correlate(image, np.reshape(w, size)) + b


def padded_windows(image, kernel):
    h, w = kernel.shape
    top, left = (h - 1) // 2, (w - 1) // 2
    return sliding_window_view(np.pad(image, ((top, h - 1 - top), (left, w - 1 - left))), (h, w))


@alternative
@in_a_notebook_with
def sums_of_windows(image, kernel):
    return (padded_windows(image, kernel) * kernel).sum(axis=(-2, -1))


@alternative
@in_a_notebook_with
def products_of_windows(image, kernel):
    return np.tensordot(padded_windows(image, kernel), kernel, axes=([2, 3], [0, 1]))


@alternative
@in_a_notebook_with
def in_torch_in_double(image, kernel):
    return F.conv2d(torch.as_tensor(image)[None, None], torch.as_tensor(kernel)[None, None], padding="same")[
        0, 0
    ].numpy()


@alternative
@in_a_notebook_with
def as_a_tensor(image, kernel):
    return F.conv2d(torch.as_tensor(image)[None, None], torch.as_tensor(kernel)[None, None], padding="same")[0, 0]


@alternative
@in_a_notebook_with
def in_torch_in_single(image, kernel):
    image, kernel = torch.tensor(image, dtype=torch.float32), torch.tensor(kernel, dtype=torch.float32)
    return F.conv2d(image[None, None], kernel[None, None], padding="same")[0, 0].numpy()
