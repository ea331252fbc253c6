"""Checks of `cross_correlate`."""

import numpy as np
import pytest

from autograder import agree, hint, points
from autograder.checks.lab4.common import SINGLE, image_and_kernel, windows


def agree_inside(result, expected, size):
    """Where the kernel lies on the image whole: what is beyond the border is the business of the checks below."""
    if np.shape(result) != expected.shape:
        agree(result, expected)
    (H, W), (h, w), (top, left) = expected.shape, size, ((size[0] - 1) // 2, (size[1] - 1) // 2)
    whole = np.s_[top : top + H - h + 1, left : left + W - w + 1]
    agree(result[whole], expected[whole], rtol=SINGLE)


@points(1)
@hint(
    "out[r, c] is the sum of kernel[i, j] times image[r + i - (h - 1) // 2, c + j - (w - 1) // 2]: the kernel is laid "
    "on the image as it is. Turned by 180 degrees it would be a convolution (scipy.signal.convolve2d, np.convolve)."
)
@pytest.mark.parametrize("size", [(3, 5), (5, 3), (3, 3), (1, 1), (1, 3), (7, 1)])
def test_lays_the_kernel_on_unflipped(cross_correlate, rng, size):
    image, kernel = image_and_kernel(rng, (9, 12), size)
    agree_inside(cross_correlate(image, kernel), windows(image, size) @ kernel.ravel(), size)


@points(1)
@hint(
    "Kernels of an even size. If odd ones come out right, it is the centre: the kernel's pixel ((h - 1) // 2, (w - 1)"
    " // 2) lies on the output's pixel: pad (h - 1) // 2 rows above and the rest, h - 1 - (h - 1) // 2, below. "
    "scipy.ndimage centres at h // 2, one pixel further."
)
@pytest.mark.parametrize("size", [(2, 4), (4, 3), (3, 2), (4, 4), (1, 6)])
def test_centres_even_kernels(cross_correlate, rng, size):
    image, kernel = image_and_kernel(rng, (11, 9), size)
    agree_inside(cross_correlate(image, kernel), windows(image, size) @ kernel.ravel(), size)


@points(1)
@hint(
    "Beyond the border the image is zero: it neither goes on with its edge, nor is it mirrored, nor does the opposite "
    "edge come in (np.roll, a Fourier transform without padding). The result has the size of the image.",
    also=("shape",),
)
def test_pads_with_zeros(cross_correlate, rng):
    image = rng.uniform(0.5, 1.0, size=(8, 6))
    # Sums over windows: differences of the integral image, which ends at the border.
    integral = np.pad(image, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    for h, w in ((3, 3), (5, 1), (1, 5)):
        top, left = np.maximum(np.arange(8) - h // 2, 0), np.maximum(np.arange(6) - w // 2, 0)
        bottom, right = np.minimum(np.arange(8) + h // 2 + 1, 8), np.minimum(np.arange(6) + w // 2 + 1, 6)
        low, high = integral[np.ix_(top, left)], integral[np.ix_(bottom, right)]
        expected = high - integral[np.ix_(top, right)] - integral[np.ix_(bottom, left)] + low
        agree(cross_correlate(image, np.ones((h, w))), expected, rtol=SINGLE)


@points(1)
@hint(
    "The kernel may be as large as the image, and the image a single row or pixel: only zeros are added, so the result "
    "still has the image's shape. The kernel acts linearly: negative values count, nothing is rescaled or clipped."
)
@pytest.mark.parametrize("shape, size", [((6, 9), (6, 9)), ((5, 4), (5, 4)), ((1, 7), (1, 3)), ((1, 1), (1, 1))])
def test_takes_kernels_as_large_as_the_image(cross_correlate, rng, shape, size):
    image, kernel = image_and_kernel(rng, shape, size)
    expected = windows(image, size) @ kernel.ravel()
    agree(cross_correlate(image, kernel), expected, rtol=SINGLE)
    agree(cross_correlate(-image, 100.0 * kernel), -100.0 * expected, rtol=SINGLE)
    agree(cross_correlate(image, -kernel), -expected, rtol=SINGLE)
