"""Pictures of bodies made of parts: offsets, envelopes of parabolas, messages, posterior blobs, and who is who."""

import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from posekit.draw.core import BLUE, CURVES, GREEN, ORANGE, PURPLE, RED, SKY, WIDTH, legend_below, play, show, styled
from posekit.draw.frames import gray_frame

DIRECTIONS = "→↘↓↙←↖↑↗"


@styled
def offset_clouds(points, panels, *, alt, caption):
    """Draw where a part lies relative to its parent, and the Gaussians that stand for it.

    Parameters
    ----------
    points : ndarray (N, 2)
        Child minus parent, px.
    panels : mapping from title to list of (mu (2,), w (2,))
        An ellipse of two standard deviations for each. Where there are eight, each carries an arrow: the direction in which
        the animal faces.
    """
    fig = Figure(figsize=(WIDTH, 0.62 * WIDTH), layout="constrained")
    axes = fig.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0]
    for axis, (title, gaussians) in zip(axes, panels.items(), strict=True):
        axis.plot(*points.T, ".", color="0.6", markersize=1.5, rasterized=True, label="one frame")
        for n, (mu, w) in enumerate(gaussians):
            width, height = 4.0 / np.sqrt(2.0 * np.asarray(w))
            label = "two standard deviations" if n == 0 else None
            axis.add_patch(Ellipse(mu, width, height, fill=False, edgecolor=BLUE, linewidth=2, label=label))
            if len(gaussians) == len(DIRECTIONS):
                axis.text(*mu, DIRECTIONS[n], ha="center", va="center", fontsize=13, color=RED, fontweight="bold")
        axis.plot(0, 0, marker="+", color="black", markersize=11, markeredgewidth=2, linestyle="", label="the parent")
        axis.set(title=title, xlabel="x, px", aspect="equal")
    axes[0].set_ylabel("y, px (down)")
    axes[0].invert_yaxis()
    legend_below(fig, axes[0], ncols=3)
    show(fig, alt=alt, caption=caption)


@styled
def parabolas(f, w, mu, values, argmin, *, alt, caption):
    """Draw a distance transform of a row: the parabola of each place, and the lower envelope of them all.

    Parameters
    ----------
    f, values : ndarray (n,)
        Costs, and their transform.
    w, mu : float
    argmin : int array (n,)
    """
    n = len(f)
    fig = Figure(figsize=(WIDTH, 4.0), layout="constrained")
    axis = fig.subplots()
    p = np.linspace(-0.5, n - 0.5, 40 * n)
    for q in np.flatnonzero(np.isfinite(f)):
        used = q in argmin
        style = {"color": SKY, "linewidth": 1.4} if used else {"color": "0.75", "linewidth": 0.9, "linestyle": "--"}
        axis.plot(p, f[q] + w * (p - q - mu) ** 2, zorder=1, **style)
    axis.plot(np.arange(n), f, "o", color=ORANGE, markeredgecolor="black", label="costs f(q)", zorder=3)
    axis.plot(
        np.arange(n), values, "s", color=BLUE, markerfacecolor="none", markeredgewidth=1.8, label="D(p)", zorder=4
    )
    for place in np.flatnonzero(np.diff(argmin)) + 0.5:
        axis.axvline(place, color="0.5", linewidth=0.8, linestyle=":", zorder=0)
    top = np.max(f[np.isfinite(f)])
    axis.set(xlabel="place", ylabel="cost", ylim=(np.min(values) - 0.06 * top, 1.15 * top), xlim=(-0.6, n - 0.4))
    legend_below(fig, axis)
    show(fig, alt=alt, caption=caption)


@styled
def messages(image, frames, parents, *, alt, caption, interval=700):
    """Play how messages pass over a tree: maps over a picture, and parts that have been placed.

    Parameters
    ----------
    image : ndarray (H, W)
    frames : list of (title, heat (h, w) or None, places (K, 2))
        Heat in [0, 1] over the picture; places in px, NaN for parts that are not placed yet.
    parents : int array (K,)
    interval : int
        Milliseconds per frame.
    """
    fig = Figure(figsize=(WIDTH, WIDTH * image.shape[0] / image.shape[1] + 0.4), layout="constrained")
    FigureCanvasAgg(fig)
    axis = fig.subplots()

    def draw(t):
        title, heat, places = frames[t]
        axis.clear()
        gray_frame(axis, image)
        if heat is not None:
            extent = (-0.5, image.shape[1] - 0.5, image.shape[0] - 0.5, -0.5)
            axis.imshow(heat, cmap="autumn", vmin=0.0, vmax=1.0, alpha=0.75 * np.clip(heat, 0, 1), extent=extent)
        _skeleton(axis, places, parents, SKY)
        axis.set_title(title, loc="left")

    draw(0)
    play(FuncAnimation(fig, draw, frames=len(frames), interval=interval), alt=alt, caption=caption)


