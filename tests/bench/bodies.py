"""What a model of the body buys: errors of Lab 6's ways to decode, over three detectors, and two rats over four folds.

    python -m tests.bench.bodies [--every 1]

*Six views*: all pictured steps of the test recording behind its first five seconds, each view decoded by itself; offsets
from the train recording. *Side view*: both test videos, four detectors. Nothing is chosen on these pictures: eight
headings and a confidence of 0.2 below which a part is filled in were set beforehand; for each detector and each model
of the body the strength of the springs and eps are those under which the true poses are the most probable on other
pictures: those five seconds, and the validation videos. *Two rats*: folds that rotate the videos, a detector for each;
the logistic regression of the pairs is fitted on the fold's validation videos. Pairs "from offsets" know where
candidates lie to each other and nothing of the picture: a Gaussian for each two parts, the better of two headings. One
thread, about ten minutes.
"""

import argparse
import warnings
from itertools import product

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from posekit.bodies import (
    animals,
    facing,
    find_candidates,
    identity_counts,
    limb_prior,
    owners,
    pair_features,
    swaps,
)
from posekit.data import PAIR_FOLDS, load_side, load_six, load_two_rats, pretrained_detector
from posekit.detector import read_out, score_maps
from posekit.skeleton import left_right_pairs
from solutions import envelope
from solutions.pictorial import (
    assembly_cost,
    greedy_assembly,
    hungarian_assembly,
    log_partition,
    map_pose,
    marginals,
    partition_and_label,
    pose_energy,
    votes,
)

CELL, HEADINGS, LEAST = 2.0, 8, 0.2
EPSILONS, STRENGTHS = (0.1, 0.3, 1.0, 3.0, 10.0), (0.6, 1.0, 1.6)
SHARE = 1.0 / (np.pi * 1.5**2)


def vote(maps, n, image):
    grid = [int(side / CELL) for side in image.shape]
    return votes(maps.probabilities[n], maps.offsets[n], maps.stride, grid, CELL, share=SHARE)


def costs_of(fine, epsilon):
    """Costs of the places, with a uniform part; a map's own sum is a constant that no decoder sees."""
    return -np.log(fine + epsilon / fine[0].size)


def in_cells(prior, strength):
    return prior[0] / CELL, strength * prior[1] * CELL**2


def to_pixels(places):
    return CELL * np.asarray(places, dtype=float) + (CELL - 1) / 2


def mean_place(p):
    y, x = (to_pixels(np.arange(size)) for size in p.shape[1:])
    return np.stack([p.sum(axis=1) @ x, p.sum(axis=2) @ y], axis=-1)


def fitted(fine, truth, parents, priors):
    """The strength of the springs and the eps under which the truth (N, K, 2) is the most probable, given a prior for each picture."""
    places = np.rint((truth - (CELL - 1) / 2) / CELL).astype(int)
    inside = ((places >= 0) & (places < fine[0].shape[:0:-1])).all(axis=(1, 2))
    value = {}
    for choice in product(STRENGTHS, EPSILONS):
        total = 0.0
        for n in np.flatnonzero(inside):
            costs, prior = costs_of(fine[n], choice[1]), in_cells(priors[n], choice[0])
            total -= pose_energy(places[n], costs, parents, *prior) + log_partition(costs, parents, *prior)
        value[choice] = total / inside.sum()
    choice = max(value, key=value.get)
    print(
        f"    springs x {choice[0]}, eps {choice[1]}: {value[choice]:.1f} nats on {inside.sum()} pictures", flush=True
    )
    return choice


def best(costs, parents, prior):
    return to_pixels(map_pose(costs, parents, *prior, transform=envelope.distance_transform_2d)[0])


def fill(found, confidence, parents, prior):
    filled = found.copy()
    for k, parent in enumerate(parents):
        if parent != k and confidence[k] < LEAST:
            filled[k] = filled[parent] + prior[0][k]
    return filled


def errors(found, truth, visible, pairs):
    """Mean error and share above 10 px, of what is seen and of what is hidden, and the number of swaps."""
    error = np.linalg.norm(found - truth, axis=-1)
    parts = [f(error[which]) for which in (visible, ~visible) for f in (np.mean, lambda e: np.mean(e > 10))]
    return [*parts, swaps(found, truth, pairs)]


def spread(rows):
    """Mean and standard deviation over detectors, for each number."""
    rows = np.array(rows)
    mean, sd = rows.mean(axis=0), rows.std(axis=0, ddof=1) if len(rows) > 1 else 0.0 * rows[0]
    return (
        f"seen {mean[0]:5.2f} +- {sd[0]:4.2f} px ({mean[1]:5.1%} over 10)   "
        f"hidden {mean[2]:5.2f} +- {sd[2]:4.2f} px ({mean[3]:5.1%} over 10)   swaps {mean[4]:5.0f} +- {sd[4]:3.0f}"
    )


