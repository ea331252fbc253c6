"""The capstone as the reference goes it: from the clip's pictures to behaviour, and what each step gains.

    python -m tests.bench.capstone [--write]

Detection (the shipped detector on all 1800 pictures), decoding (Lab 6: trees for eight headings, posterior means), M0, M1, M2 and
GIMBAL on both (Labs 7 and 8), and labels (GIMBAL's pose states in a chain; and a softmax regression on pose and speed that learned the
names on `six_train`). The noise of the detector's answers is learned from `six_train`, that of the decoded ones from the pictures of
`six_test`, the rest from `six_train`: nothing from the clip. Beside the errors, which need the truth, stand two checks that do not:
how far a camera that was left out sees the points from its detections, and how much the bones' lengths vary. At the end stand the
numbers of the model answer and of the first marked sample of question 7b, from the labs' test recording. One
detector, one clip, one thread; it says how much CPU time it took. `--write` stores the baselines of `autograder score-capstone`.
"""

import argparse
import time

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.optimize import minimize
from scipy.special import logsumexp

from autograder.scoring.measures import dump, load_truth, score
from data.truth import FOLDER
from posekit.bodies import facing as facing_in_picture
from posekit.bodies import limb_prior
from posekit.data import load_clip, load_detections, load_six, pretrained_detector
from posekit.detector import read_out, score_maps
from solutions.bonewalk import facing, fit_noise, forward_backward
from solutions.capstone import adjusted_rand_index, decode_body, egocentric
from solutions.gimbal import canonicalize, pose_log_likelihood
from solutions.pictorial import votes
from solutions.triangulation import fill_gaps, m1_map, project, ransac_triangulate, triangulate
from tests.bench.tables import each, learned, models

HEADINGS, CELL, SHARE = 8, 2.0, 1.0 / (np.pi * 1.5**2)
THRESHOLD = 3.0  # px, of RANSAC
STAY = 0.98  # a behaviour goes on from frame to frame with this probability
STORED = ("DLT", "M1", "GIMBAL")


class Clock:
    """CPU seconds since it was last asked."""

    def __init__(self):
        self.last = self.start = time.process_time()

    def lap(self):
        self.last, before = time.process_time(), self.last
        return self.last - before


def detected(images):
    """Score maps of all pictures (T, C, H, W), and what the detector answers, (T, K, C, 2) px."""
    maps = score_maps(pretrained_detector("six"), images.reshape(-1, *images.shape[2:]))
    keypoints, _ = read_out(maps)
    return maps, keypoints.reshape(*images.shape[:2], -1, 2).swapaxes(1, 2)


def decoded(maps, images):
    """Bodies from the maps, picture by picture, (T, K, C, 2) px: posterior means of trees for eight headings (Lab 6)."""
    train = load_six("train")
    poses = train.keypoints.reshape(-1, len(train.names), 2)
    direction = facing_in_picture(poses, train.names, HEADINGS)
    share = np.bincount(direction, minlength=HEADINGS) / len(direction)
    trees = [limb_prior(poses[direction == d], train.parents) for d in range(HEADINGS)]
    trees = [(mu / CELL, w * CELL**2) for mu, w in trees]
    grid = [int(side / CELL) for side in images.shape[2:]]
    found = []
    for probabilities, offsets in zip(maps.probabilities, maps.offsets, strict=True):
        fine = votes(probabilities, offsets, maps.stride, grid, CELL, share=SHARE)
        found.append(CELL * decode_body(fine, train.parents, trees, share) + (CELL - 1) / 2)
    return np.reshape(found, (*images.shape[:2], -1, 2)).swapaxes(1, 2)


def noise_of(Y, truth):
    """GIMBAL's noise and M0's variances (K,) for answers Y (T, K, C, 2) where the truth (T, C, K, 2) is known."""
    r2 = np.sum((Y - truth.swapaxes(1, 2)) ** 2, axis=-1)
    inner, outer, prior = np.transpose([fit_noise(r2[:, k].ravel()) for k in range(r2.shape[1])])
    return {"omega2_in": inner, "omega2_out": outer, "outlier_prob": prior}, r2.mean(axis=(0, 2)) / 2


def paths(P, Y, skeleton, params, omega2):
    """Positions (T, K, 3) of all methods, gaps of the first two bridged."""
    plain = {"DLT": bridged(triangulate(P, Y)), "RANSAC": bridged(by_vote(P, Y))}
    return plain | models(P, Y, skeleton, params, omega2)


def by_vote(P, Y):
    return ransac_triangulate(P, Y, THRESHOLD)[0]


def bridged(X):
    return each(X, lambda path, _: fill_gaps(path))


