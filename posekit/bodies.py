"""From a detector's maps to bodies: what Lab 6 needs beside its exercises. Points are (x, y) px, missing ones NaN."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment


def limb_prior(poses, parents, min_variance=1.0):
    """How each part lies to its parent, from poses that are all known: where Lab 6 goes on without its first exercise.

    Parameters
    ----------
    poses : ndarray (N, K, 2) px, without NaN
    parents : int array (K,)
    min_variance : float, px^2

    Returns
    -------
    mu, w : ndarrays (K, 2), mean of child minus parent, px, and 1 / (2 variance), px^-2
    """
    poses, parents = np.asarray(poses, dtype=float), np.asarray(parents)
    moments = [[np.mean(v), np.cov(v, ddof=0)] for k, p in enumerate(parents) for v in (poses[:, k] - poses[:, p]).T]
    mean, variance = np.reshape(moments, (len(parents), 2, 2)).transpose(2, 0, 1)
    return mean, 0.5 / np.clip(variance, min_variance, None)


def facing(points, names, sectors=8):
    """In which direction of the image an animal faces, from its tail to its snout.

    Parameters
    ----------
    points : ndarray (..., K, 2) px
    names : sequence of K str
    sectors : int

    Returns
    -------
    ndarray of int (...): 0 for right, then on clockwise as the image is seen (y points down), up to sectors - 1
    """
    dx, dy = np.moveaxis(points[..., names.index("snout"), :] - points[..., names.index("tail_base"), :], -1, 0)
    return np.rint(sectors * np.arctan2(dy, dx) / (2.0 * np.pi)).astype(int) % sectors


def swaps(found, true, pairs, near=6.0):
    """How many keypoints of left-right pairs are off, and lie where their partner is.

    Parameters
    ----------
    found, true : ndarrays (N, K, 2) px
    pairs : int array (M, 2), as from `posekit.skeleton.left_right_pairs`
    near : float
        Off is farther than this, and where the partner is nearer, px.

    Returns
    -------
    int
    """
    order = np.concatenate([pairs, pairs[:, ::-1]])
    own = np.linalg.norm(found[:, order[:, 0]] - true[:, order[:, 0]], axis=-1)
    partner = np.linalg.norm(found[:, order[:, 0]] - true[:, order[:, 1]], axis=-1)
    return int(np.sum((own > near) & (partner < near)))


@dataclass(frozen=True)
class Candidates:
    """Places of one picture that may be a part of some animal: D candidates for K parts."""

    position: np.ndarray  #: (D, 2) px
    part: np.ndarray  #: (D,) int, which part it is a candidate for
    part_prob: np.ndarray  #: (D, K), its score in the column of its part, 0 elsewhere
    points_to: np.ndarray  #: (D, K, 2) px, where it expects every part of its own animal


def find_candidates(maps, n, threshold=0.15, radius=4.0):
    """Candidates of picture n: cells of high score, of several that point to about the same place the best one.

    Parameters
    ----------
    maps : posekit.detector.ScoreMaps, of a detector with pairs
    threshold : float
        Smallest score of a candidate.
    radius : float
        Two candidates for one part are at least so far apart, px.

    Returns
    -------
    Candidates, part by part and the best first

    Raises
    ------
    ValueError : for maps without pairs
    """
    if maps.pairs is None:
        raise ValueError("find_candidates: this detector has no pairs; take the one of the side views.")
    position, part, score, points_to = [], [], [], []
    K = maps.probabilities.shape[1]
    for k in range(K):
        p = maps.probabilities[n, k]
        cells = np.argwhere(p > threshold)
        kept = []
        for i, j in cells[np.argsort(-p[tuple(cells.T)], kind="stable")]:
            center = maps.stride * np.array([j, i]) + (maps.stride - 1) / 2
            place = center + maps.offsets[n, k, :, i, j]
            if all(np.hypot(*(place - other)) >= radius for other in kept):
                kept.append(place)
                part.append(k)
                score.append(p[i, j])
                points_to.append(center + maps.pairs[n, k, :, :, i, j])
                points_to[-1][k] = place
        position += kept
    D = len(part)
    part_prob = np.zeros((D, K))
    part_prob[np.arange(D), part] = score
    return Candidates(
        np.reshape(position, (D, 2)), np.array(part, dtype=int), part_prob, np.reshape(points_to, (D, K, 2))
    )


def pair_features(candidates):
    """How well two candidates fit into one animal, as each of the two sees it.

    d expects e's part somewhere, and misses e by a distance; and the other way round.

    Returns
    -------
    ndarray (D, D, 2): log(1 + distance) of the smaller and of the larger of the two, distances in px; symmetric
    """
    expected = candidates.points_to[:, candidates.part]  # (d, e): where d expects e's part
    miss = np.log1p(np.linalg.norm(expected - candidates.position, axis=-1))
    return np.stack([np.minimum(miss, miss.T), np.maximum(miss, miss.T)], axis=-1)


def owners(candidates, true, tolerance=10.0):
    """Which animal each candidate belongs to: the one whose part of that kind is nearest, -1 beyond the tolerance.

    Parameters
    ----------
    true : ndarray (A, K, 2) px

    Returns
    -------
    ndarray of int (D,)
    """
    distance = np.linalg.norm(true[:, candidates.part] - candidates.position, axis=-1)
    return np.where(distance.min(axis=0) < tolerance, distance.argmin(axis=0), -1)


def named_clusters(clusters, owner, num=2):
    """Clusters by the animal that most of their candidates belong to, for a picture of who is who.

    Parameters
    ----------
    clusters : int array (D,), -1 for a dropped candidate
    owner : int array (D,), from `owners`

    Returns
    -------
    ndarray of int (D,): the number of an animal for the cluster that holds most of its candidates, `num` for every other
    cluster, -1 for a dropped candidate
    """
    named = np.where(clusters < 0, -1, num)
    for animal in range(num):
        own = clusters[(owner == animal) & (named == num)]
        if len(own):
            named[clusters == np.bincount(own).argmax()] = animal
    return named


def animals(candidates, labels, clusters, num=2):
    """Poses of the clusters in which most parts are seen: the sum over parts of the best score.

    Parameters
    ----------
    labels, clusters : int arrays (D,), -1 for a dropped candidate

    Returns
    -------
    ndarray (num, K, 2) px, NaN where an animal has no candidate for a part, or is missing
    """
    K = candidates.part_prob.shape[1]
    poses, seen = [], []
    for cluster in np.unique(clusters[clusters >= 0]):
        score = np.where((clusters == cluster)[:, None] & (labels[:, None] == np.arange(K)), candidates.part_prob, 0.0)
        best = score.argmax(axis=0)
        poses.append(np.where((score.max(axis=0) > 0)[:, None], candidates.position[best], np.nan))
        seen.append(score.max(axis=0).sum())
    found = np.full((num, K, 2), np.nan)
    for rank, which in enumerate(np.argsort(-np.array(seen), kind="stable")[:num]):
        found[rank] = poses[which]
    return found


def identity_counts(found, true, visible, tolerance=10.0):
    """How many keypoints of several animals are right, and how many are on the wrong animal.

    The animals found are matched to the true ones so that as many keypoints as possible are right.

    Parameters
    ----------
    found, true : ndarrays (A, K, 2) px
    visible : bool array (A, K)
        What is counted as right; a keypoint on the wrong animal counts wherever it is.
    tolerance : float, px

    Returns
    -------
    right : int, visible keypoints within the tolerance of their own
    wrong : int, keypoints within it of another animal's and not of their own
    order : ndarray (A,), which of those found each true animal is
    """
    near = np.linalg.norm(found[:, None] - true, axis=-1) <= tolerance  # (found, true, K)
    _, order = linear_sum_assignment(-(near & visible).sum(axis=-1).T)
    own = near[order, np.arange(len(true))]
    other = np.array([np.delete(near[f], t, axis=0).any(axis=0) for t, f in enumerate(order)])
    return int((own & visible).sum()), int((other & ~own).sum()), order
