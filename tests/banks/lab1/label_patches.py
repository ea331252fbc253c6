"""What goes wrong, and what else is right, in `label_patches`."""

import math

import numpy as np

from autograder.judge.bank import alternative, mistake


def distances(centers, keypoint):
    return np.linalg.norm(np.asarray(centers, float) - np.asarray(keypoint, float), axis=1)


@mistake("labels a square instead of a disc", hint="not a square")
def square(centers, keypoint, radius):
    return (np.abs(np.asarray(centers) - keypoint).max(axis=1) <= radius).astype(int)


@mistake("labels a diamond instead of a disc", hint="or a diamond")
def diamond(centers, keypoint, radius):
    return (np.abs(np.asarray(centers) - keypoint).sum(axis=1) <= radius).astype(int)


@mistake("leaves out the boundary", hint="exactly the radius")
def strictly_less(centers, keypoint, radius):
    return (distances(centers, keypoint) < radius).astype(int)


@mistake("compares the squared distance with the radius", hint="sqrt(dx^2 + dy^2)")
def forgets_the_root(centers, keypoint, radius):
    return (distances(centers, keypoint) ** 2 <= radius).astype(int)


@mistake("takes the radius for a diameter", hint="Euclidean distance")
def diameter(centers, keypoint, radius):
    return (2 * distances(centers, keypoint) <= radius).astype(int)


@mistake("takes the keypoint as (row, column)", hint="Euclidean distance")
def swaps_x_and_y(centers, keypoint, radius):
    return (distances(centers, np.asarray(keypoint)[::-1]) <= radius).astype(int)


@mistake("labels the outside", hint="a disc")
def inverted(centers, keypoint, radius):
    return (distances(centers, keypoint) > radius).astype(int)


@mistake("rounds the keypoint to a pixel", hint="need not be whole")
def rounds_the_keypoint(centers, keypoint, radius):
    return (distances(centers, np.nan_to_num(np.rint(keypoint), nan=-1e9)) <= radius).astype(int)


@mistake("truncates the keypoint to integers", hint="need not be whole")
def truncates_the_keypoint(centers, keypoint, radius):
    return (distances(centers, np.nan_to_num(keypoint, nan=-1e9).astype(int)) <= radius).astype(int)


@mistake("rounds the distances", hint="a disc")
def rounds_the_distance(centers, keypoint, radius):
    return (np.rint(distances(centers, keypoint)) <= radius).astype(int)


@mistake("labels only the nearest patch", hint="a disc")
def nearest_only(centers, keypoint, radius):
    d = distances(centers, keypoint)
    labels = np.zeros(len(d), int)
    if np.isfinite(d).all() and d.min() <= radius:
        labels[d.argmin()] = 1
    return labels


@mistake("returns True and False", hint="the integers 0 and 1")
def booleans(centers, keypoint, radius):
    return distances(centers, keypoint) <= radius


@mistake("returns floats", hint="the integers 0 and 1")
def floats(centers, keypoint, radius):
    return (distances(centers, keypoint) <= radius).astype(float)


@mistake("returns a column", hint="expected shape (1200,)")
def column(centers, keypoint, radius):
    return (distances(centers, keypoint) <= radius).astype(int)[:, None]


@mistake("labels with -1 and 1", hint="the integers 0 and 1")
def signs(centers, keypoint, radius):
    return np.where(distances(centers, keypoint) <= radius, 1, -1)


@mistake("returns the indices of the positive patches", hint="expected shape (1200,)")
def indices(centers, keypoint, radius):
    return np.flatnonzero(distances(centers, keypoint) <= radius)


@mistake("makes every patch positive when the keypoint is missing", hint="not seen")
def nan_is_positive(centers, keypoint, radius):
    return (~(distances(centers, keypoint) > radius)).astype(int)


@mistake("takes a missing keypoint to be at (0, 0)", hint="not seen")
def nan_to_zero(centers, keypoint, radius):
    return (distances(centers, np.nan_to_num(keypoint)) <= radius).astype(int)


@mistake("ignores the missing coordinate", hint="not seen")
def one_coordinate_is_enough(centers, keypoint, radius):
    offsets = np.asarray(centers, float) - keypoint
    seen = not np.isnan(keypoint).all()
    return ((np.sqrt(np.nansum(offsets**2, axis=1)) <= radius) & seen).astype(int)


@mistake("returns NaN labels for a missing keypoint", hint="not seen")
def nan_labels(centers, keypoint, radius):
    if np.isnan(keypoint).any():
        return np.full(len(centers), np.nan)
    return (distances(centers, keypoint) <= radius).astype(int)


@mistake("raises an error for a missing keypoint", hint="not seen")
def refuses_nan(centers, keypoint, radius):
    if np.isnan(keypoint).any():
        raise ValueError("keypoint is NaN")
    return (distances(centers, keypoint) <= radius).astype(int)


@mistake("returns a single 0 for a missing keypoint", hint="N zeros")
def one_zero(centers, keypoint, radius):
    if np.isnan(keypoint).any():
        return 0
    return (distances(centers, keypoint) <= radius).astype(int)


@mistake("allows a tolerance at the boundary", hint="without rounding or slack")
def with_slack(centers, keypoint, radius):
    return (distances(centers, keypoint) <= radius + 0.2).astype(int)


@mistake("subtracts the keypoint from `centers` in place", hint="Work on a copy")
def changes_the_centers(centers, keypoint, radius):
    labels = (distances(centers, keypoint) <= radius).astype(int)
    centers -= np.nan_to_num(np.rint(keypoint)).astype(int)
    return labels


@mistake("allows for rounding at the boundary", hint="without rounding or slack")
def close_enough(centers, keypoint, radius):
    distance = np.linalg.norm(centers - np.asarray(keypoint), axis=1)
    return ((distance < radius) | np.isclose(distance, radius)).astype(int)


@mistake("adds a little to the radius", hint="without rounding or slack")
def slack(centers, keypoint, radius):
    return (np.linalg.norm(centers - np.asarray(keypoint), axis=1) <= radius + 1e-6).astype(int)


@mistake("cuts the fractions of the centres off", hint="at most the radius")
def whole_centers(centers, keypoint, radius):
    return (np.linalg.norm(np.asarray(centers).astype(int) - np.asarray(keypoint), axis=1) <= radius).astype(int)


@alternative
def by_loop(centers, keypoint, radius):
    return [1 if math.dist(center, keypoint) <= radius else 0 for center in centers]


@alternative
def by_squares(centers, keypoint, radius):
    return (((centers - np.asarray(keypoint)) ** 2).sum(axis=1) <= radius**2).astype(int)


@alternative
def by_cdist(centers, keypoint, radius):
    from scipy.spatial.distance import cdist

    if np.isnan(keypoint).any():
        return np.zeros(len(centers), dtype=np.uint8)
    return np.where(cdist(centers, np.array([keypoint]))[:, 0] <= radius, np.uint8(1), np.uint8(0))


@alternative
def in_torch(centers, keypoint, radius):
    import torch

    offsets = torch.as_tensor(centers, dtype=torch.float64) - torch.as_tensor(keypoint)
    return (torch.linalg.norm(offsets, dim=1) <= radius).long()
