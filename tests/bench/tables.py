"""The lecture's Tables 1 and 2 on the rat: mean position errors over three detectors, with six cameras and with three.

    python -m tests.bench.tables [--json FILE] [--without-network]

Table 1: DLC-3D's way (every pair of views triangulates, and the median counts), RANSAC, the largest product over the views in a
volume, a small volumetric network (DANNCE's idea, `tests/bench/volumetric.py`), and GIMBAL. Table 2: GIMBAL and its
special cases M0, M1, M2. Errors in mm are raw and after rigid Procrustes, mean and standard deviation over the
detectors, of which each has its own parameters, learned on its detections of `six_train`. Paths are found over all
frames; Table 1 is evaluated where the volumes are made, every tenth frame of the test recording and every fifth of
the clip. One thread; about a quarter of an hour.
"""

import argparse
import json
from itertools import combinations
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from data.truth import load_clip_truth
from posekit.data import load_detections, load_six
from posekit.skeleton import Skeleton
from solutions.gimbal import fit_gimbal, gimbal_map, m2_map
from solutions.triangulation import (
    fill_gaps,
    m0_map,
    m1_map,
    mean_position_error,
    ransac_triangulate,
    rigid_procrustes,
    triangulate,
)
from tests.bench.volumetric import Network, product_argmax, volumes

CAMERAS = {6: [0, 1, 2, 3, 4, 5], 3: [0, 2, 4]}
SEEDS = (0, 1, 2)
EVERY = {"test": 10, "clip": 5}
THRESHOLD = 3.0  # px, of RANSAC
SECONDS = 30.0  # of the network's training, of one core
LECTURE_1 = {"DLC-3D": (11.41, 11.17), "volumetric network": (9.25, 7.38), "GIMBAL": (8.01, 6.88)}
LECTURE_2 = {"M0": (14.96, 14.07), "M1": (10.71, 10.43), "M2": (9.65, 8.97), "GIMBAL": (8.01, 6.88)}


def recordings():
    """Name -> (name of its detections, true positions (T, K, 3))."""
    return {
        "test": ("six_test", load_six("test").points3d),
        "clip": ("clip", load_clip_truth().points3d),
    }


def learned(seed):
    """The skeleton, GIMBAL's parameters, and M0's variances (K,) of one detector, from recordings that it has not seen."""
    six, found = load_six("train"), load_detections("six_train", seed=seed)
    skeleton = Skeleton(six.names, six.parents, heading=("tail_base", "withers"))
    Y = np.full((*six.points3d.shape[:2], len(six.P), 2), np.nan)
    Y[found.steps] = found.keypoints.swapaxes(1, 2)
    r2 = np.sum((found.keypoints - found.truth.keypoints) ** 2, axis=-1)
    return skeleton, fit_gimbal(six.points3d, Y, six.P, skeleton), r2.mean(axis=(0, 1)) / 2


def each(Y, one):
    """`one` of the detections (T, C, 2) of every keypoint, stacked to (T, K, 3)."""
    return np.stack([one(Y[:, k], k) for k in range(Y.shape[1])], axis=1)


def models(P, Y, skeleton, params, omega2):
    """Paths (T, K, 3) of Table 2's models."""
    noise = [{name: params[name][k] for name in ("omega2_in", "omega2_out", "outlier_prob")} for k in range(Y.shape[1])]
    return {
        "M0": each(Y, lambda y, k: m0_map(P, y, params["eta2"][k], omega2[k])),
        "M1": each(Y, lambda y, k: m1_map(P, y, params["eta2"][k], **noise[k])[0]),
        "M2": m2_map(P, Y, skeleton.parents, params, tol=0.01),
        "GIMBAL": gimbal_map(P, Y, skeleton, params),
    }


def median_of_pairs(P, Y):
    pairs = [triangulate(P[[i, j]], Y[..., [i, j], :]) for i, j in combinations(range(len(P)), 2)]
    return np.nanmedian(pairs, axis=0)


def errors(X, truth):
    """Raw, and after rigid Procrustes, mm."""
    turned = np.stack([rigid_procrustes(pose, true_pose) for pose, true_pose in zip(X, truth, strict=True)])
    return mean_position_error(X, truth), mean_position_error(turned, truth)


def trained(seed, cameras, console):
    """The volumetric network, trained on the detections of `six_train`."""
    found = load_detections("six_train", seed=seed)
    P, Y, confidence = found.P[cameras], found.keypoints.swapaxes(1, 2)[:, :, cameras], found.confidence.swapaxes(1, 2)
    middle = np.nanmedian(ransac_triangulate(P, Y, THRESHOLD)[0], axis=1)
    mean = np.stack([volumes(P, Y[t], confidence[t][:, cameras], middle[t]).mean(axis=1) for t in range(len(Y))])
    network = Network(Y.shape[1], seed)
    updates = network.fit(mean, found.truth.points3d - middle[:, None], SECONDS, np.random.default_rng(seed))
    console.print(f"seed {seed}, {len(cameras)} cameras: {updates} updates of the network", highlight=False)
    return network