def left_out(P, Y, estimate):
    """Median distance, px, between a camera's detections and what the other cameras say they should be."""
    errors = []
    for c in range(len(P)):
        others = np.arange(len(P)) != c
        errors.append(
            np.linalg.norm(project(P[[c]], estimate(P[others], Y[:, :, others]))[..., 0, :] - Y[:, :, c], axis=-1)
        )
    return np.nanmedian(errors)


def bone_spread(X, parents):
    """Mean standard deviation of the bones' lengths, mm."""
    return np.linalg.norm(X - X[:, parents], axis=-1)[:, 1:].std(axis=0).mean()


def directions(X, skeleton):
    tail, withers = (skeleton.names.index(name) for name in skeleton.heading)
    d = X - X[:, skeleton.parents]
    with np.errstate(invalid="ignore"):  # the root has no direction
        return canonicalize(d / np.linalg.norm(d, axis=-1, keepdims=True), facing(X, (tail, withers)))


def pose_labels(X, skeleton, params):
    """The most probable of GIMBAL's pose states in each frame, given all frames."""
    log_lik = pose_log_likelihood(directions(X, skeleton), params["mu"], params["kappa"])
    return forward_backward(log_lik, params["pi"], params["A"])[0].argmax(axis=1)


def features(X, skeleton, fps, half=5):
    """Pose in the rat's own frame, and how fast it walks, turns and moves each part: (T, D)."""
    tail, withers = (skeleton.names.index(name) for name in skeleton.heading)
    heading, root = facing(X, (tail, withers)), skeleton.names.index("spine")
    own, turned = egocentric(X, heading, root), np.unwrap(heading)
    t = np.arange(len(X))
    first, last = np.maximum(t - half, 0), np.minimum(t + half, len(X) - 1)
    seconds = (last - first) / fps
    speed = np.linalg.norm(X[last, root, :2] - X[first, root, :2], axis=-1) / seconds
    parts = np.linalg.norm(own[last] - own[first], axis=-1) / seconds[:, None]
    turning = np.abs(turned[last] - turned[first]) / seconds
    moving = [np.log(10 + speed)[:, None], np.log(0.2 + turning)[:, None], np.log(20 + parts)]
    return np.column_stack([own.reshape(len(X), -1), *moving])


def learn_names(F, states, lam=10.0):
    """A softmax regression (Lab 1's likelihood for several classes): a function from features to log probabilities."""
    mean, scale = F.mean(axis=0), np.maximum(F.std(axis=0), 1e-6)

    def design(F):
        return np.column_stack([(F - mean) / scale, np.ones(len(F))])

    X, Y = design(F), np.eye(states.max() + 1)[states]

    def loss(w):
        W = w.reshape(X.shape[1], -1)
        a = X @ W
        total = logsumexp(a, axis=1)
        value = total.sum() - np.sum(a * Y) + 0.5 * lam * w @ w
        return value, (X.T @ (np.exp(a - total[:, None]) - Y) + lam * W).ravel()

    W = minimize(loss, np.zeros(X.shape[1] * Y.shape[1]), jac=True, method="L-BFGS-B").x.reshape(X.shape[1], -1)
    return lambda F: design(F) @ W - logsumexp(design(F) @ W, axis=1, keepdims=True)


def in_a_chain(log_p, stay=STAY):
    """The most probable state in each frame where states tend to go on."""
    S = log_p.shape[1]
    A = np.where(np.eye(S, dtype=bool), stay, (1 - stay) / (S - 1))
    return forward_backward(log_p, np.full(S, 1 / S), A)[0].argmax(axis=1)


