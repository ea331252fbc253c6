"""Checks of `Bottleneck`."""

import numpy as np
import pytest
import torch

from autograder import hint, points
from autograder.checks.lab5.common import block_shapes, close, draw_state, residual_block, same_names, tensors


@points(1)
@hint(
    "conv1 is 1x1 to `channels`, conv2 is 3x3, conv3 is 1x1 to 4 * channels; bn1, bn2, bn3 behind them, no biases. The "
    "shortcut fits the *output*, 4 * channels, so downsample is None only for stride 1 and in_channels = 4 * channels."
)
@pytest.mark.parametrize("in_channels, channels, stride", [(8, 2, 1), (3, 3, 1), (12, 3, 2), (4, 4, 1), (4, 1, 1)])
def test_widens_by_four(Bottleneck, in_channels, channels, stride):
    block = Bottleneck(in_channels, channels, stride)
    same_names(block, block_shapes(in_channels, channels, stride, bottleneck=True))
    if stride == 1 and in_channels == 4 * channels:
        assert block.attribute("downsample") is None, "the shapes agree, so downsample must be None"


@points(1)
@hint(
    "The stride sits on the 3x3 convolution, conv2 (on the first 1x1 convolution three quarters of the input would "
    "never be looked at). ReLU behind bn1 and bn2, none behind bn3, then the sum with the shortcut, then the last ReLU. "
    "Gradients flow back through both ways."
)
@pytest.mark.parametrize("in_channels, channels, stride", [(8, 2, 1), (3, 3, 1), (12, 3, 2), (5, 2, 2)])
def test_strides_in_the_middle(Bottleneck, rng, in_channels, channels, stride):
    block = Bottleneck(in_channels, channels, stride)
    state = draw_state(rng, block_shapes(in_channels, channels, stride, bottleneck=True))
    x = torch.from_numpy(rng.normal(size=(3, in_channels, 9, 7)).astype(np.float32))
    for training in (False, True):
        block.load(state)
        block.train(training)
        close(block(x), residual_block(tensors(state), "", x, stride, training))
    block.load(state)
    block.train(False)
    gradient = block.backward(x)["inputs"][0]
    assert gradient is not None, "no gradient reached the input"
    x = x.clone().requires_grad_()
    residual_block(tensors(state), "", x, stride).sum().backward()
    close(gradient, x.grad, tolerance=0.02)
