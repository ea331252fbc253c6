"""Pictures of optimisers at work: paths on a contour plot, line searches, quadratic models, losses against their cost."""

import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from posekit.draw.core import (
    BLUE,
    CURVES,
    GREEN,
    ORANGE,
    RED,
    SKY,
    WIDTH,
    legend_below,
    plain_ticks,
    play,
    show,
    styled,
)

#: (colour, line style, marker) of up to eight curves: those of `posekit.draw.core`, and three more.
MANY = (*CURVES, (SKY, (0, (1, 1)), "P"), ("black", (0, (8, 2)), "X"), ("0.45", (0, (3, 1)), "*"))


@styled
def contours(f, paths, *, xlim, ylim, alt, caption, best=None, xlabel="w₁", ylabel="w₂"):
    """Draw the paths of optimisers on the contours of a function of two weights.

    Parameters
    ----------
    f : callable, (2,) -> float
    paths : mapping from label to ndarray (T + 1, 2)
        At most eight.
    xlim, ylim : (float, float)
        What to show.
    best : (2,), optional
        The minimum, drawn as a star. The contour lines are then denser towards it.
    """
    fig = Figure(figsize=(WIDTH, 6.0), layout="constrained")
    axes = fig.subplots()
    _contours(axes, f, xlim, ylim, best, (xlabel, ylabel))
    for (label, path), style in zip(paths.items(), MANY, strict=False):
        if len(path) <= 100:
            _path(axes, label, style).set_data(*np.asarray(path).T)
        else:  # hundreds of steps end in a cloud, whose size is to be seen, and what is under it
            dots = {"color": style[0], "marker": "o", "linestyle": "", "markeredgewidth": 0.0}
            axes.plot(*np.asarray(path).T, markersize=2.5, alpha=0.5, zorder=1.5, **dots)
            axes.plot([], [], markersize=6, label=label, **dots)
    legend_below(fig, axes, fontsize=10)
    show(fig, alt=alt, caption=caption)


@styled
def race(f, paths, *, xlim, ylim, alt, caption, best=None, frames=25, xlabel="w₁", ylabel="w₂"):
    """Animate the paths of optimisers on the contours of a function of two weights, and what they still lack, step by step.

    Parameters
    ----------
    f, paths, xlim, ylim, best
        As for `contours`.
    frames : int
        Number of frames. They are closer together at the start, where more happens.
    """
    fig = Figure(figsize=(WIDTH, 8.4), layout="constrained")
    FigureCanvasAgg(fig)
    axes, below = fig.subplots(2, 1, height_ratios=[2.2, 1])
    _contours(axes, f, xlim, ylim, best, (xlabel, ylabel))
    drawn = [_path(axes, label, style) for label, style in zip(paths, MANY, strict=False)]
    lowest = f(np.asarray(best)) if best is not None else min(f(w) for path in paths.values() for w in path)
    gaps = [np.array([f(w) - lowest for w in path]) for path in paths.values()]
    visible = np.concatenate(gaps)
    floor = 1e-8 * np.max(visible)  # what is below is rounding
    curves = [_path(below, None, style) for _, style in zip(paths, MANY, strict=False)]
    below.set(xlabel="step", ylabel="loss above the minimum", yscale="log", xlim=(0, max(map(len, gaps)) - 1))
    below.set_ylim(max(floor, 0.5 * np.min(visible[visible > 0], initial=1.0)), 1.5 * np.max(visible))
    below.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend_below(fig, axes, fontsize=10)
    axes.set_title(" ", loc="left")  # keeps the place of the frames' titles
    longest = max(len(path) for path in paths.values()) - 1
    steps = np.unique(np.rint(longest * np.linspace(0, 1, frames) ** 2).astype(int))

    def draw(step):
        axes.set_title(f"after {step} steps", loc="left")
        for line, curve, path, gap in zip(drawn, curves, paths.values(), gaps, strict=True):
            line.set_data(*np.asarray(path)[: step + 1].T)
            curve.set_data(np.arange(len(gap))[: step + 1], np.maximum(gap, floor)[: step + 1])
            for part in (line, curve):
                part.set_markevery([min(step, len(path) - 1)])

    play(FuncAnimation(fig, draw, frames=steps, interval=150), alt=alt, caption=caption)


