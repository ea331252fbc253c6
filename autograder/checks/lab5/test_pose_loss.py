"""Checks of `pose_loss`."""

import numpy as np
import pytest
import torch
from scipy import special

from autograder import agree, hint, no_probe, points
from autograder.checks.lab5.common import cell_centers

pytestmark = no_probe("integers")  # floats are promised
B, K, h, w = 2, 3, 5, 6


def example(rng, stride):
    """Scores, offsets and targets of a batch in which each image has a label, and neither has all; errors both sides of 1 px.

    No centre is within a tenth of a pixel of being near or not.
    """
    x, y = cell_centers(w, stride), cell_centers(h, stride)
    targets = np.full((B, K, 2, h, w), np.nan)
    for b, k, j, i in (
        (0, 0, 2, 2),
        (0, 2, 0, 0),
        (1, 1, 3, 2),
    ):  # one in a corner, with fewer near cells than the others
        point = (x[j], y[i]) + rng.uniform(0.05, 0.15, size=2) * stride
        targets[b, k, 0], targets[b, k, 1] = point[0] - x, (point[1] - y)[:, None]
    errors = rng.uniform(0.1, 0.8, size=targets.shape) * rng.choice([-1.0, 1.0], size=targets.shape)
    errors[..., ::2, :] += 3.0 * np.sign(errors[..., ::2, :])
    scores = rng.uniform(0.5, 3.0, size=(B, K, h, w)) * rng.choice([-1.0, 1.0], size=(B, K, h, w))
    offsets = np.where(np.isnan(targets), rng.normal(size=targets.shape), targets + errors)
    return scores, offsets, targets


def by_loops(scores, offsets, targets, stride):
    """The two parts, cell by cell; and where the cells are near."""
    near = np.zeros(scores.shape, dtype=bool)
    entries, refinements = [], []
    for cell in np.ndindex(*scores.shape):
        b, k, i, j = cell
        (dx, dy), (found_x, found_y) = targets[b, k, :, i, j], offsets[b, k, :, i, j]
        near[cell] = (dx**2 + dy**2) ** 0.5 <= 1.5 * stride
        entries.append(np.logaddexp(0.0, -scores[cell] if near[cell] else scores[cell]))
        if near[cell]:
            refinements.append(special.huber(1.0, found_x - dx) + special.huber(1.0, found_y - dy))
    return np.mean(entries), np.mean(refinements) if refinements else 0.0, near


def tensors(*arrays):
    return [torch.from_numpy(array).float() for array in arrays]


@points(1)
@hint(
    "Two parts. The mean over all entries of the Bernoulli loss of the scores, with a target of 1 where the centre lies "
    "at most 1.5 strides from the keypoint in a straight line, else 0, a missing keypoint's cells included. And `weight` "
    "times the Huber loss of offsets - targets: summed over x and y, the mean over the near cells, 0 if there are none.",
    also=("shape", "exception"),
)
@pytest.mark.parametrize("stride, weight", [(8, 0.05), (4, 0.05), (8, 1.0), (3, 0.0)])
def test_adds_the_two_parts(pose_loss, rng, stride, weight):
    scores, offsets, targets = example(rng, stride)
    entries, refinements, near = by_loops(scores, offsets, targets, stride)
    assert 10 <= near.sum() <= 40  # or the example would show little
    given = tensors(scores, offsets, targets)
    loss = pose_loss(*given, stride) if weight == 0.05 else pose_loss(*given, stride, weight)
    agree(loss, entries + weight * refinements, rtol=1e-5)
    one_cell = [array[:1, :1, ..., 2:3, 2:3] for array in (scores, offsets, targets)]
    entry, refinement, _ = by_loops(*one_cell, stride)
    agree(pose_loss(*tensors(*one_cell), stride), entry + 0.05 * refinement, rtol=1e-5)
    nothing = np.full_like(targets, np.nan)
    agree(pose_loss(*tensors(scores, offsets, nothing), stride), np.logaddexp(0.0, scores).mean(), rtol=1e-5)
    edge = np.stack(
        np.meshgrid(4.0 - 8 * np.arange(-3.0, 3.0), 8 * np.arange(-2.0, 3.0))
    )  # 12 px to two of the centres
    edge = np.broadcast_to(edge, targets.shape)
    entries, _, _ = by_loops(scores, edge, edge, 8)
    agree(pose_loss(*tensors(scores, edge.copy(), edge.copy()), 8), entries, rtol=1e-5)
    sure = np.where(near, -400.0, 400.0)  # and wrong everywhere
    agree(pose_loss(*tensors(sure, offsets, targets), stride), 400.0 + 0.05 * refinements, rtol=1e-5)


@points(1)
@hint(
    "If the value is wrong as well, mend that first. Only the offsets of near cells are trained, and what has no "
    "label trains nothing: NaN times 0 is NaN, also in a "
    "gradient, so pick the near cells out before you compute with the targets, instead of multiplying by a mask.",
    also=("exception",),
)
@pytest.mark.parametrize("stride", [8, 4])
def test_has_the_right_gradients(pose_loss, rng, stride):
    scores, offsets, targets = example(rng, stride)
    _, _, near = by_loops(scores, offsets, targets, stride)
    for known in (targets, np.full_like(targets, np.nan)):
        seen = near & ~np.isnan(known[:, :, 0])
        result = pose_loss.value_and_gradients(*tensors(scores, offsets, known), stride)
        agree(result["inputs"][0], (special.expit(scores) - seen) / scores.size, rtol=1e-4, atol=1e-8)
        slopes = np.clip(offsets - np.nan_to_num(known), -1.0, 1.0) * seen[:, :, None]
        due = 0.05 * slopes / max(seen.sum(), 1)
        found = result["inputs"][1]
        agree(np.zeros_like(due) if found is None else found, due, rtol=1e-4, atol=1e-8)
