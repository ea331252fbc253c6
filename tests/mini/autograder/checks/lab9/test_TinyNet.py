"""Checks of `TinyNet`."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import hint, points


@points(1)
@hint("second(relu(first(x))).")
def test_forward(TinyNet, rng):
    net = TinyNet(3, 4)
    weights = {
        "first.weight": rng.normal(size=(4, 3)).astype(np.float32),
        "first.bias": rng.normal(size=4).astype(np.float32),
        "second.weight": rng.normal(size=(1, 4)).astype(np.float32),
        "second.bias": rng.normal(size=1).astype(np.float32),
    }
    net.load(weights)
    x = rng.normal(size=(5, 3)).astype(np.float32)
    hidden = np.maximum(x @ weights["first.weight"].T + weights["first.bias"], 0.0)
    import torch

    assert_allclose(
        net(torch.from_numpy(x)), hidden @ weights["second.weight"].T + weights["second.bias"], rtol=1e-4, atol=1e-5
    )


@points(1)
@hint("The gradient flows through both layers.")
def test_gradient(TinyNet):
    import torch

    net = TinyNet(2, 3)
    found = net.backward(torch.ones(4, 2))
    assert_allclose(found["parameters"]["second.bias"], [4.0])
