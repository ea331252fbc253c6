"""The capstone's clip: coat, light and motion that occur nowhere else; the truth goes to a file of its own."""

import numpy as np

from .recipes import CLIP
from .six import Recording


def make():
    """The arrays of ``clip.npz`` and of ``truth/clip_truth.npz``."""
    taken = Recording(CLIP)
    truth = taken.truth()
    shared = ("P", "fps", "names", "parents")
    clip = {"image_steps": taken.picture_steps(np.arange(CLIP.frames)), **{key: truth[key] for key in shared}}
    taken.scene.close()
    return clip, {key: value for key, value in truth.items() if key not in shared}
