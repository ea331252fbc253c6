"""Scenes in three dimensions that can be turned and played: skeletons, rays, ellipsoids.

A scene is one piece of HTML with its points as 16-bit numbers and the script `scene3d.js` inside, so that it works in a
notebook, on Colab and on a page without a server. It waits to be played. Where scripts do not run, a picture of its first
frame stays.
"""

import base64
import html
import io
import json
from dataclasses import dataclass, replace
from importlib.resources import files

import numpy as np
from IPython.display import display
from matplotlib.figure import Figure

from posekit.draw.core import CURVES, WIDTH, styled

LARGEST = 300_000  # characters of one scene: a notebook with a few of them still opens at once
GAP = -32768
DASHES = ((), (9, 5), (9, 4, 2, 4), (2, 4), (12, 3, 2, 3, 2, 3))  # px, in the order of CURVES
TURN = "Drag or use the arrow keys to turn, + and − to zoom."
PLAY = " Space plays; comma and full stop show single frames."
FLOOR_COLOUR = "#999999"


@dataclass(frozen=True)
class Part:
    """Points (T, N, 3) in mm, T = 1 where they do not move, and the pairs of them that are joined by a line."""

    points: np.ndarray
    edges: np.ndarray  #: (M, 2) int
    dots: bool = True
    faint: bool = False


def skeleton(X, parents):
    """A body that moves.

    Parameters
    ----------
    X : ndarray (T, K, 3)
        Keypoints, mm; NaN is not drawn.
    parents : ndarray (K,)
        As in `posekit.skeleton`.
    """
    return Part(np.asarray(X, dtype=float), np.array([(k, p) for k, p in enumerate(parents) if p != k]).reshape(-1, 2))


def ghosts(samples, parents):
    """Several versions of a body that moves, all of them faint.

    Parameters
    ----------
    samples : ndarray (S, T, K, 3)
        Keypoints, mm.
    parents : ndarray (K,)
    """
    return replace(join(*[skeleton(X, parents) for X in samples]), dots=False, faint=True)


def segments(ends):
    """Straight lines that do not move: rays, or axes.

    Parameters
    ----------
    ends : ndarray (M, 2, 3)
        mm.
    """
    ends = np.asarray(ends, dtype=float)
    return Part(ends.reshape(1, -1, 3), np.arange(2 * len(ends)).reshape(-1, 2), dots=False)


def ellipsoid(centre, covariance, radius):
    """Three great ellipses of the surface on which a normal density is constant.

    Parameters
    ----------
    centre : ndarray (3,)
        mm.
    covariance : ndarray (3, 3)
        mm^2.
    radius : float
        In standard deviations; 2.5 holds 90 % of the samples.
    """
    angle = np.linspace(0.0, 2 * np.pi, 33)[:-1]
    circle = np.stack([np.cos(angle), np.sin(angle), np.zeros(32)], axis=-1)
    values, axes = np.linalg.eigh(covariance)
    surface = np.concatenate([np.roll(circle, shift, axis=-1) for shift in range(3)]) * np.sqrt(np.maximum(values, 0.0))
    first = np.arange(96)
    following = first // 32 * 32 + (first + 1) % 32
    return Part((centre + radius * surface @ axes.T)[None], np.column_stack([first, following]), dots=False)


def join(*parts):
    """Parts of the same kind as one, so that they share a label and a colour."""
    starts = np.cumsum([0] + [part.points.shape[1] for part in parts[:-1]])
    edges = [part.edges + start for part, start in zip(parts, starts, strict=True)]
    return Part(np.concatenate([part.points for part in parts], axis=1), np.concatenate(edges), parts[0].dots)


