"""Figures of the labs, in one style: each is shown with a text that stands for it and a caption.

Colours are Okabe and Ito's, and never the only thing that tells two curves or marks apart. Nothing here touches
matplotlib's global state: a figure is made, shown and forgotten. A cell that draws with a student's functions is wrapped
in `needs`, so that a gap costs the picture and not the notebook. Animations are matplotlib's JavaScript players with all
frames inside, so that they play without ffmpeg and without a network, in a notebook, on Colab and on a page.
"""

import base64
import html
import io
import re
from collections.abc import Mapping
from contextlib import contextmanager

import matplotlib as mpl
import numpy as np
from IPython.display import display
from matplotlib.animation import FuncAnimation
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from scipy.ndimage import gaussian_filter

BLUE, ORANGE, GREEN, PURPLE, SKY, RED = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"
#: (colour, line style, marker) of the curves of a figure, in this order.
CURVES = (
    (BLUE, "-", "o"),
    (RED, "--", "s"),
    (GREEN, "-.", "^"),
    (PURPLE, ":", "D"),
    (ORANGE, (0, (5, 1, 1, 1, 1, 1)), "v"),
)

# (name's ending, colour, marker, what it says in the legend) of keypoints
_SIDES = (("_L", SKY, "^", "left"), ("_R", ORANGE, "s", "right"), ("", GREEN, "o", "middle"))

STYLE = {
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "lines.linewidth": 2,
    "lines.markersize": 6,
    "legend.frameon": False,
    "image.cmap": "gray",
    "savefig.dpi": 110,
}
styled = mpl.rc_context(STYLE)

WIDTH = 6.0  # inches: readable on a phone

# What the player's buttons say; matplotlib takes icons from a server.
BUTTONS = {
    "fa-minus": "−",
    "fa-fast-backward": "|◀",
    "fa-step-backward": "‹",
    "fa-play fa-flip-horizontal": "◀",
    "fa-pause": "❚❚",
    "fa-play": "▶",
    "fa-step-forward": "›",
    "fa-fast-forward": "▶|",
    "fa-plus": "+",
}


@contextmanager
def needs(*names):
    """Let a cell show something if it can, and say in one line what is missing if it cannot.

        with draw.needs("nll", "X"):
            draw.curve(lambda t: nll(t * X[0], X, y), ...)

    Parameters
    ----------
    *names : str
        What the cell uses of the student's: functions, and what earlier cells made with them. Nothing else is excused:
        a name that is not listed, or a function that fails in another way than not being written, is an error.
    """
    try:
        yield
    except (NotImplementedError, NameError) as error:
        missing = error.name if isinstance(error, NameError) else _innermost(error.__traceback__)
        if isinstance(error, NameError) and missing not in names:
            raise
        print(
            f"Nothing to show yet: {missing} is missing. (Needed here: {_listed(names)}.) Come back when the checks pass."
        )


def show(fig, *, alt, caption):
    """Display a figure with its alternative text and caption.

    Parameters
    ----------
    fig : matplotlib Figure
    alt : str
        What the picture shows, for those who do not see it.
    caption : str
        What to look at.
    """
    buffer = io.BytesIO()
    with mpl.rc_context(STYLE):
        fig.savefig(buffer, format="png", bbox_inches="tight")
    image = base64.b64encode(buffer.getvalue()).decode("ascii")
    markup = (
        f'<figure style="margin: 0"><img src="data:image/png;base64,{image}" alt="{html.escape(alt)}" '
        f'style="max-width: 100%"><figcaption>{html.escape(caption)}</figcaption></figure>'
    )
    display({"text/html": markup, "text/plain": f"[Picture: {alt}] {caption}"}, raw=True)


def play(animation, *, alt, caption):
    """Show an animation as a player that needs nothing but a browser. It waits for its button to be pressed.

    Parameters
    ----------
    animation : matplotlib.animation.Animation
    alt : str
        What happens in it, for those who do not see it.
    caption : str
        What to look at.
    """
    fig = animation._fig
    fig.draw_without_rendering()
    fig.set_layout_engine("none")  # the first frame's layout is every frame's
    with mpl.rc_context({**STYLE, "savefig.dpi": 75}):
        player = animation.to_jshtml(default_mode="once")
    player = re.sub(r"<link[^>]*>", "", player)  # the style sheet of the icons, from a server
    player = re.sub(r'<i class="fa ([^"]*)"></i>', lambda icon: BUTTONS[icon[1]], player)
    last = re.findall(r'frames\[\d+\] = "(data:image/png;base64,[^"]*)"', player)[-1].replace("\\\n", "")
    # Where scripts do not run, the last frame stays.
    image = f'<img src="{last}" alt="{html.escape(alt)}" style="max-width: 100%" id='
    player = player.replace("<img id=", image)
    player = player.replace('class="anim-slider"', 'class="anim-slider" aria-label="Frame"')
    markup = f'<figure style="margin: 0">{player}<figcaption>{html.escape(caption)}</figcaption></figure>'
    display({"text/html": markup, "text/plain": f"[Animation: {alt}] {caption}"}, raw=True)


