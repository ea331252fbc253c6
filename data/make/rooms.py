"""Labelled pictures from rings of cameras: what the detector of the six views learns from."""

import numpy as np

from .recipes import label_room
from .six import Recording


def labelled_pictures(seed):
    """All pictures of one room.

    Parameters
    ----------
    seed : int of `recipes.LABEL_SEEDS` or `recipes.LABEL_HELD_OUT`

    Returns
    -------
    images : (n, H, W) uint8, moment by moment, camera by camera
    keypoints : (n, K, 2) px (x, y), also where hidden or outside
    visible : (n, K) bool
    """
    recipe = label_room(seed)
    taken = Recording(recipe)
    frames = range(0, recipe.frames, recipe.images)
    images = taken.pictures(frames)
    _, keypoints, visible = zip(*(taken.observe(frame) for frame in frames), strict=True)
    taken.scene.close()
    return tuple(np.concatenate(np.array(part)) for part in (images, keypoints, visible))
