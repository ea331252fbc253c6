"""Oracles and inputs that several checks of Lab 4 share."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from autograder import agree

SINGLE = 1e-5  # what single precision makes of a sum of a hundred products of one sign, and to spare


def agree_single(result, expected):
    """To single precision, relative to the largest value: modules and some honest solutions compute in float32."""
    agree(result, expected, rtol=2e-5, atol=2e-5 * np.nanmax(np.abs(expected), initial=1e-30))


def of_kind(kind, *arrays):
    """The same numbers as NumPy arrays or as tensors."""
    converted = [torch.from_numpy(np.array(a)) if kind == "tensor" else a for a in arrays]
    return converted[0] if len(converted) == 1 else converted


KINDS = pytest.mark.parametrize("kind", ["array", "tensor"])


def windows(image, size):
    """What lies under the kernel at every pixel, (H, W, h * w): torch's unfold of the padded image."""
    (h, w), (top, left) = size, ((size[0] - 1) // 2, (size[1] - 1) // 2)
    padded = F.pad(torch.from_numpy(image)[None, None], (left, w - 1 - left, top, h - 1 - top))
    return F.unfold(padded, size)[0].T.reshape(*image.shape, h * w).numpy()


def image_and_kernel(rng, shape, size):
    """No kernel is symmetric, and none of its entries small, so that a flip or a shift shows."""
    kernel = rng.uniform(0.5, 1.0, size=size) + 3.0 * np.arange(size[0] * size[1]).reshape(size)
    return rng.uniform(0.5, 1.0, size=shape), kernel


def normal(rng, *shape):
    return torch.from_numpy(rng.normal(size=shape).astype(np.float32))
