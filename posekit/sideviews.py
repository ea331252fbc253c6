"""Side views for Lab 4: with more variety than they were filmed with, and where the lab goes on without its exercises."""

import numpy as np
from scipy.spatial.distance import cdist

from posekit.data import read_arrays


def four_ways(images, keypoints):
    """Frames in four ways, one after the other: as filmed, mirrored, as a negative, and both.

    A negative is what a camera sees that looks at warmth, or against the light: what was dark is light. Names stay with
    the side of the *camera*: on a rat that faces left the near hand is its left one, and is still called as before.

    Parameters
    ----------
    images : ndarray (N, H, W)
        Values in [0, 1].
    keypoints : ndarray (N, K, 2)
        px, NaN where hidden.

    Returns
    -------
    images, keypoints : of the same shapes
    """
    images, keypoints = images.copy(), keypoints.copy()
    images[1::2] = images[1::2, :, ::-1]
    keypoints[1::2, :, 0] = images.shape[2] - 1 - keypoints[1::2, :, 0]
    negative = np.arange(len(images)) % 4 >= 2
    images[negative] = 1 - images[negative]
    return images, keypoints


def small_frames(frames, points, radius=4.0, factor=2):
    """Frames of a smaller size, and maps of what is to be found in them: where Lab 4 goes on without its exercises.

    Parameters
    ----------
    frames : ndarray (N, H, W)
    points : ndarray (N, K, 2)
        Keypoints, px of the frames, NaN where hidden.
    radius : float
        Of the discs, px of the frames.
    factor : int
        Side of the blocks of pixels that become one; H and W are multiples of it.

    Returns
    -------
    images : tensor (N, 1, H / factor, W / factor) float32
        Means of the blocks.
    targets : tensor (N, K, H / factor, W / factor) float32
        1 where a block holds a pixel of the disc around the keypoint, else 0.
    """
    import torch

    height, width = frames.shape[1:]
    pixels = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).reshape(-1, 2)
    discs = np.stack([cdist(p, pixels) <= radius for p in points]).reshape(*points.shape[:2], height, width)
    blocks = (height // factor, factor, width // factor, factor)
    images = frames.reshape(len(frames), 1, *blocks).mean(axis=(3, 5))
    targets = discs.reshape(*points.shape[:2], *blocks).any(axis=(3, 5))
    return torch.from_numpy(images.astype(np.float32)), torch.from_numpy(targets.astype(np.float32))


def trained_detector(model):
    """A detector of Lab 4 as the notebook trains it with seed 0, for who cannot train it yet.

    Parameters
    ----------
    model : {"one layer", "features"}

    Returns
    -------
    torch.nn.Module : standardised small frames (N, 1, H, W) to logits (N, 8, H, W)
    """
    import torch
    from torch import nn

    chosen = {"one layer": "one layer, window 13: ", "features": "features, window 33: "}[model]
    arrays = {name: array for name, array in read_arrays("features.npz").items() if name.startswith(chosen)}
    layers: list[nn.Module] = []
    kernels = [name for name in arrays if name.endswith("weight")]
    for n, name in enumerate(kernels):
        kernel = torch.from_numpy(arrays[name])
        spread = 2**n if n < len(kernels) - 1 else 1
        layer = nn.Conv2d(*kernel.shape[1::-1], kernel.shape[2:], padding="same", dilation=spread)
        layer.load_state_dict({"weight": kernel, "bias": torch.from_numpy(arrays[name[:-6] + "bias"])})
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])