def pictures(recording, steps):
    """Images, keypoints and visibility of pictured time steps, the views one after the other."""
    frames = recording.image_frames[steps]
    parts = recording.images[steps], recording.keypoints[frames], recording.visible[frames]
    return (part.reshape(-1, *part.shape[2:]) for part in parts)


def six_views(every):
    recording, motion = load_six("test"), load_six("train")
    names, parents, pairs = recording.names, recording.parents, left_right_pairs(recording.names)
    poses = motion.keypoints.reshape(-1, len(names), 2)
    direction = facing(poses, names, HEADINGS)
    one = limb_prior(poses, parents)
    eight = [limb_prior(poses[direction == d], parents) for d in range(HEADINGS)]
    share = np.bincount(direction, minlength=HEADINGS) / len(direction)
    images, truth, visible = pictures(recording, np.arange(15, 90, every))
    fit_images, fit_truth, _ = pictures(recording, np.arange(0, 15, 2))
    results = {}
    for seed in range(3):
        weights = pretrained_detector("six", seed)
        fit_maps, maps = score_maps(weights, fit_images), score_maps(weights, images)
        fine = [vote(fit_maps, n, image) for n, image in enumerate(fit_images)]
        print(f"  detector {seed}", flush=True)
        strength, epsilon = fitted(fine, fit_truth, parents, [one] * len(fine))
        one_tree = in_cells(one, strength), epsilon
        strength, epsilon = fitted(fine, fit_truth, parents, [eight[d] for d in facing(fit_truth, names, HEADINGS)])
        trees = [in_cells(prior, strength) for prior in eight]
        alone, confidence = read_out(maps)
        found = {"each part alone": alone}
        rows = {label: [] for label in ("fill", "best one", "mean one", "fill eight", "best eight", "mean eight")}
        right = 0
        for n, image in enumerate(images):
            fine = vote(maps, n, image)
            costs = costs_of(fine, one_tree[1])
            rows["fill"].append(fill(alone[n], confidence[n], parents, one))
            rows["best one"].append(best(costs, parents, one_tree[0]))
            rows["mean one"].append(mean_place(marginals(costs, parents, *one_tree[0])))
            costs = costs_of(fine, epsilon)
            evidence = np.log(share) + [
                log_partition(costs, parents, mu, w) + 0.5 * np.log(w[1:]).sum() for mu, w in trees
            ]
            heading = np.exp(evidence - evidence.max())
            heading /= heading.sum()
            d = heading.argmax()
            right += d == facing(truth[n], names, HEADINGS)
            rows["fill eight"].append(fill(alone[n], confidence[n], parents, eight[d]))
            rows["best eight"].append(best(costs, parents, trees[d]))
            which = np.flatnonzero(heading > 1e-3)
            mixture = sum(heading[d] * marginals(costs, parents, *trees[d]) for d in which)
            rows["mean eight"].append(mean_place(mixture / heading[which].sum()))
        found |= {label: np.array(row) for label, row in rows.items()}
        for label, places in found.items():
            results.setdefault(label, []).append(errors(places, truth, visible, pairs))
        print(f"    heading right in {right / len(images):.0%} of {len(images)} pictures", flush=True)
    for label, numbers in results.items():
        print(f"  {label:18} {spread(numbers)}")


def side_view():
    rats, train, validation = load_side("test"), load_side("train"), load_side("validation")
    parents, pairs, prior = rats.parents, left_right_pairs(rats.names), limb_prior(train.keypoints, train.parents)
    knee, results, far = rats.names.index("knee_L"), {}, {}
    for number in range(len(PAIR_FOLDS)):
        weights = pretrained_detector("side", number)
        maps = score_maps(weights, validation.images)
        fine = [vote(maps, n, image) for n, image in enumerate(validation.images)]
        print(f"  detector {number}", flush=True)
        strength, epsilon = fitted(fine, validation.keypoints, parents, [prior] * len(fine))
        tree = in_cells(prior, strength)
        maps = score_maps(weights, rats.images)
        alone, confidence = read_out(maps)
        costs = [costs_of(vote(maps, n, image), epsilon) for n, image in enumerate(rats.images)]
        block = np.ones((1, int(maps.stride / CELL), int(maps.stride / CELL)))
        wide = [costs_of(SHARE * np.kron(p, block) / block.size, epsilon) for p in maps.probabilities]
        found = {
            "each part alone": alone,
            "fill": np.array([fill(p, c, parents, prior) for p, c in zip(alone, confidence, strict=True)]),
            "best": np.array([best(c, parents, tree) for c in costs]),
            "mean": np.array([mean_place(marginals(c, parents, *tree)) for c in costs]),
            "best, score map": np.array([best(c, parents, tree) for c in wide]),
        }
        for label, places in found.items():
            results.setdefault(label, []).append(errors(places, rats.keypoints, rats.visible, pairs))
            far.setdefault(label, []).append(np.linalg.norm(places - rats.keypoints, axis=-1)[:, knee].mean())
    for label, numbers in results.items():
        print(f"  {label:18} {spread(numbers)}   far knee {np.mean(far[label]):5.1f} px")


