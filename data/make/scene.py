"""Where the rat is filmed: floor, walls, clutter and light, cameras, and a sensor that blurs and is noisy.

Inside MuJoCo lengths are metres; everything that leaves this module is in millimetres and pixels.
"""

from dataclasses import dataclass

import mujoco
import numpy as np
from scipy.ndimage import gaussian_filter

from .rat import SkinPoints, add_texture, noise_image, rat_spec

_GREY = np.array([0.299, 0.587, 0.114]) / 255
_HIDDEN_BY_MM = 4.0  # a keypoint this far behind the drawn surface is hidden


@dataclass(frozen=True)
class Camera:
    """Position and point looked at (m), vertical field of view (degrees)."""

    position: tuple
    target: tuple
    fovy: float


@dataclass(frozen=True)
class Sensor:
    """Defocus (standard deviation, px), darkening of the corners, exposure, noise of 255 in the dark and at white."""

    blur: float
    vignette: float
    gain: float
    read_noise: float
    shot_noise: float

    def expose(self, rgb, rng):
        """(H, W) uint8 picture of an (H, W, 3) rendering in 0 to 255."""
        grey = gaussian_filter(self.gain * (rgb @ _GREY), self.blur, mode="nearest")
        height, width = grey.shape
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        grey = grey * (1 - self.vignette * (x * x + y * y) / 2)
        deviation = np.sqrt(self.read_noise**2 + self.shot_noise**2 * np.clip(grey, 0, 1))
        noisy = 255 * grey + deviation * rng.standard_normal(grey.shape)
        return np.clip(np.round(noisy), 0, 255).astype(np.uint8)


def side_camera(rng):
    """A camera at the long side of a track, and not quite the same one in each video."""
    jitter = rng.uniform(-1, 1, 6)
    position = (0.05 * jitter[0], -0.55 + 0.03 * jitter[1], 0.15 + 0.05 * jitter[2])
    return Camera(position, (0.01 * jitter[3], 0.0, 0.064 + 0.006 * jitter[4]), 28 + jitter[5])


def ring(rng, fovy, num_cameras=6):
    """Cameras around an arena at changing heights, turned by unequal angles."""
    cameras = []
    for k in range(num_cameras):
        angle = 2 * np.pi * (k + rng.uniform(-0.12, 0.12)) / num_cameras
        radius, height = rng.uniform(0.54, 0.62), (0.20, 0.36)[k % 2] + rng.uniform(-0.03, 0.05)
        cameras.append(Camera((radius * np.cos(angle), radius * np.sin(angle), height), (0.0, 0.0, 0.035), fovy))
    return cameras


