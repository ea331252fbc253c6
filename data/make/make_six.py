"""Six views of one rat: poses to learn from, and a second recording with pictures (`posekit.data.load_six`)."""

import numpy as np

from .recipes import SIX
from .six import Recording


def make(split):
    """The arrays of ``six_train.npz`` or ``six_test.npz``."""
    recipe = SIX[split]
    taken = Recording(recipe)
    frames = np.arange(0, recipe.frames, recipe.images) if recipe.images else np.arange(0)
    arrays = {**taken.truth(), "image_steps": taken.picture_steps(frames), "image_frames": frames}
    taken.scene.close()
    return arrays
