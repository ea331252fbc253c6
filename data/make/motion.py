"""How the rat moves: named pose states, a path through the arena, footfalls, and limbs that reach them.

A recording is planned in this order: pose states are drawn one after the other; the trunk's parameters follow them
smoothly, with variation between bouts and within one; the trunk travels along a path; each foot stays where it was
set down until its home under the moving trunk is too far away, then it swings to the next place; damped least squares
finds the limb and tail angles that put feet and tail on the floor. Lengths are metres, angles radians, as in MuJoCo.
"""

from dataclasses import dataclass, field

import mujoco
import numpy as np
from scipy.ndimage import gaussian_filter1d

from .rat import rat_spec

FPS = 30
_SUBSTEPS = 4  # footfalls are planned on a finer clock than the frames

# Trunk parameters and their neutral values.
_TRUNK = {
    "height": 0.066,  # of the pelvis above the floor
    "pitch": 0.05,  # of the pelvis, nose up
    "roll": 0.0,
    "back": 0.0,  # two lumbar joints, arched backwards
    "bend": 0.0,  # four joints sideways, to the left
    "twist": 0.0,
    "neck": 0.0,  # down
    "look": 0.0,  # head to the left
    "tilt": 0.0,  # head about its own axis
    "nod": 0.15,  # skull on the neck, up
    "hind": 0.0,  # feet ahead of their neutral place under the pelvis
    "fore": 0.0,  # hands ahead of their neutral place under the chest
}
_WANDER = {  # standard deviation of slow variation within a bout
    "height": 0.0015,
    "pitch": 0.03,
    "roll": 0.025,
    "back": 0.03,
    "bend": 0.035,
    "twist": 0.03,
    "neck": 0.07,
    "look": 0.10,
    "tilt": 0.06,
    "nod": 0.06,
    "hind": 0.002,
    "fore": 0.002,
}


@dataclass(frozen=True)
class State:
    """A pose that a person would name."""

    trunk: dict = field(default_factory=dict)  #: parameters that differ from neutral
    spread: dict = field(default_factory=dict)  #: standard deviation from bout to bout
    speed: tuple = (0.0, 0.0)  #: range of walking speeds, m/s
    turning: tuple = (0.0, 0.0)  #: range of turning rates, rad/s
    hands: str = "floor"  #: "floor", "chest" or "face"
    seconds: float = 1.5  #: mean length of a bout
    nodding: float = 0.0  #: amplitude of the 7 Hz bob of a sniffing head