class Scene:
    """Rats in a room.

    Parameters
    ----------
    seed : int, draws everything but the cameras
    coats : names of coats, one rat each
    cameras : list of Camera
    size : (H, W) of the pictures
    room : "track" (a belt along x, seen from -y) or "arena"
    post : whether a post stands between the animal and the cameras
    supersample : pixels rendered per pixel, along each axis
    """

    def __init__(self, seed, coats, cameras, size, room, post=False, supersample=3):
        rng = np.random.default_rng([seed, 2])
        self.size, self.supersample, self.seed = size, supersample, seed
        spec = mujoco.MjSpec()
        height, width = size
        spec.visual.global_.offheight, spec.visual.global_.offwidth = height * supersample, width * supersample
        spec.visual.quality.shadowsize = 1024
        spec.visual.quality.offsamples = 0
        spec.visual.map.znear, spec.visual.map.zfar = 0.02, 20
        spec.stat.extent = 1.0
        ambient = rng.uniform(0.20, 0.34)
        spec.visual.headlight.ambient, spec.visual.headlight.specular = [ambient] * 3, [0] * 3
        spec.visual.headlight.diffuse = [rng.uniform(0.10, 0.25)] * 3
        _floor(spec, rng)
        _walls(spec, rng, room)
        _lights(spec, rng)
        self._chips = _litter(spec, rng)
        _clutter(spec, rng, room)
        if post:
            _post(spec, rng, room)
        for k, camera in enumerate(cameras):
            _add_camera(spec, f"view{k}", camera)
        for k, coat in enumerate(coats):
            child = rat_spec(coat, np.random.default_rng([seed, 3, k]))
            spec.attach(child, prefix=f"rat{k}_", frame=spec.worldbody.add_frame())
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self.num_cameras, self.num_rats = len(cameras), len(coats)
        self._points = [SkinPoints(self.model, f"rat{k}_") for k in range(len(coats))]
        self._chip_ids = [self.model.geom(name).id for name in self._chips]
        self._chip_places = self.model.geom_pos[self._chip_ids].copy()
        self._floor_id = self.model.geom("floor").id
        self._renderer = mujoco.Renderer(self.model, height * supersample, width * supersample)
        mujoco.mj_forward(self.model, self.data)
        self.P = np.array([self._camera_matrix(k) for k in range(len(cameras))])
        self.sensor = Sensor(
            blur=rng.uniform(0.45, 0.75),
            vignette=rng.uniform(0.05, 0.25),
            gain=self._exposure(rng.uniform(0.55, 0.80), 0.95 if room == "track" else 0.78),
            read_noise=rng.uniform(0.8, 1.6) if room == "track" else 0.6,  # an arena's six cameras are better ones
            shot_noise=rng.uniform(1.0, 2.5) if room == "track" else 0.9,
        )

    def _exposure(self, target, highlight):
        """Gain that brings the first camera's brightest tenth to the target, or less to spare highlights."""
        ninety, most = np.quantile(self.render(0) @ _GREY, [0.90, 0.995])
        return min(target / ninety, highlight / most)

    def close(self):
        self._renderer.close()

    def pose(self, *qpos, belt=0.0):
        """Put each rat into a pose of `motion.Motion`; ``belt``: how far the floor has run towards -x (m)."""
        self.data.qpos[:] = np.concatenate(qpos)
        for k in range(self.num_rats):
            self.data.qpos[k * len(qpos[0])] -= belt
        places = self._chip_places.copy()
        places[:, 0] = (places[:, 0] - belt + 0.5) % 1.0 - 0.5
        self.model.geom_pos[self._chip_ids] = places
        self.model.geom_pos[self._floor_id, 0] = -(belt % _FLOOR_PERIOD)
        mujoco.mj_forward(self.model, self.data)

    def points3d(self):
        """(rats, K, 3) keypoints in mm."""
        return 1000 * np.array([points(self.data) for points in self._points])

    def render(self, camera):
        """(H, W, 3) picture without blur and noise, 0 to 255."""
        self._renderer.update_scene(self.data, camera=f"view{camera}")
        self._renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = 1
        (height, width), s = self.size, self.supersample
        return self._renderer.render().reshape(height, s, width, s, 3).mean((1, 3))

    def render_marker(self, camera, point, radius=8.0):
        """(H, W) brightness of nothing but a glowing ball at a point (mm): what a calibration is checked with."""
        renderer = self._renderer
        renderer.update_scene(self.data, camera=f"view{camera}")
        renderer.scene.ngeom, renderer.scene.nskin = 1, 0
        glow = renderer.scene.geoms[0]
        mujoco.mjv_initGeom(
            glow,
            mujoco.mjtGeom.mjGEOM_SPHERE,
            [radius / 1000, 0, 0],
            np.asarray(point) / 1000,
            np.eye(3).ravel(),
            [1] * 4,
        )
        glow.emission = 1
        (height, width), s = self.size, self.supersample
        return renderer.render().astype(float).reshape(height, s, width, s, 3).mean((1, 3, 4))

    def picture(self, camera, frame):
        """(H, W) uint8 picture as the sensor gives it; the noise depends on scene, frame and camera alone."""
        return self.sensor.expose(self.render(camera), np.random.default_rng([self.seed, 4, frame, camera]))

    def project(self, camera, points):
        """Pixels (..., 2) and depths (...) in mm of points (..., 3) in mm."""
        homogeneous = points @ self.P[camera, :, :3].T + self.P[camera, :, 3]
        return homogeneous[..., :2] / homogeneous[..., 2:], homogeneous[..., 2]

    def visible(self, camera, points):
        """(...) bool: inside the image and not behind what is drawn there, by the depth buffer."""
        self._renderer.enable_depth_rendering()
        self._renderer.update_scene(self.data, camera=f"view{camera}")
        self._renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = 0
        drawn = 1000 * self._renderer.render()
        self._renderer.disable_depth_rendering()
        pixels, depth = self.project(camera, points)
        height, width = self.size
        inside = np.all((pixels >= 0) & (pixels <= (width - 1, height - 1)), axis=-1)
        s = self.supersample
        seen = np.zeros(inside.shape, bool)
        for index in zip(*np.nonzero(inside), strict=True):
            x, y = np.round((pixels[index] + 0.5) * s - 0.5).astype(int)
            around = drawn[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
            seen[index] = depth[index] <= around.max() + _HIDDEN_BY_MM
        return seen

    def _camera_matrix(self, k):
        """(3, 4) matrix from mm to px; its third row is the depth in mm."""
        ident = self.model.camera(f"view{k}").id
        height, width = self.size
        focal = height / 2 / np.tan(np.deg2rad(self.model.cam_fovy[ident]) / 2)
        K = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])
        axes = np.diag([1, -1, -1]) @ self.data.cam_xmat[ident].reshape(3, 3).T  # MuJoCo's camera looks along -z, y up
        return K @ np.c_[axes, -axes @ self.data.cam_xpos[ident] * 1000]