def of_the_answers(bodies, skeleton, params):
    """Lines with what question 7b's answers quote of the labs' test recording; `bodies` are those of its pictures."""
    train, found = load_six("train"), load_detections("six_test")
    truth, Y, part = found.truth, found.keypoints.swapaxes(1, 2), slice(450, 900)
    noise = [
        [params[name][k] for name in ("eta2", "omega2_in", "omega2_out", "outlier_prob")] for k in range(Y.shape[1])
    ]
    X = each(Y[part], lambda y, k: m1_map(found.P, y, *noise[k])[0])
    poses = 3 * X.shape[1]  # features that are positions: what is left without movement
    names = learn_names(features(train.points3d, skeleton, train.fps), train.state)
    still = learn_names(features(train.points3d, skeleton, train.fps)[:, :poses], train.state)
    for title, positions in (("M1's positions", X), ("true positions", truth.points3d[part])):
        F = features(positions, skeleton, found.fps)
        labels = pose_labels(positions, skeleton, params), in_a_chain(still(F[:, :poses])), in_a_chain(names(F))
        said = ", ".join(f"{adjusted_rand_index(one, truth.state[part]):.2f}" for one in labels)
        yield f"six_test, frames 450 to 900, {title}: pose states, names without movement, names: {said}"
    steps = load_six("test").image_frames
    sure = np.where(found.confidence.swapaxes(1, 2)[steps, ..., None] < 0.3, np.nan, Y[steps])
    hands, knees = ([k for k, name in enumerate(skeleton.names) if name.startswith(part)] for part in ("hand", "knee"))
    for title, answers in (("plain", Y[steps]), ("decoded", bodies), ("control: sure ones only", sure)):
        error = np.linalg.norm(bridged(by_vote(found.P, answers)) - truth.points3d[steps], axis=-1)
        told = f"knees {error[:, knees].mean():.0f}, hands {error[:, hands].mean():.0f}"
        yield f"six_test, pictures, RANSAC, {title}: {error.mean():.1f} mm, {told}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="store the baselines of `autograder score-capstone`")
    arguments = parser.parse_args()
    console, clock = Console(width=120, highlight=False), Clock()
    clip, test, train, truth = load_clip(), load_six("test"), load_six("train"), load_truth(FOLDER.parent.parent)
    spent = {"loading": clock.lap()}

    maps, answers = detected(clip.images)
    # The same but for their rounding, on which DLT's worst points hang: their rays are almost parallel.
    raw = load_detections("clip").keypoints.swapaxes(1, 2)
    assert np.abs(answers - raw).max() < 0.01
    spent["detection"] = clock.lap()
    bodies = decoded(maps, clip.images)
    skeleton, params, omega2 = learned(seed=0)
    test_maps, _ = detected(test.images)
    test_bodies = decoded(test_maps, test.images)
    noise, body_omega2 = noise_of(test_bodies, test.keypoints[test.image_frames])
    spent["decoding, and its noise"] = clock.lap()
    table = Table("pixels", "seen, px", "over 10 px", "hidden, px", "over 10 px")
    for name, Y in (("the detector's answers", raw), ("decoded bodies", bodies)):
        error = np.linalg.norm(Y.swapaxes(1, 2) - truth.keypoints, axis=-1)
        cells = [
            f(error[which]) for which in (truth.visible, ~truth.visible) for f in (np.mean, lambda e: np.mean(e > 10))
        ]
        table.add_row(name, f"{cells[0]:.1f}", f"{cells[1]:.0%}", f"{cells[2]:.1f}", f"{cells[3]:.0%}")
    console.print(table)

    found, kinds = {}, {"detector": (raw, params, omega2), "decoded": (bodies, params | noise, body_omega2)}
    for kind, (Y, learnt, variance) in kinds.items():
        found |= {(kind, name): X for name, X in paths(clip.P, Y, skeleton, learnt, variance).items()}
        spent[f"paths from {kind}"] = clock.lap()
    names = learn_names(features(train.points3d, skeleton, train.fps), train.state)
    spent["learning names"] = clock.lap()
    table = Table(
        "positions", "raw, mm", "Procrustes", "≤ 10 mm", "≤ 20 mm", "bones ± mm", "pose states, ARI", "named, ARI"
    )
    scores = {}
    for (kind, name), X in found.items():
        labels = pose_labels(X, skeleton, params)
        one = scores[kind, name] = score(name, X, labels, truth)
        named = in_a_chain(names(features(X, skeleton, clip.fps)))
        table.add_row(
            f"{name}, {kind}", f"{one.raw:.1f}", f"{one.aligned:.1f}", *(f"{share:.0%}" for share in one.within),
            f"{bone_spread(X, skeleton.parents):.1f}", f"{one.agreement:.2f}", f"{adjusted_rand_index(named, truth.state):.2f}",
        )  # fmt: skip
    exact = (
        pose_labels(truth.points3d, skeleton, params),
        in_a_chain(names(features(truth.points3d, skeleton, clip.fps))),
    )
    agreements = [f"{adjusted_rand_index(labels, truth.state):.2f}" for labels in exact]
    spread = f"{bone_spread(truth.points3d, skeleton.parents):.1f}"
    table.add_row("the truth itself", "0.0", "0.0", "100%", "100%", spread, *agreements)
    console.print(table)
    spent["behaviour"] = clock.lap()
    for kind, (Y, _, _) in kinds.items():
        ways = {"DLT": triangulate, "RANSAC": by_vote}
        said = ", ".join(f"{name} {left_out(clip.P, Y, way):.1f}" for name, way in ways.items())
        console.print(f"left-out camera, {kind}, median px: {said}")
    spent["leaving cameras out"] = clock.lap()
    for line in of_the_answers(test_bodies, skeleton, params):
        console.print(line)
    spent["question 7b"] = clock.lap()
    console.print("CPU seconds: " + ", ".join(f"{step} {seconds:.0f}" for step, seconds in spent.items()))
    console.print(f"{time.process_time() - clock.start:.0f} CPU seconds in all")
    if arguments.write:
        (FOLDER / "baselines.json").write_text(dump([scores["detector", name] for name in STORED]), "utf-8")


if __name__ == "__main__":
    main()
