"""The data card's numbers that need MuJoCo: how the rat moves, and whether the cameras are where P says."""

import numpy as np

from . import card, motion, quality
from .recipes import CLIP, SIX
from .six import ARENA, stage


def marker_errors(scene, rng, num_points):
    """(N, C) px from where a rendered ball's centre of mass is to where P puts its centre."""
    errors = np.full((num_points, scene.num_cameras), np.nan)
    for n in range(num_points):
        point = rng.uniform([-120, -120, 10], [120, 120, 180])
        for camera in range(scene.num_cameras):
            glow = scene.render_marker(camera, point)
            y, x = np.mgrid[: glow.shape[0], : glow.shape[1]]
            pixels, _ = scene.project(camera, point)
            inside = np.all((pixels > 6) & (pixels < np.array(glow.shape[::-1]) - 7))  # the whole ball
            if inside and glow.sum() > 0:
                seen = np.array([(x * glow).sum(), (y * glow).sum()]) / glow.sum()
                errors[n, camera] = np.linalg.norm(seen - pixels)
    return errors


def cameras():
    """Marker errors of both rings of cameras."""
    rows = []
    for name, recipe in (("six views", SIX["test"]), ("clip", CLIP)):
        scene = stage(recipe)
        errors = marker_errors(scene, np.random.default_rng(0), 40)
        scene.close()
        rows.append([name, np.isfinite(errors).sum(), f"{np.nanmean(errors):.3f}", f"{np.nanmax(errors):.3f}"])
    return card.table(["cameras", "markers", "mean error px", "largest px"], rows)


def moves():
    """Floor contact, sliding, penetration, joint limits, jumps and speeds."""
    measured = {}
    for name, recipe in (("train", SIX["train"]), ("test", SIX["test"]), ("clip", CLIP)):
        plan = motion.plan(recipe.motion_seed, recipe.frames, ARENA, recipe.states)
        measured[name] = quality.measure(plan, every=6)
    head = ["", *measured]

    def row(label, value):
        return [label, *(value(numbers) for numbers in measured.values())]

    rows = [
        row(
            "standing soles above the floor, 1 %, 50 %, 99 % (mm)",
            lambda m: ", ".join(f"{v:.1f}" for v in m["sole_mm"]),
        ),
        row("lowest point of the skin (mm)", lambda m: f"{m['skin_mm']:.1f}"),
        row(
            "sliding of a standing foot, mean, 95 % (mm per frame)",
            lambda m: ", ".join(f"{v:.1f}" for v in m["slide_mm"]),
        ),
        row("deepest overlap of limb and trunk (mm)", lambda m: f"{m['into_body_mm'][0]:.1f}"),
        row("largest angle beyond a joint's limit (rad)", lambda m: f"{max(m['beyond_limit'], 0):.3f}"),
        row("largest step of a keypoint (mm per frame)", lambda m: f"{m['jump_mm']:.0f}"),
        *(row(f"speed while `{n}` (mm/s)", lambda m, n=n: f"{m['speed'][n]:.0f}") for n in motion.STATE_NAMES),
    ]
    return card.table(head, rows)


SECTIONS = {"moves": moves, "cameras": cameras}


def write():
    """Compute the numbers, print them, and write them into the card."""
    card.write(SECTIONS)
