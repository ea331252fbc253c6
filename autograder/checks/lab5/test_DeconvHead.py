"""Checks of `DeconvHead`."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from autograder import hint, points
from autograder.checks.lab5.common import close, draw_state, same_names, tensors


def head_shapes(in_channels, K):
    """Weights of a transposed convolution are (in, out, kernel, kernel)."""
    weights = {"scores.weight": (in_channels, K, 4, 4), "offsets.weight": (in_channels, 2 * K, 4, 4)}
    return weights | {"scores.bias": (K,), "offsets.bias": (2 * K,)}


def head_and_features(DeconvHead, rng, in_channels, K):
    """A head with random weights, these weights, and features."""
    head = DeconvHead(in_channels, K)
    state = draw_state(rng, head_shapes(in_channels, K))
    head.load(state)
    return head, tensors(state), torch.from_numpy(rng.normal(size=(2, in_channels, 3, 5)).astype(np.float32))


def read_maps(result):
    assert isinstance(result, (tuple, list)) and len(result) == 2, "the head gives two things, (scores, offsets)"
    return result


@points(1)
@hint(
    "Two nn.ConvTranspose2d on the same features, `scores` to K channels and `offsets` to 2K, each with kernel 4, stride "
    "2, padding 1 and a bias: h x w cells give maps of 2h x 2w. Scores are log odds as they come out of the convolution, "
    "no sigmoid and no ReLU. Return scores first, then offsets.",
    also=("shape",),
)
@pytest.mark.parametrize("in_channels, K", [(6, 3), (2, 1), (3, 4)])
def test_doubles_the_resolution(DeconvHead, rng, in_channels, K):
    same_names(DeconvHead(in_channels, K), head_shapes(in_channels, K))
    head, state, x = head_and_features(DeconvHead, rng, in_channels, K)
    scores, offsets = read_maps(head(x))
    close(scores, F.conv_transpose2d(x, state["scores.weight"], state["scores.bias"], stride=2, padding=1))
    one, _ = read_maps(head(x[:1]))
    close(one, scores[:1])
    assert np.shape(offsets)[0] == 2 and np.shape(offsets)[-2:] == (6, 10), f"offsets have shape {np.shape(offsets)}"


@points(1)
@hint(
    "Offsets have shape (B, K, 2, 2h, 2w): channel 2k of the convolution is dx and channel 2k + 1 dy of keypoint k, "
    "which a reshape to (B, K, 2, ...) gives as it stands; (B, 2, K, ...) is another order. They read the features, "
    "to which gradients flow back from both maps.",
    also=("shape",),
)
@pytest.mark.parametrize("in_channels, K", [(6, 3), (2, 1), (3, 4), (2, 2)])
def test_pairs_the_offsets(DeconvHead, rng, in_channels, K):
    head, state, x = head_and_features(DeconvHead, rng, in_channels, K)
    _, offsets = read_maps(head(x))
    flat = F.conv_transpose2d(x, state["offsets.weight"], state["offsets.bias"], stride=2, padding=1)
    close(offsets, np.stack([flat[:, 0::2].numpy(), flat[:, 1::2].numpy()], axis=2))
    gradient = head.backward(x)["inputs"][0]
    assert gradient is not None, "no gradient reached the features"
    x = x.clone().requires_grad_()
    for part in ("scores", "offsets"):
        F.conv_transpose2d(x, state[f"{part}.weight"], stride=2, padding=1).sum().backward()
    close(gradient, x.grad)
