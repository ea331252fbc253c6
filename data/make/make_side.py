"""Side views: videos of single rats on a running belt, one coat and room each (`posekit.data.load_side`)."""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from posekit.skeleton import NAMES, parents_of

from . import motion
from .recipes import SIDE_FRAMES, SIDE_SIZE, SIDE_STRIDE, SIDE_VIDEOS
from .scene import Scene, side_camera


def stage(video):
    """The scene of a video, its motion, and how far the belt has run at each of the motion's frames (m)."""
    rng = np.random.default_rng([video.seed, 6])
    scene = Scene(video.seed, [video.coat], [side_camera(rng)], SIDE_SIZE, "track", video.post)
    moves = motion.plan(video.seed, SIDE_FRAMES * SIDE_STRIDE, motion.Arena(heading=0.0, heading_sd=0.3))
    return scene, moves, belt_travel(moves.qpos[:, 0])


def belt_travel(x):
    """(T,) travel of a belt that keeps a rat at x (T,) in view: it follows slowly, so the rat drifts to and fro."""
    return gaussian_filter1d(x, 0.8 * motion.FPS, mode="nearest")


def frame(scene, moves, belt, k, number):
    """Picture ``number`` from frame k of the motion: image, keypoints, visible, points3d of the first rat."""
    scene.pose(moves.qpos[k], belt=belt[k])
    points = scene.points3d()[0]
    pixels, _ = scene.project(0, points)
    return scene.picture(0, number), pixels, scene.visible(0, points), points


def make():
    """The arrays of ``side.npz``."""
    frames, matrices = [], []
    for video in SIDE_VIDEOS:
        scene, moves, belt = stage(video)
        frames += [frame(scene, moves, belt, n * SIDE_STRIDE, n) for n in range(SIDE_FRAMES)]
        matrices.append(scene.P[0])
        scene.close()
    images, keypoints, visible, points3d = (np.array(part) for part in zip(*frames, strict=True))
    return {
        "images": images,
        "keypoints": keypoints,
        "visible": visible,
        "points3d": points3d,
        "P": np.array(matrices),
        "video": np.repeat(np.arange(len(SIDE_VIDEOS)), SIDE_FRAMES),
        "split": np.array([video.split for video in SIDE_VIDEOS]),
        "coats": np.array([video.coat for video in SIDE_VIDEOS]),
        "names": np.array(NAMES),
        "parents": parents_of(NAMES),
    }
