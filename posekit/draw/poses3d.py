"""Pictures of Lab 8: directions on a sphere, poses made of them, states against names, and what is in a volume."""

import numpy as np
from matplotlib.figure import Figure

from posekit.draw.core import BLUE, CURVES, RED, WIDTH, legend_below, show, styled
from posekit.skeleton import left_right_pairs


@styled
def spheres(samples, mean, *, alt, caption, columns=3):
    """Draw directions on the unit sphere, seen from one side; those on the far side are hollow.

    Parameters
    ----------
    samples : mapping from title to ndarray (N, 3)
        Unit vectors.
    mean : ndarray (3,)
        Mean direction of them all, drawn as a line from the middle.
    columns : int
    """
    rows = -(-len(samples) // columns)
    fig = Figure(figsize=(WIDTH, rows * (WIDTH / columns + 0.25)), layout="constrained")
    panels = fig.subplots(rows, columns, squeeze=False)
    forward = np.array([-0.35, -0.9, 0.3]) / np.linalg.norm([-0.35, -0.9, 0.3])  # towards whoever looks
    across = np.cross([0.0, 0.0, 1.0], forward)
    across /= np.linalg.norm(across)
    up = np.cross(forward, across)
    circle = np.linspace(0.0, 2 * np.pi, 121)
    for axes in panels.flat:
        axes.set_axis_off()
    for axes, (title, u) in zip(panels.flat, samples.items(), strict=False):
        near, x, y = u @ forward > 0, u @ across, u @ up
        axes.plot(np.cos(circle), np.sin(circle), color="0.6", linewidth=1)
        equator = np.stack([np.cos(circle), np.sin(circle), 0 * circle], axis=-1)
        axes.plot(equator @ across, equator @ up, color="0.8", linewidth=1)
        axes.plot(x[~near], y[~near], "o", markersize=3, markerfacecolor="none", markeredgecolor=BLUE, alpha=0.5)
        axes.plot(x[near], y[near], "o", markersize=3, color=BLUE, alpha=0.6, markeredgewidth=0)
        axes.plot([0, mean @ across], [0, mean @ up], color=RED, linewidth=2.5)
        axes.set(title=title, aspect="equal", xlim=(-1.05, 1.05), ylim=(-1.05, 1.05))
    show(fig, alt=alt, caption=caption)


@styled
def pose_states(mu, rho, parents, names, titles, *, alt, caption, columns=4):
    """Draw the mean pose of each state from its right-hand side, and from above: two panels a state, on one scale.

    Parameters
    ----------
    mu : ndarray (S, K, 3)
        Mean directions in the animal's own frame, heading +x.
    rho : ndarray (K,)
        Lengths of the bones, mm.
    parents : ndarray (K,)
    names : sequence of K str
        The left side is drawn in another colour and line than the right one.
    titles : sequence of S str
    columns : int
    """
    bodies = np.zeros(mu.shape)
    for k in range(1, len(parents)):
        bodies[:, k] = bodies[:, parents[k]] + rho[k] * mu[:, k]
    sides = {k: side for pair in left_right_pairs(names) for side, k in zip("LR", pair, strict=True)}
    looks = {"R": ("right side", RED, "--"), "L": ("left side", BLUE, "-"), "": ("middle", "black", "-")}
    rows = -(-len(mu) // columns)
    fig = Figure(figsize=(WIDTH, rows * 2.7 + 0.4), layout="constrained")
    panels = fig.subplots(2 * rows, columns, squeeze=False)
    for axes in panels.flat:
        axes.set_axis_off()
    extent = 1.05 * np.abs(bodies).max()
    for n, (body, title) in enumerate(zip(bodies, titles, strict=True)):
        for view, (horizontal, vertical) in enumerate(((0, 2), (0, 1))):
            axes = panels[2 * (n // columns) + view, n % columns]
            for k in range(1, len(parents)):
                label, colour, line = looks[sides.get(k, "")]
                points = body[[parents[k], k]]
                axes.plot(
                    points[:, horizontal], points[:, vertical], color=colour, linestyle=line, linewidth=2, label=label
                )
            axes.set(aspect="equal", xlim=(-extent, extent), ylim=(-0.75 * extent, 0.75 * extent))
        panels[2 * (n // columns), n % columns].set_title(title, fontsize=9)
    legend_below(fig, panels[0, 0], ncols=3)
    show(fig, alt=alt, caption=caption)


@styled
def agreement(counts, rows, columns, *, alt, caption, xlabel, ylabel):
    """Draw how often each found state meets each named one: numbers, and shares of the row as shades of grey.

    Parameters
    ----------
    counts : ndarray of int (R, N)
    rows : sequence of R str
    columns : sequence of N str
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    fig = Figure(figsize=(WIDTH, 0.36 * len(rows) + 1.5), layout="constrained")
    axes = fig.subplots()
    axes.imshow(shares, cmap="gray_r", vmin=0.0, vmax=1.0, aspect="auto")
    for i, j in np.argwhere(counts > 0):
        axes.text(
            j, i, counts[i, j], ha="center", va="center", fontsize=9, color="white" if shares[i, j] > 0.5 else "black"
        )
    axes.set_xticks(range(len(columns)), labels=columns, rotation=30)
    axes.set_yticks(range(len(rows)), labels=rows)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.spines[["top", "right"]].set_visible(True)
    show(fig, alt=alt, caption=caption)


@styled
def volume(values, reach, marks, *, alt, caption, label):
    """Draw a cube of numbers from above and from the side, the largest along each line of sight, with some points in it.

    Parameters
    ----------
    values : ndarray (n, n, n)
        By x, y and z.
    reach : float
        Half the side of the cube, mm.
    marks : mapping from label to ndarray (3,)
        Points, mm from the middle of the cube; hollow, so that what is behind can be seen.
    label : str
        What the numbers are.
    """
    fig = Figure(figsize=(WIDTH, 3.6), layout="constrained")
    panels = fig.subplots(1, 2)
    extent = (-reach, reach, -reach, reach)
    for axes, (title, along, horizontal, vertical) in zip(
        panels, (("from above", 2, 0, 1), ("from the side", 1, 0, 2)), strict=True
    ):
        seen = values.max(axis=along).T
        image = axes.imshow(seen, origin="lower", extent=extent, vmin=values.min(), vmax=values.max())
        for (name, point), (colour, _, marker) in zip(marks.items(), CURVES[1:], strict=False):
            style = {"markerfacecolor": "none", "markersize": 11, "markeredgewidth": 2, "markeredgecolor": colour}
            axes.plot(point[horizontal], point[vertical], marker, linestyle="", label=name, **style)
        axes.set(title=title, xlabel="x, mm", ylabel=f"{'xyz'[vertical]}, mm")
    fig.colorbar(image, ax=panels, label=label, shrink=0.8)
    legend_below(fig, panels[0], ncols=3)
    show(fig, alt=alt, caption=caption)
