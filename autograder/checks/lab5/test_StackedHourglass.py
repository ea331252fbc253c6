"""Checks of `StackedHourglass`."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from autograder import hint, points
from autograder.checks.lab5.common import (
    batch_norm,
    block_shapes,
    close,
    close_gradients,
    draw_state,
    hourglass,
    hourglass_shapes,
    normalized,
    residual_block,
    tensors,
)


def stacked_shapes(stacks, depth, channels, K):
    shapes = {"stem.0.weight": (channels, 1, 7, 7)} | normalized("stem.1", channels)
    for n in range(stacks):
        shapes |= hourglass_shapes(depth, channels, f"hourglasses.{n}.")
        shapes |= block_shapes(channels, channels, prefix=f"features.{n}.")
        shapes |= {f"heads.{n}.weight": (K, channels, 1, 1), f"heads.{n}.bias": (K,)}
    for n in range(stacks - 1):
        shapes |= {f"feature_maps.{n}.weight": (channels, channels, 1, 1), f"feature_maps.{n}.bias": (channels,)}
        shapes |= {f"score_maps.{n}.weight": (channels, K, 1, 1), f"score_maps.{n}.bias": (channels,)}
    return shapes


def stacked(state, stacks, depth, images):
    """The score maps of all stacks from a state dict, in evaluation mode."""
    x = F.max_pool2d(F.relu(batch_norm(state, "stem.1", F.conv2d(images, state["stem.0.weight"], None, 2, 3))), 2)
    scores = []
    for n in range(stacks):
        y = residual_block(state, f"features.{n}.", hourglass(state, depth, x, f"hourglasses.{n}."), 1)
        scores.append(F.conv2d(y, state[f"heads.{n}.weight"], state[f"heads.{n}.bias"]))
        if n + 1 < stacks:
            x = x + F.conv2d(y, state[f"feature_maps.{n}.weight"], state[f"feature_maps.{n}.bias"])
            x = x + F.conv2d(scores[n], state[f"score_maps.{n}.weight"], state[f"score_maps.{n}.bias"])
    return scores


@points(1)
@hint(
    "One score map per stack, in their order, the last included. Stack n's features, and from them its scores, come from "
    "what it reads; the next one reads the *sum* of that input, feature_maps[n](features) and score_maps[n](scores). A list "
    "comes back, and gradients flow from each stack into all before it: nothing is detached."
)
@pytest.mark.parametrize("stacks, depth, channels, K", [(1, 1, 2, 3), (2, 2, 3, 2), (3, 1, 2, 1)])
def test_supervises_every_stack(StackedHourglass, rng, stacks, depth, channels, K):
    net = StackedHourglass(stacks, depth, channels, K)
    values = draw_state(rng, stacked_shapes(stacks, depth, channels, K))
    net.load(values)
    net.train(False)
    images = torch.from_numpy(rng.uniform(size=(2, 1, 16, 32)).astype(np.float32))
    found = net(images)
    assert np.shape(found)[:1] == (stacks,), f"{stacks} stack(s) gave {np.shape(found)}"
    assert StackedHourglass.tensors == stacks, "one tensor came back: a list of score maps is due"
    state = tensors(values)
    for score, expected in zip(found, stacked(state, stacks, depth, images), strict=True):
        close(score, expected)
    trained = [name for name in net.shapes() if name.startswith(("stem.0", "heads", "feature_maps", "score_maps"))]
    for name in trained:
        state[name].requires_grad_()
    sum(score.sum() for score in stacked(state, stacks, depth, images)).backward()
    close_gradients(net.backward(images)["parameters"], state, trained)