@styled
def losses(
    series,
    *,
    alt,
    caption,
    xlabel,
    ylabel="loss above the optimum",
    yscale="log",
    xscale="linear",
    bottom=None,
    steps=False,
):
    """Draw up to eight loss curves, each with a few markers, against what they cost.

    Parameters
    ----------
    series : mapping from label to (x, y), each (M,)
        `x` in passes over the data, say.
    bottom : float, optional
        Lower end of the axis: gaps below it are rounding.
    steps : bool
        Draw stairs: what has been reached holds until the next step is done.
    """
    fig = Figure(figsize=(WIDTH, 4.4), layout="constrained")
    axes = fig.subplots()
    for (label, (x, y)), (colour, line, marker) in zip(series.items(), MANY, strict=False):
        x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
        every = max(1, len(x) // 8)
        style = {"color": colour, "linestyle": line, "marker": marker, "markevery": every, "label": label}
        style["drawstyle"] = "steps-post" if steps else "default"
        axes.plot(x, np.where(y > 0, y, np.nan) if yscale == "log" else y, **style)
    axes.set(xlabel=xlabel, ylabel=ylabel, xscale=xscale, yscale=yscale)
    if bottom is not None:
        axes.set_ylim(bottom=bottom)
    plain_ticks(axes.yaxis)
    legend_below(fig, axes, fontsize=10)
    show(fig, alt=alt, caption=caption)


@styled
def line_search(f, slope, trials, *, c, alt, caption, xlabel="step a"):
    """Draw an objective along a direction, Armijo's line, and the steps that were tried.

    Parameters
    ----------
    f : callable, float -> float
        The objective against the step a; f(0) is where the search starts.
    slope : float
        Its derivative at a = 0, negative.
    trials : ndarray (K,)
        The steps in the order of the trials, the accepted one last.
    c : float
        The part of the slope that the line keeps.
    """
    fig = Figure(figsize=(WIDTH, 3.8), layout="constrained")
    axes = fig.subplots()
    a = np.linspace(0.0, 1.05 * np.max(trials), 300)
    values = np.array([f(step) for step in a])
    axes.plot(a, values, color=BLUE, label="loss along d")
    axes.plot(a, f(0) + c * slope * a, color=GREEN, linestyle="-.", label=f"promise: {c:g} of the slope")
    axes.plot(a, f(0) + slope * a, color="0.45", linestyle=(0, (2, 2)), linewidth=1.3, label="tangent")
    rejected, accepted = trials[:-1], trials[-1:]
    style = {"linestyle": "", "markersize": 9}
    axes.plot(rejected, [f(s) for s in rejected], marker="X", color=RED, label="tried and rejected", **style)
    axes.plot(
        accepted, [f(s) for s in accepted], marker="*", color="black", label="accepted", **style | {"markersize": 14}
    )
    low, high = np.min(values), np.max(values)
    axes.set(xlabel=xlabel, ylabel="loss", ylim=(low - 1.5 * (f(0) - low), high + 0.05 * (high - low)))
    legend_below(fig, axes, fontsize=10)
    show(fig, alt=alt, caption=caption)


@styled
def step_map(steps, betas, gaps, *, alt, caption, border=None):
    """Draw how far momentum gets for every pair of step size and beta.

    Parameters
    ----------
    steps : ndarray (M,)
        Step sizes in units of one over the largest curvature.
    betas : ndarray (K,)
    gaps : ndarray (K, M)
        Loss above the optimum relative to the start; what has climbed or is not finite is hatched.
    border : callable, betas -> steps, optional
        Where theory puts the border of convergence.
    """
    fig = Figure(figsize=(WIDTH, 4.2), layout="constrained")
    axes = fig.subplots()
    logs = np.log10(np.clip(np.nan_to_num(gaps, nan=np.inf), 1e-12, 1e12))
    filled = axes.contourf(steps, betas, logs, levels=np.linspace(np.floor(np.min(logs)), 0, 13), cmap="cividis_r")
    axes.contourf(steps, betas, logs, levels=[0, 12], colors="white", hatches=["////"])
    if border is not None:
        axes.plot(border(betas), betas, color=RED, linestyle="--", label="border for the largest curvature")
        legend_below(fig, axes, fontsize=10)
    axes.set(xscale="log", xlabel="step size times the largest curvature", ylabel="β")
    axes.set(xlim=(steps[0], steps[-1]), ylim=(betas[0], betas[-1]))
    axes.set_xticks([0.1, 0.3, 1, 3], labels=["0.1", "0.3", "1", "3"], minor=False)
    axes.set_xticks([], minor=True)
    bar = fig.colorbar(filled, ax=axes)
    bar.set_label("log₁₀ of the gap that is left")
    show(fig, alt=alt, caption=caption)


@styled
def sliding_models(f, derivatives, iterates, *, span, alt, caption, name="w", xlabel="w"):
    """Animate Newton's method in one dimension: at each iterate the quadratic model, and the step to its minimum.

    Parameters
    ----------
    f : callable, ndarray -> ndarray
        The objective.
    derivatives : callable, float -> (float, float)
        First and second derivative.
    iterates : ndarray (T + 1,)
    span : (float, float)
        What to show.
    name : str
        What the titles call the variable.
    """
    fig = Figure(figsize=(WIDTH, 3.8), layout="constrained")
    FigureCanvasAgg(fig)
    axes = fig.subplots()
    x = np.linspace(*span, 400)
    values = f(x)
    axes.plot(x, values, color=BLUE, label="loss")
    model = axes.plot([], [], color=RED, linestyle="--", label="quadratic model at the iterate")[0]
    here = axes.plot([], [], "o", color="black", markersize=9, label="iterate")[0]
    there = axes.plot([], [], "*", color=ORANGE, markeredgecolor="black", markersize=15, label="minimum of the model")[
        0
    ]
    axes.set_title(" ", loc="left")  # keeps the place of the frames' titles
    low, high = np.min(values), np.max(values)
    axes.set(xlabel=xlabel, ylabel="loss", xlim=span, ylim=(low - 0.3 * (high - low), high + 0.1 * (high - low)))
    legend_below(fig, axes, fontsize=10)

    def draw(frame):
        step, arrived = divmod(frame, 2)
        w = iterates[step]
        g, h = derivatives(w)
        model.set_data(x, f(w) + g * (x - w) + 0.5 * h * (x - w) ** 2)
        here.set_data([w], [f(w)])
        target = w - g / h
        there.set_data([target] if arrived else [], [f(w) - 0.5 * g**2 / h] if arrived else [])
        axes.set_title(
            f"step {step + 1}: {name} = {w:.3f}" + (f", the model's minimum is at {target:.3f}" if arrived else ""),
            loc="left",
        )

    frames = 2 * (len(iterates) - 1)
    play(FuncAnimation(fig, draw, frames=frames, interval=900), alt=alt, caption=caption)


@styled
def scaling(series, *, alt, caption, xlabel, ylabel="CPU time per step, ms", guides=None):
    """Draw measured times against a size, both on log axes, with what theory predicts beside them.

    Parameters
    ----------
    series : mapping from label to (x, y), each (M,)
    guides : mapping from label to (x, y), optional
        What the count of operations predicts, as a line in the colour of the series of this label.
    """
    fig = Figure(figsize=(WIDTH, 4.4), layout="constrained")
    axes = fig.subplots()
    for (label, (x, y)), (colour, _, marker) in zip(series.items(), MANY, strict=False):
        axes.plot(x, y, color=colour, linestyle="", marker=marker, markersize=8, label=label)
        if guides and label in guides:
            axes.plot(*guides[label], color=colour, linewidth=1.3, zorder=1.5)
    axes.set(xlabel=xlabel, ylabel=ylabel, xscale="log", yscale="log")
    sizes = sorted({int(size) for x, _ in series.values() for size in x})
    axes.set_xticks(sizes, labels=[f"{size:,}" for size in sizes])
    axes.set_xticks([], minor=True)
    legend_below(fig, axes, fontsize=10)
    show(fig, alt=alt, caption=caption)


@styled
def spectra(eigenvalues, *, alt, caption, ylabel="eigenvalue of the Hessian"):
    """Draw eigenvalues in descending order on a log axis, one curve for each way of preparing the data.

    Parameters
    ----------
    eigenvalues : mapping from label to ndarray (D,)
    """
    fig = Figure(figsize=(WIDTH, 3.8), layout="constrained")
    axes = fig.subplots()
    for (label, values), (colour, line, marker) in zip(eigenvalues.items(), MANY, strict=False):
        values = np.sort(np.asarray(values))[::-1]
        rank = np.arange(1, len(values) + 1)
        style = {"color": colour, "linestyle": line, "marker": marker, "markevery": max(1, len(values) // 8)}
        axes.plot(rank, values, label=label, **style)
    axes.set(xlabel="rank", ylabel=ylabel, yscale="log")
    legend_below(fig, axes, fontsize=10)
    show(fig, alt=alt, caption=caption)


def _contours(axes, f, xlim, ylim, best, labels):
    x, y = np.linspace(*xlim, 100), np.linspace(*ylim, 100)
    values = np.array([[f(np.array([a, b])) for a in x] for b in y])
    low = f(np.asarray(best)) if best is not None else np.min(values)
    # Equal steps in the cube root of the gap: rings that are denser towards the minimum, where the paths end.
    levels = low + (np.max(values) - low) * np.linspace(0.0, 1.0, 16)[1:] ** 3
    axes.contour(x, y, values, levels=levels, colors="0.7", linewidths=0.9)
    if best is not None:
        axes.plot(*best, marker="*", color="black", markersize=14, linestyle="", label="minimum", zorder=5)
    axes.set(xlim=xlim, ylim=ylim, xlabel=labels[0], ylabel=labels[1], aspect="equal")


def _path(axes, label, style):
    colour, line, marker = style
    return axes.plot([], [], color=colour, linestyle=line, marker=marker, markersize=5, linewidth=1.6, label=label)[0]
