"""A tracker for your own animal: DeepLabCut's recipe on the course's pretrained network, as Lab 5 builds it piece by piece.

It needs torch. Pictures are floats (N, 1 or 3, H, W) in [0, 1], all of one size; points are (x, y) px with pixel centres at
integers, NaN where there is no label. The weights have the names of Lab 5's `PoseNet`, and load into it.
"""

import sys
import zipfile
from pathlib import Path

import numpy as np
from tqdm import tqdm

import posekit
from posekit.data import pretrained_backbone
from posekit.detector import ScoreMaps, read_out
from posekit.skeleton import left_right_pairs

try:
    import torch
    from torch.nn import functional as F
except ModuleNotFoundError:
    raise ModuleNotFoundError(
        "a tracker is trained with torch, which is not installed here: pip install torch", name="torch"
    ) from None

STRIDE = 8  # px, of a cell
STAGES = {1: 1, 2: 2, 3: 2}  # what is kept of the pretrained network: the stride of each stage
BLOCKS = 2  # in each stage


class TrackerError(ValueError):
    """Frames, labels or a file that a tracker cannot use, in one line."""


class Tracker:
    """Finds K keypoints of one animal in pictures of any size.

    Parameters
    ----------
    names : sequence of K str
        Of the keypoints, all different.
    pairs : sequence of (left, right), optional
        Names that change places in a mirror, see `posekit.skeleton.left_right_pairs`, which guesses them by default.
    seed : int
        Of the new head's first weights.
    """

    def __init__(self, names, pairs=None, seed=0):
        self.names = tuple(str(name) for name in names)
        if not self.names or len(set(self.names)) < len(self.names):
            raise TrackerError(f"a tracker wants names of keypoints that all differ, got {list(self.names)}.")
        self.pairs = left_right_pairs(self.names, pairs)
        generator = torch.Generator().manual_seed(seed)
        weights = {
            f"backbone.{name}": torch.from_numpy(array)
            for name, array in pretrained_backbone().items()
            if not name.startswith(("fc.", "layer4."))
        }
        features = weights["backbone.layer3.1.bn2.bias"].numel()
        for part, channels in (("scores", len(self.names)), ("offsets", 2 * len(self.names))):
            bound = 1.0 / np.sqrt(16 * channels)  # torch's for a transposed convolution
            weights[f"head.{part}.weight"] = torch.empty(features, channels, 4, 4).uniform_(
                -bound, bound, generator=generator
            )
            weights[f"head.{part}.bias"] = torch.full((channels,), -4.0 if part == "scores" else 0.0)
        self.weights = {name: tensor.float() for name, tensor in weights.items()}

    def fit(
        self,
        images,
        keypoints,
        *,
        steps=150,
        batch_size=16,
        rotation=15.0,
        scale=0.2,
        light=0.3,
        mirror=False,
        lr=5e-4,
        lr_head=1e-2,
        seed=0,
        progress=False,
    ):
        """Train on labelled frames: everything, but the pretrained part in small steps.

        Parameters
        ----------
        images : ndarray (N, 1 or 3, H, W)
        keypoints : ndarray (N, K, 2)
            NaN where not labelled.
        steps, batch_size : int
            Number of updates, and of frames drawn for each, with replacement.
        rotation, scale, light : float
            Each drawn frame is turned by up to so many degrees, scaled by up to 1 +- `scale`, and made lighter or darker by up to
            1 +- `light`. Seen from above, take a rotation of 180.
        mirror : bool
            Mirror every second frame, and exchange the keypoints of `pairs` in it. Not where one side is always in front.
        lr, lr_head : float
            Largest learning rates of the pretrained part and of the head; Adam runs through one cycle.
        seed : int
            Of the frames drawn and of what is done to them.

        Returns
        -------
        list of float : the loss before each update

        Raises
        ------
        TrackerError : where images and keypoints do not belong together, or nothing is labelled
        """
        images = _checked(images)
        keypoints = np.array(keypoints, dtype=np.float64)
        if keypoints.shape != (len(images), len(self.names), 2):
            raise TrackerError(
                f"{len(images)} frames and {len(self.names)} names want keypoints {(len(images), len(self.names), 2)}, "
                f"got {keypoints.shape}."
            )
        if np.isnan(keypoints).any(axis=-1).all():
            raise TrackerError("nothing is labelled in these frames: there is nothing to learn.")
        where, rng = posekit.device(), np.random.default_rng(seed)
        # Copies: where training is interrupted, the tracker stays as it was.
        weights = {name: tensor.clone().to(where) for name, tensor in self.weights.items()}
        trained = {n: tensor.requires_grad_() for n, tensor in weights.items() if not n.endswith(("_mean", "_var"))}
        groups = [
            {"params": [tensor for n, tensor in trained.items() if n.startswith(part)], "lr": rate}
            for part, rate in (("backbone", lr), ("head", lr_head))
        ]
        adam = torch.optim.Adam(groups)
        schedule = torch.optim.lr_scheduler.OneCycleLR(adam, [lr, lr_head], total_steps=steps)
        losses = []
        bar = tqdm(range(steps), desc="training", unit="update", disable=not progress, file=sys.stdout, mininterval=1.0)
        for _ in bar:
            chosen = rng.integers(len(images), size=batch_size)
            maps = _maps_between(rng, batch_size, rotation, scale, mirror)
            batch, points = self._altered(images[chosen].to(where), keypoints[chosen], maps)
            batch = batch * torch.from_numpy(rng.uniform(1 - light, 1 + light, (batch_size, 1, 1, 1))).to(batch)
            loss = _loss(*_forward(weights, batch.clamp(0, 1), training=True), torch.from_numpy(points).to(batch))
            adam.zero_grad()
            loss.backward()
            adam.step()
            schedule.step()
            losses.append(loss.item())
            bar.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)
        self.weights = {name: tensor.detach().cpu() for name, tensor in weights.items()}
        return losses

    def maps(self, images):
        """What the network says of each cell of frames (N, 1 or 3, H, W): `posekit.detector.ScoreMaps`."""
        images, where = _checked(images), posekit.device()
        weights = {name: tensor.to(where) for name, tensor in self.weights.items()}
        with torch.no_grad():
            parts = [_forward(weights, batch.to(where), training=False) for batch in images.split(16)]
        scores, offsets = (torch.cat(part).cpu() for part in zip(*parts, strict=True))
        return ScoreMaps(torch.sigmoid(scores).numpy(), offsets.numpy(), STRIDE)

    def predict(self, images):
        """Keypoints of frames, and how sure the network is of each.

        Parameters
        ----------
        images : ndarray (N, 1 or 3, H, W)

        Returns
        -------
        keypoints : ndarray (N, K, 2) float64 px; there is always an answer
        confidence : ndarray (N, K) float64 in [0, 1]
            The highest probability of the keypoint's score map (DeepLabCut's "likelihood").
        """
        return read_out(self.maps(images))

    def save(self, path):
        """Write names, pairs and weights to an .npz file: plain arrays, nothing that runs when it is read."""
        path = Path(path)
        arrays = {name: tensor.numpy() for name, tensor in self.weights.items()}
        partial = path.with_name(path.name + ".part")
        with open(partial, "wb") as file:
            np.savez_compressed(file, names=np.array(self.names), pairs=self.pairs, **arrays)
        partial.replace(path)

    @classmethod
    def load(cls, path):
        """Read a tracker that `save` wrote; TrackerError for any other file."""
        try:
            with np.load(path, allow_pickle=False) as stored:
                arrays = {key: stored[key] for key in stored.files}
            names = tuple(str(name) for name in arrays.pop("names"))
            pairs = np.asarray(arrays.pop("pairs"), dtype=int)
            tracker = cls(names, [(names[a], names[b]) for a, b in pairs])
            expected = {name: tuple(tensor.shape) for name, tensor in tracker.weights.items()}
            fits = {name: array.shape for name, array in arrays.items()} == expected
            fits = fits and all(array.dtype == np.float32 and np.isfinite(array).all() for array in arrays.values())
        except (OSError, ValueError, KeyError, IndexError, TypeError, zipfile.BadZipFile) as error:
            raise TrackerError(f"{path}: no tracker that `save` wrote ({error}).") from None
        if not fits:
            raise TrackerError(f"{path}: the weights of another network, or of another number of keypoints.")
        tracker.weights = {name: torch.from_numpy(array) for name, array in arrays.items()}
        return tracker

    def _altered(self, images, keypoints, maps):
        """Frames and keypoints under affine maps from new to old places, about the middle of the frame."""
        height, width = images.shape[2:]
        middle = np.array([(width - 1) / 2, (height - 1) / 2])
        across, down = np.meshgrid(np.arange(width) - middle[0], np.arange(height) - middle[1])
        old = np.einsum("bij,hwj->bhwi", maps, np.dstack([across, down])) * (2 / width, 2 / height)
        grid = torch.from_numpy(old).to(images)  # torch counts from the middle, in halves of the frame
        moved = np.linalg.solve(maps[:, None], (keypoints - middle)[..., None])[..., 0] + middle
        for points, flipped in zip(moved, np.linalg.det(maps) < 0, strict=True):
            if flipped and len(self.pairs):
                left, right = self.pairs.T
                points[left], points[right] = points[right].copy(), points[left].copy()
        moved[((moved < 0) | (moved > (width - 1, height - 1))).any(axis=-1)] = np.nan
        return F.grid_sample(images, grid, align_corners=False), moved


