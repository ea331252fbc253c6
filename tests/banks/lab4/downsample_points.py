"""What goes wrong, and what else is right, in `downsample_points`."""

import numpy as np
import torch

from autograder.judge.bank import alternative, mistake


def array(points):
    return np.asarray(points, float)


@mistake("only divides", hint="half a pixel off")
def divides(points, factor):
    return array(points) / factor


@mistake("forgets to go back by half a pixel", hint="half a pixel off")
def no_way_back(points, factor):
    return (array(points) + 0.5) / factor


@mistake("subtracts half a pixel first and adds it afterwards", hint="Pixel centres are at integers")
def wrong_way_round(points, factor):
    return (array(points) - 0.5) / factor + 0.5


@mistake("multiplies", hint="Pixel centres are at integers")
def multiplies(points, factor):
    return (array(points) + 0.5) * factor - 0.5


@mistake("rounds to whole pixels", hint="nothing is rounded")
def floors(points, factor):
    return np.floor(array(points) / factor)


@mistake("shifts by half of the factor", hint="half a pixel off")
def shifts_by_half_the_factor(points, factor):
    return (array(points) - factor / 2) / factor


@mistake("shifts x only", hint="half a pixel off")
def x_only(points, factor):
    shifted = array(points) / factor
    shifted[..., 0] += 0.5 / factor - 0.5
    return shifted


@mistake("replaces NaN by zero", hint="NaN stays NaN")
def fills_gaps(points, factor):
    return np.nan_to_num((array(points) + 0.5) / factor - 0.5)


@mistake("clips points to the image", hint="outside the image")
def clips(points, factor):
    return np.maximum((array(points) + 0.5) / factor - 0.5, 0.0)


@mistake("divides as integers", hint="nothing is rounded")
def floor_division(points, factor):
    return (array(points) + 0.5) // factor


@mistake("expects exactly two axes", hint="leading axes")
def two_axes(points, factor):
    points = array(points).reshape(-1, 2)
    return (points + 0.5) / factor - 0.5


@mistake("changes the points in place", hint="Work on a copy")
def in_place(points, factor):
    points += 0.5
    points /= factor
    points -= 0.5
    return points


@mistake("gives back whole numbers where whole numbers came in", hint="whole numbers become fractions")
def of_the_kind_given(points, factor):
    result = (torch.as_tensor(points) - (factor - 1) / 2) / factor
    return result.to(torch.as_tensor(points).dtype)


@mistake("drops a leading axis of one", hint="Any number of leading axes")
def squeezes(points, factor):
    return np.squeeze((array(points) - (factor - 1) / 2) / factor)


@alternative
def middle_of_the_first_block(points, factor):
    return (array(points) - (factor - 1) / 2) / factor


@alternative
def in_torch(points, factor):
    return torch.as_tensor(points).float() / factor + (1 - factor) / (2 * factor)


@alternative
def by_coordinate(points, factor):
    points = array(points)
    x, y = points[..., 0], points[..., 1]
    return np.stack([(x + 0.5) / factor - 0.5, (y + 0.5) / factor - 0.5], axis=-1)