def cameras(P, size=40.0):
    """Pyramids that stand where the cameras stand and open to where they look.

    Parameters
    ----------
    P : ndarray (C, 3, 4)
        Camera matrices, mm to px.
    size : float
        Height of a pyramid, mm.
    """
    pyramids = []
    for matrix in np.asarray(P, dtype=float):
        centre = -np.linalg.solve(matrix[:, :3], matrix[:, 3])
        middle = np.linalg.solve(matrix[:, :3], [*_principal_point(matrix), 1.0])
        corners = []
        for dx, dy in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
            ray = np.linalg.solve(matrix[:, :3], [*(_principal_point(matrix) + 60.0 * np.array([dx, dy])), 1.0])
            corners.append(centre + size * ray / np.linalg.norm(middle))
        edges = [(0, 1), (0, 2), (0, 3), (0, 4), (1, 2), (2, 3), (3, 4), (4, 1)]
        pyramids.append(Part(np.array([[centre, *corners]]), np.array(edges), dots=False))
    return join(*pyramids)


@styled
def scene(parts, *, alt, caption, fps=30.0, floor=400.0, azimuth=-60.0, elevation=25.0, centre=None, reach=None):
    """Show a scene that can be turned, by mouse, finger or keys, and played, once its button is pressed.

    Parameters
    ----------
    parts : mapping from label to Part
        At most five, each in a colour and a kind of line of its own. Those that move have the same number of frames.
    fps : float
        Frames per second.
    floor : float
        Side of the square that is drawn as the floor, mm; 0 for none.
    azimuth, elevation : float
        Where one looks from at first, degrees.
    centre : ndarray (3,), optional
        What is in the middle, mm; by default the middle of all that is ever there.
    reach : float, optional
        Half the height of what is seen, mm; by default all that is ever there fits in.

    Raises
    ------
    ValueError
        For more than five parts, for parts whose numbers of frames differ, or a scene of more than 300 kB: show fewer frames.
    """
    if len(parts) > len(CURVES):
        raise ValueError(f"scene: {len(parts)} parts are too many to tell apart, {len(CURVES)} is the most")
    lengths = {len(part.points) for part in parts.values()} - {1}
    if len(lengths) > 1:
        raise ValueError(f"scene: the parts have {sorted(lengths)} frames; cut them to the same length")
    everything = np.concatenate([part.points.reshape(-1, 3) for part in parts.values()])
    low, high = np.nanmin(everything, axis=0), np.nanmax(everything, axis=0)
    centre = (low + high) / 2 if centre is None else np.asarray(centre, dtype=float)
    reach = 0.45 * np.linalg.norm(high - low) if reach is None else reach
    view = {"azimuth": azimuth, "elevation": elevation}
    content = {
        "frames": max(lengths, default=1),
        "fps": fps,
        "view": view,
        "centre": centre.round(1).tolist(),
        "reach": float(reach),
        "unit": max(np.nanmax(np.abs(everything)), floor) / 32000,
        "parts": [],
    }
    if floor:
        content["parts"].append(_encoded(_floor(floor), content["unit"], FLOOR_COLOUR, (), 0.7))
    for part, (colour, _, _), dash in zip(parts.values(), CURVES, DASHES, strict=False):
        content["parts"].append(_encoded(part, content["unit"], _shade(part, colour), dash, 2.2))
    markup = _markup(content, parts, _picture(content, parts, floor), alt, caption)
    if len(markup) > LARGEST:
        raise ValueError(
            f"scene: the scene has {len(markup) // 1000} kB, {LARGEST // 1000} is the most: show fewer frames"
        )
    display({"text/html": markup, "text/plain": f"[Scene: {alt}] {caption}"}, raw=True)


def _principal_point(matrix):
    """Where the optical axis meets the picture, px."""
    A = matrix[:, :3]
    return (A[:2] @ A[2]) / (A[2] @ A[2])


def _shade(part, colour):
    """A part's colour, with less than half of its strength where the part is faint."""
    return colour + "60" * part.faint


def _floor(side):
    """A grid of five by five squares at height 0."""
    at = np.linspace(-side / 2, side / 2, 6)
    low, high = np.full(6, -side / 2), np.full(6, side / 2)
    along_x = np.stack([np.stack([low, at, 0 * at], -1), np.stack([high, at, 0 * at], -1)], axis=1)
    return segments(np.concatenate([along_x, along_x[..., [1, 0, 2]]]))


