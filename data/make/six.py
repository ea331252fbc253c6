"""What the six-view recordings share: a ring of cameras around an arena, and a rat that walks in it."""

import numpy as np

from posekit.skeleton import NAMES, parents_of

from . import motion
from .recipes import RING_SIZE
from .scene import Scene, ring

FOVY = 37
ARENA = motion.Arena(radius=0.11)


def stage(recipe):
    """The scene of a `recipes.RingRecording`."""
    cameras = ring(np.random.default_rng([recipe.seed, 7]), FOVY)
    return Scene(recipe.seed, [recipe.coat], cameras, RING_SIZE, "arena", recipe.post)


class Recording:
    """The scene and the motion of a `recipes.RingRecording`."""

    def __init__(self, recipe):
        self.scene = stage(recipe)
        self.moves = motion.plan(recipe.motion_seed, recipe.frames, ARENA, recipe.states)

    def observe(self, frame):
        """What is true at one time step: points3d (K, 3) mm, keypoints (C, K, 2) px, visible (C, K)."""
        scene = self.scene
        scene.pose(self.moves.qpos[frame])
        points = scene.points3d()[0]
        cameras = range(scene.num_cameras)
        return points, [scene.project(c, points)[0] for c in cameras], [scene.visible(c, points) for c in cameras]

    def truth(self):
        """All of `observe`, T time steps, and state (T,), P and names."""
        steps = [self.observe(frame) for frame in range(len(self.moves.qpos))]
        points3d, keypoints, visible = zip(*steps, strict=True)
        return {
            "points3d": np.array(points3d, np.float32),
            "keypoints": np.array(keypoints, np.float32),
            "visible": np.array(visible),
            "state": self.moves.state,
            "state_names": np.array(motion.STATE_NAMES),
            "P": self.scene.P,
            "fps": np.array(float(motion.FPS)),
            "names": np.array(NAMES),
            "parents": parents_of(NAMES),
        }

    def pictures(self, frames):
        """(len(frames), C, H, W) uint8."""
        taken = np.zeros((len(frames), self.scene.num_cameras, *self.scene.size), np.uint8)
        for row, frame in enumerate(frames):
            taken[row] = self._picture(frame)
        return taken

    def picture_steps(self, frames):
        """`pictures` as differences from the picture before, modulo 256: the room stands still, so they pack better."""
        taken = self.pictures(frames)
        return np.diff(taken, axis=0, prepend=np.zeros_like(taken[:1]))

    def _picture(self, frame):
        self.scene.pose(self.moves.qpos[frame])
        return [self.scene.picture(camera, frame) for camera in range(self.scene.num_cameras)]
