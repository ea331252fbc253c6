"""Checks of `extract_patches`."""

import numpy as np
import pytest

from autograder import agree, hint, points


def padded_patches(image, centers, size, margin=20):
    """Patches as slices of an image with so much zero around it that no slice leaves it."""
    (h, w), padded = size, np.pad(image, margin)
    corners = np.array(centers) - [(w - 1) // 2, (h - 1) // 2] + margin
    return np.array([padded[y : y + h, x : x + w].ravel() for x, y in corners])


@points(1)
@hint(
    "A centre is (x, y) = (column, row), so it is the pixel image[y, x]; size is (h, w). Each patch is flattened row "
    "by row into one row of an (N, h * w) array.",
    also=("shape",),
)
@pytest.mark.parametrize("number, size", [(6, (3, 7)), (5, (5, 3)), (1, (3, 3)), (4, (1, 1))])
def test_cuts_odd_patches_inside(extract_patches, rng, number, size):
    image = rng.uniform(0.1, 1.0, size=(21, 26))
    centers = np.column_stack([rng.integers(4, 10, number), rng.integers(11, 17, number)])  # x < y: a swap shows
    agree(extract_patches(image, centers, size), padded_patches(image, centers, size))


@points(1)
@hint(
    "Patches of an even size. If odd ones come out right: the centre is the patch's pixel ((h - 1) // 2, (w - 1) // "
    "2): a 4 x 4 patch starts one pixel above and left of its centre, not two.",
    also=("shape",),
)
@pytest.mark.parametrize("size", [(4, 6), (2, 3), (3, 2), (1, 8)])
def test_centres_even_sizes(extract_patches, rng, size):
    image = rng.uniform(0.1, 1.0, size=(21, 26))
    centers = np.column_stack([rng.integers(5, 9, 5), rng.integers(11, 16, 5)])
    agree(extract_patches(image, centers, size), padded_patches(image, centers, size))


@points(1)
@hint(
    "Beyond the border a patch is zero: neither the edge pixel again (clipping) nor the opposite edge (a negative "
    "index counts from the end), and no patch is shifted, shortened or dropped.",
    also=("shape", "exception"),
)
@pytest.mark.parametrize("size", [(5, 3), (4, 4)])
def test_pads_the_border_with_zeros(extract_patches, rng, size):
    image = rng.uniform(0.5, 1.0, size=(8, 11))
    xs, ys = np.meshgrid([0, 1, 5, 9, 10], [0, 1, 4, 6, 7])
    centers = np.column_stack([xs.ravel(), ys.ravel()])
    agree(extract_patches(image, centers, size), padded_patches(image, centers, size))


@points(1)
@hint(
    "A centre may lie outside the image, even so far that nothing of its patch is left (all zeros), and a patch may "
    "be larger than the image. Padding by half a patch is not enough for these, and negative indices wrap around."
)
@pytest.mark.parametrize("size", [(3, 5), (15, 18)])
def test_gives_zeros_far_outside(extract_patches, rng, size):
    image = rng.uniform(0.5, 1.0, size=(7, 9))
    xs, ys = np.meshgrid(np.arange(-20, 30, 3), np.arange(-19, 28, 3))
    far = [[-200, 5], [5, 200], [250, -90]]
    centers = np.vstack([np.column_stack([xs.ravel(), ys.ravel()]), far])
    agree(extract_patches(image, centers, size), padded_patches(image, centers, size, margin=300))
