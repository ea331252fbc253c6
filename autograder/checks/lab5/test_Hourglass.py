"""Checks of `Hourglass`."""

import numpy as np
import pytest
import torch

from autograder import hint, points
from autograder.checks.lab5.common import close, draw_state, hourglass, hourglass_shapes, tensors


@points(1)
@hint(
    "Two ways that meet in a sum: skip(x) at full size, and maximum pooling by 2, before, inner, after, and each cell "
    "repeated (mode='nearest') to the size of x again. Nothing behind the sum, and nothing concatenated. Gradients flow back through both.",
    also=("shape",),
)
@pytest.mark.parametrize("depth, channels, size", [(1, 3, (4, 6)), (2, 2, (8, 4)), (3, 2, (8, 16))])
def test_goes_down_and_up(Hourglass, rng, depth, channels, size):
    net = Hourglass(depth, channels)
    values = draw_state(rng, hourglass_shapes(depth, channels))
    net.load(values)
    net.train(False)
    x = torch.from_numpy(rng.normal(size=(2, channels, *size)).astype(np.float32))
    close(net(x), hourglass(tensors(values), depth, x))
    gradient = net.backward(x)["inputs"][0]
    assert gradient is not None, "no gradient reached the features"
    x = x.clone().requires_grad_()
    hourglass(tensors(values), depth, x).sum().backward()
    close(gradient, x.grad, tolerance=0.02)
