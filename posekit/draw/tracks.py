"""Paths over time, what happened in each view, and errors by keypoint and method."""

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from posekit.draw.core import BLUE, CURVES, ORANGE, RED, SKY, WIDTH, legend_below, show, styled

#: What can have happened to a detection, in the order of the numbers that `outlier_map` takes, with colours from light to dark.
EVENTS = {
    "seen, right": "white",
    "hidden, right": SKY,
    "hidden, wrong": ORANGE,
    "seen, wrong": RED,
    "on the other side's limb": "black",
}


@styled
def track(seconds, curves, *, alt, caption, ylabel, band=None, missing=None):
    """Draw coordinates against time, thin where they cross each other often.

    Parameters
    ----------
    seconds : ndarray (T,)
    curves : mapping from label to ndarray (T,)
        At most five; NaN leaves a gap.
    band : (label, low (T,), high (T,)), optional
        An interval, shaded.
    missing : ndarray (T,) of bool, optional
        Frames without any detection, shaded in grey from top to bottom.
    """
    fig = Figure(figsize=(WIDTH, 3.6), layout="constrained")
    axes = fig.subplots()
    if missing is not None:
        axes.fill_between(
            seconds, 0, 1, where=missing, color="0.88", transform=axes.get_xaxis_transform(), label="no detection"
        )
    if band is not None:
        label, low, high = band
        axes.fill_between(seconds, low, high, color=BLUE, alpha=0.25, linewidth=0, label=label)
    for (label, values), (colour, line, _) in zip(curves.items(), CURVES, strict=False):
        axes.plot(seconds, values, color=colour, linestyle=line, linewidth=1.4, label=label)
    axes.set(xlabel="time, s", ylabel=ylabel, xlim=(seconds[0], seconds[-1]))
    legend_below(fig, axes, ncols=3, handlelength=3)
    show(fig, alt=alt, caption=caption)


@styled
def outlier_map(seconds, probability, events, *, alt, caption):
    """Draw, camera by camera over time, how probable a mistake is according to a model, and what happened in truth.

    Parameters
    ----------
    seconds : ndarray (T,)
    probability : ndarray (T, C)
        Of an outlier. White is 0, black is 1.
    events : ndarray (T, C) of int
        Index into `EVENTS`.
    """
    fig = Figure(figsize=(WIDTH, 4.4), layout="constrained")
    above, below = fig.subplots(2, 1, sharex=True)
    extent = (seconds[0], seconds[-1], probability.shape[1] - 0.5, -0.5)
    shared = {"aspect": "auto", "interpolation": "nearest", "extent": extent}
    image = above.imshow(probability.T, cmap="gray_r", vmin=0.0, vmax=1.0, **shared)
    below.imshow(events.T, cmap=ListedColormap(list(EVENTS.values())), vmin=-0.5, vmax=len(EVENTS) - 0.5, **shared)
    above.set(title="probability of an outlier, by the model", ylabel="camera")
    below.set(title="what happened", ylabel="camera", xlabel="time, s")
    for axes in (above, below):
        axes.set_yticks(range(probability.shape[1]))
        axes.spines[["top", "right"]].set_visible(True)
    fig.colorbar(image, ax=above, pad=0.01, aspect=12)
    handles = [Patch(facecolor=colour, edgecolor="0.4", label=label) for label, colour in EVENTS.items()]
    fig.legend(handles=handles, loc="outside lower center", ncols=3)
    show(fig, alt=alt, caption=caption)


@styled
def dots(names, series, *, alt, caption, xlabel, xscale="linear"):
    """Draw numbers by name, a row for each, with a mark for each series.

    Parameters
    ----------
    names : sequence of R str
    series : mapping from label to ndarray (R,)
        At most five.
    xscale : "linear" or "log"
    """
    rows = np.arange(len(names))
    fig = Figure(figsize=(WIDTH, 0.27 * len(names) + 1.3), layout="constrained")
    axes = fig.subplots()
    values = np.array(list(series.values()))
    axes.hlines(rows, values.min(axis=0), values.max(axis=0), color="0.75", linewidth=1.2, zorder=1)
    for (label, marks), (colour, _, marker) in zip(series.items(), CURVES, strict=False):
        axes.plot(marks, rows, color=colour, marker=marker, linestyle="", markeredgecolor="black", label=label)
    axes.set(xlabel=xlabel, xscale=xscale, ylim=(len(names) - 0.4, -0.6))
    axes.set_yticks(rows, labels=names)
    if xscale == "log":
        low, high = axes.get_xlim()
        ticks = [tick for tick in (1, 2, 3, 5, 10, 20, 30, 50, 100, 200) if low <= tick <= high]
        axes.set_xticks(ticks, labels=[str(tick) for tick in ticks])
        axes.set_xticks([], minor=True)
    else:
        axes.set_xlim(left=0.0)
    legend_below(fig, axes)
    show(fig, alt=alt, caption=caption)