STATES = {
    "still": State(spread={"look": 0.25, "neck": 0.1, "bend": 0.05}, seconds=1.0, nodding=0.007),
    "walk": State({"neck": 0.05, "height": 0.064}, {"neck": 0.08}, speed=(0.08, 0.17), seconds=2.2),
    "turn": State({"height": 0.063}, {"neck": 0.12}, speed=(0.03, 0.07), turning=(1.2, 2.2), seconds=1.2),
    "sniff": State(
        {"neck": 0.30, "nod": 0.0, "pitch": -0.02, "back": -0.10, "fore": 0.004, "height": 0.064},
        {"look": 0.30, "neck": 0.06},
        speed=(0.0, 0.05),
        seconds=1.6,
        nodding=0.016,
    ),
    "rear": State(
        {"pitch": 0.55, "back": 0.27, "height": 0.064, "hind": 0.020, "neck": 0.16, "nod": 0.1},
        {"pitch": 0.12, "back": 0.06, "look": 0.25, "neck": 0.08, "bend": 0.06},
        hands="chest",
        seconds=1.8,
        nodding=0.007,
    ),
    "groom": State(
        {"pitch": 0.72, "back": -0.10, "height": 0.052, "hind": 0.026, "neck": 0.40, "nod": 0.0},
        {"pitch": 0.08, "look": 0.2, "bend": 0.06, "neck": 0.04},
        hands="face",
        seconds=2.6,
        nodding=0.010,
    ),
    "crouch": State(
        {"height": 0.049, "pitch": 0.12, "back": -0.12, "neck": 0.06, "nod": 0.25, "hind": 0.014, "fore": -0.004},
        {"look": 0.15, "bend": 0.10},
        seconds=2.0,
    ),
    "stretch": State(
        {"height": 0.058, "pitch": 0.06, "back": -0.06, "neck": -0.04, "nod": 0.1, "hind": 0.006, "fore": 0.022},
        {"look": 0.2, "neck": 0.06},
        speed=(0.0, 0.03),
        seconds=1.3,
        nodding=0.010,
    ),
}
STATE_NAMES = tuple(STATES)
_NEXT = {  # which states follow which, in parts
    "still": {"walk": 4, "turn": 3, "sniff": 3, "rear": 2, "groom": 2, "crouch": 1, "stretch": 2},
    "walk": {"still": 2, "turn": 3, "sniff": 4, "rear": 2, "stretch": 2, "crouch": 1},
    "turn": {"walk": 5, "still": 2, "sniff": 2, "rear": 1},
    "sniff": {"walk": 4, "rear": 3, "turn": 2, "still": 1, "groom": 1, "stretch": 1},
    "rear": {"still": 2, "walk": 2, "groom": 2, "sniff": 3, "turn": 1},
    "groom": {"still": 3, "crouch": 2, "sniff": 2, "rear": 1},
    "crouch": {"still": 2, "walk": 2, "stretch": 3, "sniff": 1, "groom": 1},
    "stretch": {"walk": 3, "crouch": 2, "still": 2},
}
_LIMBS = ("foot_L", "foot_R", "hand_L", "hand_R")
_END_BODY = {"foot_L": "toe_L", "foot_R": "toe_R", "hand_L": "finger_L", "hand_R": "finger_R"}
_HOME = {"foot": (0.000, 0.030), "hand": (0.040, 0.026)}  # ahead and sideways of the pelvis, of the chest
# Pull towards the resting angle, against a residual of 1 per cm; the first prefix that fits counts.
_STIFFNESS = {
    "hip_L_e": 0.2,
    "hip_R_e": 0.2,
    "hip": 0.35,
    "knee": 0.2,
    "ankle": 0.2,
    "toe": 0.4,
    "scapula": 0.5,
    "shoulder_sup": 0.3,
    "shoulder": 0.2,
    "elbow": 0.2,
    "wrist": 0.2,
    "finger": 0.3,
}
_CLEARANCE_OF_SKIN = 0.0010  # that a sole keeps above the floor
_NECK = ("vertebra_cervical_5_extend", "vertebra_cervical_2_extend", "vertebra_atlant_extend")
_CHIN = np.array([0.038, 0.0, -0.014])  # lowest point of the muzzle, in the skull's frame
_TAIL_RADIUS = 0.0034  # height of the tail's bones when it lies on the floor
_TAIL_SINK = 0.045  # distance over which it sinks
_OTHER = {"foot_L": "foot_R", "foot_R": "foot_L", "hand_L": "hand_R", "hand_R": "hand_L"}
_CLEARANCE = {"foot": 0.0024, "hand": 0.0018}  # of the end's origin above the floor when its skin touches it
# Points of a limb's skin that must not go below the floor: body word, offset on the left side.
_SOLES = {
    "foot": (("toe", (0.016, 0.007, -0.001)), ("toe", (0.012, -0.006, -0.001)), ("foot", (-0.003, 0.0, -0.0075))),
    "hand": (("finger", (0.012, 0.006, -0.001)), ("finger", (0.009, -0.003, -0.001)), ("hand", (0.0, 0.0, -0.008))),
}


@dataclass(frozen=True)
class Arena:
    """What steers the rat.

    ``radius``: it turns back towards the centre beyond this distance. ``heading``: where given, a track instead of an
    open arena, on which the rat keeps to this direction, give or take ``heading_sd``.
    """

    radius: float = 0.12
    heading: float | None = None
    heading_sd: float = 0.35


@dataclass(frozen=True)
class Motion:
    """T frames of a rat: ``qpos (T, nq)`` of `rat_spec`, ``state (T,)`` index into STATE_NAMES, and where feet stand.

    ``stance (T, 4)`` is True where a foot or hand is on the floor and not swinging; order of `_LIMBS`.
    """

    qpos: np.ndarray
    state: np.ndarray
    stance: np.ndarray