def legend_below(fig, *panels, ncols=2, **style):
    """One legend for some panels, under the picture, where it covers nothing; none where nothing has a label."""
    handles = {}
    for axes in panels:
        handles |= {label: handle for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    if handles:
        fig.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=ncols, **style)


@styled
def curve(functions, *, alt, caption, span=(-6.0, 6.0), xlabel="a", ylabel="", guides=()):
    """Draw functions of one variable.

    Parameters
    ----------
    functions : callable, or mapping from label to callable
        Each takes an array (M,) and returns one.
    span : (float, float)
        Left and right end.
    guides : sequence of (str, callable)
        Reference curves, drawn thin and grey.
    """
    x = np.linspace(*span, 401)
    fig = Figure(figsize=(WIDTH, 3.4))
    axes = fig.subplots()
    for label, function in guides:
        axes.plot(x, function(x), color="0.45", linestyle=(0, (2, 2)), linewidth=1.3, label=label)
    for (label, function), (colour, line, _) in zip(_named(functions).items(), CURVES, strict=False):
        axes.plot(x, function(x), color=colour, linestyle=line, label=label)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    if guides or isinstance(functions, Mapping):
        axes.legend()
    show(fig, alt=alt, caption=caption)


@styled
def lines(series, *, alt, caption, xlabel, ylabel, xscale="linear", yscale="linear", markers=False):
    """Draw labelled series of numbers, losses over iterations say.

    Parameters
    ----------
    series : mapping from label to (x, y), each (M,)
    xscale, yscale : "linear" or "log"
    markers : bool
        Mark the points, for series of few.
    """
    fig = Figure(figsize=(WIDTH, 3.4))
    axes = fig.subplots()
    for (label, (x, y)), (colour, line, marker) in zip(series.items(), CURVES, strict=False):
        axes.plot(x, y, color=colour, linestyle=line, marker=marker if markers else None, label=label)
    axes.set(xlabel=xlabel, ylabel=ylabel, xscale=xscale, yscale=yscale)
    axes.legend()
    show(fig, alt=alt, caption=caption)


