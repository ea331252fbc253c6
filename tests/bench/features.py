"""What learned features add to a larger window: the detectors of Lab 4 with their controls, on two kinds of data.

    python -m tests.bench.features [--conditions ...] [--models ...] [--seeds 0 1 2] [--write]

Four detectors, by whether they are one layer (logistic regression of patches) or learn features, and by the window that a
logit sees, in pixels of half the resolution: 13 or 33 for one layer, 11 (without dilation) or 33 for the network. All of
them train on the 240 frames of the side view's train split for 15 epochs, as in the notebook, and are tested on all 80
frames of the test split, two videos. "as filmed" is the split as it is, where all rats face right at one distance;
"four ways" is what `posekit.sideviews.four_ways` makes of it: a
quarter of the frames each as filmed, mirrored, negative, and both. ``--write`` stores what they find in
``data/arrays/features.npz``; what it holds of other conditions, models and seeds stays. One thread; five minutes.
"""

import argparse
import time
from itertools import product

import numpy as np
import torch
from torch import nn

from posekit.data import array_folder, load_side
from posekit.sideviews import four_ways
from solutions.convolution import (
    ConvDetector,
    FeatureCNN,
    argmax_2d,
    bernoulli_loss,
    disc_targets,
    downsample,
    downsample_points,
    pck,
    pixel_error,
    train_epoch,
)

PARTS = ("snout", "ear_R", "hand_R", "foot_R", "knee_R", "tail_base", "tail_mid", "spine")  # as in Lab 4
CONDITIONS, SEEDS, EPOCHS = ("as filmed", "four ways"), (0, 1, 2), 15
SHIPPED = ("one layer, window 13", "features, window 33")  # those that the notebook trains, for who cannot yet


class Template(ConvDetector):
    """A `ConvDetector` of one channel, by the convolution theorem: the same sums, quicker for a large kernel."""

    def forward(self, images):
        height, width = images.shape[2:]
        reach = self.conv.padding[0]
        size = height + 2 * reach, width + 2 * reach  # room for what would come round the edge
        spectrum = torch.fft.rfft2(images, size) * torch.fft.rfft2(self.conv.weight[:, 0], size).conj()
        scores = torch.roll(torch.fft.irfft2(spectrum, size), (reach, reach), (2, 3))
        return scores[..., :height, :width] + self.conv.bias[:, None, None]


def one_layer(size):
    """A `ConvDetector` that begins at zero, with keypoints being rare."""
    model = Template(len(PARTS), size)
    nn.init.zeros_(model.conv.weight)
    nn.init.constant_(model.conv.bias, -4.0)
    return model


def undilated():
    """A `FeatureCNN` whose layers see their neighbours only: as many weights, and a window of 11 instead of 33."""
    model = FeatureCNN(len(PARTS))
    for layer in model.layers:
        if isinstance(layer, nn.Conv2d):
            layer.dilation = layer.padding = (1, 1)
    return model


MODELS = {
    "one layer, window 13": lambda: one_layer(13),
    "one layer, window 33": lambda: one_layer(33),
    "features, window 11": undilated,
    "features, window 33": lambda: FeatureCNN(len(PARTS)),
}


def frames(split, condition):
    """Standardised frames (N, H, W) and keypoints (N, 8, 2), NaN where hidden."""
    side = load_side(split)
    columns = [side.names.index(part) for part in PARTS]
    images, points = side.images, np.where(side.visible[:, columns, None], side.keypoints[:, columns], np.nan)
    if condition == "four ways":
        images, points = four_ways(images, points)
    return (images - images.mean((1, 2), keepdims=True)) / images.std((1, 2), keepdims=True), points


def small(images, points):
    pairs = [
        downsample(torch.from_numpy(image[None]), disc_targets(torch.from_numpy(p), image.shape, 4.0), 2)
        for image, p in zip(images, points, strict=True)
    ]
    pictures, targets = zip(*pairs, strict=True)
    return torch.stack(pictures).float(), torch.stack(targets).float()


