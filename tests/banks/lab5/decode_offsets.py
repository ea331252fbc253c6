"""What goes wrong, and what else is right, in `decode_offsets`."""

from functools import wraps

import numpy as np
import torch

from autograder.judge.bank import alternative, mistake


def best_cells(scores):
    """Rows and columns (K,) of the largest scores."""
    scores = np.asarray(scores)
    return np.unravel_index(scores.reshape(len(scores), -1).argmax(axis=1), scores.shape[1:])


def at(offsets, rows, columns):
    """The offsets (K, 2) of these cells."""
    offsets = np.asarray(offsets, dtype=float)
    return offsets[np.arange(len(offsets)), :, rows, columns]


def middle(cells, stride):
    return stride * np.asarray(cells) + (stride - 1) / 2


def like_the_offsets(function):
    """Tensors out where tensors came in."""

    @wraps(function)
    def wrapped(scores, offsets, stride):
        result = function(scores, offsets, stride)
        return torch.as_tensor(result).to(offsets) if torch.is_tensor(offsets) else result

    return wrapped


@mistake("starts from the first pixel of the cell", hint="not s j,")
@like_the_offsets
def from_the_corner(scores, offsets, stride):
    rows, columns = best_cells(scores)
    return stride * np.column_stack([columns, rows]) + at(offsets, rows, columns)


@mistake("puts the middle of a cell half a pixel too far", hint="not s j + s/2")
@like_the_offsets
def half_a_pixel_off(scores, offsets, stride):
    rows, columns = best_cells(scores)
    return stride * (np.column_stack([columns, rows]) + 0.5) + at(offsets, rows, columns)


@mistake("halves the stride in whole numbers", hint="(s - 1)/2")
@like_the_offsets
def whole_half(scores, offsets, stride):
    rows, columns = best_cells(scores)
    return stride * np.column_stack([columns, rows]) + (stride - 1) // 2 + at(offsets, rows, columns)


@mistake("forgets the offsets", hint="The offset is added")
@like_the_offsets
def no_offsets(scores, offsets, stride):
    rows, columns = best_cells(scores)
    return middle(np.column_stack([columns, rows]), stride) + 0.0 * at(offsets, rows, columns)


@mistake("subtracts the offsets", hint="The offset is added")
@like_the_offsets
def subtracts(scores, offsets, stride):
    rows, columns = best_cells(scores)
    return middle(np.column_stack([columns, rows]), stride) - at(offsets, rows, columns)


@mistake("multiplies the offsets by the stride", hint="lead back to the keypoint")
@like_the_offsets
def offsets_in_cells(scores, offsets, stride):
    rows, columns = best_cells(scores)
    return middle(np.column_stack([columns, rows]), stride) + stride * at(offsets, rows, columns)


@mistake("returns (row, column)", hint="x goes with the column")
@like_the_offsets
def row_first(scores, offsets, stride):
    rows, columns = best_cells(scores)
    return middle(np.column_stack([rows, columns]), stride) + at(offsets, rows, columns)