def plan(seed, num_frames, arena, states=None, start=(0.0, 0.0, 0.0)):
    """A recording of ``num_frames`` frames at 30 Hz.

    ``states``: sequence of (name, seconds) to follow instead of drawing them. ``start``: x, y (m) and heading (rad).
    """
    rng = np.random.default_rng([seed, 1])
    warm_up = FPS // 2  # half a second for smoothing and the solver to settle, then dropped
    total = num_frames + warm_up
    state, bout = _draw_states(rng, total, states)
    trunk, speed, turning, hands = _follow_states(rng, state, bout)
    path = _walk_path(rng, speed, turning, arena, start)
    trunk["bend"] += np.clip(0.10 * gaussian_filter1d(np.gradient(np.unwrap(path[:, 2])) * FPS, 3), -0.22, 0.22)
    trunk["look"] += np.clip(0.22 * gaussian_filter1d(np.gradient(np.unwrap(path[:, 2])) * FPS, 4), -0.5, 0.5)
    trunk["hands"] = hands
    body = _Body()
    frames = _trunk_frames(body, trunk, path)
    targets, stance = _footfalls(frames, trunk)
    qpos = _reach(rng, body, trunk, path, targets)
    return Motion(qpos[warm_up:], state[warm_up:], stance[warm_up:])


def _draw_states(rng, total, states):
    """(total,) state index and (total,) bout number."""
    state, bout = np.zeros(total, int), np.zeros(total, int)
    at, number = 0, 0
    name = states[0][0] if states else rng.choice(["still", "walk", "sniff"])
    while at < total:
        if states:
            name, seconds = states[min(number, len(states) - 1)]
        else:
            seconds = 0.5 + rng.gamma(3, max(STATES[name].seconds - 0.5, 0.3) / 3)
        until = min(total, at + max(round(seconds * FPS), 2))
        state[at:until], bout[at:until] = STATE_NAMES.index(name), number
        at, number = until, number + 1
        if not states:
            options = _NEXT[name]
            odds = np.array(list(options.values()), float)
            name = str(rng.choice(list(options), p=odds / odds.sum()))
    return state, bout


def _slow_noise(rng, total, seconds):
    """(total,) smooth noise of unit variance with the given correlation time."""
    width = seconds * FPS
    noise = gaussian_filter1d(rng.standard_normal(total + 8 * int(width)), width)[4 * int(width) :][:total]
    return noise * np.sqrt(2 * np.sqrt(np.pi) * width)


def _follow_states(rng, state, bout):
    """Trunk parameters (dict of (T,)), speed (T,), turning rate (T,) and hand modes ((T,) of str)."""
    total = len(state)
    trunk = {name: np.full(total, value) for name, value in _TRUNK.items()}
    speed, turning, hands = np.zeros(total), np.zeros(total), np.empty(total, object)
    nodding = np.zeros(total)
    for number in range(bout[-1] + 1):
        now = bout == number
        kind = STATES[STATE_NAMES[state[now][0]]]
        for name, value in kind.trunk.items():
            trunk[name][now] = value
        for name, spread in kind.spread.items():
            trunk[name][now] += spread * np.clip(rng.standard_normal(), -1.8, 1.8)
        speed[now] = rng.uniform(*kind.speed)
        turning[now] = rng.uniform(*kind.turning) * rng.choice([-1, 1])
        hands[now] = kind.hands
        nodding[now] = kind.nodding
    for name in trunk:
        seconds = 0.10 if name in ("neck", "look", "nod") else 0.14
        trunk[name] = gaussian_filter1d(trunk[name], seconds * FPS, mode="nearest")
        trunk[name] += _WANDER[name] * _slow_noise(rng, total, 0.35)
    trunk["twist"] -= 0.5 * trunk["roll"]
    sniff = np.sin(2 * np.pi * np.cumsum(7 + 0.7 * _slow_noise(rng, total, 0.5)) / FPS)
    trunk["neck"] += gaussian_filter1d(nodding, 3, mode="nearest") * sniff
    return trunk, gaussian_filter1d(speed, 4, mode="nearest"), gaussian_filter1d(turning, 4, mode="nearest"), hands


