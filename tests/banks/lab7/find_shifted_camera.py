"""What goes wrong, and what else is right, in `find_shifted_camera`."""

import numpy as np

from autograder.judge.bank import alternative, mistake
from solutions.triangulation import project, refine, reprojection_error, triangulate


def left_out(P, Y, camera, fit=triangulate):
    """Points from the other cameras, what these still miss, and detection minus projection in the one that was left out."""
    others = np.arange(len(P)) != camera
    X = fit(P[others], Y[:, others])
    return reprojection_error(P[others], X, Y[:, others]), Y[:, camera] - project(P, X)[:, camera]


def chosen(P, Y, score, shift, fit=triangulate):
    """The camera with the smallest score of (errors of the others, offsets), and the shift that is made of its offsets."""
    found = [left_out(P, Y, camera, fit) for camera in range(len(P))]
    camera = int(np.argmin([score(*each) for each in found]))
    return camera, shift(found[camera][1])


def by_the_others(error, offset):
    return np.nanmedian(error)


def median(offset):
    return np.nanmedian(offset, axis=0)


@mistake("takes the camera without which the others agree worst", hint="is smallest without")
def largest(P, Y):
    return chosen(P, Y, lambda error, offset: -np.nanmedian(error), median)


@mistake("takes the camera with the largest error when all are used", hint="Leave each camera out")
def all_views(P, Y):
    X = triangulate(P, Y)
    camera = int(np.argmax(np.nanmean(reprojection_error(P, X, Y), axis=0)))
    return camera, np.nanmedian(Y[:, camera] - project(P, X)[:, camera], axis=0)


@mistake(
    "takes the camera that is furthest from where the others see the points",
    hint="how well these agree among themselves",
)
def own_error(P, Y):
    return chosen(P, Y, lambda error, offset: -np.nanmedian(np.linalg.norm(offset, axis=-1)), median)


@mistake(
    "measures the shift against points that the camera itself helped to place", hint="as the *other* cameras place them"
)
def own_say(P, Y):
    camera, _ = chosen(P, Y, by_the_others, median)
    return camera, np.nanmedian(Y[:, camera] - project(P, triangulate(P, Y))[:, camera], axis=0)


@mistake("returns projection minus detection", hint="detection minus projection")
def minus(P, Y):
    return chosen(P, Y, by_the_others, lambda offset: -median(offset))


@mistake("returns the mean instead of the median", hint="does not hear the few that are wrong")
def mean(P, Y):
    return chosen(P, Y, by_the_others, lambda offset: np.nanmean(offset, axis=0))


@mistake("returns (y, x)", hint="(x, y)")
def rows_first(P, Y):
    return chosen(P, Y, by_the_others, lambda offset: median(offset)[::-1])


@mistake("returns the size of the shift", hint="(x, y)")
def size(P, Y):
    return chosen(P, Y, by_the_others, lambda offset: np.linalg.norm(median(offset)))


@mistake("returns how far the picture has moved, without the direction", hint="detection minus projection")
def without_sign(P, Y):
    return chosen(P, Y, by_the_others, lambda offset: np.nanmedian(np.abs(offset), axis=0))


@mistake("uses only points that are in every view", hint="need not be in every view")
def in_every_view(P, Y):
    return chosen(P, Y[np.isfinite(Y).all(axis=(1, 2))], by_the_others, median)


@mistake("returns the shift of the last camera that it tried", hint="the *other* cameras")
def last(P, Y):
    camera, _ = chosen(P, Y, by_the_others, median)
    return camera, median(left_out(P, Y, len(P) - 1)[1])


@mistake("counts cameras from one", hint="Leave each camera out in turn")
def from_one(P, Y):
    camera, shift = chosen(P, Y, by_the_others, median)
    return camera + 1, shift


@mistake("lets one missing detection spoil the median", hint="nor the missing ones")
def spoilt(P, Y):
    return chosen(P, Y, by_the_others, lambda offset: np.median(offset, axis=0))


@alternative
def with_gauss_newton(P, Y):
    return chosen(P, Y, by_the_others, median, fit=lambda P, Y: refine(P, Y, triangulate(P, Y)))


@alternative
def by_a_quantile(P, Y):
    camera, shift = chosen(P, Y, lambda error, offset: np.nanquantile(error, 0.4), median)
    return np.int64(camera), shift.tolist()
