"""Pictures of patches and of what is learned from them: frames, weights, scores, calibration."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from scipy import ndimage

from posekit.draw.core import BLUE, CURVES, ORANGE, RED, SKY, WIDTH, legend_below, show, styled
from posekit.draw.frames import gray_frame, ring


@styled
def frame(
    image,
    *,
    alt,
    caption,
    keypoint=None,
    called="keypoint",
    centers=None,
    names=None,
    labels=None,
    size=None,
    zoom=None,
):
    """Draw a frame with a keypoint and the centres of patches, and pixel axes.

    Parameters
    ----------
    image : ndarray (H, W) in [0, 1]
    keypoint : (2,), optional
        (x, y), drawn as a ring.
    called : str
        What the legend calls the ring.
    centers : ndarray (N, 2), optional
        (x, y): triangles, or filled circles for label 1 and crosses for label 0.
    names : sequence of N str, optional
        Written beside the centres, in place of a legend.
    labels : ndarray (N,), optional
    size : (int, int), optional
        Height and width of the patches, drawn as boxes around the centres.
    zoom : (left, right, top, bottom), optional
        The part of the image to show, px.
    """
    fig = Figure(figsize=(WIDTH, WIDTH * image.shape[0] / image.shape[1] + 0.6), layout="constrained")
    axes = fig.subplots()
    gray_frame(axes, image)
    axes.set_axis_on()
    axes.set(xlabel="x, the column, px", ylabel="y, the row, px")
    if zoom is not None:
        left, right, top, bottom = zoom
        axes.set(xlim=(left, right), ylim=(bottom, top))
    if keypoint is not None:
        ring(axes, keypoint, called)
    if centers is not None:
        centers = np.asarray(centers)
        _centers(axes, centers, labels)
        middle = np.mean(centers[:, 1])
        outline = [withStroke(linewidth=2.5, foreground="black")]
        for name, (x, y) in zip(names or (), centers, strict=False):
            # Slanted away from the middle, so that the names of neighbours do not cover each other.
            up = 1 if y < middle else -1
            style = {"rotation": 60 * up, "rotation_mode": "anchor", "va": "center", "path_effects": outline}
            axes.annotate(name, (x, y), (5, 5 * up), textcoords="offset points", color="white", fontsize=10, **style)
        for x, y in centers if size is not None else ():
            h, w = size
            corner = (x - (w - 1) // 2 - 0.5, y - (h - 1) // 2 - 0.5)
            axes.add_patch(Rectangle(corner, w, h, fill=False, edgecolor=SKY, linewidth=1.5))
    if names is None:
        legend_below(fig, axes)  # inside it would cover a part of the frame
    show(fig, alt=alt, caption=caption)


@styled
def patches(groups, size, *, alt, caption, columns=8):
    """Draw groups of patches, one row (or more) for each.

    Parameters
    ----------
    groups : mapping from title to ndarray (N, h * w)
    size : (int, int)
        Height h and width w of a patch.
    columns : int
        Patches in a row.
    """
    heights = [-(-len(group) // columns) for group in groups.values()]
    h, w = size
    fig = Figure(figsize=(WIDTH, sum(heights) * WIDTH / columns * h / w + 0.45 * len(groups)))
    grids = fig.subfigures(len(groups), 1, height_ratios=[rows * h / w + 0.4 for rows in heights], squeeze=False)
    for grid, (title, group), rows in zip(grids[:, 0], groups.items(), heights, strict=True):
        grid.suptitle(title, fontsize=11, x=0.02, ha="left")
        cells = grid.subplots(rows, columns, squeeze=False).ravel()
        grid.subplots_adjust(left=0.01, right=0.99, bottom=0.02, top=1 - 0.3 / (rows + 0.3), wspace=0.05, hspace=0.05)
        for cell in cells:
            cell.set_axis_off()
        for cell, patch in zip(cells, group, strict=False):
            cell.imshow(np.reshape(patch, size), vmin=0.0, vmax=1.0)
    show(fig, alt=alt, caption=caption)


@styled
def weights(images, *, alt, caption):
    """Draw weights as images, beside what they are to be compared with.

    Parameters
    ----------
    images : mapping from title to ndarray (h, w)
        Signed images are drawn around zero, with contours of what is left of them after smoothing by one pixel: solid
        around the larger areas that are strongly positive, dashed around strongly negative ones. Others are drawn in grey.
    """
    fig = Figure(figsize=(WIDTH, WIDTH / len(images)), layout="constrained")
    panels = fig.subplots(1, len(images), squeeze=False)[0]
    for axes, (title, image) in zip(panels, images.items(), strict=True):
        axes.set_title(title)
        axes.set_axis_off()
        if np.min(image) >= 0:
            axes.imshow(image)
            continue
        limit = np.max(np.abs(image))
        drawn = axes.imshow(image, cmap="PuOr_r", vmin=-limit, vmax=limit)
        axes.autoscale(False)
        smooth = ndimage.gaussian_filter(image, 1.0)
        level = np.max(np.abs(smooth)) / 2
        for sign, line in ((1, "-"), (-1, "--")):
            _outline(axes, sign * smooth, level, line)
        fig.colorbar(drawn, ax=axes, shrink=0.75, orientation="horizontal", pad=0.03, ticks=MaxNLocator(3))
    show(fig, alt=alt, caption=caption)


@styled
def histogram(y, score, *, alt, caption, xlabel="score"):
    """Draw how scores are distributed over positives and negatives, each to the area one.

    Parameters
    ----------
    y, score : ndarray (N,)
    """
    fig = Figure(figsize=(WIDTH, 3.2))
    axes = fig.subplots()
    bins = np.linspace(np.min(score), np.max(score), 41)
    y, score = np.asarray(y), np.asarray(score)
    axes.hist(score[y == 0], bins, density=True, color=SKY, alpha=0.6, hatch="//", edgecolor=BLUE, label="negatives")
    axes.hist(score[y == 1], bins, density=True, histtype="step", color=RED, linewidth=2.5, label="positives")
    axes.set(xlabel=xlabel, ylabel="density")
    axes.legend()
    show(fig, alt=alt, caption=caption)


@styled
def calibration(curves, *, alt, caption):
    """Draw reliability diagrams: how often predictions came true, against what they promised.

    Parameters
    ----------
    curves : mapping from label to (mean_p, mean_y, count), each (bins,)
        Bars show the standard error of a frequency from `count` trials.
    """
    fig = Figure(figsize=(WIDTH, 4.6))
    axes = fig.subplots()
    _calibration(axes, curves)
    show(fig, alt=alt, caption=caption)


@styled
def detection(image, scores, keypoint, curves, *, alt, caption):
    """Draw a frame, the score of every pixel of it, and the calibration of the scores.

    Parameters
    ----------
    image : ndarray (H, W) in [0, 1]
    scores : ndarray (H, W)
        Probabilities.
    keypoint : (2,)
        The truth (x, y), drawn as a ring.
    curves : as for `calibration`
    """
    fig = Figure(figsize=(WIDTH, 6.6), layout="constrained")
    upper, lower = fig.subfigures(2, 1, height_ratios=[2.5, 4.1])
    left, right = upper.subplots(1, 2)
    best = np.unravel_index(np.argmax(scores), scores.shape)[::-1]
    gray_frame(left, image)
    left.set_title("frame")
    right.set_title("probability of a paw")
    drawn = right.imshow(scores, cmap="cividis", vmin=0.0)
    right.set_axis_off()
    upper.colorbar(drawn, ax=right, shrink=0.7)
    for axes in (left, right):
        ring(axes, keypoint, "truth")
        axes.plot(*best, marker="x", color=RED, markersize=9, markeredgewidth=2.5, linestyle="", label="highest score")
    left.legend(loc="upper left", fontsize=9, framealpha=0.8, frameon=True)
    _calibration(lower.subplots(), curves)
    show(fig, alt=alt, caption=caption)


def _outline(axes, image, level, line):
    """Surround the areas above the level, but for crumbs of a few pixels and the noise along the border."""
    areas, _ = ndimage.label(image > level)
    counts = np.bincount(areas.ravel())
    small = np.flatnonzero(counts < max(5, image.size // 60))
    image = np.where(np.isin(areas, small[small > 0]), np.minimum(image, 0.999 * level), image)
    if np.max(image) > level:
        # A rim far below the level closes the lines at the border, where an open end looks like a slip of the pen.
        rows, columns = (np.arange(-1, length + 1) for length in image.shape)
        image = np.pad(image, 1, constant_values=-9.0 * level)
        axes.contour(columns, rows, image, levels=[level], colors="black", linewidths=1.5, linestyles=line)


def _centers(axes, centers, labels):
    if labels is None:
        axes.plot(*centers.T, marker="^", color=ORANGE, markeredgecolor="black", linestyle="", label="centre")
        return
    labels = np.asarray(labels)
    for value, marker, colour in ((0, "x", SKY), (1, "o", ORANGE)):
        edge = {"markeredgecolor": "black"} if marker == "o" else {"markeredgewidth": 1.8}
        name = "positive" if value else "negative"
        axes.plot(*centers[labels == value].T, marker=marker, color=colour, linestyle="", label=name, **edge)


def _calibration(axes, curves):
    axes.plot([0, 1], [0, 1], color="0.45", linestyle=(0, (2, 2)), linewidth=1.3, label="perfectly calibrated")
    for (label, (mean_p, mean_y, count)), (colour, line, marker) in zip(curves.items(), CURVES, strict=False):
        error = np.sqrt(mean_y * (1 - mean_y) / np.maximum(count, 1))
        style = {"color": colour, "linestyle": line, "marker": marker, "capsize": 3}
        axes.errorbar(mean_p, mean_y, error, label=label, **style)
    whole = (-0.03, 1.03)  # a marker at 0 or 1 is drawn whole
    axes.set(xlabel="predicted probability", ylabel="how often it was a paw", xlim=whole, ylim=whole)
    axes.legend(loc="upper left")