@styled
def frame(image, *, alt, caption, keypoint=None, centers=None, labels=None, size=None, zoom=None):
    """Draw a frame with a keypoint and the centres of patches.

    Parameters
    ----------
    image : ndarray (H, W) in [0, 1]
    keypoint : (2,), optional
        (x, y), drawn as a ring.
    centers : ndarray (N, 2), optional
        (x, y): triangles, or filled circles for label 1 and crosses for label 0.
    labels : ndarray (N,), optional
    size : (int, int), optional
        Height and width of the patches, drawn as boxes around the centres.
    zoom : (left, right, top, bottom), optional
        The part of the image to show, px.
    """
    fig = Figure(figsize=(WIDTH, WIDTH * image.shape[0] / image.shape[1]))
    axes = fig.subplots()
    _frame(axes, image)
    if zoom is not None:
        left, right, top, bottom = zoom
        axes.set(xlim=(left, right), ylim=(bottom, top))
    if keypoint is not None:
        _ring(axes, keypoint, "keypoint")
    if centers is not None:
        centers = np.asarray(centers)
        _centers(axes, centers, labels)
        for x, y in centers if size is not None else ():
            h, w = size
            corner = (x - (w - 1) // 2 - 0.5, y - (h - 1) // 2 - 0.5)
            axes.add_patch(Rectangle(corner, w, h, fill=False, edgecolor=SKY, linewidth=1.5))
    axes.legend(loc="lower left", framealpha=0.8, frameon=True)
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
        where it is strongly positive, dashed where it is strongly negative. Others are drawn in grey.
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
        smooth = gaussian_filter(image, 1.0)
        level = np.max(np.abs(smooth)) / 2
        axes.contour(smooth, levels=[level], colors="black", linewidths=1.5)
        axes.contour(smooth, levels=[-level], colors="black", linewidths=1.5, linestyles="--")
        fig.colorbar(drawn, ax=axes, shrink=0.75, orientation="horizontal", pad=0.03)
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
    _frame(left, image)
    left.set_title("frame")
    right.set_title("probability of a paw")
    drawn = right.imshow(scores, cmap="cividis", vmin=0.0)
    right.set_axis_off()
    upper.colorbar(drawn, ax=right, shrink=0.7)
    for axes in (left, right):
        _ring(axes, keypoint, "truth")
        axes.plot(*best, marker="x", color=RED, markersize=9, markeredgewidth=2.5, linestyle="", label="highest score")
    left.legend(loc="upper left", fontsize=9, framealpha=0.8, frameon=True)
    _calibration(lower.subplots(), curves)
    show(fig, alt=alt, caption=caption)


@styled
def poses(images, keypoints, names, *, alt, caption, predictions=None, titles=None, columns=3, parents=None):
    """Draw frames with their keypoints, and with what a network predicts.

    Parameters
    ----------
    images : ndarray (N, H, W)
    keypoints : ndarray (N, K, 2)
        The truth, px, NaN where there is nothing to draw.
    names : sequence of K str
        The animal's left, right and middle keypoints differ in colour and marker.
    predictions : ndarray (N, K, 2), optional
        Crosses, each joined to its truth by a line.
    titles : sequence of N str, optional
    columns : int
    parents : ndarray (K,), optional
        Draw the skeleton, too.
    """
    rows = -(-len(images) // columns)
    height = WIDTH / columns * images[0].shape[0] / images[0].shape[1]
    fig = Figure(figsize=(WIDTH, rows * (height + (0.3 if titles else 0.06)) + 0.5), layout="constrained")
    axes = fig.subplots(rows, columns, squeeze=False)
    for axis in axes.flat[len(images) :]:
        axis.set_axis_off()
    for n, image in enumerate(images):
        axis = axes.flat[n]
        _frame(axis, image)
        _keypoints(axis, keypoints[n], names, None if predictions is None else predictions[n], parents)
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
        What the network looked at, as a first column.
    """
    columns = max(len(maps) for maps in rows.values()) + (image is not None)
    fig = Figure(figsize=(WIDTH, 0.82 * len(rows) * WIDTH / columns + 0.28 * len(rows)), layout="constrained")
    axes = fig.subplots(len(rows), columns, squeeze=False)
    for line, (label, maps) in zip(axes, rows.items(), strict=True):
        shown = ([image] if image is not None else []) + list(maps)
        for axis, picture in zip(line, shown, strict=True):
            axis.imshow(picture, interpolation="nearest")
            axis.set_axis_off()
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
    _frame(axes, image)
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
    fig = Figure(figsize=(WIDTH, 3.5), layout="constrained")
    left, right = fig.subplots(1, 2, width_ratios=[1.35, 1.0])
    for axis in (left, right):
        axis.imshow(image, vmin=0.0, vmax=1.0)
    veil = {"alpha": 0.2 + 0.5 * np.asarray(scores), "extent": extent, "interpolation": "nearest"}
    left.imshow(scores, cmap="cividis", vmin=0.0, vmax=1.0, **veil)
    _ring(left, keypoint, "truth")
    left.set(xlim=extent[:2], ylim=extent[2:], title="score of each cell")
    left.set_axis_off()
    i, j = np.unravel_index(np.argmax(scores), (h, w))
    rows, columns = (part.ravel() for part in np.mgrid[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2])
    inside = (rows < h) & (columns < w)
    rows, columns = rows[inside], columns[inside]
    x, y = stride * columns + (stride - 1) / 2, stride * rows + (stride - 1) / 2
    arrows = {"angles": "xy", "scale_units": "xy", "scale": 1, "color": ORANGE, "edgecolor": "black", "linewidth": 0.6}
    for edge in stride * np.arange(-1, 3) - 0.5:
        right.axvline(stride * j + edge, color="white", linewidth=0.8, alpha=0.6)
        right.axhline(stride * i + edge, color="white", linewidth=0.8, alpha=0.6)
    right.quiver(x, y, *offsets[:, rows, columns], width=0.016, **arrows)
    _ring(right, keypoint, "truth")
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
def learning_curves(curves, *, alt, caption, ylabel="median error, px", seeds="seeds", yscale="log"):
    """Draw errors against the number of labelled frames: the mean over seeds, and a band from the best to the worst.

    Parameters
    ----------
    curves : mapping from label to (counts (C,), errors (C, S))
        NaN where a seed was not run.
    """
    fig = Figure(figsize=(WIDTH, 4.6), layout="constrained")
    axes = fig.subplots()
    for (label, (counts, errors)), (colour, line, marker) in zip(curves.items(), CURVES, strict=False):
        axes.fill_between(counts, np.nanmin(errors, 1), np.nanmax(errors, 1), color=colour, alpha=0.18, linewidth=0)
        axes.plot(counts, np.nanmean(errors, 1), color=colour, linestyle=line, marker=marker, label=label)
    ticks = sorted({int(count) for counts, _ in curves.values() for count in counts})
    axes.set(xscale="log", yscale=yscale, xlabel="labelled frames", ylabel=ylabel)
    axes.set_xticks(ticks, labels=[str(tick) for tick in ticks])
    axes.set_xticks([], minor=True)
    low, high = axes.get_ylim()
    marks = [mark for mark in (1, 2, 3, 5, 10, 20, 30, 50) if low <= mark <= high]
    axes.set_yticks(marks, labels=[str(mark) for mark in marks])
    axes.set_yticks([], minor=True)
    legend_below(fig, axes, handlelength=3.5)
    show(fig, alt=alt, caption=caption)


@styled
def tracking(images, predictions, keypoints, names, parents, *, alt, caption, interval=250):
    """Play a film with the keypoints that a network predicts, and rings where they are.

    Parameters
    ----------
    images : ndarray (T, H, W)
    predictions, keypoints : ndarray (T, K, 2)
        px, NaN where there is nothing to draw.
    interval : int
        Milliseconds per frame.
    """
    fig = Figure(figsize=(WIDTH, 5.2), layout="constrained")
    FigureCanvasAgg(fig)
    axis = fig.subplots()

    def draw(t):
        axis.clear()
        _frame(axis, images[t])
        _keypoints(axis, keypoints[t], names, predictions[t], parents)
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
        axes.set_title(title, fontsize=10)
        if np.min(image) >= 0:
            axes.imshow(image)
            continue
        limit = np.max(np.abs(image))
        drawn = axes.imshow(image, cmap="PuOr_r", vmin=-limit, vmax=limit)
        fig.colorbar(drawn, ax=axes, shrink=0.75, orientation="horizontal", pad=0.03)
    show(fig, alt=alt, caption=caption)


@styled
def heatmaps(image, maps, *, alt, caption, truth=None, found=None, columns=2):
    """Draw heatmaps over a frame, one panel for each.

    Parameters
    ----------
    image : ndarray (H, W)
    maps : mapping from title to ndarray (h, w)
        Probabilities; blocks of pixels of the frame, from its upper left corner on.
    truth, found : mapping from title to (x, y) px, optional
        Rings, and crosses; NaN where there is nothing to draw.
    columns : int
    """
    rows = -(-len(maps) // columns)
    fig = Figure(figsize=(WIDTH, rows * (0.8 * WIDTH / columns + 0.3) + 0.4), layout="constrained")
    panels = fig.subplots(rows, columns, squeeze=False)
    for axes in panels.flat[len(maps) :]:
        axes.set_axis_off()
    for axes, (title, heat) in zip(panels.flat, maps.items(), strict=False):
        _heatmap(axes, image, heat, None if truth is None else truth[title], None if found is None else found[title])
        axes.set_title(title, fontsize=10)
    legend_below(fig, panels.flat[0])
    show(fig, alt=alt, caption=caption)


@styled
def heatmap_film(images, detectors, truth, *, alt, caption, interval=400):
    """Play a film with the heatmaps of one keypoint, side by side for several detectors.

    Parameters
    ----------
    images : ndarray (T, H, W)
    detectors : mapping from title to (maps (T, h, w), found (T, 2))
        Probabilities, and where each detector puts the keypoint, px.
    truth : ndarray (T, 2)
        px, NaN where the keypoint is hidden.
    interval : int
        Milliseconds per frame.
    """
    fig = Figure(figsize=(WIDTH, 0.82 * WIDTH / len(detectors) + 0.9), layout="constrained")
    FigureCanvasAgg(fig)
    panels = fig.subplots(1, len(detectors), squeeze=False)[0]

    def draw(t):
        for axes, (title, (maps, found)) in zip(panels, detectors.items(), strict=True):
            axes.clear()
            _heatmap(axes, images[t], maps[t], truth[t], found[t])
            axes.set_title(f"{title}, frame {t + 1}", fontsize=10)

    draw(0)
    legend_below(fig, panels[0])
    play(FuncAnimation(fig, draw, frames=len(images), interval=interval), alt=alt, caption=caption)


def _innermost(traceback):
    """Name of the function or class in which an exception was raised."""
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback.tb_frame.f_code.co_qualname.partition(".")[0]


def _listed(names):
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def _named(functions):
    return functions if isinstance(functions, Mapping) else {"yours": functions}


def _frame(axes, image):
    axes.imshow(image, vmin=0.0, vmax=1.0)
    axes.set(xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5))
    axes.set_axis_off()


def _ring(axes, point, label):
    for colour, width in (("white", 4.0), (BLUE, 2.0)):
        style = {"markeredgecolor": colour, "markeredgewidth": width, "markerfacecolor": "none", "linestyle": ""}
        axes.plot(*point, marker="o", markersize=13, label=label if colour == BLUE else None, **style)


def _centers(axes, centers, labels):
    if labels is None:
        axes.plot(*centers.T, marker="^", color=ORANGE, markeredgecolor="black", linestyle="", label="centre")
        return
    labels = np.asarray(labels)
    for value, marker, colour in ((0, "x", SKY), (1, "o", ORANGE)):
        edge = {"markeredgecolor": "black"} if marker == "o" else {"markeredgewidth": 1.8}
        name = "positive" if value else "negative"
        axes.plot(*centers[labels == value].T, marker=marker, color=colour, linestyle="", label=name, **edge)


def _heatmap(axes, image, heat, truth, found):
    _frame(axes, image)
    rows, columns = np.shape(heat)
    stride = image.shape[1] // columns
    extent = (-0.5, columns * stride - 0.5, rows * stride - 0.5, -0.5)
    # What is improbable stays clear, so that the frame shows through.
    shade = 0.85 * np.clip(heat / max(np.max(heat), 1e-12), 0.0, 1.0) ** 0.7
    axes.imshow(heat, cmap="autumn", vmin=0.0, alpha=shade, extent=extent, interpolation="nearest")
    axes.set(xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5))
    if truth is not None:
        _ring(axes, truth, "truth")
    if found is not None:
        for colour, width in (("white", 4.5), ("black", 2.2)):
            style = {"color": colour, "markeredgewidth": width, "markersize": 9, "linestyle": ""}
            axes.plot(*found, marker="x", label="highest value" if colour == "black" else None, **style)


def _calibration(axes, curves):
    axes.plot([0, 1], [0, 1], color="0.45", linestyle=(0, (2, 2)), linewidth=1.3, label="perfectly calibrated")
    for (label, (mean_p, mean_y, count)), (colour, line, marker) in zip(curves.items(), CURVES, strict=False):
        error = np.sqrt(mean_y * (1 - mean_y) / np.maximum(count, 1))
        style = {"color": colour, "linestyle": line, "marker": marker, "capsize": 3}
        axes.errorbar(mean_p, mean_y, error, label=label, **style)
    axes.set(xlabel="predicted probability", ylabel="how often it was a paw", xlim=(0, 1), ylim=(0, 1))
    axes.legend(loc="upper left")


def _keypoints(axes, keypoints, names, predictions, parents):
    drawn = keypoints if predictions is None else predictions
    if parents is not None:
        for child, parent in enumerate(parents):
            axes.plot(*drawn[[child, parent]].T, color="white", linewidth=1.2, alpha=0.8)
    taken = np.zeros(len(names), dtype=bool)
    for ending, colour, marker, label in _SIDES:
        which = np.array([name.endswith(ending) for name in names]) & ~taken
        taken |= which
        if not which.any():
            continue
        if predictions is not None:
            for found, true in zip(predictions[which], keypoints[which], strict=True):
                axes.plot(*np.stack([found, true]).T, color=colour, linewidth=1.5)
        style = {"color": colour, "marker": marker, "markersize": 4.5, "linestyle": "", "markeredgecolor": "black"}
        axes.plot(*drawn[which].T, label=label, markeredgewidth=0.7, **style)
    if predictions is not None:
        style = {"markerfacecolor": "none", "markeredgecolor": RED, "markeredgewidth": 1.4, "linestyle": ""}
        axes.plot(*keypoints.T, marker="o", markersize=7, label="truth", **style)
