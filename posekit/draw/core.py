"""The style of all figures, how they are shown and played, and plain curves.

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
from typing import Any

import matplotlib as mpl
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

BLUE, ORANGE, GREEN, PURPLE, SKY, RED = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"


#: (colour, line style, marker) of the curves of a figure, in this order.
CURVES = (
    (BLUE, "-", "o"),
    (RED, "--", "s"),
    (GREEN, "-.", "^"),
    (PURPLE, ":", "D"),
    (ORANGE, (0, (5, 1, 1, 1, 1, 1)), "v"),
)


STYLE: dict[Any, Any] = {
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
        missing = _missing(error)
        if isinstance(error, NameError) and missing not in names:
            raise
        print(
            f"Nothing to show yet: {missing} is missing. (Needed here: {_listed(names)}.) Come back when the checks pass."
        )


def finished(runs):
    """What those of some runs return that need nothing unwritten. Of each of the others a line says what is missing.

    For pictures that compare: a gap leaves out one contestant and not the picture.

    Parameters
    ----------
    runs : mapping from label to callable without arguments

    Returns
    -------
    dict from label to result
    """
    results = {}
    for label, run in runs.items():
        try:
            results[label] = run()
        except (NotImplementedError, NameError) as error:
            print(f"{label}: not in the picture, since {_missing(error)} is missing.")
    return results


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
    narrow = 'style="max-width: 100%"'  # on a phone
    player = player.replace('class="anim-slider"', f'class="anim-slider" {narrow} aria-label="Frame"')
    player = player.replace('<div class="animation">', f'<div class="animation" {narrow}>')
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
    for (label, function), (colour, line, _) in zip(named(functions).items(), CURVES, strict=False):
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
    fig = Figure(figsize=(WIDTH, 3.4), layout="constrained" if len(series) > 4 else None)
    axes = fig.subplots()
    for (label, (x, y)), (colour, line, marker) in zip(series.items(), CURVES, strict=False):
        axes.plot(x, y, color=colour, linestyle=line, marker=marker if markers else None, label=label)
    axes.set(xlabel=xlabel, ylabel=ylabel, xscale=xscale, yscale=yscale)
    if xscale == "linear" and all(np.issubdtype(np.asarray(x).dtype, np.integer) for x, _ in series.values()):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))  # there is no camera two and a half
    if len(series) > 4:
        legend_below(fig, axes)  # inside it would cover some curve
    else:
        axes.legend()
    show(fig, alt=alt, caption=caption)


def _missing(error):
    """Name of what was not there, or of the function or class that raised NotImplementedError."""
    if isinstance(error, NameError):
        return error.name
    traceback = error.__traceback__
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback.tb_frame.f_code.co_qualname.partition(".")[0]


def _listed(names):
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def plain_ticks(axis):
    """Name 1, 2, 3, 5, 10 and so on along an axis that is logarithmic and shows less than a factor of 300."""
    low, high = axis.get_view_interval()
    if axis.get_scale() == "log" and 0 < high < 300 * low:
        ticks = [m * 10.0**n for n in range(-3, 6) for m in (1, 2, 3, 5) if low <= m * 10.0**n <= high]
        axis.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
        axis.set_ticks([], minor=True)


def named(functions):
    return functions if isinstance(functions, Mapping) else {"yours": functions}
