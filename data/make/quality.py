"""Numbers that say whether a motion could be an animal's: floor contact, sliding, penetration, joint limits, jumps."""

import mujoco
import numpy as np

from .motion import FPS, STATE_NAMES
from .rat import SkinCover, SkinPoints, rat_spec

_ENDS = {"foot_L": "toe_L", "foot_R": "toe_R", "hand_L": "finger_L", "hand_R": "finger_R"}
_TRUNK_GEOMS = (
    "collision_torso",
    "collision_pelvis_gut",
    "skull_0_collision",
    "skull_F_collision",
    "jaw_back_collision",
)
_LIMB_PREFIXES = ("radius_", "hand_", "finger_", "lower_leg_", "foot_", "toe_")


def measure(motion, every=1):
    """Quality of a `motion.Motion`; lengths in mm, angles in radians.

    Returns a dict: ``sole_mm`` (quantiles 1 %, 50 %, 99 % of the lowest skin point of a standing foot above the
    floor), ``skin_mm`` lowest skin point of all, ``tail_mm`` lowest of the tail, ``slide_mm`` mean and 95 % movement
    of a standing foot per frame, ``into_body_mm`` deepest overlap of the bones' hulls of limb and trunk (largest and
    99 %), ``beyond_limit`` largest joint angle outside its range, ``jump_mm`` largest keypoint movement per frame,
    ``speed`` per state in mm/s.
    """
    model = rat_spec().compile()
    data = mujoco.MjData(model)
    cover, keypoints = SkinCover(model), SkinPoints(model)
    names = [model.geom(i).name for i in range(model.ngeom)]
    trunk = [i for i, n in enumerate(names) if n in _TRUNK_GEOMS]
    limbs = [i for i, n in enumerate(names) if n.startswith(_LIMB_PREFIXES)]
    tail = [model.body(f"vertebra_C{i}").id for i in range(3, 31)]
    owners = {limb: cover.owner == model.body(body).id for limb, body in _ENDS.items()}
    tail_skin = np.isin(cover.owner, tail)
    fromto = np.zeros(6)
    sole, slide, lowest, lowest_tail, depth, points, ends = [], [], [], [], [], [], []
    for t, qpos in enumerate(motion.qpos):
        data.qpos[:] = qpos
        mujoco.mj_kinematics(model, data)
        points.append(keypoints(data))
        ends.append(
            [data.body(body).xpos + data.body(body).xmat.reshape(3, 3) @ (0.003, 0, 0) for body in _ENDS.values()]
        )
        if t % every:
            continue
        z = cover(data)[:, 2]
        lowest.append(z.min())
        lowest_tail.append(z[tail_skin].min())
        sole += [z[own].min() for column, own in enumerate(owners.values()) if motion.stance[t, column]]
        gaps = [mujoco.mj_geomDistance(model, data, a, b, 0.01, fromto) for a in limbs for b in trunk]
        depth.append(-min(gaps))
    points, ends = np.array(points) * 1000, np.array(ends) * 1000
    both = motion.stance[1:] & motion.stance[:-1]
    slide = np.linalg.norm(np.diff(ends[..., :2], axis=0), axis=-1)[both]
    joints = slice(7, None)
    low, high = model.jnt_range[1:].T
    beyond = np.maximum(motion.qpos[:, joints] - high, low - motion.qpos[:, joints]).max()
    moved = np.linalg.norm(np.diff(points, axis=0), axis=-1)
    # Over a third of a second, so that what counts is locomotion and not the sway of the back.
    root = np.linalg.norm(points[10:, 0, :2] - points[:-10, 0, :2], axis=-1) * FPS / 10
    speed = {n: root[motion.state[5:-5] == k] for k, n in enumerate(STATE_NAMES)}
    return {
        "sole_mm": np.quantile(sole, [0.01, 0.5, 0.99]) * 1000,
        "skin_mm": np.min(lowest) * 1000,
        "tail_mm": np.array([np.min(lowest_tail), np.quantile(lowest_tail, 0.05)]) * 1000,
        "slide_mm": np.array([slide.mean(), np.quantile(slide, 0.95)]),
        "into_body_mm": np.array([np.max(depth), np.quantile(depth, 0.99)]) * 1000,
        "beyond_limit": beyond,
        "jump_mm": moved.max(),
        "speed": {n: float(v.mean()) for n, v in speed.items() if len(v)},
    }