def _encoded(part, unit, colour, dash, width):
    """A part as what JSON can hold: its points as little-endian 16-bit multiples of `unit`."""
    points = np.where(np.isfinite(part.points), np.rint(part.points / unit), GAP).astype("<i2")
    points[(points == GAP).any(axis=-1)] = GAP
    return {
        "frames": len(points),
        "count": points.shape[1],
        "points": base64.b64encode(points.tobytes()).decode("ascii"),
        "edges": part.edges.tolist(),
        "colour": colour,
        "dash": list(dash),
        "width": width,
        "dot": 2.5 if part.dots else 0,
    }


def paint(axes, parts, frame, *, centre, reach, floor=400.0, azimuth=-60.0, elevation=25.0):
    """Draw one frame of a scene into Matplotlib axes, as the viewer shows it.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Three quarters as high as wide.
    frame : int
        Parts that do not move have only the first.
    parts, centre, reach, floor, azimuth, elevation
        As for `scene`.
    """
    a, e = np.deg2rad([azimuth, elevation])
    across = np.array([-np.sin(a), np.cos(a), 0.0])
    up = np.array([-np.sin(e) * np.cos(a), -np.sin(e) * np.sin(a), np.cos(e)])
    drawn = [("", _floor(floor), FLOOR_COLOUR, "-", 0.7)] if floor else []
    for (label, part), (colour, line, _) in zip(parts.items(), CURVES, strict=False):
        drawn.append((label, part, _shade(part, colour), line, 2.0))
    for label, part, colour, line, width in drawn:
        points = (part.points[min(frame, len(part.points) - 1)] - centre) @ np.stack([across, up], axis=1)
        for edge in part.edges:
            axes.plot(*points[edge].T, color=colour, linestyle=line, linewidth=width, label=label)
        if part.dots:
            axes.plot(*points.T, color=colour, marker="o", markersize=4, linestyle="")
    axes.set(xlim=np.array([-4, 4]) / 3 * reach, ylim=(-reach, reach))
    axes.set_axis_off()


def _picture(content, parts, floor):
    """The first frame as a data URI, seen as the script sees it."""
    fig = Figure(figsize=(WIDTH, 0.75 * WIDTH))
    axes = fig.add_axes((0.0, 0.0, 1.0, 1.0))
    paint(axes, parts, 0, centre=content["centre"], reach=content["reach"], floor=floor, **content["view"])
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=80)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _markup(content, parts, picture, alt, caption):
    alt, caption = html.escape(alt), html.escape(caption)
    key = " ".join(
        f'<span style="white-space: nowrap; margin-right: 1em"><svg width="34" height="10" aria-hidden="true"><line x1="0" y1="5" '
        f'x2="34" y2="5" stroke="{colour}" stroke-width="2.5" stroke-dasharray="{" ".join(map(str, dash))}"/></svg> '
        f"{html.escape(label)}</span>"
        for label, (colour, _, _), dash in zip(parts, CURVES, DASHES, strict=False)
    )
    moves = content["frames"] > 1
    advice = TURN + PLAY * moves
    bar = "display: flex; gap: 0.6em; align-items: center" if moves else "display: none"
    # Numbers, colours and base64: nothing in it could end the script element.
    data = json.dumps(content, separators=(",", ":"))
    script = files("posekit.draw").joinpath("scene3d.js").read_text("utf-8")
    return f"""<figure class="posekit-scene" style="margin: 0; max-width: 640px">
<img src="{picture}" alt="{alt}" style="max-width: 100%">
<div hidden><canvas width="960" height="720" tabindex="0" role="img" aria-label="{alt} {advice}" \
style="width: 100%; background: white; cursor: grab; touch-action: pan-y"></canvas>
<span style="{bar}"><button type="button" style="min-width: 6em">▶ play</button>\
<input type="range" min="0" max="{content["frames"] - 1}" value="0" aria-label="Frame" style="flex: 1"><output></output></span>
<small>{advice}</small></div>
<p style="margin: 0.3em 0">{key}</p><figcaption>{caption}</figcaption>
<script type="application/json">{data}</script><script>{script}</script></figure>"""
