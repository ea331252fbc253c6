"""Errors and cost of Labs 7's and 8's methods on the rat's test recording, beside aniposelib's and OpenCV's.

    python -m tests.bench.pose3d [--frames 300] [--without-peers] [--json FILE]

Six tables, in one run and on one thread (OMP_NUM_THREADS=1, as `make bench-pose3d` sets it). First the mean position error
of each method with six, four and three cameras, over three detectors. Then ours and the peers on the same detections of one
detector in six cameras: aniposelib's triangulation and its optimiser (from two starts that are finished), OpenCV's
`triangulatePoints`, which takes two views, for all pairs with the median of the pairs. They live in an environment of
their own, build/bench/pose3d, which is made on the first run. Then the cost by the number of frames, the time until
GIMBAL is within 2 % of its final error, and what the Gibbs sampler gives: effective samples per CPU second, and how
many of its 90 % intervals hold the truth, on the detector's answers and on simulated ones with independent noise.
Times are CPU seconds, the best of the repeats, without what is spent on starting and compiling.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
import venv
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from posekit.data import load_detections, load_six
from solutions.bonewalk import facing
from solutions.gimbal import gibbs_sweep, gimbal_map, m2_map, posterior_summary
from solutions.triangulation import (
    fill_gaps,
    m0_map,
    m1_map,
    mean_position_error,
    median_filter,
    outlier_posterior,
    project,
    ransac_triangulate,
    refine,
    rigid_procrustes,
    triangulate,
)
from tests.bench.tables import learned

ROOT = Path(__file__).parent.parent.parent
PEERS = ("aniposelib==0.8.0", "opencv-contrib-python-headless>=4.8")
CAMERAS = {6: [0, 1, 2, 3, 4, 5], 4: [0, 1, 3, 4], 3: [0, 2, 4]}
SEEDS = (0, 1, 2)
THRESHOLD = 3.0  # px
LENGTHS = (500, 1000, 5000, 10_000, 50_000)
BODIES = (100, 400, 900)  # frames of thirteen keypoints in six cameras
SWEEPS = 500


def fit_noise(r2, outlier_prob=0.1, omega2_in=1.0, omega2_out=225.0):
    """Maximum-likelihood parameters of M1's noise for squared errors of one keypoint, by expectation maximisation."""
    for _ in range(200):
        p = outlier_posterior(r2, outlier_prob, omega2_in, omega2_out)
        outlier_prob = p.mean()
        omega2_in, omega2_out = np.sum((1 - p) * r2) / np.sum(1 - p) / 2, np.sum(p * r2) / np.sum(p) / 2
    return {"outlier_prob": outlier_prob, "omega2_in": omega2_in, "omega2_out": omega2_out}


def parameters(seed):
    """Per keypoint, from recordings that the detector has not seen: variances of steps, of detections, and M1's noise."""
    train = load_detections("six_train", seed=seed)
    r2 = np.sum((train.keypoints - train.truth.keypoints) ** 2, axis=-1)
    eta2 = np.mean(np.diff(load_six("train").points3d, axis=0) ** 2, axis=(0, 2))
    return eta2, r2.mean(axis=(0, 1)) / 2, [fit_noise(r2[..., k].ravel()) for k in range(r2.shape[-1])]


def each(X, one):
    """`one` of every keypoint (T, K, ...), stacked."""
    return np.stack([one(X[:, k], k) for k in range(X.shape[1])], axis=1)


def filled(X):
    return each(X, lambda path, _: fill_gaps(path))


def methods(P, Y, seed):
    """Name -> function without arguments that makes the paths (T, K, 3)."""
    eta2, omega2, noise = parameters(seed)
    skeleton, params, _ = learned(seed)
    return {
        "DLT": lambda: triangulate(P, Y),
        "least squares": lambda: refine(P, Y, triangulate(P, Y)),
        "RANSAC": lambda: filled(ransac_triangulate(P, Y, THRESHOLD)[0]),
        "RANSAC, median of 5": lambda: filled(median_filter(ransac_triangulate(P, Y, THRESHOLD)[0], 5)),
        "M0": lambda: each(Y, lambda y, k: m0_map(P, y, eta2[k], omega2[k])),
        "M1": lambda: each(Y, lambda y, k: m1_map(P, y, eta2[k], **noise[k])[0]),
        "M2": lambda: m2_map(P, Y, skeleton.parents, params, tol=0.01),
        "GIMBAL": lambda: gimbal_map(P, Y, skeleton, params),
    }


def errors(X, truth):
    """Raw, and after rigid Procrustes, mm."""
    turned = np.stack([rigid_procrustes(pose, true_pose) for pose, true_pose in zip(X, truth, strict=True)])
    return mean_position_error(X, truth), mean_position_error(turned, truth)