def _walk_path(rng, speed, turning, arena, start):
    """(T, 3): x, y and heading of the pelvis."""
    total = len(speed)
    drift = 0.6 * _slow_noise(rng, total, 0.6)
    aim = _slow_noise(rng, total, 1.2)
    path = np.zeros((total, 3))
    x, y, heading = start
    rate = 0.0
    for t in range(total):
        front = np.array([x + 0.045 * np.cos(heading), y + 0.045 * np.sin(heading)])  # about the middle of the body
        moving = min(speed[t] / 0.1, 1.0)
        if arena.heading is None:
            distance = np.hypot(*front)
            off = np.angle(np.exp(1j * (np.arctan2(-front[1], -front[0]) - heading)))
            pull = np.clip((distance / arena.radius) ** 3, 0, 2) * off
            wanted = turning[t] + moving * (drift[t] + 1.6 * pull)
            if abs(turning[t]) > 0.2 and distance > 0.5 * arena.radius:
                wanted = abs(turning[t]) * np.sign(off)
            pace = speed[t] * (1 if distance < arena.radius else np.clip(0.3 + 0.7 * np.cos(off), 0.15, 1))
        else:
            off = (
                arena.heading + arena.heading_sd * aim[t] - np.clip(15 * y, -0.8, 0.8) * np.cos(arena.heading) - heading
            )
            wanted = 3.0 * max(moving, min(abs(turning[t]), 1.0)) * np.angle(np.exp(1j * off))
            pace = speed[t]
        rate += 0.25 * (np.clip(wanted, -2.3, 2.3) - rate)
        heading += rate / FPS
        x += pace * np.cos(heading) / FPS
        y += pace * np.sin(heading) / FPS
        path[t] = x, y, heading
    path[:, :2] = gaussian_filter1d(path[:, :2], 2, axis=0, mode="nearest")
    return path


class _Body:
    """A rat without skin, and the joints that the planner moves."""

    def __init__(self):
        self.model = rat_spec().compile()
        self.data = mujoco.MjData(self.model)
        self.low, self.high = self.model.jnt_range.T
        self.address = {self.model.joint(i).name: self.model.jnt_qposadr[i] for i in range(1, self.model.njnt)}

    def set(self, name, angle):
        joint = self.model.joint(name).id
        self.data.qpos[self.address[name]] = np.clip(angle, self.low[joint], self.high[joint])

    def place_trunk(self, trunk, path, t):
        """Set spine, neck and root for frame t; limbs and tail keep their angles."""
        data = self.data
        for name in ("vertebra_1_extend", "vertebra_4_extend"):
            self.set(name, trunk["back"][t])
        for name in ("vertebra_2_bend", "vertebra_5_bend"):
            self.set(name, -trunk["bend"][t])  # the pelvis is the child there
        for name in ("vertebra_3_twist", "vertebra_6_twist"):
            self.set(name, trunk["twist"][t] / 2)
        for name in _NECK:
            self.set(name, trunk["neck"][t])
        for name in ("vertebra_cervical_4_bend", "vertebra_cervical_1_bend"):
            self.set(name, 0.6 * trunk["look"][t])
        for name in ("vertebra_cervical_3_twist", "vertebra_axis_twist"):
            self.set(name, trunk["tilt"][t] / 2)
        self.set("atlas", trunk["nod"][t])
        self.set("mandible", -0.55)
        self._place_root(trunk, path, t)
        for _ in range(5):  # the nose stays above the floor
            skull = data.body("skull")
            depth = 0.007 - (skull.xpos + skull.xmat.reshape(3, 3) @ _CHIN)[2]
            if depth > 0:
                for name in _NECK:
                    self.set(name, data.qpos[self.address[name]] - depth / 0.2)
                mujoco.mj_kinematics(self.model, data)

    def _place_root(self, trunk, path, t):
        """Set the free joint so that the pelvis is where frame t wants it."""
        data = self.data
        data.qpos[:7] = 0, 0, 0, 1, 0, 0, 0
        mujoco.mj_kinematics(self.model, data)
        pelvis = data.body("pelvis")
        wanted = _rotation_zyx(path[t, 2], -trunk["pitch"][t], trunk["roll"][t])
        root = wanted @ pelvis.xmat.reshape(3, 3).T
        position = np.array([path[t, 0], path[t, 1], trunk["height"][t]]) - root @ pelvis.xpos
        mujoco.mju_mat2Quat(data.qpos[3:7], root.ravel())
        data.qpos[:3] = position
        mujoco.mj_kinematics(self.model, data)


