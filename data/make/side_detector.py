"""The detector of side views with one rat or two: Lab 5's `PoseNet`, and DeeperCut's pairwise head beside its own two.

All animals share the score maps; which keypoints belong together is what the third head says. It is trained
once for each fold of `load_two_rats`' videos. Labels are the keypoints that are seen. Settings
were chosen on the validation videos of fold 0. It needs three minutes of one core for each detector.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from posekit.data import PAIR_FOLDS, load_side, load_two_rats, pretrained_backbone
from posekit.skeleton import NAMES, left_right_pairs
from solutions.transfer import (
    BasicBlock,
    PoseNet,
    ResNet,
    augment,
    encode_offsets,
    features_at,
    load_backbone,
    parameter_groups,
)

from .pretrain import in_other_light, weights_of
from .recipes import PAIR_DETECTOR_SEEDS, PAIR_SIZE

STEPS, BATCH_SIZE = 1000, 12
RATES = {"lr": 2e-3, "lr_head": 5e-3}  # of the pretrained part, and of the head
_TWO_RATS = 0.6  # of the frames of a batch; the others show a single one


class PairNet(PoseNet):
    """`PoseNet` at stride 8 whose head has a third part, `pairs`: from each keypoint to all of the same animal.

    Its kernel is 2x2 and not 4x4, since it has K times as many channels as the others together.
    """

    def __init__(self, resnet, num_keypoints):
        super().__init__(resnet, num_keypoints, layer=3)
        in_channels = self.head.scores.in_channels
        self.head.pairs = nn.ConvTranspose2d(in_channels, 2 * num_keypoints**2, 2, stride=2)

    def forward(self, images):
        """`PoseNet`'s scores and offsets, and pairs (B, K, K, 2, h, w), px: see `posekit.detector.ScoreMaps`."""
        features = features_at(self.backbone, (images.expand(-1, 3, -1, -1) - 0.45) / 0.225, self.layer)
        scores, offsets = self.head(features)
        K = scores.shape[1]
        return scores, self.stride * offsets, self.stride * self.head.pairs(features).unflatten(1, (K, K, 2))


def frames_of(fold):
    """What a fold is trained on: images (n, 1, H, W) and keypoints (n, 2, K, 2) px, NaN where hidden or no animal is.

    The first frames show two rats, the others one, in the middle of a wider picture; the last value is the number of the
    first.
    """
    pair, side = load_two_rats(), load_side("train")
    trained = ~np.isin(pair.video, np.concatenate(PAIR_FOLDS[fold]))
    two = np.where(pair.visible[..., None], pair.keypoints, np.nan)[trained]
    margin = (PAIR_SIZE[1] - side.images.shape[2]) // 2
    one = np.where(side.visible[..., None], side.keypoints, np.nan) + (margin, 0)
    one = np.stack([one, np.full_like(one, np.nan)], axis=1)
    wide = np.pad(side.images, ((0, 0), (0, 0), (margin, margin)))
    images = np.concatenate([pair.images[trained], wide])[:, None]
    return images, np.concatenate([two, one]), len(two)


def alter(image, keypoints, rng):
    """Another picture of the same rats, keypoints (2, K, 2): turned a little, scaled, perhaps mirrored, in other light."""
    A, K, _ = keypoints.shape
    swaps = np.concatenate([left_right_pairs() + K * animal for animal in range(A)])
    image, flat = augment(image, keypoints.reshape(A * K, 2), rng, max_rotation=15.0, max_scale=0.2, flip_pairs=swaps)
    return in_other_light(image, rng), flat.reshape(A, K, 2)


def loss_of(outputs, keypoints, stride):
    """DeeperCut's loss: that of `fit`, with the nearest animal for each cell, and the Huber loss on the pairwise offsets.

    Parameters
    ----------
    outputs : scores (B, K, h, w), offsets (B, K, 2, h, w) px, pairs (B, K, K, 2, h, w) px
    keypoints : (B, A, K, 2) px, NaN where not labelled
    stride : int

    Returns
    -------
    scalar tensor
    """
    scores, offsets, pairs = outputs
    shape = scores.shape[-2:]
    targets = np.array([[encode_offsets(animal, shape, stride) for animal in frame] for frame in keypoints])
    distance = np.nan_to_num(np.hypot(targets[:, :, :, 0], targets[:, :, :, 1]), nan=np.inf)  # (B, A, K, h, w)
    owner, near = distance.argmin(1), distance.min(1) <= 1.5 * stride
    b, k, i, j = np.nonzero(near)
    towards = torch.from_numpy(
        targets[b, owner[b, k, i, j], :, :, i, j]
    ).float()  # (cells, K, 2): to its animal's keypoints
    known = ~torch.isnan(towards[..., 0])
    own = towards[np.arange(len(k)), k]
    loss = F.binary_cross_entropy_with_logits(scores, torch.from_numpy(near).float())
    loss = loss + 0.05 * _huber(offsets[b, k, :, i, j] - own)
    return loss + 0.05 * _huber((pairs[b, k, :, :, i, j] - towards)[known])


def _huber(errors):
    """Mean over the rows of errors (n, 2) of the Huber loss; 0 where there are none."""
    return F.huber_loss(errors, torch.zeros_like(errors), reduction="sum") / max(len(errors), 1)


def train(images, keypoints, num_pairs, seed, steps=STEPS):
    """Train one detector.

    Parameters
    ----------
    images : (n, 1, H, W) float32 in [0, 1]
    keypoints : (n, 2, K, 2) px (x, y), NaN where not labelled
    num_pairs : int, how many of the frames show two rats; they come first
    seed : int
    steps : int, number of updates

    Returns
    -------
    dict of str to float16 array : the state of `PairNet`
    """
    torch.set_num_threads(1)  # sums in one order, so that the weights depend on the seed alone
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = PairNet(ResNet(BasicBlock, (2, 2, 2, 2), width=16), len(NAMES))
    load_backbone(net.backbone, pretrained_backbone())
    net.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.Adam(parameter_groups(net, **RATES))
    peaks = [group["lr"] for group in optimizer.param_groups]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, peaks, total_steps=steps)
    for _ in range(steps):
        two = rng.random(BATCH_SIZE) < _TWO_RATS
        chosen = np.where(
            two, rng.integers(num_pairs, size=BATCH_SIZE), rng.integers(num_pairs, len(images), BATCH_SIZE)
        )
        batch, points = zip(*(alter(images[n], keypoints[n], rng) for n in chosen), strict=True)
        outputs = net(torch.from_numpy(np.stack(batch).astype(np.float32)))
        loss = loss_of(outputs, np.stack(points), net.stride)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return weights_of(net)


def make():
    """The arrays of ``detector_side.npz``: weights by `PairNet`'s names, the folds along the first axis."""
    states = [train(*frames_of(fold), seed) for fold, seed in enumerate(PAIR_DETECTOR_SEEDS)]
    return {name: np.stack([state[name] for state in states]) for name in states[0]}