def _checked(images):
    """Images as a tensor of float32, or one line on what is wrong with them."""
    if isinstance(images, (list, tuple)) and len({np.shape(image) for image in images}) > 1:
        sizes = sorted({np.shape(image) for image in images})
        raise TrackerError(f"the frames have {len(sizes)} shapes, {sizes[0]} and {sizes[1]} among them: give them one.")
    images = np.asarray(images)
    if images.ndim == 4 and len(images) == 0:
        raise TrackerError("there are no frames: fit and predict want at least one.")
    if images.ndim != 4 or images.shape[1] not in (1, 3) or images.dtype.kind != "f":
        raise TrackerError(
            f"want frames (N, 1 or 3, H, W) of floats in [0, 1], got {images.dtype} {images.shape}; divide bytes by 255."
        )
    if not (images.min() >= 0 and images.max() <= 1):
        raise TrackerError(f"want frames with values in [0, 1], got {images.min():.3g} to {images.max():.3g}.")
    return torch.from_numpy(np.ascontiguousarray(images, dtype=np.float32))


def _maps_between(rng, number, rotation, scale, mirror):
    """Random matrices (B, 2, 2) that lead from places in an altered frame to those in the frame as it was."""
    turn, size = np.deg2rad(rng.uniform(-rotation, rotation, number)), rng.uniform(1 - scale, 1 + scale, number)
    sign = np.where(mirror & (rng.random(number) < 0.5), -1.0, 1.0)
    first = np.stack([sign * np.cos(turn), np.sin(turn)], axis=-1)
    second = np.stack([-sign * np.sin(turn), np.cos(turn)], axis=-1)
    return np.stack([first, second], axis=-2) / size[:, None, None]