def by_cameras(console):
    """Errors by method, number of cameras and detector: {method: {count: (S, 2)}}."""
    found = {}
    for seed in SEEDS:
        rat = load_detections("six_test", seed=seed)
        Y, truth = rat.keypoints.swapaxes(1, 2), rat.truth.points3d
        for count, cameras in CAMERAS.items():
            for name, method in methods(rat.P[cameras], Y[:, :, cameras], seed).items():
                found.setdefault(name, {}).setdefault(count, []).append(errors(method(), truth))
    table = Table(
        "method", *(f"{count} cameras" for count in CAMERAS), title="error, mm: raw, Procrustes; raw by detector"
    )
    for name, counts in found.items():
        cells = []
        for values in map(np.array, counts.values()):
            raw, turned = values.mean(axis=0)
            cells.append(f"{raw:.1f}, {turned:.1f}; " + " ".join(f"{value:.1f}" for value in values[:, 0]))
        table.add_row(name, *cells)
    console.print(table)
    return found


def cpu_time(work, repeats=3):
    """What `work` returns, and its CPU seconds, the best of the repeats."""
    best = np.inf
    for _ in range(repeats):
        start = time.process_time()
        value = work()
        best = min(best, time.process_time() - start)
    return value, best


def peers(P, Y, parents, starts):
    """Paths and CPU seconds of aniposelib and OpenCV: {name: (X, seconds)}."""
    home = ROOT / "build" / "bench" / "pose3d"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        print("making an environment for aniposelib and OpenCV (once) …", flush=True)
        venv.create(home, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PEERS], check=True)
        (home / "ready").touch()
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(given, P=P, Y=Y, parents=parents, **{f"start {name}": X for name, X in starts.items()})
        command = [str(python), str(Path(__file__).with_name("pose3d_peers.py")), str(given), str(made)]
        threads = dict.fromkeys(("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        quiet = {"PYTHONWARNINGS": "ignore"}  # numba explains at length what of aniposelib it cannot compile
        subprocess.run(command, check=True, env={**os.environ, **threads, **quiet})
        with np.load(made) as arrays:
            names = [key.removeprefix("X ") for key in arrays.files if key.startswith("X ")]
            return {name: (arrays[f"X {name}"], float(arrays[f"seconds {name}"])) for name in names}


def beside_peers(console, num_frames):
    """Errors and cost of all on the first frames of the test recording, six cameras, detector of seed 0."""
    rat = load_detections("six_test", seed=0)
    Y, truth = rat.keypoints.swapaxes(1, 2)[:num_frames], rat.truth.points3d[:num_frames]
    results = {f"ours: {name}": cpu_time(method) for name, method in methods(rat.P, Y, seed=0).items()}
    starts = {name: results[f"ours: {name}"][0] for name in ("RANSAC",)}
    results |= peers(rat.P, Y, rat.parents, starts)
    table = Table(
        "method", "raw, mm", "Procrustes, mm", "CPU s", "frames per s", title=f"{num_frames} frames, six cameras"
    )
    rows = {}
    for name, (X, seconds) in results.items():
        raw, turned = errors(X, truth)
        rows[name] = {"raw": raw, "procrustes": turned, "seconds": seconds}
        table.add_row(name, f"{raw:.1f}", f"{turned:.1f}", f"{seconds:.2f}", f"{num_frames / seconds:.0f}")
    console.print(table)
    return rows


def growth(console):
    """CPU seconds of M0 and M1 for one keypoint in three cameras by the number of frames, on simulated detections."""
    six, rng = load_six("test"), np.random.default_rng(0)
    P, back_and_forth = six.P[CAMERAS[3]], np.concatenate([six.points3d[:, 0], six.points3d[::-1, 0]])
    seconds = {"M0": [], "M1": []}
    for length in LENGTHS:
        X = np.resize(back_and_forth, (length, 3))
        Y = project(P, X) + 1.5 * rng.normal(size=(length, 3, 2))
        Y[rng.uniform(size=Y.shape[:-1]) < 0.05] += 20.0
        seconds["M0"].append(cpu_time(lambda: m0_map(P, Y, 2.0, 20.0), repeats=1)[1])  # noqa: B023
        seconds["M1"].append(cpu_time(lambda: m1_map(P, Y, 2.0, 2.25, 400.0, 0.05), repeats=1)[1])  # noqa: B023
    table = Table(
        "frames", *(f"{length:,}" for length in LENGTHS), "exponent", title="CPU s, one keypoint, three cameras"
    )
    for name, values in seconds.items():
        exponent = np.polyfit(np.log(LENGTHS), np.log(values), 1)[0]
        table.add_row(name, *(f"{value:.2f}" for value in values), f"{exponent:.2f}")
    console.print(table)
    return {name: dict(zip(LENGTHS, values, strict=True)) for name, values in seconds.items()}


def bodies(console):
    """CPU seconds of M2 and GIMBAL by the number of frames, and GIMBAL's until it is within 2 % of its final error."""
    rat, (skeleton, params, _) = load_detections("six_test", seed=0), learned(0)
    Y, truth, rows = rat.keypoints.swapaxes(1, 2), rat.truth.points3d, {}
    table = Table("frames", "M2", "GIMBAL", "GIMBAL, to within 2 %", title="CPU s, thirteen keypoints, six cameras")
    for length in BODIES:
        _, m2 = cpu_time(lambda: m2_map(rat.P, Y[:length], skeleton.parents, params, tol=0.01))  # noqa: B023
        X, whole = cpu_time(lambda: gimbal_map(rat.P, Y[:length], skeleton, params))  # noqa: B023
        final = mean_position_error(X, truth[:length])
        for rounds in range(1, 200):
            early = lambda: gimbal_map(rat.P, Y[:length], skeleton, params, max_iter=rounds)  # noqa: B023, E731
            X, soon = cpu_time(early, repeats=1)
            if abs(mean_position_error(X, truth[:length]) / final - 1) < 0.02:
                break
        rows[length] = {"M2": m2, "GIMBAL": whole, "within 2 %": soon}
        table.add_row(str(length), f"{m2:.2f}", f"{whole:.2f}", f"{soon:.2f} ({rounds} iterations)")
    console.print(table)
    return rows


def special_cases(params, omega2):
    """GIMBAL's parameters with which its sampler is that of M0, M1 and M2."""
    no_poses = {"kappa": 0.0 * params["kappa"]}
    no_bones = no_poses | {"sigma2": np.full(len(omega2), 1e9)}
    one_noise = {"omega2_in": omega2, "omega2_out": omega2}
    return {"M0": params | no_bones | one_noise, "M1": params | no_bones, "M2": params | no_poses, "GIMBAL": params}


def sampling(console, frames=slice(60, 160)):
    """Effective samples per CPU second, and coverage, by model: {model: {kind of detections: (seconds a sweep, ESS, coverage)}}."""
    rat, (skeleton, params, omega2) = load_detections("six_test", seed=0), learned(0)
    pair = [skeleton.names.index(name) for name in skeleton.heading]
    truth, rng = rat.truth.points3d[frames], np.random.default_rng(0)
    mild = project(rat.P, truth) + 1.2 * rng.normal(size=(*truth.shape[:2], 6, 2))
    wrong = rng.random(mild.shape[:-1]) < 0.1
    mild[wrong] += 15.0 * rng.normal(size=(wrong.sum(), 2))
    narrow = {"omega2_in": np.full(len(omega2), 1.44), "omega2_out": np.full(len(omega2), 226.44)}
    narrow["outlier_prob"] = np.full(len(omega2), 0.1)
    kinds = {
        "the detector's": (rat.keypoints.swapaxes(1, 2)[frames], {}, omega2),
        "simulated, 1.2 px": (mild, narrow, np.full(len(omega2), 0.9 * 1.44 + 0.1 * 226.44)),
    }
    table = Table(
        "model",
        *(f"{kind}: ms a sweep, ESS per CPU s, coverage" for kind in kinds),
        title=f"{SWEEPS} sweeps, 100 frames",
    )
    rows = {}
    for model in ("M0", "M1", "M2", "GIMBAL"):
        for kind, (Y, noise, plain) in kinds.items():
            its = special_cases(params | noise, plain)[model]
            data = {"P": rat.P, "Y": Y, "parents": skeleton.parents}
            x = gimbal_map(rat.P, Y, skeleton, its)
            state, kept = {"x": x, "h": facing(x, pair)}, []
            start = time.process_time()
            for _ in range(SWEEPS):
                state = gibbs_sweep(state, data, its, rng)
                kept.append(state["x"])
            seconds = time.process_time() - start
            found = posterior_summary(kept[SWEEPS // 5 :])
            inside = np.mean((found["lower"] <= truth) & (truth <= found["upper"]))
            ess = np.nanmedian(found["ess"]) / (0.8 * seconds)
            rows.setdefault(model, {})[kind] = (seconds / SWEEPS, ess, inside)
        cells = (f"{1000 * seconds:.1f}, {ess:.0f}, {inside:.2f}" for seconds, ess, inside in rows[model].values())
        table.add_row(model, *cells)
    console.print(table)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=300, help="of the comparison with peers")
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--json", type=Path, help="write all numbers there as well")
    arguments = parser.parse_args()
    console = Console(width=130)
    numbers = {"cameras": by_cameras(console)}
    if not arguments.without_peers:
        numbers["peers"] = beside_peers(console, arguments.frames)
    numbers |= {"growth": growth(console), "bodies": bodies(console), "sampling": sampling(console)}
    if arguments.json:
        arguments.json.write_text(json.dumps(numbers, indent=1))


if __name__ == "__main__":
    main()
