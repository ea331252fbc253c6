"""Checks of `patch_logits`."""

import numpy as np
import pytest

from autograder import agree, budget, hint, points
from autograder.checks.lab4.common import agree_single, image_and_kernel, windows


@points(1)
@hint(
    "The score of the patch around every pixel is w'x + b, with x the patch's pixels line by line: give w its two "
    "dimensions back, np.reshape(w, (h, w)), and correlate; no flip, no transpose, no sigmoid."
)
@pytest.mark.parametrize("size", [(3, 5), (5, 3), (4, 2), (4, 4), (1, 1)])
def test_scores_the_patch_at_every_pixel(patch_logits, rng, size):
    image, kernel = image_and_kernel(rng, (10, 13), size)
    w = kernel.ravel() - 1.5 * len(kernel.ravel())  # of both signs
    agree_single(patch_logits(image, w, 0.0, size), windows(image, size) @ w)


@points(1)
@hint("The offset b is added once to every score, also at the border and also where the weights or the image are zero.")
@pytest.mark.parametrize("b", [-2.5, 4.0])
def test_adds_the_offset_everywhere(patch_logits, rng, b):
    image = rng.uniform(0.5, 1.0, size=(6, 8))
    agree(patch_logits(image, np.zeros(15), b, (3, 5)), np.full((6, 8), b))
    agree(patch_logits(np.zeros((6, 8)), np.arange(15.0), b, (3, 5)), np.full((6, 8), b))
    agree_single(patch_logits(image, np.ones(9), b, (3, 3)), windows(image, (3, 3)).sum(axis=-1) + b)


@points(1)
@budget(cpu=5, memory=250)
@hint(
    "Cutting out the patch at every pixel takes h w numbers per pixel, half a gigabyte here. One correlation of the "
    "image with the reshaped weights gives the same scores. (What your cross_correlate needs is not counted here; torch's "
    "conv2d lays all patches out as well where numbers are double.)",
    also=("shape", "exception"),
)
def test_cuts_out_no_patches(patch_logits):
    def cross_correlate(image, kernel):  # by the definition, turned by 180 degrees
        kernel = np.asarray(kernel)
        h, w = kernel.shape
        padded = np.pad(image, (((h - 1) // 2, h // 2), ((w - 1) // 2, w // 2)))
        size = [m + n - 1 for m, n in zip(padded.shape, (h, w))]
        full = np.fft.irfft2(np.fft.rfft2(padded, size) * np.fft.rfft2(kernel[::-1, ::-1], size), size)
        return full[h - 1 : padded.shape[0], w - 1 : padded.shape[1]]

    score = patch_logits.beside(cross_correlate=cross_correlate)
    logits = score(np.arange(240.0)[:, None] * np.ones(280), np.ones(33 * 31), 0.5, (33, 31))
    assert np.shape(logits) == (240, 280), f"returned shape {np.shape(logits)}, expected (240, 280)"
    assert np.ptp(logits) > 0, "all scores are the same"  # whether they are right is the business of the checks above
