"""A grey frame with pixel axes, and a hollow mark on it."""

from posekit.draw.core import BLUE


def gray_frame(axes, image):
    axes.imshow(image, vmin=0.0, vmax=1.0)
    axes.set(xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5))
    axes.set_axis_off()


def ring(axes, point, label):
    for colour, width in (("white", 4.0), (BLUE, 2.0)):
        style = {"markeredgecolor": colour, "markeredgewidth": width, "markerfacecolor": "none", "linestyle": ""}
        axes.plot(*point, marker="o", markersize=13, label=label if colour == BLUE else None, **style)
