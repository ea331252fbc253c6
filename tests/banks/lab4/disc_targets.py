"""What goes wrong, and what else is right, in `disc_targets`."""

import numpy as np
import torch

from autograder.judge.bank import alternative, mistake


def discs(keypoints, shape, radius, distance=np.hypot, inside=np.less_equal):
    points = np.asarray(keypoints, float)
    dx = np.arange(shape[1]) - points[:, 0, None, None]
    dy = np.arange(shape[0])[:, None] - points[:, 1, None, None]
    return inside(distance(dx, dy), radius).astype(float)


@mistake("swaps x and y", hint="(column, row)")
def swaps_x_and_y(keypoints, shape, radius):
    return discs(np.asarray(keypoints)[:, ::-1], shape, radius)


@mistake("takes the shape as (width, height)", hint="One map (H, W)")
def swaps_the_shape(keypoints, shape, radius):
    return discs(keypoints, shape[::-1], radius)


@mistake("draws squares", hint="A disc")
def squares(keypoints, shape, radius):
    return discs(keypoints, shape, radius, distance=lambda dx, dy: np.maximum(np.abs(dx), np.abs(dy)))


@mistake("draws diamonds", hint="A disc")
def diamonds(keypoints, shape, radius):
    return discs(keypoints, shape, radius, distance=lambda dx, dy: np.abs(dx) + np.abs(dy))


@mistake("leaves the rim out", hint="exactly the radius")
def strictly_inside(keypoints, shape, radius):
    return discs(keypoints, shape, radius, inside=np.less)


@mistake("compares the squared distance with the radius", hint="Euclidean distance")
def forgets_the_square(keypoints, shape, radius):
    return discs(keypoints, shape, radius, distance=lambda dx, dy: dx**2 + dy**2)


@mistake("rounds the keypoint first", hint="need not be whole")
def rounds(keypoints, shape, radius):
    return discs(np.rint(np.asarray(keypoints)), shape, radius)


@mistake("truncates the keypoint first", hint="need not be whole")
def truncates(keypoints, shape, radius):
    return discs(np.trunc(np.asarray(keypoints)), shape, radius)


@mistake("draws a Gaussian", hint="1.0 where")
def gaussians(keypoints, shape, radius):
    points = np.nan_to_num(np.asarray(keypoints, float), nan=-1e6)
    dx = np.arange(shape[1]) - points[:, 0, None, None]
    dy = np.arange(shape[0])[:, None] - points[:, 1, None, None]
    return np.exp(-(dx**2 + dy**2) / (2 * max(radius, 1e-3) ** 2))


@mistake("makes one map for all keypoints", hint="One map (H, W) per keypoint")
def one_map(keypoints, shape, radius):
    return discs(keypoints, shape, radius).max(axis=0, keepdims=True)


@mistake("puts the keypoints last", hint="One map (H, W) per keypoint")
def keypoints_last(keypoints, shape, radius):
    return discs(keypoints, shape, radius).transpose(1, 2, 0)


@mistake("takes a missing keypoint for everywhere", hint="not seen (NaN")
def nan_is_everywhere(keypoints, shape, radius):
    return 1.0 - discs(keypoints, shape, radius, inside=np.greater)


@mistake("gives NaN for a missing keypoint", hint="not seen (NaN")
def nan_maps(keypoints, shape, radius):
    maps = discs(keypoints, shape, radius)
    maps[np.isnan(np.asarray(keypoints)).any(axis=1)] = np.nan
    return maps


@mistake("looks for NaN in x only", hint="one or both coordinates")
def only_x_can_be_missing(keypoints, shape, radius):
    points = np.array(keypoints, float)
    points[:, 1] = np.where(np.isnan(points[:, 1]), shape[0] // 2, points[:, 1])
    return discs(points, shape, radius)


@mistake("drops missing keypoints", hint="keeps its place")
def drops_missing(keypoints, shape, radius):
    points = np.asarray(keypoints)
    return discs(points[~np.isnan(points).any(axis=1)], shape, radius)


@mistake("puts a missing keypoint into the corner", hint="not seen (NaN")
def nan_to_zero(keypoints, shape, radius):
    return discs(np.nan_to_num(np.asarray(keypoints)), shape, radius)


@mistake("moves keypoints from outside to the edge", hint="moved to the edge")
def clips(keypoints, shape, radius):
    return discs(np.clip(np.asarray(keypoints), 0, [shape[1] - 1, shape[0] - 1]), shape, radius)


@mistake("leaves out keypoints outside the image", hint="what of its disc falls inside")
def ignores_outside(keypoints, shape, radius):
    points = np.asarray(keypoints)
    out = (points < 0).any(axis=1) | (points > [shape[1] - 1, shape[0] - 1]).any(axis=1)
    maps = discs(points, shape, radius)
    maps[out] = 0.0
    return maps


@mistake(
    "puts a keypoint that is NaN far away, where a large disc still reaches", hint="NaN in one or both coordinates"
)
def far_away(keypoints, shape, radius):
    return discs(np.nan_to_num(np.asarray(keypoints, float), nan=-1000.0), shape, radius)


@alternative
def in_numpy(keypoints, shape, radius):
    return discs(keypoints, shape, radius)


@alternative
def by_loops(keypoints, shape, radius):
    return [
        [[float((c - x) ** 2 + (r - y) ** 2 <= radius**2) for c in range(shape[1])] for r in range(shape[0])]
        for x, y in np.asarray(keypoints, float)
    ]


@alternative
def in_single_precision(keypoints, shape, radius):
    points = torch.as_tensor(keypoints).float()
    y, x = torch.meshgrid(torch.arange(shape[0]), torch.arange(shape[1]), indexing="ij")
    lattice = torch.stack([x, y], dim=-1).float()
    return ((lattice - points[:, None, None]).pow(2).sum(-1).sqrt() <= radius).float()


@alternative
def booleans(keypoints, shape, radius):
    return discs(keypoints, shape, radius).astype(bool)
