"""What goes wrong, and what else is right, in `pixel_error`."""

import math

import numpy as np
import torch

from autograder.judge.bank import alternative, mistake


def difference(pred, true):
    return np.asarray(pred, float) - np.asarray(true, float)


@mistake("does not take the root", hint="neither squared")
def squared(pred, true):
    return np.sum(difference(pred, true) ** 2, axis=-1)


@mistake("takes the root mean square over x and y", hint="sqrt(dx^2 + dy^2)")
def rms(pred, true):
    return np.sqrt(np.mean(difference(pred, true) ** 2, axis=-1))


@mistake("averages over all keypoints", hint="one number per keypoint")
def averaged(pred, true):
    return np.mean(np.linalg.norm(difference(pred, true), axis=-1))


@mistake("averages over the keypoints that are known", hint="one number per keypoint")
def averaged_where_known(pred, true):
    return np.nanmean(np.linalg.norm(difference(pred, true), axis=-1))


@mistake("takes the norm of everything", hint="one number per keypoint")
def one_norm(pred, true):
    return np.linalg.norm(difference(pred, true))


@mistake("adds |dx| and |dy|", hint="Euclidean distance")
def manhattan(pred, true):
    return np.abs(difference(pred, true)).sum(axis=-1)


@mistake("takes the larger of |dx| and |dy|", hint="Euclidean distance")
def largest(pred, true):
    return np.abs(difference(pred, true)).max(axis=-1)


@mistake("gives dx and dy", hint="the last axis is gone")
def per_coordinate(pred, true):
    return np.abs(difference(pred, true))


@mistake("keeps the last axis", hint="the last axis is gone")
def keeps_the_axis(pred, true):
    return np.linalg.norm(difference(pred, true), axis=-1, keepdims=True)


@mistake("takes the norm over the wrong axis", hint="the last axis is gone")
def first_axis(pred, true):
    return np.linalg.norm(difference(pred, true), axis=0)


@mistake("counts a missing truth as no error", hint="neither 0")
def nan_to_zero(pred, true):
    return np.nan_to_num(np.linalg.norm(difference(pred, true), axis=-1))


@mistake("skips the missing coordinate", hint="in one coordinate or in both")
def nansum(pred, true):
    return np.sqrt(np.nansum(difference(pred, true) ** 2, axis=-1))


@mistake("drops keypoints without truth", hint="nor dropped")
def drops(pred, true):
    error = np.linalg.norm(difference(pred, true), axis=-1)
    return error[~np.isnan(error)]


@mistake("lets one NaN spoil the whole frame", hint="The other keypoints are not touched")
def spoils_the_frame(pred, true):
    error = np.linalg.norm(difference(pred, true), axis=-1)
    if error.ndim < 2:
        return error
    return np.where(np.isnan(error).any(axis=-1, keepdims=True), np.nan, error)


@mistake("subtracts in place", hint="Work on a copy")
def in_place(pred, true):
    pred -= true
    return np.hypot(pred[..., 0], pred[..., 1])


@mistake("takes a missing prediction for the origin", hint="nor where the prediction is NaN")
def missing_prediction_at_zero(pred, true):
    difference = np.nan_to_num(np.asarray(pred, float)) - np.asarray(true, float)
    return np.hypot(difference[..., 0], difference[..., 1])


@mistake("calls a missing prediction infinitely far", hint="nor where the prediction is NaN")
def missing_prediction_at_infinity(pred, true):
    difference = np.asarray(pred, float) - np.asarray(true, float)
    error = np.hypot(difference[..., 0], difference[..., 1])
    missed = np.isnan(np.asarray(pred, float)).any(axis=-1) & ~np.isnan(np.asarray(true, float)).any(axis=-1)
    return np.where(missed, np.inf, error)


@alternative
def by_norm(pred, true):
    return np.linalg.norm(difference(pred, true), axis=-1)


@alternative
def by_loop(pred, true):
    pred, true = np.asarray(pred, float), np.asarray(true, float)
    out = np.zeros(pred.shape[:-1])
    for index in np.ndindex(*out.shape):
        out[index] = math.dist(pred[index], true[index])
    return out


@alternative
def in_single_precision(pred, true):
    return (torch.as_tensor(pred).float() - torch.as_tensor(true).float()).pow(2).sum(dim=-1).sqrt()


@alternative
def by_complex_numbers(pred, true):
    difference = np.asarray(pred, float) - np.asarray(true, float)
    return np.abs(difference[..., 0] + 1j * difference[..., 1])