@styled
def blobs(image, maps, samples, parents, *, alt, caption, true=None):
    """Draw where parts may be: regions that hold half and nine tenths of the probability, and bodies drawn at random.

    Shown is the part of the picture around the bodies.

    Parameters
    ----------
    image : ndarray (H, W)
    maps : mapping from name to ndarray (h, w)
        Probabilities over places that sum to one.
    samples : ndarray (S, K, 2) px
    parents : int array (K,)
    true : mapping from name to (x, y) px, optional
        Plus signs in the part's colour.
    """
    shown = np.concatenate([samples.reshape(-1, 2), *([] if true is None else [list(true.values())])])
    low, high = shown.min(axis=0) - 8.0, shown.max(axis=0) + 8.0
    height = WIDTH * min(np.divide(*(high - low)[::-1]), 0.8)
    fig = Figure(figsize=(WIDTH, 2.0 * height + 1.4), layout="constrained")
    above, below = fig.subplots(2, 1)  # side by side they are too small for a phone
    for axis, title in ((above, "half, and nine tenths"), (below, f"{len(samples)} bodies from the posterior")):
        gray_frame(axis, image)
        axis.set_title(title, fontsize=10)
        axis.set(xlim=(low[0], high[0]), ylim=(high[1], low[1]))
    for (name, p), (colour, line, _) in zip(maps.items(), CURVES, strict=False):
        rows, columns = p.shape
        step = image.shape[1] / columns
        x, y = (step * np.arange(size) + (step - 1) / 2 for size in (columns, rows))
        ranked = np.sort(p.ravel())[::-1]
        levels = [ranked[np.searchsorted(np.cumsum(ranked), share)] for share in (0.9, 0.5)]
        if levels[0] == levels[1]:
            levels = levels[:1]
        above.contour(x, y, p, levels=levels, colors=colour, linestyles=[line], linewidths=(1.4, 2.6)[-len(levels) :])
        above.plot([], [], color=colour, linestyle=line, label=name)
        if true is not None:
            label = "truth" if name == next(iter(maps)) else None
            style = {"markeredgecolor": "white", "markeredgewidth": 0.8, "markersize": 9, "linestyle": ""}
            above.plot(*true[name], marker="P", color=colour, label=label, **style)
    for sample in samples:
        _skeleton(below, sample, parents, ORANGE, alpha=0.35)
    legend_below(fig, above, ncols=4)
    show(fig, alt=alt, caption=caption)


@styled
def assemblies(images, methods, *, alt, caption, interval=700):
    """Play who belongs to whom, for several ways to group candidates, side by side.

    Parameters
    ----------
    images : ndarray (T, H, W)
    methods : mapping from title to list of T pairs (position (D, 2) px, animal (D,), wrong (D,))
        Animal 0 or 1, 2 for anything else that was taken for an animal, -1 for what was dropped; wrong ones get a ring.
    interval : int
        Milliseconds per frame.
    """
    height = WIDTH * images.shape[1] / images.shape[2]
    fig = Figure(figsize=(WIDTH, 0.62 * height * len(methods) + 1.0), layout="constrained")
    FigureCanvasAgg(fig)
    panels = fig.subplots(len(methods), 1, squeeze=False)[:, 0]
    kinds = (
        (0, BLUE, "o", "first rat"),
        (1, ORANGE, "^", "second rat"),
        (2, PURPLE, "D", "taken for another animal"),
        (-1, "0.8", "x", "dropped"),
    )

    def draw(t):
        for axis, (title, found) in zip(panels, methods.items(), strict=True):
            axis.clear()
            gray_frame(axis, images[t])
            position, animal, wrong = found[t]
            for number, colour, marker, label in kinds:
                style = {"color": colour, "marker": marker, "linestyle": "", "markersize": 5}
                style |= {"markeredgecolor": "black", "markeredgewidth": 0.6} if number >= 0 else {"markersize": 3.5}
                axis.plot(*position[animal == number].T, label=label, **style)
            style = {"markerfacecolor": "none", "markeredgecolor": RED, "markeredgewidth": 1.8, "linestyle": ""}
            axis.plot(*position[wrong].T, marker="o", markersize=10, label="on the wrong rat", **style)
            axis.set_title(f"{title}, frame {t + 1}", fontsize=10, loc="left")

    draw(0)
    legend_below(fig, panels[0], ncols=3, fontsize=9)
    play(FuncAnimation(fig, draw, frames=len(images), interval=interval), alt=alt, caption=caption)


def _skeleton(axis, places, parents, colour, alpha=1.0):
    for child, parent in enumerate(parents):
        axis.plot(*places[[child, parent]].T, color=colour, linewidth=2.0, alpha=alpha, solid_capstyle="round")
    style = {"color": GREEN, "marker": "o", "linestyle": "", "markersize": 4, "alpha": alpha}
    axis.plot(*places.T, **style)
