"""Makes the README's moving picture: the viewer's rat of Lab 8, by its reference solutions.

make picture
"""

import io
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from posekit.data import load_detections, load_six
from posekit.draw.scene3d import ghosts, paint, skeleton
from posekit.skeleton import Skeleton
from solutions.bonewalk import facing
from solutions.gimbal import fit_gimbal, gibbs_sweep, gimbal_map

ROOT = Path(__file__).parents[2]
CAMERAS, FRAMES = [0, 2, 4], slice(60, 150)
SWEEPS, EVERY = 300, 50  # of the sampler; one sample is drawn of so many


def bodies():
    """Parts of a scene: samples of GIMBAL's posterior, the truth and the most probable path, three seconds in three cameras."""
    train, test = load_detections("six_train", seed=0), load_detections("six_test", seed=0)
    six = load_six("train")
    body = Skeleton(six.names, six.parents, heading=("tail_base", "withers"))
    Y = np.full((*six.points3d.shape[:2], len(six.P), 2), np.nan)
    Y[train.steps] = train.keypoints.swapaxes(1, 2)
    params = fit_gimbal(six.points3d, Y, six.P, body)
    data = {"P": test.P[CAMERAS], "Y": test.keypoints.swapaxes(1, 2)[FRAMES][:, :, CAMERAS], "parents": body.parents}
    best = gimbal_map(data["P"], data["Y"], body, params)
    state = {"x": best, "h": facing(best, [body.names.index(name) for name in body.heading])}
    rng, samples = np.random.default_rng(0), []
    for _ in range(SWEEPS):
        state = gibbs_sweep(state, data, params, rng)
        samples.append(state["x"])
    return {
        "samples of the posterior": ghosts(samples[EVERY - 1 :: EVERY], body.parents),
        "truth": skeleton(test.truth.points3d[FRAMES], body.parents),
        "most probable": skeleton(best, body.parents),
    }


def moving_rat(parts) -> bytes:
    """An animated GIF of 15 frames a second, the camera swinging slowly to and fro."""
    everything = parts["truth"].points.reshape(-1, 3)
    low, high = everything.min(axis=0), everything.max(axis=0)
    pictures = []
    for frame in range(0, len(parts["truth"].points), 2):
        fig = Figure(figsize=(6.4, 5.1), dpi=75)
        axes = fig.add_axes((0.0, 0.06, 1.0, 0.94))
        azimuth = -60.0 + 20.0 * np.sin(2 * np.pi * frame / len(parts["truth"].points))
        view = {"centre": (low + high) / 2, "reach": 0.36 * np.linalg.norm(high - low), "azimuth": azimuth}
        paint(axes, parts, frame, floor=300.0, **view)
        handles, labels = axes.get_legend_handles_labels()
        named = dict(zip(labels, handles, strict=True))
        fig.legend(named.values(), named, loc="lower center", ncols=len(named), frameon=False, fontsize=12)
        buffer = io.BytesIO()
        fig.savefig(buffer, format="png")
        pictures.append(Image.open(buffer).convert("RGB").quantize(48, dither=Image.Dither.NONE))
    whole = io.BytesIO()
    pictures[0].save(whole, format="GIF", save_all=True, append_images=pictures[1:], duration=66, loop=0)
    return whole.getvalue()


def main() -> None:
    (ROOT / "site" / "lab8.gif").write_bytes(moving_rat(bodies()))


if __name__ == "__main__":
    main()