def train(build, pictures, targets, seed, epochs):
    torch.manual_seed(seed)
    model, rng = build(), np.random.default_rng(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(epochs):
        order = torch.from_numpy(rng.permutation(len(pictures)))
        batches = [(pictures[chosen], targets[chosen]) for chosen in order.split(8)]
        train_epoch(model, batches, optimizer, lambda logits, y: bernoulli_loss(logits, y, pos_weight=10.0))
    return model


def locate(model, pictures):
    with torch.no_grad():
        points = torch.cat([argmax_2d(model(batch)) for batch in pictures.split(40)])
    return downsample_points(points.numpy(), 1 / 2)


def measure(conditions, models, seeds, epochs):
    """Found keypoints (C, M, S, N, 8, 2) of the test frames, px; median errors (C, M, S) on a quarter of the training's; weights.

    The weights are those of the first condition and seed 0, by model and parameter.
    """
    weights: dict = {}
    found, fitted = [], np.empty((len(conditions), len(models), len(seeds)))
    for c, condition in enumerate(conditions):
        (images, points), (unseen, truth) = frames("train", condition), frames("test", condition)
        (pictures, targets), (new, _) = small(images, points), small(unseen, truth)
        for m, name in enumerate(models):
            for s, seed in enumerate(seeds):
                start = time.process_time()
                model = train(MODELS[name], pictures, targets, seed, epochs)
                if condition == CONDITIONS[0] and seed == 0:
                    weights |= {f"{name}: {part}": tensor.numpy() for part, tensor in model.state_dict().items()}
                found.append(locate(model, new))
                fitted[c, m, s] = np.nanmedian(pixel_error(locate(model, pictures[::4]), points[::4]))
                error = pixel_error(found[-1], truth)
                print(
                    f"{condition:9} {name:20} seed {seed}: median {np.nanmedian(error):5.1f} px, mean {np.nanmean(error):5.1f}, "
                    f"PCK@10 {pck(found[-1], truth, 10.0):.2f}, on training frames {fitted[c, m, s]:5.1f} px, "
                    f"{time.process_time() - start:3.0f} CPU s",
                    flush=True,
                )
    shape = (len(conditions), len(models), len(seeds))
    return np.reshape(found, (*shape, *np.shape(found)[1:])), fitted, weights


def store(conditions, models, seeds, found, fitted, weights):
    """Put results where they belong in ``features.npz``."""
    path = array_folder() / "features.npz"
    shape = (len(CONDITIONS), len(MODELS), len(SEEDS))
    arrays = {"found": np.full((*shape, *found.shape[3:]), np.nan, np.float16), "fitted": np.full(shape, np.nan)}
    if path.is_file():
        with np.load(path, allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in stored.files if key not in ("conditions", "models", "parts")}
    for (c, condition), (m, name), (s, seed) in product(enumerate(conditions), enumerate(models), enumerate(seeds)):
        place = CONDITIONS.index(condition), list(MODELS).index(name), SEEDS.index(seed)
        arrays["found"][place], arrays["fitted"][place] = found[c, m, s], fitted[c, m, s]
    arrays |= {name: array for name, array in weights.items() if name.startswith(SHIPPED)}
    np.savez_compressed(path, conditions=CONDITIONS, models=list(MODELS), parts=PARTS, **arrays)
    print(f"wrote {path.name}; now run python -m data.make sums card")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--conditions", nargs="+", choices=CONDITIONS, default=CONDITIONS)
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--seeds", type=int, nargs="+", choices=SEEDS, default=list(SEEDS))
    parser.add_argument("--fast", action="store_true", help="one epoch: does it run?")
    parser.add_argument("--write", action="store_true", help="store data/arrays/features.npz")
    arguments = parser.parse_args()
    chosen = arguments.conditions, arguments.models, arguments.seeds
    torch.set_num_threads(1)
    found, fitted, weights = measure(*chosen, 1 if arguments.fast else EPOCHS)
    if arguments.write:
        store(*chosen, found, fitted, weights)


if __name__ == "__main__":
    main()
