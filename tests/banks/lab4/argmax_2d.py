"""What goes wrong, and what else is right, in `argmax_2d`."""

import numpy as np
import torch

from autograder.judge.bank import alternative, mistake


def array(maps):
    return np.asarray(maps, float)


def points(best, width):
    return np.stack([best % width, best // width], axis=-1)


def flat(maps):
    maps = array(maps)
    return maps.reshape(*maps.shape[:-2], -1)


@mistake("returns (row, column)", hint="(x, y) = (column, row)")
def rows_first(maps):
    return points(flat(maps).argmax(axis=-1), np.shape(maps)[-1])[..., ::-1]


@mistake("divides by the height", hint="index = y W + x")
def divides_by_the_height(maps):
    return points(flat(maps).argmax(axis=-1), np.shape(maps)[-2])


@mistake("returns the index in the flattened map", hint="x = index % W")
def flat_index(maps):
    return flat(maps).argmax(axis=-1)


@mistake("finds one pixel for all maps", hint="one for each map")
def over_all_maps(maps):
    maps = array(maps)
    y, x = np.unravel_index(maps.argmax(), maps.shape)[-2:]
    return np.broadcast_to([x, y], (*maps.shape[:-2], 2)).copy()


@mistake("finds the smallest value", hint="The largest value")
def argmin(maps):
    return points(flat(maps).argmin(axis=-1), np.shape(maps)[-1])


@mistake("finds the largest magnitude", hint="not the largest magnitude")
def magnitude(maps):
    return points(np.abs(flat(maps)).argmax(axis=-1), np.shape(maps)[-1])


@mistake("looks for x and y separately", hint="the same pixel")
def separately(maps):
    maps = array(maps)
    return np.stack([maps.max(axis=-2).argmax(axis=-1), maps.max(axis=-1).argmax(axis=-1)], axis=-1)


@mistake("takes the mean of all maximal pixels", hint="At a tie")
def mean_of_ties(maps):
    maps = array(maps)
    peaks = maps == maps.max(axis=(-2, -1), keepdims=True)
    rows, cols = np.indices(maps.shape[-2:])
    return np.stack([(peaks * grid).sum(axis=(-2, -1)) / peaks.sum(axis=(-2, -1)) for grid in (cols, rows)], axis=-1)


@mistake("starts the search at zero", hint="all values are negative")
def starts_at_zero(maps):
    return points(np.maximum(flat(maps), 0.0).argmax(axis=-1), np.shape(maps)[-1])


@mistake("counts from one", hint="index % W")
def from_one(maps):
    return points(flat(maps).argmax(axis=-1), np.shape(maps)[-1]) + 1


@mistake("adds half a pixel", hint="index % W")
def half_a_pixel(maps):
    return points(flat(maps).argmax(axis=-1), np.shape(maps)[-1]) + 0.5


@mistake("works on a batch of maps only", hint="The last two axes")
def three_axes(maps):
    maps = array(maps)
    return points(maps.reshape(len(maps), -1).argmax(axis=-1), maps.shape[-1])


@mistake("leaves out the last row and column", hint="corners")
def inner(maps):
    maps = array(maps)[..., : max(np.shape(maps)[-2] - 1, 1), : max(np.shape(maps)[-1] - 1, 1)]
    return points(flat(maps).argmax(axis=-1), maps.shape[-1])


@mistake("puts x and y first", hint="any others stay")
def coordinates_first(maps):
    return np.moveaxis(points(flat(maps).argmax(axis=-1), np.shape(maps)[-1]), -1, 0)


@mistake("counts pixels in floats", hint="pixels are counted in int")
def in_floats(maps):
    return points(flat(maps).argmax(axis=-1), np.shape(maps)[-1]).astype(float)


@mistake("divides instead of counting rows", hint="pixels are counted in int")
def true_division(maps):
    best, width = flat(maps).argmax(axis=-1), np.shape(maps)[-1]
    rows = np.floor(best / width)
    return np.stack([best - width * rows, rows], axis=-1)


@mistake("takes the column and the row of the largest sums", hint="the same pixel")
def largest_sums(maps):
    maps = array(maps)
    return np.stack([maps.sum(axis=-2).argmax(axis=-1), maps.sum(axis=-1).argmax(axis=-1)], axis=-1)


@mistake("looks for x and y separately, from the other end", hint="the same pixel")
def separately_from_below(maps):
    maps = array(maps)
    last_row = maps.shape[-2] - 1 - maps.max(axis=-1)[..., ::-1].argmax(axis=-1)
    return np.stack([maps.max(axis=-2).argmax(axis=-1), last_row], axis=-1)


@mistake("takes the sigmoid first", hint="a sigmoid makes ties")
def of_probabilities(maps):
    return points((1.0 / (1.0 + np.exp(-flat(maps)))).argmax(axis=-1), np.shape(maps)[-1])


@mistake("drops a leading axis of one", hint="any others stay")
def squeezes(maps):
    return np.squeeze(points(flat(maps).argmax(axis=-1), np.shape(maps)[-1]))


@alternative
def by_remainder(maps):
    return points(flat(maps).argmax(axis=-1), np.shape(maps)[-1])


@alternative
def by_loop(maps):
    maps = array(maps)
    out = np.zeros((*maps.shape[:-2], 2), dtype=int)
    for index in np.ndindex(*maps.shape[:-2]):
        y, x = np.unravel_index(maps[index].argmax(), maps.shape[-2:])
        out[index] = x, y
    return out


@alternative
def last_of_ties(maps):
    turned = flat(maps)[..., ::-1]
    return points(turned.shape[-1] - 1 - turned.argmax(axis=-1), np.shape(maps)[-1])


@alternative
def in_torch_by_axis(maps):
    maps = torch.as_tensor(maps)
    best, x = maps.max(dim=-1)
    y = best.argmax(dim=-1)
    return torch.stack([x.gather(-1, y[..., None])[..., 0], y], dim=-1)


@alternative
def as_lists(maps):
    maps = array(maps)
    found = [divmod(int(map.argmax()), maps.shape[-1])[::-1] for map in maps.reshape(-1, *maps.shape[-2:])]
    return np.reshape(found, (*maps.shape[:-2], 2)).tolist()