def of_the_views(P, found, cameras, frames, network):
    """Estimates (F, K, 3) of Table 1's methods that look at single frames, in some frames."""
    Y, confidence = found.keypoints.swapaxes(1, 2)[:, :, cameras], found.confidence.swapaxes(1, 2)[:, :, cameras]
    voted = each(ransac_triangulate(P, Y, THRESHOLD)[0], lambda path, _: fill_gaps(path))
    estimates = {"DLC-3D": median_of_pairs(P, Y[frames]), "RANSAC": voted[frames], "largest product": []}
    if network is not None:
        estimates["volumetric network"] = []
    for t in frames:
        middle = np.median(voted[t], axis=0)
        views = volumes(P, Y[t], confidence[t], middle)
        estimates["largest product"].append(product_argmax(views, middle))
        if network is not None:
            estimates["volumetric network"].append(network.predict(views.mean(axis=1)) + middle)
    return {name: np.asarray(value) for name, value in estimates.items()}


def measured(console, with_network):
    """Errors by table, recording, number of cameras, method and seed; errors by keypoint (S, K) of Table 2."""
    table_1, table_2, by_keypoint = {}, {}, {}
    truths = recordings()
    for seed in SEEDS:
        skeleton, params, omega2 = learned(seed)
        for count, cameras in CAMERAS.items():
            network = trained(seed, cameras, console) if with_network else None
            for name, (detections, truth) in truths.items():
                found = load_detections(detections, seed=seed)
                P, Y = found.P[cameras], found.keypoints.swapaxes(1, 2)[:, :, cameras]
                paths, frames = models(P, Y, skeleton, params, omega2), np.arange(0, len(Y), EVERY[name])
                single = of_the_views(P, found, cameras, frames, network) | {"GIMBAL": paths["GIMBAL"][frames]}
                for method, X in single.items():
                    table_1.setdefault((name, count), {}).setdefault(method, []).append(errors(X, truth[frames]))
                for model, X in paths.items():
                    table_2.setdefault((name, count), {}).setdefault(model, []).append(errors(X, truth))
                    distance = np.linalg.norm(X - truth, axis=-1).mean(axis=0)
                    by_keypoint.setdefault((name, count), {}).setdefault(model, []).append(distance)
    return table_1, table_2, by_keypoint


def show(console, title, found, lecture):
    """A table with a column for each recording and number of cameras."""
    table = Table(title, "lecture", *(f"{name}, {count} cameras" for name, count in found))
    for method in next(iter(found.values())):
        cells = []
        for values in found.values():
            (raw, turned), (sd, _) = np.mean(values[method], axis=0), np.std(values[method], axis=0, ddof=1)
            cells.append(f"{raw:.1f} ± {sd:.1f} ({turned:.1f})")
        said = "{:.1f} ({:.1f})".format(*lecture[method]) if method in lecture else ""
        table.add_row(method, said, *cells)
    console.print(table)


def ratios(console, found):
    """GIMBAL over M0 and over M2 by seed, and whether the models are in order."""
    table = Table("raw errors", "GIMBAL / M0", "GIMBAL / M2", "smallest step, mm: M0 - M1, M1 - M2, M2 - GIMBAL")
    for (name, count), values in found.items():
        raw = {model: np.array(pairs)[:, 0] for model, pairs in values.items()}
        steps = [raw[a] - raw[b] for a, b in (("M0", "M1"), ("M1", "M2"), ("M2", "GIMBAL"))]
        over = [" ".join(f"{ratio:.2f}" for ratio in raw["GIMBAL"] / raw[model]) for model in ("M0", "M2")]
        table.add_row(f"{name}, {count} cameras", *over, ", ".join(f"{step.min():.1f}" for step in steps))
    console.print(table)


def who_gains(console, found, names):
    """Errors by keypoint on the test recording, mean over the detectors."""
    for count in CAMERAS:
        values = {model: np.mean(rows, axis=0) for model, rows in found["test", count].items()}
        table = Table(f"test, {count} cameras, mm", *names)
        for model, row in values.items():
            table.add_row(model, *(f"{value:.0f}" for value in row))
        console.print(table)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write all numbers there as well")
    parser.add_argument("--without-network", action="store_true", help="do without torch")
    arguments = parser.parse_args()
    console = Console(width=150)
    table_1, table_2, by_keypoint = measured(console, not arguments.without_network)
    show(console, "Table 1: mm, raw ± sd (Procrustes)", table_1, LECTURE_1)
    show(console, "Table 2: mm, raw ± sd (Procrustes)", table_2, LECTURE_2)
    ratios(console, table_2)
    who_gains(console, by_keypoint, load_six("test").names)
    if arguments.json:
        tables = {"table 1": table_1, "table 2": table_2}
        plain = {title: {f"{n}, {c}": values for (n, c), values in table.items()} for title, table in tables.items()}
        arguments.json.write_text(json.dumps(plain, indent=1))


if __name__ == "__main__":
    main()