def _loss(scores, offsets, points):
    """Of score maps (B, K, h, w) and offsets (B, K, 2, h, w) for points (B, K, 2): DeeperCut's (Insafutdinov et al. 2016)."""
    rows, columns = (STRIDE * torch.arange(side, device=scores.device) + (STRIDE - 1) / 2 for side in scores.shape[2:])
    off_x = offsets[:, :, 0] + columns - points[..., 0, None, None]
    off_y = offsets[:, :, 1] + rows[:, None] - points[..., 1, None, None]
    with torch.no_grad():
        squared = (columns - points[..., 0, None, None]) ** 2 + (rows[:, None] - points[..., 1, None, None]) ** 2
        positive = torch.where(squared <= (1.5 * STRIDE) ** 2, 1.0, 0.0)  # NaN is not near
    b, k, i, j = positive.nonzero(as_tuple=True)
    refinement = sum(
        F.huber_loss(off[b, k, i, j], torch.zeros(len(b)).to(off), reduction="sum") for off in (off_x, off_y)
    )
    return F.binary_cross_entropy_with_logits(scores, positive) + 0.05 * refinement / max(len(b), 1)


def _forward(weights, images, training):
    """Score maps (B, K, h, w), log odds, and offsets (B, K, 2, h, w), px. Statistics in `weights` move in training."""

    def convolved(x, conv, norm, stride):
        kernel = weights[f"backbone.{conv}.weight"]
        x = F.conv2d(x, kernel, stride=stride, padding=kernel.shape[-1] // 2)
        weight, bias, mean, var = (
            weights[f"backbone.{norm}.{p}"] for p in ("weight", "bias", "running_mean", "running_var")
        )
        return F.batch_norm(x, mean, var, weight, bias, training=training)

    x = (images.expand(-1, 3, -1, -1) - 0.45) / 0.225  # what the network was trained on
    x = F.max_pool2d(convolved(x, "conv1", "bn1", 2).relu(), 3, stride=2, padding=1)
    for stage, stride in STAGES.items():
        for n in range(BLOCKS):
            name, step = f"layer{stage}.{n}", stride if n == 0 else 1
            change = convolved(
                convolved(x, f"{name}.conv1", f"{name}.bn1", step).relu(), f"{name}.conv2", f"{name}.bn2", 1
            )
            if f"backbone.{name}.downsample.0.weight" in weights:
                x = convolved(x, f"{name}.downsample.0", f"{name}.downsample.1", step)
            x = (x + change).relu()
    scores, offsets = (
        F.conv_transpose2d(x, weights[f"head.{part}.weight"], weights[f"head.{part}.bias"], stride=2, padding=1)
        for part in ("scores", "offsets")
    )
    return scores, STRIDE * offsets.unflatten(1, (-1, 2))
