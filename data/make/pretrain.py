"""The weights of Lab 5: a ResNet-18 of a quarter of the width, trained on renders of other coats, rooms and views.

Every part is trained by what the lab itself teaches, in three steps: `conv1` to `layer3` as a pose network on `layer3`;
then `layer4` as a pose network on `layer4`; then `fc`, which tells from the mean features of `layer4` which keypoints are
seen. It needs the ``render`` extra and half an hour of one core.
"""

import numpy as np
import torch

from posekit.skeleton import NAMES, left_right_pairs
from solutions.curvature import newton
from solutions.transfer import BasicBlock, PoseNet, ResNet, augment, features_at, fit, freeze

from .recipes import PRETRAINING_HELD_OUT, PRETRAINING_SEEDS, PRETRAINING_VIEWS

STEPS = {3: 2000, 4: 300}  # updates of the pose network on each layer
BATCH_SIZE = 32
RIDGE = 1.0  # of the logistic regressions in `fc`; best on the held-out seeds


def views(seed):
    """Pictures (n, 1, H, W) float32 in [0, 1] and keypoints (n, K, 2) px, NaN where hidden, of one pre-training seed."""
    from .pretraining import pretraining_views

    return labelled(*pretraining_views(seed, PRETRAINING_VIEWS))


def labelled(images, keypoints, visible):
    """What `pretraining_views` gives as `fit` takes it."""
    return images[:, None].astype(np.float32) / 255, np.where(visible[..., None], keypoints, np.nan)


def alter(image, keypoints, rng):
    """Another picture of the same rat: turned, scaled, perhaps mirrored, in other light; lamps and coats differ at test."""
    image, keypoints = augment(image, keypoints, rng, max_rotation=25.0, max_scale=0.25, flip_pairs=left_right_pairs())
    return in_other_light(image, rng), keypoints


def in_other_light(image, rng):
    """The same picture with another gamma, contrast, brightness and noise."""
    image = np.clip(image, 0, 1) ** rng.uniform(0.6, 1.6)
    image = 0.5 + rng.uniform(0.6, 1.3) * (image - 0.5) + rng.uniform(-0.15, 0.15)
    return np.clip(image + rng.normal(scale=rng.uniform(0, 0.03), size=image.shape), 0, 1)


def median_error(net, images, keypoints):
    """Median distance (px) of a pose network's predictions from the keypoints that are seen."""
    return np.nanmedian(np.linalg.norm(net.predict(images) - keypoints, axis=-1))


def fit_classifier(resnet, images, visible):
    """Put ridge logistic regressions of visibility (N, K) on the mean features of the last stage into ``resnet.fc``."""
    resnet.eval()
    with torch.no_grad():
        batches = (batch.expand(-1, 3, -1, -1) for batch in torch.from_numpy(images).split(32))
        pooled = [features_at(resnet, (batch - 0.45) / 0.225, 4).mean((2, 3)) for batch in batches]
    X = torch.cat(pooled).double().numpy()
    X = np.column_stack([X, np.ones(len(X))])
    for k, seen in enumerate(visible.T):
        w, _ = newton(np.zeros(X.shape[1]), X, seen.astype(float), RIDGE)
        resnet.fc.weight.data[k], resnet.fc.bias.data[k] = torch.from_numpy(w[:-1]), w[-1]


def train(images, keypoints, held_out, steps=STEPS, seed=0):
    """Train the network.

    Parameters
    ----------
    images : (N, 1, H, W) float32 in [0, 1]
    keypoints : (N, K, 2) px (x, y), NaN where hidden
    held_out : pair of such arrays, on which the error is printed
    steps : dict of number of updates by layer
    seed : int

    Returns
    -------
    dict of str to float16 array : weights by torchvision's names, for ``ResNet(BasicBlock, (2, 2, 2, 2), 16, K)``
    """
    torch.set_num_threads(1)  # sums in one order, so that the weights depend on the seed alone
    torch.manual_seed(seed)
    resnet = ResNet(BasicBlock, (2, 2, 2, 2), width=16, num_classes=len(NAMES)).to(memory_format=torch.channels_last)
    for layer in (3, 4):
        net = PoseNet(resnet, len(NAMES), layer)
        fit(net, images, keypoints, steps=steps[layer], batch_size=BATCH_SIZE, augmentation=alter, seed=seed + layer)
        print(f"layer {layer}: median error {median_error(net, images[::20], keypoints[::20]):.2f} px,", end=" ")
        print(f"held out {median_error(net, *held_out):.2f} px", flush=True)
        freeze(net.backbone)  # the stages so far: `layer4` is trained on what `layer3` has become
    resnet.half().float()  # what is stored; `fc` is fitted to what the rounded stages give
    fit_classifier(resnet, images, ~np.isnan(keypoints[..., 0]))
    return weights_of(resnet)


def weights_of(resnet):
    """Its state in half precision, without the counters of batches, as torchvision publishes them."""
    state = {name: t.numpy().astype(np.float16) for name, t in resnet.state_dict().items() if t.is_floating_point()}
    if not all(np.isfinite(array).all() for array in state.values()):
        raise ValueError("a weight does not fit into half precision")
    return state


def make():
    """The arrays of ``resnet_rat.npz``."""
    parts = {seed: views(seed) for seed in PRETRAINING_SEEDS}
    seen = [parts[seed] for seed in PRETRAINING_SEEDS if seed not in PRETRAINING_HELD_OUT]
    held_out = [parts[seed] for seed in PRETRAINING_HELD_OUT]
    images, keypoints = (np.concatenate(arrays) for arrays in zip(*seen, strict=True))
    return train(images, keypoints, tuple(np.concatenate(arrays) for arrays in zip(*held_out, strict=True)))
