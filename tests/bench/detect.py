"""Errors of the detectors of Labs 4 and 5 by number of labelled frames, on videos that they have not seen.

    python -m tests.bench.detect [--seeds 0 1 2 3 4] [--counts 5 10 25 50 100] [--models ...] [--fast] [--write]

Labels come from the side view's train split: for each seed one random order of all its frames, of which a model gets the
first few, as in `learning_curve` of Lab 5. Tested on all frames of the test split, two videos: of a coat that the train
split lacks, and of one that it has, behind a post. Errors are those of the keypoints that are seen. Every model of a lab
makes the same number of updates, whatever the number of labels. "scratch + augmentation" and the two models behind it
share their augmentation, so that they differ by their first weights and by what is trained. Rates of Lab 5 were chosen on
the validation split. ``--write`` stores ``data/arrays/learning_curve.npz``; what it holds of other models and numbers of labels
and seeds stays. One thread; about three quarters of an hour.
"""

import argparse
import time
from itertools import product

import numpy as np
import torch

from posekit.data import array_folder, load_side, pretrained_backbone
from posekit.detector import ScoreMaps, read_out
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
from solutions.transfer import (
    BasicBlock,
    PoseNet,
    ResNet,
    StackedHourglass,
    augment,
    fit,
    freeze,
    load_backbone,
    parameter_groups,
    stacked_loss,
)

COUNTS = (5, 10, 25, 50, 100)
SCORES = ("median", "rmse", "pck5")
STEPS, BATCH_SIZE = {"Lab 4": 450, "Lab 5": 150}, {"Lab 4": 8, "Lab 5": 16}  # of every run, as in the notebooks
# What is far from the others needs no more seeds.
SEEDS = {"one convolution (Lab 4)": 3, "CNN (Lab 4)": 3, "stacked hourglass": 3}
ONLY = {"stacked hourglass": (50, 100)}  # numbers of labels; with fewer it is far off
HOURGLASS_CHANNELS, HOURGLASS_RATE = 32, 1e-2


def standardized(images):
    """Pictures (N, 1, H, W) of mean 0 and standard deviation 1, each."""
    mean, std = images.mean((2, 3), keepdims=True), images.std((2, 3), keepdims=True)
    return (images - mean) / std


def one_convolution(num_keypoints):
    """Lab 4's detector of one layer, which begins at zero and with keypoints being rare."""
    model = ConvDetector(num_keypoints, 13)
    torch.nn.init.zeros_(model.conv.weight)
    torch.nn.init.constant_(model.conv.bias, -4.0)
    return model


def lab4(build):
    """A way to train a detector of Lab 4, on pictures of half the size: (images, keypoints, seed, steps) to `predict`."""

    def train(images, keypoints, seed, steps):
        torch.manual_seed(seed)
        model = build(keypoints.shape[1])
        small = [
            downsample(torch.from_numpy(image), disc_targets(torch.from_numpy(points), image.shape[1:], 4.0), 2)
            for image, points in zip(standardized(images), keypoints, strict=True)
        ]
        pictures, targets = (torch.stack(parts).float() for parts in zip(*small, strict=True))
        rng = np.random.default_rng(seed)
        drawn = (torch.from_numpy(rng.integers(len(images), size=BATCH_SIZE["Lab 4"])) for _ in range(steps))
        batches = ((pictures[chosen], targets[chosen]) for chosen in drawn)
        train_epoch(
            model,
            batches,
            torch.optim.Adam(model.parameters(), lr=5e-3),
            lambda logits, targets: bernoulli_loss(logits, targets, pos_weight=10.0),
        )

        def predict(images):
            with torch.no_grad():
                halves = torch.nn.functional.avg_pool2d(torch.from_numpy(standardized(images)), 2)
                points = torch.cat([argmax_2d(model(batch)) for batch in halves.split(16)])
            return downsample_points(points.numpy(), 1 / 2)

        return predict

    return train


def jitter(image, keypoints, rng):
    """The augmentation: turned and scaled a little, and never mirrored, since the rats of the side view face right."""
    return augment(image, keypoints, rng, max_rotation=15.0, max_scale=0.2)


def lab5(start, augmentation=None):
    """A way to train a pose network of Lab 5 from "scratch", or from pretrained weights, "frozen" or "fine-tuned"."""

    def train(images, keypoints, seed, steps):
        torch.manual_seed(seed)
        net = PoseNet(ResNet(BasicBlock, (2, 2, 2, 2), width=16), keypoints.shape[1])
        if start != "scratch":
            load_backbone(net.backbone, pretrained_backbone())
        if start == "frozen":
            freeze(net.backbone)
        groups = {
            "scratch": None,
            "frozen": parameter_groups(net, 0.0, 1e-2),
            "fine-tuned": parameter_groups(net, 5e-4, 1e-2),
        }[start]
        fit(
            net,
            images,
            keypoints,
            steps=steps,
            batch_size=BATCH_SIZE["Lab 5"],
            lr=1e-2,
            groups=groups,
            augmentation=augmentation,
            seed=seed,
        )
        return net.predict

    return train


