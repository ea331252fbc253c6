"""Pictures of detectors that are networks: feature maps, heatmaps, poses, films."""

import matplotlib as mpl
import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from posekit.draw.core import CURVES, GREEN, ORANGE, RED, SKY, WIDTH, legend_below, plain_ticks, play, show, styled
from posekit.draw.frames import gray_frame, pixels, ring
from posekit.skeleton import side_of

# (colour, marker, what the legend says) of keypoints, by what `side_of` says of their names
SIDES = {"left": (SKY, "^", "left"), "right": (ORANGE, "s", "right"), "": (GREEN, "o", "middle")}


@styled
def poses(images, keypoints, names, *, alt, caption, predictions=None, sure=None, titles=None, columns=3, parents=None):
    """Draw frames with their keypoints, and with what a network predicts.

    Parameters
    ----------
    images : ndarray (N, H, W), or as networks take them (N, 1 or 3, H, W)
    keypoints : ndarray (N, K, 2)
        The truth, px, NaN where there is nothing to draw.
    names : sequence of K str
        The animal's left, right and middle keypoints differ in colour and marker, see `posekit.skeleton.side_of`.
    predictions : ndarray (N, K, 2), optional
        Marks, each joined to its truth by a line where there is one.
    sure : ndarray (N, K) of bool, optional
        Marks of the others are hollow.
    titles : sequence of N str, optional
    columns : int
    parents : ndarray (K,), optional
        Draw the skeleton, too.
    """
    rows = -(-len(images) // columns)
    height = WIDTH / columns * pixels(images[0]).shape[0] / pixels(images[0]).shape[1]
    fig = Figure(figsize=(WIDTH, rows * (height + (0.3 if titles else 0.06)) + 0.5), layout="constrained")
    axes = fig.subplots(rows, columns, squeeze=False)
    for axis in axes.flat[len(images) :]:
        axis.set_axis_off()
    for n, image in enumerate(images):
        axis = axes.flat[n]
        gray_frame(axis, image)
        predicted = None if predictions is None else predictions[n]
        _keypoints(axis, keypoints[n], names, predicted, parents, None if sure is None else sure[n])
        if titles:
            axis.set_title(titles[n], fontsize=9.5)
    legend_below(fig, *axes.flat, ncols=4, markerscale=1.5)
    show(fig, alt=alt, caption=caption)


@styled
def feature_maps(rows, *, alt, caption, image=None):
    """Draw the maps of a few channels, one row for each place in a network.

    Parameters
    ----------
    rows : mapping from label to ndarray (C, h, w)
        The same number of channels in each row. Black is the smallest value of a map, white its largest.
    image : ndarray (H, W), optional
        What the network looked at, in the first place of the first row.
    """
    columns = max(len(maps) for maps in rows.values()) + (image is not None)
    fig = Figure(figsize=(WIDTH, 0.82 * len(rows) * WIDTH / columns + 0.28 * len(rows)), layout="constrained")
    axes = fig.subplots(len(rows), columns, squeeze=False)
    for n, (line, (label, maps)) in enumerate(zip(axes, rows.items(), strict=True)):
        for axis in line:
            axis.set_axis_off()
        if image is not None and n == 0:
            line[0].imshow(image)
            line[0].set_title("the frame", fontsize=10)
        for axis, picture in zip(line[int(image is not None) :], maps, strict=True):
            axis.imshow(picture, interpolation="nearest")
        place = line[int(image is not None)]
        place.set_title(" ", fontsize=10)  # keeps the height
        title = place.text(0.0, 1.07, label, transform=place.transAxes, fontsize=10)
        title.set_in_layout(False)  # or its width would widen the first column
    show(fig, alt=alt, caption=caption)


@styled
def windows(image, point, sizes, *, alt, caption):
    """Draw windows of several sizes around one point of a frame, as far as they lie inside.

    Parameters
    ----------
    point : (x, y) px
    sizes : mapping from label to width px
    """
    fig = Figure(figsize=(WIDTH, 4.6), layout="constrained")
    axes = fig.subplots()
    gray_frame(axes, image)
    for n, ((label, size), (colour, line, _)) in enumerate(zip(sizes.items(), CURVES, strict=False)):
        corner = np.subtract(point, size / 2)
        style = {"edgecolor": colour, "linestyle": line, "linewidth": 2.5, "facecolor": "none"}
        axes.add_patch(
            Rectangle(corner, size, size, **style | {"linestyle": "-", "edgecolor": "white", "linewidth": 4})
        )
        axes.add_patch(Rectangle(corner, size, size, label=label, zorder=2 + n, **style))
    legend_below(fig, axes, handlelength=3)
    show(fig, alt=alt, caption=caption)


@styled
def refinement(image, scores, offsets, stride, keypoint, found, *, alt, caption):
    """Draw a keypoint's score map over a frame, and around the best cell where the offsets of the cells lead.

    Parameters
    ----------
    image : ndarray (H, W)
    scores : ndarray (h, w)
        Probabilities, one per cell of `stride` px.
    offsets : ndarray (2, h, w)
        (dx, dy) from each cell's centre, px.
    keypoint, found : (x, y) px
        The truth, and what was decoded.
    """
    h, w = np.shape(scores)
    extent = (-0.5, w * stride - 0.5, h * stride - 0.5, -0.5)
    fig = Figure(figsize=(WIDTH, 3.4), layout="constrained")
    left, right = fig.subplots(1, 2, width_ratios=[w / h, 1.0])  # of one height
    for axis in (left, right):
        axis.imshow(image, vmin=0.0, vmax=1.0)
    left.imshow(scores, cmap=HEAT, vmin=0.0, vmax=1.0, extent=extent, interpolation="nearest")
    for lines, number in ((left.axvline, w), (left.axhline, h)):
        for n in range(number + 1):
            lines(stride * n - 0.5, color="white", linewidth=0.5, alpha=0.5)
    left.set(xlim=extent[:2], ylim=extent[2:], title="score of each cell")
    left.set_axis_off()
    i, j = np.unravel_index(np.argmax(scores), (h, w))
    rows, columns = (part.ravel() for part in np.mgrid[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2])
    inside = (rows < h) & (columns < w)
    rows, columns = rows[inside], columns[inside]
    x, y = stride * columns + (stride - 1) / 2, stride * rows + (stride - 1) / 2
    arrows = {"angles": "xy", "scale_units": "xy", "scale": 1, "color": ORANGE, "edgecolor": "black", "linewidth": 0.6}
    for axis in (left, right):
        corner = stride * np.array([j, i]) - 0.5
        axis.add_patch(Rectangle(corner, stride, stride, edgecolor=SKY, facecolor="none", linewidth=2.5))
    for edge in stride * np.arange(-1, 3) - 0.5:
        right.axvline(stride * j + edge, color="white", linewidth=0.8, alpha=0.6)
        right.axhline(stride * i + edge, color="white", linewidth=0.8, alpha=0.6)
    right.quiver(x, y, *offsets[:, rows, columns], width=0.016, **arrows)
    ring(right, keypoint, "truth")
    right.plot(*found, marker="x", color=RED, markersize=11, markeredgewidth=3, linestyle="", label="decoded")
    right.set(
        xlim=(stride * (j - 1.6), stride * (j + 2.6)),
        ylim=(stride * (i + 2.6), stride * (i - 1.6)),
        title="offsets around it",
    )
    right.set_axis_off()
    legend_below(fig, right)
    show(fig, alt=alt, caption=caption)


@styled
def learning_curves(curves, *, alt, caption, xlabel="labelled frames", ylabel="median error, px", yscale="log"):
    """Draw errors against the number of labelled frames, say: the mean over seeds, and a band from the lowest to the highest.

    Parameters
    ----------
    curves : mapping from label to (counts (C,), errors (C, S))
        NaN where a seed was not run, or where none was.
    """
    fig = Figure(figsize=(WIDTH, 4.6), layout="constrained")
    axes = fig.subplots()
    for (label, (counts, errors)), (colour, line, marker) in zip(curves.items(), CURVES, strict=False):
        run = ~np.isnan(errors).all(axis=1)
        counts, errors = np.asarray(counts)[run], errors[run]
        axes.fill_between(counts, np.nanmin(errors, 1), np.nanmax(errors, 1), color=colour, alpha=0.18, linewidth=0)
        axes.plot(counts, np.nanmean(errors, 1), color=colour, linestyle=line, marker=marker, label=label)
    ticks = sorted({int(count) for counts, _ in curves.values() for count in counts})
    axes.set(xscale="log", yscale=yscale, xlabel=xlabel, ylabel=ylabel)
    axes.set_xticks(ticks, labels=[str(tick) for tick in ticks])
    axes.set_xticks([], minor=True)
    plain_ticks(axes.yaxis)
    legend_below(fig, axes, handlelength=3.5)
    show(fig, alt=alt, caption=caption)


@styled
def tracking(images, predictions, keypoints, names, parents=None, *, alt, caption, sure=None, interval=250):
    """Play a film with the keypoints that a network predicts, and rings where they are.

    Parameters
    ----------
    images : ndarray (T, H, W), or as networks take them (T, 1 or 3, H, W)
    predictions : ndarray (T, K, 2)
        px, NaN where there is nothing to draw.
    keypoints : ndarray (T, K, 2), or None where nobody knows the truth
    names, parents
        As in `poses`.
    sure : ndarray (T, K) of bool, optional
        Marks of the other predictions are hollow.
    interval : int
        Milliseconds per frame.
    """
    fig = Figure(figsize=(WIDTH, 5.2), layout="constrained")
    FigureCanvasAgg(fig)
    axis = fig.subplots()

    def draw(t):
        axis.clear()
        gray_frame(axis, images[t])
        unknown = np.full_like(predictions[t], np.nan)
        truth = unknown if keypoints is None else keypoints[t]
        _keypoints(axis, truth, names, predictions[t], parents, None if sure is None else sure[t])
        axis.set_title(f"frame {t + 1} of {len(images)}", loc="left")

    draw(0)
    legend_below(fig, axis, ncols=4, markerscale=1.5)
    play(FuncAnimation(fig, draw, frames=len(images), interval=interval), alt=alt, caption=caption)


@styled
def score_maps(images, *, alt, caption, columns=2):
    """Draw images and what filters make of them, each with a scale of its own.

    Parameters
    ----------
    images : mapping from title to ndarray (H, W)
        Those without negative values are drawn in grey; others around zero, in two colours, with a bar.
    columns : int
    """
    rows = -(-len(images) // columns)
    fig = Figure(figsize=(WIDTH, rows * (0.85 * WIDTH / columns + 0.35)), layout="constrained")
    panels = fig.subplots(rows, columns, squeeze=False)
    for axes in panels.flat:
        axes.set_axis_off()
    for axes, (title, image) in zip(panels.flat, images.items(), strict=False):
        axes.set_title(title, fontsize=9.5)
        limit, signed = np.max(np.abs(image)), np.min(image) < 0
        drawn = axes.imshow(image, **({"cmap": "PuOr_r", "vmin": -limit, "vmax": limit} if signed else {}))
        bar = fig.colorbar(drawn, ax=axes, shrink=0.75, orientation="horizontal", pad=0.03)
        bar.ax.set_visible(signed)  # its room stays, so that panels are of one size
    show(fig, alt=alt, caption=caption)


@styled
def heatmaps(image, maps, *, alt, caption, truth=None, found=None, columns=2, stride=None):
    """Draw heatmaps over a frame, one panel for each, all on one scale.

    Parameters
    ----------
    image : ndarray (H, W), or as networks take it (1 or 3, H, W)
    maps : mapping from title to ndarray (h, w)
        Probabilities; blocks of pixels of the frame, from its upper left corner on. They need not end where the frame does.
    truth, found : mapping from title to (x, y) px, optional
        Rings, and crosses; NaN where there is nothing to draw.
    columns : int
    stride : int, optional
        Side of a block, px; by default the whole number that fits best.
    """
    rows = -(-len(maps) // columns)
    fig = Figure(figsize=(WIDTH, rows * (0.8 * WIDTH / columns + 0.3) + 0.9), layout="constrained")
    panels = fig.subplots(rows, columns, squeeze=False)
    for axes in panels.flat[len(maps) :]:
        axes.set_axis_off()
    largest = max(np.max(heat) for heat in maps.values())
    for axes, (title, heat) in zip(panels.flat, maps.items(), strict=False):
        marks = (None if points is None else points[title] for points in (truth, found))
        _heatmap(axes, image, heat, *marks, largest, stride)
        axes.set_title(title, fontsize=10)
    _scale_below(fig, panels, largest)
    legend_below(fig, panels.flat[0])
    show(fig, alt=alt, caption=caption)


@styled
def heatmap_film(images, detectors, truth, *, alt, caption, interval=400, stride=None):
    """Play a film with the heatmaps of one keypoint, for several detectors, one above the other and on one scale.

    Parameters
    ----------
    images : ndarray (T, H, W)
    detectors : mapping from title to (maps (T, h, w), found (T, 2))
        Probabilities, and where each detector puts the keypoint, px.
    truth : ndarray (T, 2)
        px, NaN where the keypoint is hidden.
    interval : int
        Milliseconds per frame.
    stride : int, optional
        As in `heatmaps`.
    """
    fig = Figure(figsize=(WIDTH, 0.72 * WIDTH * len(detectors) + 0.8), layout="constrained")
    FigureCanvasAgg(fig)
    panels = fig.subplots(len(detectors), 1, squeeze=False)[:, 0]
    largest = max(np.max(maps) for maps, _ in detectors.values())

    def draw(t):
        for axes, (title, (maps, found)) in zip(panels, detectors.items(), strict=True):
            axes.clear()
            _heatmap(axes, images[t], maps[t], truth[t], found[t], largest, stride)
            axes.set_title(f"{title}, frame {t + 1}", fontsize=12)

    draw(0)
    legend_below(fig, panels[0])
    play(FuncAnimation(fig, draw, frames=len(images), interval=interval), alt=alt, caption=caption)


# What is improbable stays clear, so that the frame shows through.
_SHADE = [(*mpl.colormaps["autumn"](p)[:3], 0.85 * p**0.7) for p in np.linspace(0.0, 1.0, 256)]
HEAT = ListedColormap(_SHADE, name="heat")


def _heatmap(axes, image, heat, truth, found, largest, stride):
    gray_frame(axes, image)
    height, width = pixels(image).shape[:2]
    rows, columns = np.shape(heat)
    side = round(width / columns) if stride is None else stride
    extent = (-0.5, columns * side - 0.5, rows * side - 0.5, -0.5)
    axes.imshow(heat, cmap=HEAT, vmin=0.0, vmax=max(largest, 1e-12), extent=extent, interpolation="nearest")
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    if truth is not None:
        ring(axes, truth, "truth")
    if found is not None:
        for colour, edge in (("white", 3.6), ("black", 1.5)):
            style = {"markeredgecolor": colour, "markeredgewidth": edge, "markerfacecolor": "none", "linestyle": ""}
            axes.plot(*found, marker="X", markersize=13, label="highest value" if colour == "black" else None, **style)


def _scale_below(fig, panels, largest):
    mappable = ScalarMappable(Normalize(0.0, largest), cmap=HEAT)
    fig.colorbar(
        mappable, ax=panels, location="bottom", shrink=0.6, aspect=30, pad=0.02, label="probability, all panels"
    )


def _keypoints(axes, keypoints, names, predictions, parents, sure):
    drawn = keypoints if predictions is None else predictions
    sure = np.ones(len(names), dtype=bool) if sure is None else sure
    if parents is not None:
        for child, parent in enumerate(parents):
            axes.plot(*drawn[[child, parent]].T, color="white", linewidth=1.2, alpha=0.8)
    for side, (colour, marker, label) in SIDES.items():
        which = np.array([side_of(name) == side for name in names])
        if not which.any():
            continue
        if predictions is not None:
            for found, true in zip(predictions[which], keypoints[which], strict=True):
                axes.plot(*np.stack([found, true]).T, color=colour, linewidth=1.5)
        style = {"marker": marker, "markersize": 4.5, "linestyle": ""}
        filled = style | {"color": colour, "markeredgecolor": "black", "markeredgewidth": 0.7}
        axes.plot(*drawn[which & sure].T, label=label, **filled)
        hollow = style | {"markersize": 7, "markerfacecolor": "none", "markeredgecolor": colour, "markeredgewidth": 1.5}
        axes.plot(*drawn[which & ~sure].T, **hollow)
    if predictions is not None and not np.isnan(keypoints).all():
        style = {"markerfacecolor": "none", "markeredgecolor": RED, "markeredgewidth": 1.4, "linestyle": ""}
        axes.plot(*keypoints.T, marker="o", markersize=7, label="truth", **style)