_FLOOR_PERIOD = 0.5  # m after which the floor's picture repeats


def _tint(rng, brightness):
    return brightness * np.array([1, rng.uniform(0.9, 1.04), rng.uniform(0.78, 1.04)])


def _floor(spec, rng):
    tone = _tint(rng, rng.uniform(70, 190))
    size = 512
    grain = noise_image(rng, size, size, [(6, 0.6), (60, 0.8), (200, 0.8)])
    picture = tone * (1 + rng.uniform(0.05, 0.16) * grain)[..., None]
    kind = rng.choice(["plain", "tiles", "mesh"])
    if kind != "plain":
        cells = 8 if kind == "tiles" else 40
        across = np.arange(size) % (size / cells) < (4 if kind == "tiles" else 3)
        lines = across[:, None] | across[None]
        picture = np.where(lines[..., None], picture * rng.uniform(0.6, 0.85), picture)
    wrap = np.minimum(np.arange(size), size - 1 - np.arange(size)) / 24  # no seam where the picture repeats
    edge = np.clip(np.minimum(wrap[:, None], wrap[None]), 0, 1)[..., None]
    picture = picture * edge + tone * (1 - edge) if kind == "plain" else picture
    repeat = [4 / _FLOOR_PERIOD] * 2
    add_texture(
        spec, "floor", np.clip(picture, 0, 255).astype(np.uint8), texrepeat=repeat, reflectance=rng.uniform(0, 0.06)
    )
    spec.worldbody.add_geom(name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[2, 2, 0.1], material="floor")


def _walls(spec, rng, room):
    tone = _tint(rng, rng.uniform(45, 205))
    size = 256
    picture = tone * (1 + rng.uniform(0.02, 0.10) * noise_image(rng, size, size, [(5, 1.0), (24, 0.4)]))[..., None]
    kind = rng.choice(["plain", "stripes", "bars"])
    if kind != "plain":
        period = size // (8 if kind == "stripes" else 24)
        dark = np.arange(size) % period < (period // 2 if kind == "stripes" else 2)
        picture = np.where(dark[None, :, None], picture * rng.uniform(0.7, 0.88), picture)
    add_texture(spec, "wall", np.clip(picture, 0, 255).astype(np.uint8), texrepeat=[3, 1])
    distance = rng.uniform(0.22, 0.6) if room == "track" else 1.3
    for k in range(4) if room == "arena" else [1]:
        angle = k * np.pi / 2
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX,
            size=[0.01, 2, 0.6],
            pos=[distance * np.cos(angle), distance * np.sin(angle), 0.6],
            quat=[np.cos(angle / 2), 0, 0, np.sin(angle / 2)],
            material="wall",
        )


