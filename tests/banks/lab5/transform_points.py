"""What goes wrong, and what else is right, in `transform_points`."""

from functools import wraps

import numpy as np
import torch

from autograder.judge.bank import alternative, mistake


def like_the_points(function):
    """Tensors out where tensors came in."""

    @wraps(function)
    def wrapped(points, matrix):
        result = function(points, matrix)
        return torch.as_tensor(result).to(points) if torch.is_tensor(points) else result

    return wrapped


@mistake("multiplies from the wrong side", hint="not points @ A,")
@like_the_points
def without_transpose(points, matrix):
    points, matrix = np.asarray(points, dtype=float), np.asarray(matrix, dtype=float)
    return points @ matrix[:, :2] + matrix[:, 2]


@mistake("forgets the shift", hint="b is added")
@like_the_points
def linear_only(points, matrix):
    points, matrix = np.asarray(points, dtype=float), np.asarray(matrix, dtype=float)
    return points @ matrix[:, :2].T


@mistake("shifts before it multiplies", hint="points @ A.T + b")
@like_the_points
def shift_first(points, matrix):
    points, matrix = np.asarray(points, dtype=float), np.asarray(matrix, dtype=float)
    return (points + matrix[:, 2]) @ matrix[:, :2].T


@mistake("goes from target to source", hint="x' = m00 x + m01 y + m02")
@like_the_points
def inverse(points, matrix):
    points, matrix = np.asarray(points, dtype=float), np.asarray(matrix, dtype=float)
    return (points - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T


@mistake("takes points as (y, x)", hint="x' = m00 x + m01 y + m02")
@like_the_points
def row_column(points, matrix):
    points, matrix = np.asarray(points, dtype=float), np.asarray(matrix, dtype=float)
    return (points[..., ::-1] @ matrix[:, :2].T + matrix[:, 2])[..., ::-1].copy()


@mistake("takes the first column for the shift", hint="x' = m00 x + m01 y + m02")
@like_the_points
def shift_in_the_first_column(points, matrix):
    points, matrix = np.asarray(points, dtype=float), np.asarray(matrix, dtype=float)
    return points @ matrix[:, 1:].T + matrix[:, 0]


@mistake("takes tables of points only", hint="Any leading axes stay")
@like_the_points
def tables_only(points, matrix):
    points, matrix = np.asarray(points, dtype=float), np.asarray(matrix, dtype=float)
    return (matrix @ np.vstack([points.T, np.ones(len(points))])).T


@mistake("flattens the leading axes", hint="Any leading axes stay")
@like_the_points
def flattens(points, matrix):
    points, matrix = np.asarray(points, dtype=float).reshape(-1, 2), np.asarray(matrix, dtype=float)
    return points @ matrix[:, :2].T + matrix[:, 2]


@mistake("moves missing points to where the origin goes", hint="NaN stays NaN")
@like_the_points
def missing_at_the_origin(points, matrix):
    points, matrix = np.nan_to_num(np.asarray(points, dtype=float)), np.asarray(matrix, dtype=float)
    return points @ matrix[:, :2].T + matrix[:, 2]


@mistake("drops missing points", hint="NaN stays NaN")
@like_the_points
def drops_missing(points, matrix):
    points, matrix = np.asarray(points, dtype=float), np.asarray(matrix, dtype=float)
    return points[~np.isnan(points).any(axis=-1)] @ matrix[:, :2].T + matrix[:, 2]


@mistake("lets one missing point spoil all", hint="without spreading")
@like_the_points
def spreads_missing(points, matrix):
    points, matrix = np.asarray(points, dtype=float), np.asarray(matrix, dtype=float)
    center = points.reshape(-1, 2).sum(axis=0)
    return (points - center) @ matrix[:, :2].T + (matrix[:, :2] @ center + matrix[:, 2])


@mistake("changes the points in place", hint="Work on a copy")
@like_the_points
def in_place(points, matrix):
    matrix = np.asarray(matrix, dtype=float)
    x = points[..., 0] * matrix[0, 0] + points[..., 1] * matrix[0, 1] + matrix[0, 2]
    y = points[..., 0] * matrix[1, 0] + points[..., 1] * matrix[1, 1] + matrix[1, 2]
    points[..., 0], points[..., 1] = x, y
    return points


@mistake("overwrites x before it computes y", hint="x' = m00 x + m01 y + m02")
@like_the_points
def uses_the_new_x(points, matrix):
    points, matrix = np.array(points, dtype=float), np.asarray(matrix, dtype=float)
    points[..., 0] = matrix[0, 0] * points[..., 0] + matrix[0, 1] * points[..., 1] + matrix[0, 2]
    points[..., 1] = matrix[1, 0] * points[..., 0] + matrix[1, 1] * points[..., 1] + matrix[1, 2]
    return points


@mistake("rounds to whole pixels", hint="x' = m00 x + m01 y + m02")
@like_the_points
def whole_pixels(points, matrix):
    points, matrix = np.asarray(points, dtype=float), np.asarray(matrix, dtype=float)
    return np.round(points @ matrix[:, :2].T + matrix[:, 2])


@mistake("handles NumPy arrays only", hint="arrays and tensors both come in")
@like_the_points
def arrays_only(points, matrix):
    return points.astype(float) @ matrix[:, :2].T + matrix[:, 2]


@mistake("gives arrays for tensors", hint="arrays came back")
def always_arrays(points, matrix):
    return np.asarray(points, dtype=float) @ np.asarray(matrix)[:, :2].T + np.asarray(matrix)[:, 2]


@mistake("gives double precision for single", hint="float32 went in")
def always_double(points, matrix):
    moved = always_arrays(points, matrix)
    return torch.as_tensor(moved) if torch.is_tensor(points) else moved


@alternative
@like_the_points
def homogeneous(points, matrix):
    points = np.asarray(points, dtype=float)
    return np.concatenate([points, np.ones((*points.shape[:-1], 1))], axis=-1) @ np.asarray(matrix, dtype=float).T


@alternative
@like_the_points
def by_einsum(points, matrix):
    matrix = np.asarray(matrix, dtype=float)
    return np.einsum("ij,...j->...i", matrix[:, :2], np.asarray(points, dtype=float)) + matrix[:, 2]


@alternative
@like_the_points
def by_coordinates(points, matrix):
    points, ((a, b, c), (d, e, f)) = np.asarray(points, dtype=float), np.asarray(matrix, dtype=float)
    x, y = points[..., 0], points[..., 1]
    return np.stack([a * x + b * y + c, d * x + e * y + f], axis=-1)


@alternative
@like_the_points
def by_torch(points, matrix):
    points, matrix = torch.as_tensor(points).double(), torch.as_tensor(matrix).double()
    return torch.matmul(points, matrix[:, :2].T) + matrix[:, 2]


@alternative
@like_the_points
def in_single_precision(points, matrix):
    points, matrix = torch.as_tensor(points, dtype=torch.float32), torch.as_tensor(matrix, dtype=torch.float32)
    return (points @ matrix[:, :2].T + matrix[:, 2]).numpy()
