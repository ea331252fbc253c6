"""The animal: dm_control's rodent with a procedural coat, whiskers, and keypoints that lie on its skin."""

import struct
from functools import cache
from pathlib import Path

import dm_control
import mujoco
import numpy as np
from scipy.ndimage import zoom

from posekit.skeleton import NAMES

ASSETS = Path(dm_control.__file__).parent / "locomotion" / "walkers" / "assets"

# Fur on the back, fur on the belly (RGB, 0 to 255).
COATS = {
    "white": ((214, 210, 204), (226, 222, 216)),
    "black": ((52, 49, 48), (74, 70, 67)),
    "agouti": ((112, 92, 72), (158, 142, 122)),
    "grey": ((104, 104, 110), (150, 150, 152)),
    "fawn": ((168, 128, 88), (208, 188, 160)),
    "hooded": ((206, 202, 195), (222, 218, 212)),
    "patched": ((204, 200, 192), (220, 216, 210)),
    "berkshire": ((66, 58, 52), (206, 200, 192)),
    "siamese": ((186, 170, 148), (206, 194, 176)),
}
_MARKING = {"hooded": (64, 55, 50), "patched": (124, 98, 74)}
_SKIN_PINK = (206, 152, 142)
_TAIL_PINK = (168, 134, 126)

# Where a keypoint lies: a body, and a point in its frame (m) whose nearest skin vertices are averaged. Offsets are
# for the left side; the right side is the mirror image.
_SITES = {
    "spine": ("vertebra_3", (0.0, 0.0, 0.020)),
    "withers": ("torso", (-0.004, 0.0, 0.032)),
    "snout": ("skull", (0.042, 0.0, -0.006)),
    "ear_L": ("skull", (-0.017, 0.020, 0.022)),
    "hand_L": ("finger_L", (0.003, 0.001, 0.003)),
    "tail_base": ("vertebra_C1", (0.0, 0.0, 0.008)),
    "tail_mid": ("vertebra_C14", (0.0, 0.0, 0.002)),
    "knee_L": ("lower_leg_L", (0.004, 0.006, 0.002)),
    "foot_L": ("toe_L", (0.006, 0.001, 0.004)),
}


class Skin:
    """The rodent's skin file: vertices, triangles, and the weights that tie them to bones."""

    def __init__(self, path=ASSETS / "rodent_walker_skin.skn"):
        raw = Path(path).read_bytes()
        num_vertices, num_texcoords, num_faces, num_bones = struct.unpack_from("<4i", raw, 0)
        self._raw, self._at = raw, 16
        self.vertices = self._take("<f4", 3 * num_vertices).reshape(-1, 3)
        self._take("<f4", 2 * num_texcoords)
        self.faces = self._take("<i4", 3 * num_faces).reshape(-1, 3)
        self.bones = []
        for _ in range(num_bones):
            name = raw[self._at : self._at + 40].split(b"\0")[0].decode()
            self._at += 40
            position, quaternion = self._take("<f4", 3), self._take("<f4", 4)
            count = int(self._take("<i4", 1)[0])
            self.bones.append((name, position, quaternion, self._take("<i4", count), self._take("<f4", count)))

    def _take(self, dtype, count):
        array = np.frombuffer(self._raw, dtype, count, self._at).copy()
        self._at += array.nbytes
        return array

    def texture_coordinates(self):
        """(num_vertices, 2): along the animal (0 tail tip, 1 nose) and down from the back (0 back, 1 belly)."""
        x, z = self.vertices[:, 0], self.vertices[:, 2]
        return np.stack([(x - x.min()) / np.ptp(x), 1 - np.clip(z / z.max(), 0, 1)], 1)


@cache
def skin():
    return Skin()


def noise_image(rng, height, width, octaves):
    """Smooth noise of unit variance: ``octaves`` is a list of (cells across the width, amplitude)."""
    total = np.zeros((height, width))
    for cells, amplitude in octaves:
        rows = max(2, round(cells * height / width)) + 2
        grid = rng.standard_normal((rows, cells + 2))
        total += amplitude * zoom(grid, (height / rows, width / (cells + 2)), order=1, grid_mode=True, mode="nearest")
    return total / total.std()