def _lights(spec, rng):
    angle = rng.uniform(0, 2 * np.pi)
    place = np.array([0.5 * np.cos(angle), 0.5 * np.sin(angle), rng.uniform(0.9, 1.3)])
    strength = rng.uniform(0.45, 0.7)
    across = np.array([-np.sin(angle), np.cos(angle), 0])
    for shift in (-0.03, 0.03):  # two lamps side by side soften the shadow's edge
        spec.worldbody.add_light(
            pos=place + shift * across,
            dir=-place,
            diffuse=[strength / 2] * 3,
            specular=[0.12] * 3,
            castshadow=True,
            type=mujoco.mjtLightType.mjLIGHT_SPOT,
            cutoff=60,
        )
    place = np.array([0.7 * np.cos(angle + 2.2), 0.7 * np.sin(angle + 2.2), 1.0])
    spec.worldbody.add_light(
        pos=place,
        dir=-place,
        diffuse=[rng.uniform(0.12, 0.3)] * 3,
        specular=[0.05] * 3,
        castshadow=False,
        type=mujoco.mjtLightType.mjLIGHT_SPOT,
        cutoff=80,
    )


def _litter(spec, rng):
    """Chips of bedding on the floor; their names."""
    names = []
    for k in range(rng.integers(0, 3) * 45):
        turn = rng.uniform(0, np.pi)
        spec.worldbody.add_geom(
            name=f"chip{k}",
            type=mujoco.mjtGeom.mjGEOM_BOX,
            size=[*rng.uniform(0.0015, 0.005, 2), 0.0005],
            pos=[rng.uniform(-0.5, 0.5), rng.uniform(-0.3, 0.22), 0.0002],
            quat=[np.cos(turn / 2), 0, 0, np.sin(turn / 2)],
            rgba=[*np.clip(rng.uniform(0.35, 0.9) * np.array([1, 0.92, 0.75]), 0, 1), 1],
        )
        names.append(f"chip{k}")
    return names


def _clutter(spec, rng, room):
    """Things that are not the rat: boxes, tubes and balls behind a track, or on an arena's rim."""
    shapes = [mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_CYLINDER, mujoco.mjtGeom.mjGEOM_SPHERE]
    for _ in range(rng.integers(2, 5)):
        shape, size = shapes[rng.integers(3)], rng.uniform(0.010, 0.028, 3)
        if room == "track":
            place = [rng.uniform(-0.2, 0.2), rng.uniform(0.12, 0.2)]
        else:
            angle = rng.uniform(0, 2 * np.pi)
            place = rng.uniform(0.27, 0.36) * np.array([np.cos(angle), np.sin(angle)])
        height = size[0] if shape == mujoco.mjtGeom.mjGEOM_SPHERE else size[1 if shape == shapes[1] else 2]
        turn = rng.uniform(0, np.pi)
        spec.worldbody.add_geom(
            type=shape,
            size=size,
            pos=[*place, height],
            quat=[np.cos(turn / 2), 0, 0, np.sin(turn / 2)],
            rgba=[*(rng.uniform(0.1, 0.85) * rng.uniform(0.75, 1, 3)), 1],
        )


def _post(spec, rng, room):
    """Something in front: a post at the near side of a track, or two at an arena's rim."""
    if room == "track":
        places = [(rng.uniform(-0.06, 0.06), -0.13)]
    else:
        angles = rng.uniform(0, 2 * np.pi) + np.array([0, rng.uniform(1.5, 3.0)])
        places = [(0.24 * np.cos(angle), 0.24 * np.sin(angle)) for angle in angles]
    for x, y in places:
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CYLINDER,
            size=[rng.uniform(0.003, 0.0055), 0.15, 0],
            pos=[x, y, 0.15],
            rgba=[*([rng.uniform(0.15, 0.75)] * 3), 1],
        )


def _add_camera(spec, name, camera):
    position = np.array(camera.position)
    backward = position - camera.target
    backward /= np.linalg.norm(backward)
    right = np.cross([0, 0, 1], backward)
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(backward, right), backward], 1)
    quaternion = np.zeros(4)
    mujoco.mju_mat2Quat(quaternion, axes.ravel())
    spec.worldbody.add_camera(name=name, pos=position, quat=quaternion, fovy=camera.fovy)
