"""Checks of `BasicBlock`."""

import numpy as np
import pytest
import torch

from autograder import hint, points
from autograder.checks.lab5.common import (
    block_shapes,
    close,
    close_gradients,
    draw_state,
    residual_block,
    same_names,
    tensors,
)


@points(1)
@hint(
    "The parts are called conv1, bn1, conv2, bn2 (and downsample), as in torchvision: 3x3 convolutions to `channels` "
    "channels with bias=False, each with a BatchNorm2d of its own."
)
@pytest.mark.parametrize("in_channels, channels", [(5, 5), (1, 1)])
def test_has_the_parts_of_torchvision(BasicBlock, in_channels, channels):
    same_names(BasicBlock(in_channels, channels), block_shapes(in_channels, channels))


@points(1)
@hint(
    "The shortcut needs a convolution where the output differs from the input in shape, that is if the stride is not "
    "1 or the channels differ: downsample = Sequential(1x1 Conv2d with the stride and without bias, BatchNorm2d). "
    "Elsewhere downsample is None."
)
@pytest.mark.parametrize("in_channels, channels, stride", [(4, 6, 1), (6, 6, 2), (3, 6, 2), (6, 2, 1), (4, 4, 1)])
def test_fits_the_shortcut(BasicBlock, in_channels, channels, stride):
    block = BasicBlock(in_channels, channels, stride)
    same_names(block, block_shapes(in_channels, channels, stride))
    if stride == 1 and in_channels == channels:
        assert block.attribute("downsample") is None, "the shapes agree, so downsample must be None"
    else:
        found = tuple(block.attribute("downsample.0.stride"))
        assert found == (stride, stride), f"the shortcut's convolution has stride {found}, the block has {stride}"


@points(1)
@hint(
    "In this order: conv1 (which carries the stride), bn1, ReLU, conv2, bn2, then the sum with the shortcut, and the "
    "second ReLU last, behind the sum. Pad by 1. The shortcut starts from the block's input x as it came in."
)
@pytest.mark.parametrize("in_channels, channels, stride", [(5, 5, 1), (4, 6, 1), (6, 6, 2), (3, 6, 2)])
def test_adds_the_shortcut_before_the_last_relu(BasicBlock, rng, in_channels, channels, stride):
    block = BasicBlock(in_channels, channels, stride)
    block.train(False)
    state = draw_state(rng, block_shapes(in_channels, channels, stride))
    block.load(state)
    x = torch.from_numpy(rng.normal(size=(2, in_channels, 9, 7)).astype(np.float32))
    close(block(x), residual_block(tensors(state), "", x, stride))


@points(1)
@hint(
    "Gradients flow through both ways, the convolutions and the shortcut, so nothing is detached or computed under "
    "no_grad; and in training mode the normalisations use the batch's own statistics: call them as modules."
)
@pytest.mark.parametrize("in_channels, channels, stride", [(4, 4, 1), (3, 5, 2)])
def test_learns_through_both_ways(BasicBlock, rng, in_channels, channels, stride):
    block = BasicBlock(in_channels, channels, stride)
    values = draw_state(rng, block_shapes(in_channels, channels, stride))
    block.load(values)
    x = torch.from_numpy(rng.normal(size=(3, in_channels, 6, 7)).astype(np.float32)).requires_grad_()
    state = tensors(values)
    close(block(x.detach()), residual_block(state, "", x.detach(), stride, training=True))
    block.load(values)
    block.train(False)
    found = block.backward(x.detach())
    weights = [name for name in state if name.endswith(("weight", "bias"))]
    for name in weights:
        state[name].requires_grad_()
    residual_block(state, "", x, stride).sum().backward()
    close_gradients(found["parameters"], state, weights)
    assert found["inputs"][0] is not None, "no gradient reached the input"
    close(found["inputs"][0], x.grad, tolerance=0.02)