def coat_texture(rng, coat, height=256, width=512):
    """(height, width, 3) uint8 picture of a coat, for `Skin.texture_coordinates`."""
    back, belly = (np.array(colour, float) for colour in COATS[coat])
    u = np.linspace(0, 1, width)[None, :, None]
    v = np.linspace(1, 0, height)[:, None, None]  # height above the floor in the bind pose, 0 to 1

    def paint(image, colour, cover):
        return image + (np.array(colour, float) - image) * np.clip(cover, 0, 1)

    belly_line = 0.42 + 0.02 * noise_image(rng, height, width, [(24, 1.0)])[..., None]
    image = paint(np.broadcast_to(back, (height, width, 3)), belly, (belly_line - v) / 0.12)
    if coat == "hooded":
        edge = u - 0.80 + 0.025 * noise_image(rng, height, width, [(8, 1.0), (40, 0.4)])[..., None]
        stripe = np.exp(-(((v - 1) / rng.uniform(0.10, 0.18)) ** 2)) * (u > 0.42)
        image = paint(image, _MARKING[coat], np.maximum(1 / (1 + np.exp(-edge / 0.005)), stripe))
    if coat == "patched":
        blotch = noise_image(rng, height, width, [(9, 1.0), (20, 0.5)])[..., None] - 0.3
        image = paint(image, _MARKING[coat], np.where(u > 0.42, 1 / (1 + np.exp(-blotch / 0.06)), 0))
    if coat == "siamese":  # dark points: face, rump and legs
        shade = np.maximum((u - 0.86) / 0.07, (0.52 - u) / 0.10)
        image = paint(image, (78, 64, 54), 0.85 * np.clip(np.maximum(shade, (0.40 - v) / 0.12), 0, 1))
    image = paint(image, _SKIN_PINK, 0.8 * (u - 0.977) / 0.015)  # nose
    image = paint(image, _SKIN_PINK, np.where(u > 0.40, 0.85 * (0.15 - v) / 0.05, 0))  # paws
    image = paint(image, _TAIL_PINK, 0.85 * (0.415 - u) / 0.02)
    rings = 1 + np.where(u < 0.40, 0.06 * np.sin(2 * np.pi * u * 150), 0)
    fur = noise_image(rng, height, width, [(40, 0.5), (128, 1.0), (256, 1.0)])[..., None]
    return np.clip(image * rings * (1 + rng.uniform(0.05, 0.09) * fur), 0, 255).astype(np.uint8)


def add_texture(spec, name, picture, **material):
    """Add a material with a 2D texture (H, W, 3) uint8 to a model."""
    spec.add_texture(
        name=name,
        type=mujoco.mjtTexture.mjTEXTURE_2D,
        height=picture.shape[0],
        width=picture.shape[1],
        nchannel=3,
        data=np.ascontiguousarray(picture).ravel(),
    )
    added = spec.add_material(name=name, specular=0.1, shininess=0.1, reflectance=0.0)
    for key, value in material.items():
        setattr(added, key, value)
    textures = list(added.textures)
    textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
    added.textures = textures


def rat_spec(coat=None, rng=None):
    """An MjSpec of one rat on a free joint. Without a coat it has bones only, which is all that motion needs."""
    spec = mujoco.MjSpec.from_string((ASSETS / "rodent.xml").read_text())
    spec.nconmax = spec.njmax = -1
    torso = spec.body("torso")
    torso.add_freejoint(name="root")
    # The shipped jaw cannot close; a living rat's does.
    spec.joint("mandible").range = (-0.75, 0.26)
    for item in [*spec.cameras, *spec.lights]:
        spec.delete(item)
    if coat is None:
        for item in spec.skins:
            spec.delete(item)
        return spec
    albino = coat == "white"
    for geom in spec.geoms:
        eye = geom.name.startswith("eye")
        geom.rgba = (0.35, 0.05, 0.06, 1) if eye and albino else (0.01, 0.01, 0.01, 1) if eye else (0, 0, 0, 0)
        if eye:
            spec.add_material(name=geom.name, specular=1.0, shininess=0.9, rgba=geom.rgba)
            geom.material = geom.name
    _dress(spec, coat, rng)
    _add_whiskers(spec, rng)
    return spec


def _dress(spec, coat, rng):
    body = skin()
    add_texture(spec, "coat", coat_texture(rng, coat))
    cover = spec.skins[0]
    cover.file = ""
    cover.vert = body.vertices.ravel()
    cover.face = body.faces.ravel()
    cover.texcoord = body.texture_coordinates().ravel()
    cover.bodyname = [bone[0] for bone in body.bones]
    cover.bindpos = np.concatenate([bone[1] for bone in body.bones])
    cover.bindquat = np.concatenate([bone[2] for bone in body.bones])
    cover.vertid = [bone[3] for bone in body.bones]
    cover.vertweight = [bone[4] for bone in body.bones]
    cover.material = "coat"
    cover.rgba = (1, 1, 1, 1)


