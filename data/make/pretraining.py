"""More coats, rooms and views than the labs show, to pre-train on: a generator, of which only the seeds are kept."""

import numpy as np

from . import motion
from .rat import COATS
from .recipes import PRETRAINING_SIZE, PRETRAINING_WITHOUT
from .scene import Scene, ring, side_camera

_SHOTS_PER_SCENE = 24


def pretraining_views(seed, n, size=PRETRAINING_SIZE):
    """Draw ``n`` labelled grey pictures of single rats.

    Parameters
    ----------
    seed : int; use `recipes.PRETRAINING_SEEDS`, which no data set uses
    n : int
    size : (H, W) of the pictures

    Returns
    -------
    images : (n, H, W) uint8
    keypoints : (n, K, 2) px (x, y), also where hidden or outside
    visible : (n, K) bool

    Raises
    ------
    ValueError : for n < 1
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, not {n}")
    rng = np.random.default_rng([seed, 9])
    coats = [coat for coat in COATS if coat not in PRETRAINING_WITHOUT]
    shots = []
    while len(shots) < n:
        scene_seed, track = int(rng.integers(1, 2**31)), rng.random() < 0.5
        cameras = [side_camera(rng)] if track else ring(rng, rng.uniform(24, 38))
        room = "track" if track else "arena"
        scene = Scene(scene_seed, [str(rng.choice(coats))], cameras, size, room, post=rng.random() < 0.3)
        arena = motion.Arena(heading=0.0) if track else motion.Arena(radius=0.06)
        stride = 12
        moves = motion.plan(scene_seed, _SHOTS_PER_SCENE * stride, arena)
        middle = moves.qpos[:, 0] if track else np.zeros(len(moves.qpos))
        for frame in range(0, len(moves.qpos), stride):
            scene.pose(moves.qpos[frame], belt=middle[frame])
            points, camera = scene.points3d()[0], int(rng.integers(len(cameras)))
            shots.append(
                (scene.picture(camera, frame), scene.project(camera, points)[0], scene.visible(camera, points))
            )
        scene.close()
    return tuple(np.array(part) for part in zip(*shots[:n], strict=True))
