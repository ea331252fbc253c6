"""Two rats that touch and cross (`posekit.data.load_two_rats`)."""

from dataclasses import replace

import mujoco
import numpy as np
from scipy.spatial import cKDTree

from posekit.skeleton import NAMES, parents_of

from . import motion
from .rat import SkinCover, rat_spec
from .recipes import PAIR_FRAMES, PAIR_SIZE, PAIR_STRIDE, PAIR_VIDEOS
from .scene import Scene, side_camera

TOUCH = 0.0025  # m between skin vertices, which are about that far apart
_RESTING = ("still", "sniff", "crouch", "groom", "rear", "stretch")


def stage(video):
    """The scene of a video and the motions of its two rats, moved together until they touch."""
    rng = np.random.default_rng([video.seed, 8])
    camera = replace(side_camera(rng), fovy=34.0)  # two rats, nose to nose, are twice as long as one
    scene = Scene(video.seed, list(video.coats), [camera], PAIR_SIZE, "track")
    num_frames = PAIR_FRAMES * PAIR_STRIDE
    calm = [(str(name), rng.uniform(0.8, 1.6)) for name in rng.choice(_RESTING, 6)]
    brisk = {
        "pass": [("walk", 2.2), ("sniff", 0.6), ("walk", 1.4)],
        "greet": [("walk", 1.5), ("sniff", 1.6), ("still", 0.8), ("groom", 1.0)],
        "follow": [("walk", 1.5), ("stretch", 1.2), ("sniff", 2.0)],
    }[video.meeting]
    first_heading = np.pi if video.meeting == "greet" else 0.0
    first = motion.plan(
        10 * video.seed + 1,
        num_frames,
        motion.Arena(heading=first_heading, heading_sd=0.25),
        calm,
        (0, 0, first_heading),
    )
    second = motion.plan(10 * video.seed + 2, num_frames, motion.Arena(heading=0.0, heading_sd=0.15), brisk)
    far = {"pass": (-0.16, rng.choice([-0.14, 0.14])), "greet": (-1.0, 0.01), "follow": (-1.0, -0.01)}[video.meeting]
    towards = np.array([0.0, -np.sign(far[1])]) if video.meeting == "pass" else np.array([1.0, 0.0])
    second = _moved(second, far)
    second = _moved(second, towards * _gap(first, second, towards))
    met = slice(num_frames // 2, None)
    middle = np.mean([first.qpos[met, 0], second.qpos[met, 0]])
    return scene, _moved(first, (-middle, 0)), _moved(second, (-middle, 0))


def _moved(moves, shift):
    qpos = moves.qpos.copy()
    qpos[:, :2] += shift
    return motion.Motion(qpos, moves.state, moves.stance)


def _gap(first, second, towards, step=0.002):
    """How far the second rat can be moved before any of the pictures shows the two skins touching (m)."""
    model = rat_spec().compile()
    data = mujoco.MjData(model)
    cover = SkinCover(model)

    def skins(moves):
        for qpos in moves.qpos[::PAIR_STRIDE]:
            data.qpos[:] = qpos
            mujoco.mj_kinematics(model, data)
            yield cover(data)

    trees = [cKDTree(vertices) for vertices in skins(first)]
    others = list(skins(second))
    shift = np.array([*towards, 0])
    moved = 0.0
    while moved < 1.5:
        nearest = min(
            tree.query(vertices + moved * shift, distance_upper_bound=0.05)[0].min()
            for tree, vertices in zip(trees, others, strict=True)
        )
        if nearest < TOUCH:
            return moved
        moved += max(step, 0.8 * (nearest - TOUCH)) if np.isfinite(nearest) else 0.03
    raise ValueError("the two rats do not meet")


def frame(scene, first, second, k, number):
    """Picture ``number`` from frame k of the motions: image, keypoints, visible, each of both rats."""
    scene.pose(first.qpos[k], second.qpos[k])
    points = scene.points3d()
    return scene.picture(0, number), scene.project(0, points)[0], scene.visible(0, points)


def make():
    """The arrays of ``two_rats.npz``."""
    frames = []
    for video in PAIR_VIDEOS:
        scene, first, second = stage(video)
        frames += [frame(scene, first, second, n * PAIR_STRIDE, n) for n in range(PAIR_FRAMES)]
        scene.close()
    images, keypoints, visible = (np.array(part) for part in zip(*frames, strict=True))
    return {
        "images": images,
        "keypoints": keypoints,
        "visible": visible,
        "video": np.repeat(np.arange(len(PAIR_VIDEOS)), PAIR_FRAMES),
        "split": np.array([video.split for video in PAIR_VIDEOS]),
        "names": np.array(NAMES),
        "parents": parents_of(NAMES),
    }
