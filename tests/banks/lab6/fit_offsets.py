import numpy as np

from autograder.judge.bank import alternative, mistake


def limbs(poses, parents):
    poses = np.asarray(poses, dtype=float)
    return poses - poses[:, parents]


def weights(variance):
    return 0.5 / np.maximum(variance, 1.0)


@mistake("takes parent minus child", hint="child *minus* parent")
def reversed_limbs(poses, parents):
    offset = -limbs(poses, parents)
    return np.nanmean(offset, axis=0), weights(np.nanvar(offset, axis=0))


@mistake("takes the mean place of the keypoint, not its place relative to the parent", hint="child *minus* parent")
def absolute(poses, parents):
    poses = np.asarray(poses, dtype=float)
    return np.nanmean(poses, axis=0), weights(np.nanvar(limbs(poses, parents), axis=0))


@mistake("measures each limb from the root", hint="child *minus* parent")
def from_the_root(poses, parents):
    root = int(np.flatnonzero(parents == np.arange(len(parents)))[0])
    offset = np.asarray(poses, dtype=float) - np.asarray(poses, dtype=float)[:, [root]]
    return np.nanmean(offset, axis=0), weights(np.nanvar(offset, axis=0))


@mistake("takes the median instead of the mean", hint="mean over frames")
def median(poses, parents):
    offset = limbs(poses, parents)
    return np.nanmedian(offset, axis=0), weights(np.nanvar(offset, axis=0))


@mistake("takes the mean square for the variance", hint="the variance of child minus parent")
def mean_square(poses, parents):
    offset = limbs(poses, parents)
    return np.nanmean(offset, axis=0), weights(np.nanmean(offset**2, axis=0))


@mistake("takes the variance of the limb's length", hint="for x and for y apart")
def spread_of_length(poses, parents):
    offset = limbs(poses, parents)
    length = np.nanvar(np.linalg.norm(offset, axis=-1), axis=0)
    return np.nanmean(offset, axis=0), weights(np.stack([length, length], axis=-1))


@mistake("divides by N - 1", hint="divided by the number of frames N")
def sample_variance(poses, parents):
    offset = limbs(poses, parents)
    return np.nanmean(offset, axis=0), weights(np.nanvar(offset, axis=0, ddof=1))


@mistake("forgets the factor 2", hint="1 / (2 variance)")
def no_half(poses, parents):
    offset = limbs(poses, parents)
    return np.nanmean(offset, axis=0), 1.0 / np.maximum(np.nanvar(offset, axis=0), 1.0)


@mistake("takes the standard deviation for the variance", hint="1 / (2 variance)")
def deviation(poses, parents):
    offset = limbs(poses, parents)
    return np.nanmean(offset, axis=0), weights(np.nanstd(offset, axis=0))


@mistake("returns the variance instead of the weight", hint="1 / (2 variance)")
def variance(poses, parents):
    offset = limbs(poses, parents)
    return np.nanmean(offset, axis=0), np.maximum(np.nanvar(offset, axis=0), 1.0)


@mistake("has one weight for x and y", hint="for x and for y apart")
def isotropic(poses, parents):
    offset = limbs(poses, parents)
    both = np.nanvar(offset, axis=0).mean(axis=1, keepdims=True)
    return np.nanmean(offset, axis=0), weights(np.repeat(both, 2, axis=1))


@mistake("takes the variance of the keypoint itself", hint="not of the keypoint itself")
def spread_of_keypoint(poses, parents):
    poses = np.asarray(poses, dtype=float)
    return np.nanmean(limbs(poses, parents), axis=0), weights(np.nanvar(poses, axis=0))


@mistake("adds the floor to every variance", hint="it is not added to the rest")
def adds_the_floor(poses, parents):
    offset = limbs(poses, parents)
    return np.nanmean(offset, axis=0), 0.5 / (np.nanvar(offset, axis=0) + 1.0)


@mistake("raises standard deviations to ten pixels", hint="A floor replaces what is smaller")
def high_floor(poses, parents):
    offset = limbs(poses, parents)
    return np.nanmean(offset, axis=0), 0.5 / np.maximum(np.nanvar(offset, axis=0), 100.0)


@mistake("uses only the frames where the whole animal is known", hint="not on those alone in which the whole animal is")
def complete_frames(poses, parents):
    poses = np.asarray(poses, dtype=float)
    offset = limbs(poses[~np.isnan(poses).any(axis=(1, 2))], parents)
    return offset.mean(axis=0), weights(offset.var(axis=0))


@mistake("takes missing keypoints for zeros", hint="a missing value is no zero")
def zeros(poses, parents):
    offset = limbs(np.nan_to_num(np.asarray(poses, dtype=float)), parents)
    return offset.mean(axis=0), weights(offset.var(axis=0))


@mistake("takes missing offsets for zeros", hint="a missing value is no zero")
def zero_offsets(poses, parents):
    offset = np.nan_to_num(limbs(poses, parents))
    return offset.mean(axis=0), weights(offset.var(axis=0))


@mistake("lets NaN through", hint="A missing keypoint is NaN")
def careless(poses, parents):
    offset = limbs(poses, parents)
    return offset.mean(axis=0), weights(offset.var(axis=0))


@mistake("takes the difference of the two ends' own means", hint="*both* its ends")
def means_of_ends(poses, parents):
    poses = np.asarray(poses, dtype=float)
    mean = np.nanmean(poses, axis=0)
    return mean - mean[parents], weights(np.nanvar(limbs(poses, parents), axis=0))


@mistake("has no floor", hint="raise the variance to a floor")
def no_floor(poses, parents):
    offset = limbs(poses, parents)
    with np.errstate(divide="ignore"):
        return np.nanmean(offset, axis=0), 0.5 / np.nanvar(offset, axis=0)


@alternative
def by_loop(poses, parents):
    mu, w = np.zeros((len(parents), 2)), np.zeros((len(parents), 2))
    for k, parent in enumerate(parents):
        rows = [frame[k] - frame[parent] for frame in poses if not np.isnan(frame[[k, parent]]).any()]
        mu[k] = sum(rows) / len(rows)
        spread = sum((row - mu[k]) ** 2 for row in rows) / len(rows)
        w[k] = 1.0 / (2.0 * np.maximum(spread, 1e-2))
    return mu, w


@alternative
def masked(poses, parents):
    offset = np.ma.masked_invalid(limbs(poses, parents))
    return offset.mean(axis=0).filled(0.0), 0.5 / np.maximum(offset.var(axis=0).filled(1.0), 4.0)


@alternative
def as_lists(poses, parents):
    K = len(parents)
    mu, w = [[0.0, 0.0] for _ in range(K)], [[float("nan")] * 2 for _ in range(K)]
    for k in range(K):
        if parents[k] == k:
            continue
        for axis in range(2):
            values = [float(f[k, axis] - f[parents[k], axis]) for f in poses]
            values = [v for v in values if v == v]
            mu[k][axis] = sum(values) / len(values)
            w[k][axis] = 1 / (2 * max(sum((v - mu[k][axis]) ** 2 for v in values) / len(values), 1e-6))
    return mu, w
