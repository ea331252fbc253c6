"""Pictures of behaviour: who is in which state when, and what follows what."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from posekit.draw.core import BLUE, CURVES, RED, WIDTH, legend_below, show, styled


@styled
def ethograms(seconds, recordings, *, alt, caption):
    """Draw states over time: a panel for each way to name them, a row for each state, a bar for each bout.

    Parameters
    ----------
    seconds : ndarray (T,)
        Of the frames, evenly spaced.
    recordings : mapping from title to (states (T,) of int, names of the states)
        The state is the number of its name.
    """
    rows = [len(names) for _, names in recordings.values()]
    fig = Figure(figsize=(WIDTH, 0.24 * sum(rows) + 0.55 * len(rows) + 0.5), layout="constrained")
    panels = fig.subplots(len(rows), 1, squeeze=False, sharex=True, gridspec_kw={"height_ratios": rows})[:, 0]
    step = seconds[1] - seconds[0]
    for axes, (title, (states, names)), (colour, _, _) in zip(panels, recordings.items(), CURVES, strict=False):
        edges = np.flatnonzero(np.diff(states, prepend=states[0] - 1, append=states[-1] - 1))
        for a, b in zip(edges[:-1], edges[1:], strict=True):
            start = seconds[a]
            axes.broken_barh([(start, step * (b - a))], (states[a] - 0.38, 0.76), color=colour)
        axes.set_yticks(range(len(names)), labels=names, fontsize=9)
        axes.set(ylim=(len(names) - 0.4, -0.6), xlim=(seconds[0], seconds[-1] + step))
        axes.set_title(title, loc="left")
        axes.grid(axis="y", color="0.9")
        axes.set_axisbelow(True)
    panels[-1].set_xlabel("time, s")
    show(fig, alt=alt, caption=caption)


@styled
def transition_graph(matrix, seconds, names, *, alt, caption, least=0.2):
    """Draw what follows what: states on a circle, as large as the time that is spent in them, and an arrow for each frequent step.

    Parameters
    ----------
    matrix : ndarray (S, S)
        Entry (i, j) is the share of the bouts of i that j follows.
    seconds : ndarray (S,)
        Time spent in each state; those with none are left out.
    names : sequence of S str
    least : float
        Smaller shares have no arrow.
    """
    used = np.flatnonzero(np.asarray(seconds) > 0)
    angle = np.pi / 2 - 2 * np.pi * np.arange(len(used)) / max(len(used), 1)
    place = dict(zip(used.tolist(), np.stack([np.cos(angle), np.sin(angle)], axis=1), strict=True))
    size = {s: 9.0 + 26.0 * np.sqrt(seconds[s] / np.max(seconds)) for s in place}  # diameter, points
    fig = Figure(figsize=(WIDTH, 0.85 * WIDTH), layout="constrained")
    axes = fig.subplots()
    for i, j in np.argwhere(np.asarray(matrix) >= least).tolist():
        if i not in place or j not in place:
            continue
        share = matrix[i][j]
        bend = "arc3,rad=0.18"
        axes.add_patch(
            FancyArrowPatch(
                place[i], place[j], connectionstyle=bend, arrowstyle="-|>", mutation_scale=9 + 7 * share,
                shrinkA=size[i] / 2 + 2, shrinkB=size[j] / 2 + 2, linewidth=0.8 + 3.5 * share, color=RED if share >= 0.5 else "0.45",
                linestyle="-" if share >= 0.5 else "--",
            )
        )  # fmt: skip
        across = np.array([1.0, -1.0]) * (place[j] - place[i])[::-1]  # an arc bends to the right of its way
        label = place[i] + 0.5 * (place[j] - place[i]) + 0.09 * across
        axes.text(*label, f"{share:.0%}".replace("%", ""), fontsize=8, ha="center", va="center",
                  bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8})  # fmt: skip
    for s, at in place.items():
        axes.plot(*at, "o", color=BLUE, markersize=size[s], markeredgecolor="black")
        align = "center" if abs(at[0]) < 0.3 else "left" if at[0] > 0 else "right"
        offset = at * (1.12 + 0.004 * size[s])
        axes.text(*offset, names[s], ha=align, va="center", fontsize=10)
    axes.plot([], [], color=RED, label="half of the steps or more")
    axes.plot([], [], color="0.45", linestyle="--", label="fewer")
    axes.set(xlim=(-1.9, 1.9), ylim=(-1.45, 1.4), aspect="equal")
    axes.set_axis_off()
    legend_below(fig, axes)
    show(fig, alt=alt, caption=caption)