def _add_whiskers(spec, rng):
    skull = spec.body("skull")
    for side in (1, -1):
        for row in range(6):
            start = np.array([0.028 - 0.003 * (row % 3), side * 0.0070, -0.006 - 0.003 * (row // 3)])
            direction = np.array([rng.uniform(-0.7, 0.3), side, rng.uniform(-0.45, 0.35)])
            end = start + rng.uniform(0.020, 0.034) * direction / np.linalg.norm(direction)
            skull.add_geom(
                type=mujoco.mjtGeom.mjGEOM_CAPSULE,
                fromto=[*start, *end],
                size=[0.00022, 0, 0],
                rgba=(0.7, 0.68, 0.65, 1),
                contype=0,
                conaffinity=0,
                mass=0,
            )


class SkinCover:
    """Where every vertex of the skin is, by linear blend skinning; ``owner (V,)`` is the body that carries it most."""

    def __init__(self, model, prefix=""):
        body = skin()
        heaviest = np.zeros(len(body.vertices))
        self.owner = np.full(len(body.vertices), -1)
        self._bones = []
        for name, at, quaternion, vertices, weights in body.bones:
            ident = model.body(prefix + name).id
            self._bones.append((ident, (body.vertices[vertices] - at) @ _rotation(quaternion), vertices, weights))
            heavier = weights > heaviest[vertices]
            heaviest[vertices[heavier]] = weights[heavier]
            self.owner[vertices[heavier]] = ident
        self._total = sum(np.bincount(v, w, minlength=len(heaviest)) for _, _, v, w in self._bones)

    def __call__(self, data):
        """(V, 3) positions in metres."""
        places = np.zeros((len(self.owner), 3))
        for ident, local, vertices, weights in self._bones:
            carried = data.xpos[ident] + local @ data.xmat[ident].reshape(3, 3).T
            places[vertices] += weights[:, None] * carried  # a bone lists a vertex once
        return places / self._total[:, None]


class SkinPoints:
    """Keypoints as means of a few skin vertices, so that they stay on the skin whatever the pose.

    Linear blend skinning, the rule that MuJoCo draws the skin by: each vertex is carried by its bones and the results
    are averaged by weight.
    """

    def __init__(self, model, prefix=""):
        body = skin()
        bind = {name: (position, _rotation(quaternion)) for name, position, quaternion, _, _ in body.bones}
        self._bone_ids, self._locals, self._weights = [], [], []
        for name in NAMES:
            bone, offset = _SITES[name[:-1] + "L" if name.endswith("_R") else name]
            position, rotation = bind[bone]
            picked = _nearest(body.vertices, position + rotation @ np.array(offset), 3)
            mirrored = np.concatenate([_nearest(body.vertices, at * (1, -1, 1), 1) for at in body.vertices[picked]])
            if name.endswith("_R"):
                picked = mirrored
            elif not name.endswith("_L"):
                picked = np.concatenate([picked, mirrored])
            ids, local, weights = [], [], []
            for other, at, quaternion, vertices, vertex_weights in body.bones:
                share = np.array([np.sum(picked == vertex) for vertex in vertices]) * vertex_weights
                for row in np.flatnonzero(share):
                    ids.append(model.body(prefix + other).id)
                    local.append(_rotation(quaternion).T @ (body.vertices[vertices[row]] - at))
                    weights.append(share[row])
            self._bone_ids.append(np.array(ids))
            self._locals.append(np.array(local))
            self._weights.append(np.array(weights) / np.sum(weights))

    def __call__(self, data):
        """(K, 3) keypoints in metres, for a state whose kinematics are up to date."""
        points = []
        for ids, local, weights in zip(self._bone_ids, self._locals, self._weights, strict=True):
            carried = data.xpos[ids] + np.einsum("nij,nj->ni", data.xmat[ids].reshape(-1, 3, 3), local)
            points.append(weights @ carried)
        return np.array(points)


def _nearest(points, target, count):
    return np.argsort(np.linalg.norm(points - target, axis=1), kind="stable")[:count]


def _rotation(quaternion):
    matrix = np.zeros(9)
    mujoco.mju_quat2Mat(matrix, np.asarray(quaternion, float))
    return matrix.reshape(3, 3)
