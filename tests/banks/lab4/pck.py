"""What goes wrong, and what else is right, in `pck`."""

import numpy as np
import torch

from autograder.judge.bank import alternative, mistake


def errors(pred, true):
    return np.linalg.norm(np.asarray(pred, float) - np.asarray(true, float), axis=-1)


def with_truth(true):
    return ~np.isnan(np.asarray(true, float)).any(axis=-1)


def mean(values):
    return float(np.mean(values)) if np.size(values) else float("nan")


@mistake("leaves out the threshold itself", hint="<=")
def strictly_below(pred, true, threshold):
    return mean(errors(pred, true)[with_truth(true)] < threshold)


@mistake("returns per cent", hint="not per cent")
def per_cent(pred, true, threshold):
    return 100.0 * mean(errors(pred, true)[with_truth(true)] <= threshold)


@mistake("counts instead of taking the fraction", hint="The fraction")
def counts(pred, true, threshold):
    return float(np.sum(errors(pred, true)[with_truth(true)] <= threshold))


@mistake("counts the misses", hint="at most the threshold")
def misses(pred, true, threshold):
    return 1.0 - mean(errors(pred, true)[with_truth(true)] <= threshold)


@mistake("compares the squared distance", hint="whose distance is at most")
def squared(pred, true, threshold):
    return mean(errors(pred, true)[with_truth(true)] ** 2 <= threshold)


@mistake("compares dx and dy separately", hint="whose distance is at most")
def per_coordinate(pred, true, threshold):
    near = np.abs(np.asarray(pred, float) - np.asarray(true, float)) <= threshold
    return mean(near[with_truth(true)].all(axis=-1))


@mistake("gives one number per keypoint", hint="One number over all")
def per_keypoint(pred, true, threshold):
    return np.mean(errors(pred, true) <= threshold, axis=0)


@mistake("takes the mean over keypoints with no truth, too", hint="left out of both counts")
def keeps_unknown(pred, true, threshold):
    return mean(errors(pred, true) <= threshold)


@mistake("leaves out predictions that are NaN", hint="stays in the denominator")
def leaves_out_misses(pred, true, threshold):
    error = errors(pred, true)
    return mean(error[~np.isnan(error)] <= threshold)


@mistake("counts a missing prediction as found", hint="is a miss")
def nan_is_found(pred, true, threshold):
    return mean(~(errors(pred, true)[with_truth(true)] > threshold))


@mistake("returns 0 where there is no truth", hint="the answer is NaN")
def zero_for_nothing(pred, true, threshold):
    near = errors(pred, true)[with_truth(true)] <= threshold
    return float(near.sum() / max(near.size, 1))


@mistake("asks for both coordinates to be missing", hint="Keypoints without truth")
def both_missing(pred, true, threshold):
    known = ~np.isnan(np.asarray(true, float)).all(axis=-1)
    return mean(errors(pred, true)[known] <= threshold)


@mistake("ignores the threshold", hint="at most the threshold")
def fixed_threshold(pred, true, threshold):
    return mean(errors(pred, true)[with_truth(true)] <= 5.0)


@mistake("takes the mean over frames", hint="no mean over frames")
def mean_over_frames(pred, true, threshold):
    pred, true = np.asarray(pred, float), np.asarray(true, float)
    if pred.ndim < 3:
        return pooled(pred, true, threshold)
    return float(np.nanmean([pooled(p, t, threshold) for p, t in zip(pred, true)]))


@mistake("takes the mean over keypoints", hint="no mean over frames, or over keypoints")
def mean_over_keypoints(pred, true, threshold):
    pred, true = np.asarray(pred, float), np.asarray(true, float)
    if pred.ndim < 3:
        return pooled(pred, true, threshold)
    return float(np.nanmean([pooled(pred[:, k], true[:, k], threshold) for k in range(pred.shape[1])]))


@mistake("is lenient by a twentieth of a pixel", hint="at most the threshold")
def lenient(pred, true, threshold):
    return pooled(pred, true, threshold + 0.05)


@mistake("rounds distances", hint="nothing is rounded")
def rounds(pred, true, threshold):
    return mean(np.round(errors(pred, true)[with_truth(true)]) <= threshold)


@mistake("rounds distances down", hint="nothing is rounded")
def rounds_down(pred, true, threshold):
    return mean(np.floor(errors(pred, true)[with_truth(true)]) <= threshold)


@mistake("takes whole thresholds", hint="nothing is rounded")
def whole_threshold(pred, true, threshold):
    return mean(errors(pred, true)[with_truth(true)] <= int(threshold))


@alternative
def by_counting(pred, true, threshold):
    found = known = 0
    for p, t in zip(np.reshape(np.asarray(pred), (-1, 2)), np.reshape(np.asarray(true), (-1, 2)), strict=True):
        if not np.isnan(t).any():
            known += 1
            found += bool(np.hypot(*(p - t)) <= threshold)
    return found / known if known else float("nan")


@alternative
def by_nanmean(pred, true, threshold):
    near = np.where(with_truth(true), errors(pred, true) <= threshold, np.nan)
    return np.nanmean(near)


@alternative
def in_torch(pred, true, threshold):
    pred, true = torch.as_tensor(pred).float(), torch.as_tensor(true).float()
    known = ~torch.isnan(true).any(dim=-1)
    near = torch.linalg.vector_norm(pred[known] - true[known], dim=-1) <= threshold
    return near.float().mean()


@alternative
def pooled(pred, true, threshold):
    pred, true = np.reshape(np.asarray(pred, float), (-1, 2)), np.reshape(np.asarray(true, float), (-1, 2))
    known = ~np.isnan(true).any(axis=1)
    correct = np.linalg.norm(pred[known] - true[known], axis=1) <= threshold
    return float(np.mean(correct)) if len(correct) else float("nan")