@mistake("divides by the height of the map instead of its width", hint="index i w + j")
@like_the_offsets
def wrong_side(scores, offsets, stride):
    scores, offsets = np.asarray(scores), np.asarray(offsets, dtype=float)
    K, h, w = scores.shape
    best = scores.reshape(K, -1).argmax(axis=1)
    offset = offsets.reshape(K, 2, -1)[np.arange(K), :, best]
    return middle(np.column_stack([best % h, best // h]), stride) + offset


@mistake("takes the offset [:, 0] for dy", hint="offset [:, 0]")
@like_the_offsets
def dy_first(scores, offsets, stride):
    rows, columns = best_cells(scores)
    return middle(np.column_stack([columns, rows]), stride) + at(offsets, rows, columns)[:, ::-1]


@mistake("averages the offsets over the map", hint="that cell's offset")
@like_the_offsets
def mean_offset(scores, offsets, stride):
    rows, columns = best_cells(scores)
    return middle(np.column_stack([columns, rows]), stride) + np.asarray(offsets, dtype=float).mean(axis=(2, 3))


@mistake("takes the best cell of all maps together", hint="its own score map")
@like_the_offsets
def one_cell_for_all(scores, offsets, stride):
    rows, columns = best_cells(np.asarray(scores).max(axis=0)[None])
    rows, columns = (np.repeat(index, len(scores)) for index in (rows, columns))
    return middle(np.column_stack([columns, rows]), stride) + at(offsets, rows, columns)


@mistake("starts the search at a score of zero", hint="all scores may be negative")
@like_the_offsets
def positive_scores_only(scores, offsets, stride):
    points = []
    for score, offset in zip(np.asarray(scores), np.asarray(offsets, dtype=float), strict=True):
        best, cell = 0.0, (0, 0)
        for i in range(score.shape[0]):
            for j in range(score.shape[1]):
                if score[i, j] > best:
                    best, cell = score[i, j], (i, j)
        i, j = cell
        points.append([middle(j, stride) + offset[0, i, j], middle(i, stride) + offset[1, i, j]])
    return np.array(points)


@mistake("takes the smallest score", hint="its own score map is largest")
@like_the_offsets
def smallest_score(scores, offsets, stride):
    rows, columns = best_cells(-np.asarray(scores))
    return middle(np.column_stack([columns, rows]), stride) + at(offsets, rows, columns)


@mistake("averages over all cells, weighted by the scores", hint="that cell's offset")
@like_the_offsets
def soft_argmax(scores, offsets, stride):
    scores, offsets = np.asarray(scores, dtype=float), np.asarray(offsets, dtype=float)
    weight = np.exp(scores - scores.max(axis=(1, 2), keepdims=True))
    weight /= weight.sum(axis=(1, 2), keepdims=True)
    y, x = np.mgrid[: scores.shape[1], : scores.shape[2]]
    points = middle(np.stack([x, y]), stride) + offsets
    return (weight[:, None] * points).sum(axis=(2, 3))


@mistake("leaves the point at the cell where the offset is NaN", hint="A NaN offset gives a NaN point")
@like_the_offsets
def ignores_missing(scores, offsets, stride):
    rows, columns = best_cells(scores)
    return middle(np.column_stack([columns, rows]), stride) + np.nan_to_num(at(offsets, rows, columns))


@mistake("handles NumPy arrays only", hint="Arrays and tensors both come in")
@like_the_offsets
def arrays_only(scores, offsets, stride):
    flat = np.array([np.unravel_index(score.argmax(axis=None), score.shape) for score in scores])
    rows, columns = flat.T
    return middle(flat[:, ::-1], stride) + offsets.astype(float)[np.arange(len(offsets)), :, rows, columns]


@mistake("gives arrays for tensors", hint="arrays came back")
def always_arrays(scores, offsets, stride):
    return np.asarray(by_unraveling(np.asarray(scores), np.asarray(offsets, dtype=float), stride))


@mistake("gives double precision for single", hint="float32 went in")
def always_double(scores, offsets, stride):
    points = by_unraveling(np.asarray(scores), np.asarray(offsets, dtype=float), stride)
    return torch.as_tensor(points) if torch.is_tensor(offsets) else points


@mistake("takes the sigmoid first, which makes ties of sure scores", hint="its own score map is largest")
@like_the_offsets
def of_probabilities(scores, offsets, stride):
    rows, columns = best_cells(1.0 / (1.0 + np.exp(-np.asarray(scores))))
    return np.column_stack([middle(columns, stride), middle(rows, stride)]) + at(offsets, rows, columns)


@mistake("looks for the best of those cells that have an offset", hint="whatever the others are")
@like_the_offsets
def best_with_an_offset(scores, offsets, stride):
    rows, columns = best_cells(np.where(np.isnan(np.asarray(offsets)[:, 0]), -np.inf, np.asarray(scores)))
    return np.column_stack([middle(columns, stride), middle(rows, stride)]) + at(offsets, rows, columns)


@mistake("computes in single precision", hint="go out as they came")
def always_single(scores, offsets, stride):
    rows, columns = best_cells(scores)
    found = np.column_stack([middle(columns, stride), middle(rows, stride)]) + at(offsets, rows, columns)
    return torch.as_tensor(found).float() if torch.is_tensor(offsets) else found


@alternative
@like_the_offsets
def by_unraveling(scores, offsets, stride):
    rows, columns = best_cells(scores)
    return middle(np.column_stack([columns, rows]), stride) + at(offsets, rows, columns)


@alternative
@like_the_offsets
def by_loop(scores, offsets, stride):
    scores, points = np.asarray(scores), []
    for k, score in enumerate(scores):
        i, j = divmod(int(np.argmax(score)), score.shape[1])
        dx, dy = float(offsets[k, 0, i, j]), float(offsets[k, 1, i, j])
        points.append([stride * j + (stride - 1) / 2 + dx, stride * i + (stride - 1) / 2 + dy])
    return points


@alternative
@like_the_offsets
def by_torch(scores, offsets, stride):
    scores, offsets = torch.as_tensor(scores), torch.as_tensor(offsets).double()
    best = scores.flatten(1).argmax(dim=1)
    offset = offsets.flatten(2).gather(2, best[:, None, None].expand(-1, 2, 1)).squeeze(2)
    cells = torch.stack([best % scores.shape[2], torch.div(best, scores.shape[2], rounding_mode="floor")], dim=1)
    return stride * cells + (stride - 1) / 2 + offset


@alternative
@like_the_offsets
def by_the_last_of_the_best(scores, offsets, stride):
    scores = np.asarray(scores)
    reverse = scores.reshape(len(scores), -1)[:, ::-1].argmax(axis=1)
    rows, columns = np.unravel_index(scores[0].size - 1 - reverse, scores.shape[1:])
    return middle(np.column_stack([columns, rows]), stride) + at(offsets, rows, columns)


@alternative
@like_the_offsets
def in_single_precision(scores, offsets, stride):
    scores, offsets = torch.as_tensor(scores), torch.as_tensor(offsets, dtype=torch.float32)
    best = scores.flatten(1).argmax(dim=1)
    cells = torch.stack([best % scores.shape[2], best // scores.shape[2]], dim=1)
    return (offsets.flatten(2)[range(len(best)), :, best] + stride * cells + (stride - 1) / 2).numpy()