def _rotation_zyx(yaw, pitch, roll):
    cz, sz, cy, sy, cx, sx = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    return about_z @ about_y @ np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])


def _trunk_frames(body, trunk, path):
    """Positions (T, 3) and rotations (T, 3, 3) of pelvis, chest and skull along the path."""
    total = len(path)
    frames = {name: (np.zeros((total, 3)), np.zeros((total, 3, 3))) for name in ("pelvis", "torso", "skull")}
    for t in range(total):
        body.place_trunk(trunk, path, t)
        for name, (position, rotation) in frames.items():
            part = body.data.body(name)
            position[t], rotation[t] = part.xpos, part.xmat.reshape(3, 3)
    return frames


def _homes(frames, trunk, limb):
    """(T, 3) neutral place on the floor of a limb's end."""
    kind, side = limb[:-2], 1 if limb.endswith("L") else -1
    position, rotation = frames["pelvis" if kind == "foot" else "torso"]
    heading = rotation[:, :2, 0] / np.linalg.norm(rotation[:, :2, 0], axis=1, keepdims=True)
    left = np.stack([-heading[:, 1], heading[:, 0]], 1)
    ahead, sideways = _HOME[kind]
    ahead = ahead + trunk["hind" if kind == "foot" else "fore"][:, None]
    ground = position[:, :2] + ahead * heading + side * sideways * left
    return np.c_[ground, np.full(len(ground), _CLEARANCE[kind])]


def _lifted(frames, trunk, limb):
    """(T, 3) where a hand is when it is off the floor: before the chest, or stroking the face."""
    side = 1 if limb.endswith("L") else -1
    total = len(trunk["hands"])
    position, rotation = frames["torso"]
    chest = position + np.einsum("tij,j->ti", rotation, np.array([0.047, side * 0.019, -0.056]))
    phase = 2 * np.pi * 4.3 * np.arange(total) / FPS + (0.35 if side == 1 else 0.0)
    stroke = 0.009 * np.sin(phase)
    position, rotation = frames["skull"]
    local = np.stack([0.020 + stroke, np.full(total, side * 0.019), -0.023 + 0.006 * np.cos(phase)], 1)
    face = position + np.einsum("tij,tj->ti", rotation, local)
    weight = gaussian_filter1d((trunk["hands"] == "face").astype(float), 3, mode="nearest")[:, None]
    return (1 - weight) * chest + weight * face