def offset_features(candidates, gaussians):
    """log(1 + Mahalanobis distance) of two candidates' offset, (D, D, 1): the smaller one of two headings."""
    offset = candidates.position - candidates.position[:, None]
    part = candidates.part
    distance = [
        np.sqrt((((offset - mean[part][:, part]) ** 2) / var[part][:, part]).sum(-1)) for mean, var in gaussians
    ]
    return np.log1p(np.minimum(*distance))[..., None]


def fit_pairs(rats, candidates, features):
    """Weights of the logistic regression, a constant last."""
    rows, same = [], []
    for c, true in zip(candidates, rats.keypoints, strict=True):
        owner = owners(c, true)
        d, e = np.triu_indices(len(owner), 1)
        known = (owner[d] >= 0) & (owner[e] >= 0)
        rows.append(features(c)[d, e][known])
        same.append((owner[d] == owner[e])[known])
    X, y = np.concatenate(rows), np.concatenate(same).astype(float)
    X = np.column_stack([X, np.ones(len(X))])
    return minimize(lambda v: np.logaddexp(0.0, X @ v).sum() - y @ (X @ v), np.zeros(X.shape[1])).x


def two_rats():
    rats = load_two_rats()
    totals, gaps, stopped, equal, pictures = {}, [], {}, 0, 0
    for fold, (test, validation) in enumerate(PAIR_FOLDS):
        maps = score_maps(pretrained_detector("side", fold), rats.images)
        candidates = [find_candidates(maps, n) for n in range(len(rats.images))]

        def of(videos, rats=rats, candidates=candidates):
            which = np.flatnonzero(np.isin(rats.video, videos))
            part = type(rats)(
                rats.images[which],
                rats.keypoints[which],
                rats.visible[which],
                rats.names,
                rats.parents,
                rats.video[which],
            )
            return part, [candidates[n] for n in which]

        others = ~np.isin(rats.video, test + validation)
        poses = rats.keypoints[others].reshape(-1, len(rats.names), 2)
        gaussians = []
        for way in (0, 1):
            offset = poses[facing(poses, rats.names, 2) == way]
            offset = offset[:, None] - offset[:, :, None]
            gaussians.append((offset.mean(axis=0), np.maximum(offset.var(axis=0), 1.0)))
        tested, found = of(test)
        for pairs, features in (
            ("picture", pair_features),
            ("offsets", lambda c, gaussians=gaussians: offset_features(c, gaussians)),
        ):
            v = fit_pairs(*of(validation), features)
            for n, c in enumerate(found):
                p = np.clip(expit(features(c) @ v[:-1] + v[-1]), 0.0025, 0.9975)
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always")
                    ways = {"integer programme": partition_and_label(c.part_prob, p, node_limit=200)}
                stopped[pairs] = stopped.get(pairs, 0) + len(caught)
                ways |= {"greedy": greedy_assembly(c.part_prob, p), "Hungarian": hungarian_assembly(c.part_prob, p)}
                if pairs == "picture":
                    ways["known"] = c.part, owners(c, tested.keypoints[n])
                    cost = [assembly_cost(ways[way][1], c.part_prob, p) for way in ("integer programme", "greedy")]
                    gaps.append((cost[1] - cost[0]) / max(-cost[0], 1e-9))
                    equal += np.array_equal(
                        animals(c, *ways["integer programme"]), animals(c, *ways["greedy"]), equal_nan=True
                    )
                    pictures += 1
                for way, assembly in ways.items():
                    right, wrong, _ = identity_counts(animals(c, *assembly), tested.keypoints[n], tested.visible[n])
                    entry = totals.setdefault((pairs, way), {}).setdefault(int(tested.video[n]), np.zeros(3, dtype=int))
                    entry += [right, wrong, tested.visible[n].sum()]
        print(f"  fold {fold} done", flush=True)
    for (pairs, way), videos in totals.items():
        right, wrong, seen = np.sum(list(videos.values()), axis=0)
        each = ", ".join(f"{video}: {right / seen:.3f}" for video, (right, _, seen) in sorted(videos.items()))
        print(f"  pairs from {pairs:8} {way:18} PCK {right / seen:.3f}, {wrong:3d} on the wrong rat   by video {each}")
    lower = np.array(gaps) > 1e-9
    print(
        f"  the integer programme has a lower cost than greedy in {lower.sum()} of {pictures} frames (at most {max(gaps):.2%}), "
        f"and the same animals in {equal}"
    )
    for pairs, count in stopped.items():
        print(f"  pairs from {pairs}: the integer programme stopped at its node limit in {count} of {pictures} frames")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="take every n-th pictured step of the six views")
    arguments = parser.parse_args()
    print("Six views", flush=True)
    six_views(arguments.every)
    print("Side view, two test videos, four detectors", flush=True)
    side_view()
    print("Two rats, visible keypoints within 10 px", flush=True)
    two_rats()


if __name__ == "__main__":
    main()