def hourglasses(images, keypoints, seed, steps):
    """Train two stacked hourglasses from scratch, with the augmentation of the others. Read out by `read_out`: no offsets."""
    torch.manual_seed(seed)
    net = StackedHourglass(2, 3, HOURGLASS_CHANNELS, keypoints.shape[1])
    for head in net.heads:
        torch.nn.init.constant_(head.bias, -4.0)
    options = {"steps": steps, "batch_size": BATCH_SIZE["Lab 5"], "lr": HOURGLASS_RATE, "seed": seed}
    fit(net, images, keypoints, augmentation=jitter, loss=stacked_loss, **options)

    def predict(images):
        net.eval()
        with torch.no_grad():
            maps = torch.cat([torch.sigmoid(net(batch)[-1]) for batch in torch.from_numpy(images).split(16)]).numpy()
        return read_out(ScoreMaps(maps, np.zeros((*maps.shape[:2], 2, *maps.shape[2:]), np.float32), net.stride))[0]

    return predict


MODELS = {
    "one convolution (Lab 4)": lab4(one_convolution),
    "CNN (Lab 4)": lab4(FeatureCNN),
    "scratch": lab5("scratch"),
    "scratch + augmentation": lab5("scratch", jitter),
    "frozen": lab5("frozen", jitter),
    "fine-tuned": lab5("fine-tuned", jitter),
    "stacked hourglass": hourglasses,
}


def labelled(split):
    """Pictures (N, 1, H, W) and keypoints (N, K, 2), NaN where hidden, of a split of the side view."""
    side = load_side(split)
    return side.images[:, None], np.where(side.visible[..., None], side.keypoints, np.nan)


def scores(predicted, keypoints):
    """Median error (px), root of the mean squared error (px), and fraction within 5 px, of the keypoints that are seen."""
    error = pixel_error(predicted, keypoints)
    return np.nanmedian(error), np.sqrt(np.nanmean(error**2)), pck(predicted, keypoints, 5.0)


def measure(models, counts, seeds, split, steps):
    """Scores (3, M, C, S) of all models with all numbers of labels and all seeds; NaN for what is not run."""
    images, keypoints = labelled("train")
    unseen, truth = labelled(split)
    results = np.full((3, len(models), len(counts), len(seeds)), np.nan)
    for s, seed in enumerate(seeds):
        order = np.random.default_rng(seed).permutation(len(images))
        for m, name in enumerate(models):
            lab = "Lab 4" if "Lab 4" in name else "Lab 5"
            if seed >= SEEDS.get(name, seed + 1):
                continue
            start = time.process_time()
            for c, count in enumerate(counts):
                if count not in ONLY.get(name, counts):
                    continue
                predict = MODELS[name](images[order[:count]], keypoints[order[:count]], seed, steps[lab])
                results[:, m, c, s] = scores(predict(unseen), truth)
            medians = " ".join(f"{median:5.1f}" for median in results[0, m, :, s])
            print(f"seed {seed}: {name:24} median px {medians}  {time.process_time() - start:4.0f} CPU s", flush=True)
    return results


def table(models, counts, results):
    """One line for each model and number of labels: mean over seeds ± standard deviation."""
    lines = [f"{'model':24} labels  {'median px':13}  {'RMSE px':13}  {'PCK@5':13}"]
    for m, name in enumerate(models):
        for c, count in enumerate(counts):
            runs = results[:, m, c][:, ~np.isnan(results[0, m, c])]
            if not runs.size:
                continue
            cells = [f"{run.mean():5.{n}f} ± {run.std():4.{n}f} " for run, n in zip(runs, (1, 1, 2), strict=True)]
            lines.append(f"{name:24} {count:6}  {'  '.join(cells)}  ({runs.shape[1]} seeds)")
    return "\n".join(lines)


def store(models, counts, seeds, results):
    """Put results (3, M, C, S) where they belong in ``learning_curve.npz``."""
    path = array_folder() / "learning_curve.npz"
    with np.load(path, allow_pickle=False) as stored:
        names, old = [str(name) for name in stored["models"]], np.array([stored[key] for key in SCORES])
    rows = list(MODELS)
    merged = np.full((len(SCORES), len(rows), len(COUNTS), max(old.shape[-1], max(seeds) + 1)), np.nan)
    merged[:, [rows.index(name) for name in names], :, : old.shape[-1]] = old
    for (m, name), (c, count), (s, seed) in product(enumerate(models), enumerate(counts), enumerate(seeds)):
        if seed < SEEDS.get(name, seed + 1):
            merged[:, rows.index(name), COUNTS.index(count), seed] = results[:, m, c, s]
    np.savez_compressed(path, models=rows, counts=COUNTS, **dict(zip(SCORES, merged, strict=True)))
    print(f"wrote {path.name}; now run python -m data.make sums card")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=range(5))
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS, help="numbers of labelled frames")
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--split", choices=("validation", "test"), default="test")
    parser.add_argument("--fast", action="store_true", help="one seed, two counts, few updates: does it run?")
    parser.add_argument("--write", action="store_true", help="store data/arrays/learning_curve.npz")
    arguments, steps = parser.parse_args(), STEPS
    if arguments.fast:
        arguments.seeds, arguments.counts, steps = (0,), arguments.counts[:2], {"Lab 4": 10, "Lab 5": 10}
    torch.set_num_threads(1)
    models, counts = arguments.models, arguments.counts
    results = measure(models, counts, arguments.seeds, arguments.split, steps)
    print(f"\nOn the {arguments.split} split:\n{table(models, counts, results)}")
    if arguments.write:
        store(models, counts, arguments.seeds, results)


if __name__ == "__main__":
    main()