def _footfalls(frames, trunk):
    """Targets of the four limbs' ends, dict of (T, 3), and stance (T, 4)."""
    total = len(trunk["height"])
    fine = np.arange((total - 1) * _SUBSTEPS + 1) / _SUBSTEPS
    index = np.arange(total)

    def upsample(points):
        return np.stack([np.interp(fine, index, column) for column in points.T], 1)

    home = {limb: upsample(_homes(frames, trunk, limb)) for limb in _LIMBS}
    lifted = {limb: upsample(_lifted(frames, trunk, limb)) for limb in _LIMBS if limb.startswith("hand")}
    up = gaussian_filter1d((trunk["hands"] != "floor").astype(float), 2, mode="nearest")
    up = np.interp(fine, index, up) > 0.5
    clock = FPS * _SUBSTEPS
    place = {limb: home[limb][0].copy() for limb in _LIMBS}  # where the end is now
    swing = {}  # limb -> [start frame, end frame, start point, landing point or None to follow `lifted`]
    raised = dict.fromkeys(_LIMBS, False)
    targets = {limb: np.zeros((len(fine), 3)) for limb in _LIMBS}
    stance = np.zeros((len(fine), 4), bool)

    def land(limb, t, duration):
        """A foothold that will be near home in the middle of the coming stance."""
        return home[limb][min(t + duration + round(0.08 * clock), len(fine) - 1)].copy()

    for t in range(len(fine)):
        for limb in _LIMBS:
            if limb in swing:
                begin, end, origin, goal = swing[limb]
                s = (t - begin) / (end - begin)
                destination = lifted[limb][t] if goal is None else goal
                ease = s * s * (3 - 2 * s)
                place[limb] = origin + ease * (destination - origin)
                rise = 0.012 if goal is not None else 0.006
                place[limb] = place[limb] + (0, 0, rise * np.sin(np.pi * s) ** 2)
                if t >= end:
                    del swing[limb]
            elif raised[limb]:
                place[limb] = lifted[limb][t]
        behind, pace = {}, {}
        for limb in _LIMBS:
            behind[limb], pace[limb] = _lag(home[limb], place[limb], t, clock)
        for limb in sorted(_LIMBS, key=lambda name: -behind[name]):
            if limb in swing:
                continue
            if limb in lifted and up[t] != raised[limb]:
                raised[limb] = bool(up[t])
                duration = round((0.26 if up[t] else 0.22) * clock)
                swing[limb] = [t, t + duration, place[limb].copy(), None if up[t] else land(limb, t, duration)]
                continue
            overdue = behind[limb] > (0.011 if pace[limb] > 0.04 else 0.009)
            if overdue and not raised[limb] and _OTHER[limb] not in swing and len(swing) < 2:
                duration = round((0.15 if pace[limb] > 0.08 else 0.18) * clock)
                swing[limb] = [t, t + duration, place[limb].copy(), land(limb, t, duration)]
        for column, limb in enumerate(_LIMBS):
            targets[limb][t] = place[limb]
            stance[t, column] = limb not in swing and not raised[limb]
    return {limb: path[::_SUBSTEPS] for limb, path in targets.items()}, stance[::_SUBSTEPS]


def _lag(home, place, t, clock):
    """How far a foot is behind its moving home, or beside it (m), and the home's speed (m/s)."""
    velocity = (home[min(t + 4, len(home) - 1)] - home[t]) * clock / 4
    pace = np.linalg.norm(velocity)
    offset = home[t] - place
    if pace < 0.03:
        return np.linalg.norm(offset), pace
    along = offset @ velocity / pace
    return max(along, np.linalg.norm(offset - along * velocity / pace)), pace


class _Reacher:
    """Damped least squares for the limbs' angles, started from the previous frame."""

    def __init__(self, body):
        model = body.model
        self.body = body
        names = [model.joint(i).name for i in range(1, model.njnt)]
        limb_words = ("hip", "knee", "ankle", "toe", "shoulder", "scapula", "elbow", "wrist", "finger")
        self.moved = [n for n in names if n.startswith(limb_words)]
        self.ids = np.array([model.joint(n).id for n in self.moved])
        self.qpos = model.jnt_qposadr[self.ids]
        self.dofs = model.jnt_dofadr[self.ids]
        self.low, self.high = body.low[self.ids], body.high[self.ids]
        self.stiffness = np.array([next(v for k, v in _STIFFNESS.items() if n.startswith(k)) for n in self.moved])
        self.relaxed = {
            False: self._rest({}),
            True: self._rest({"elbow": -0.8, "wrist": 0.7, "shoulder_L": -0.3, "shoulder_R": -0.3, "finger": 0.5}),
        }
        self.rows = np.zeros((3, model.nv))

    def _rest(self, values):
        return np.array([next((v for k, v in values.items() if n.startswith(k)), 0.0) for n in self.moved])

    def _point(self, name, offset):
        part = self.body.data.body(name)
        return part.xpos + part.xmat.reshape(3, 3) @ offset, self.body.model.body(name).id

    def solve(self, targets, raised, iterations):
        """Move the limbs' ends to their targets, dict of (3,); soles are level except on ``raised`` hands."""
        body, data = self.body, self.body.data
        rest = np.where(self._is_arm() & raised, self.relaxed[True], self.relaxed[False])
        for _ in range(iterations):
            mujoco.mj_kinematics(body.model, data)
            mujoco.mj_comPos(body.model, data)
            residuals, jacobians = [], []

            def want(name, offset, goal, weight, axes=(0, 1, 2), residuals=residuals, jacobians=jacobians):
                point, ident = self._point(name, np.array(offset))
                mujoco.mj_jac(body.model, data, self.rows, None, point, ident)
                axes = list(axes)
                residuals.append(weight * (point - goal)[axes] * 100)
                jacobians.append(weight * self.rows[axes][:, self.dofs] * 100)

            for limb, goal in targets.items():
                side = 1 if limb.endswith("L") else -1
                want(_END_BODY[limb], (0.004, side * 0.001, 0), goal, 1.0)
                for word, offset in _SOLES[limb[:-2]]:
                    offset = np.array(offset) * (1, side, 1)
                    height = self._point(f"{word}_{limb[-1]}", offset)[0][2]
                    level, weight = goal[2] - _CLEARANCE[limb[:-2]], 0.0 if raised and limb.startswith("hand") else 0.2
                    if height < _CLEARANCE_OF_SKIN:
                        level, weight = _CLEARANCE_OF_SKIN, 2.0
                    want(f"{word}_{limb[-1]}", offset, max(level, _CLEARANCE_OF_SKIN), weight, (2,))
            J = np.concatenate(jacobians)
            r = np.concatenate(residuals)
            angles = data.qpos[self.qpos]
            pull = self.stiffness**2
            H = J.T @ J + np.diag(pull + 0.01)
            g = J.T @ r + pull * (angles - rest)
            # Angles that would leave their range rest on its end, and the others make up for them.
            free = ~((angles <= self.low) & (g > 0) | (angles >= self.high) & (g < 0))
            step = np.zeros(len(g))
            step[free] = np.linalg.solve(H[np.ix_(free, free)], g[free])
            data.qpos[self.qpos] = np.clip(angles - np.clip(step, -0.25, 0.25), self.low, self.high)

    def _is_arm(self):
        return np.array([n.startswith(("shoulder", "scapula", "elbow", "wrist", "finger")) for n in self.moved])


