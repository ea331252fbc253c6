"""The detectors of the six views: Lab 5's `PoseNet` at stride 4, trained on other rats in other rooms, once for each seed.

Labels are the keypoints that are seen, as a person would label them. The settings were chosen by the error in rooms held
out for that, before anything was computed in 3D with what the detectors say. It needs the ``render`` extra and five
minutes of one core for each detector.
"""

import numpy as np
import torch

from posekit.data import pretrained_backbone
from posekit.detector import read_out, score_maps
from posekit.skeleton import NAMES
from solutions.transfer import BasicBlock, PoseNet, ResNet, fit, load_backbone, parameter_groups

from .pretrain import alter, labelled, weights_of
from .recipes import DETECTOR_SEEDS, LABEL_HELD_OUT, LABEL_SEEDS

STEPS, BATCH_SIZE = 3000, 16
RATES = {"lr": 2e-3, "lr_head": 5e-3}  # of the pretrained part, and of the head


def rooms(seeds):
    """Labelled pictures of rooms, as `fit` takes them: images (n, 1, H, W), keypoints (n, K, 2), NaN where hidden."""
    from .rooms import labelled_pictures

    parts = [labelled(*labelled_pictures(seed)) for seed in seeds]
    return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))


def train(images, keypoints, seed, steps=STEPS):
    """Train one detector.

    Parameters
    ----------
    images : (n, 1, H, W) float32 in [0, 1]
    keypoints : (n, K, 2) px (x, y), NaN where not labelled
    seed : int
    steps : int, number of updates

    Returns
    -------
    dict of str to float16 array : the state of ``PoseNet(ResNet(BasicBlock, (2, 2, 2, 2), width=16), K, layer=2)``
    """
    torch.set_num_threads(1)  # sums in one order, so that the weights depend on the seed alone
    torch.manual_seed(seed)
    net = PoseNet(ResNet(BasicBlock, (2, 2, 2, 2), width=16), len(NAMES), layer=2)
    load_backbone(net.backbone, pretrained_backbone())
    net.to(memory_format=torch.channels_last)  # three times faster on a processor
    groups = parameter_groups(net, **RATES)
    fit(net, images, keypoints, steps=steps, batch_size=BATCH_SIZE, groups=groups, augmentation=alter, seed=seed)
    return weights_of(net)


def quantiles(weights, images, keypoints):
    """Errors (px) of labelled keypoints, 50 %, 90 % and 99 %."""
    found, _ = read_out(score_maps({name: array.astype(np.float32) for name, array in weights.items()}, images[:, 0]))
    return np.nanquantile(np.linalg.norm(found - keypoints, axis=-1), (0.5, 0.9, 0.99))


def make():
    """The arrays of ``detector_six.npz``: weights by `PoseNet`'s names, the detectors along the first axis."""
    images, keypoints = rooms(LABEL_SEEDS)
    held_out = rooms(LABEL_HELD_OUT)
    states = []
    for seed in DETECTOR_SEEDS:
        states.append(train(images, keypoints, seed))
        errors = ", ".join(f"{error:.1f}" for error in quantiles(states[-1], *held_out))
        print(f"detector {seed}: 50 %, 90 %, 99 % of errors in rooms held out: {errors} px", flush=True)
    return {name: np.stack([state[name] for state in states]) for name in states[0]}
