"""A frame with pixel axes, grey or in colour, and a hollow mark on it."""

import numpy as np

from posekit.draw.core import BLUE


def pixels(image):
    """A frame as matplotlib takes it, from (H, W), (H, W, 3), (1, H, W) or (3, H, W): those of the last two kinds are networks'."""
    image = np.asarray(image)
    if image.ndim == 3 and image.shape[0] in (1, 3) and image.shape[2] != 3:
        image = image[0] if len(image) == 1 else image.transpose(1, 2, 0)
    return image


def gray_frame(axes, image):
    image = pixels(image)
    axes.imshow(image, vmin=0.0, vmax=1.0)
    axes.set(xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5))
    axes.set_axis_off()


def ring(axes, point, label):
    for colour, width in (("white", 4.0), (BLUE, 2.0)):
        style = {"markeredgecolor": colour, "markeredgewidth": width, "markerfacecolor": "none", "linestyle": ""}
        axes.plot(*point, marker="o", markersize=13, label=label if colour == BLUE else None, **style)