def _reach(rng, body, trunk, path, targets):
    """(T, nq) whole-body poses."""
    total = len(path)
    reacher = _Reacher(body)
    sway = [0.045 * _slow_noise(rng, total, 0.6) for _ in range(3)]
    heading = np.unwrap(path[:, 2])
    qpos = np.zeros((total, body.model.nq))
    for t in range(total):
        body.place_trunk(trunk, path, t)
        _lay_tail(body, heading[np.maximum(t - 3 * np.arange(14), 0)], [wave[t] for wave in sway])
        now = {limb: points[t] for limb, points in targets.items()}
        raised = trunk["hands"][t] != "floor" and min(now["hand_L"][2], now["hand_R"][2]) > 0.004
        reacher.solve(now, raised, 30 if t == 0 else 9)
        qpos[t] = body.data.qpos
    return qpos


def _lay_tail(body, heading, sway):
    """Let the tail sink to the floor and trail behind; ``heading``: now and at steps of 0.1 s before.

    Sideways, a tail that is dragged points to where the animal came from, the tip later than the root. Downwards, joint
    after joint from the root is set so that what follows it approaches the floor exponentially.
    """
    data, model = body.data, body.model
    sideways = [n for n in body.address if n.startswith("vertebra_C") and n.endswith("bend")]
    for i, name in enumerate(sideways):
        lag = np.clip(0.4 * (heading[i] - heading[i + 1]), -0.09, 0.09)
        share = 0.3 if i < 6 else 1.0  # where the tail is steep, bending it sideways would roll it
        body.set(name, share * (lag + sway[i * len(sway) // len(sideways)]))
    downwards = [n for n in body.address if n.startswith("vertebra_C") and n.endswith("extend")]
    for name in downwards:
        data.qpos[body.address[name]] = 0.0
    for name, following in zip(downwards, [*downwards[1:], "vertebra_C30_"], strict=True):
        mujoco.mj_kinematics(model, data)
        start, end = data.body(name.rsplit("_", 1)[0]).xpos, data.body(following.rsplit("_", 1)[0]).xpos
        slope = np.arcsin((end - start)[2] / np.linalg.norm(end - start))
        wanted = -np.arcsin(np.clip((start[2] - _TAIL_RADIUS) / _TAIL_SINK, -0.5, 0.95))
        body.set(name, wanted - slope)
    mujoco.mj_kinematics(model, data)
