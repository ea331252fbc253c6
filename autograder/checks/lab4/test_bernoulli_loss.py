"""Checks of `bernoulli_loss`."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import special

from autograder import agree, hint, points


def logits_and_targets(rng, shape):
    """Moderate logits of both signs, and targets of both kinds."""
    logits = rng.uniform(0.5, 4.0, size=shape) * rng.choice([-1.0, 1.0], size=shape)
    targets = np.resize([0.0, 1.0, 0.0], shape)
    return torch.from_numpy(logits), torch.from_numpy(targets)


@points(1)
@hint(
    "The mean (not the sum) over all entries of -log p of each target: softplus(-a) where y = 1, softplus(a) where "
    "y = 0, weighted by y and 1 - y in between. One positive number, for logits and not for probabilities.",
    also=("shape",),
)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (7,), (3, 5)])
def test_agrees_with_torch(bernoulli_loss, rng, shape):
    a, y = logits_and_targets(rng, shape)
    for targets in (y, 1 - y, 0.25 + 0.5 * y):
        agree(bernoulli_loss(a, targets), F.binary_cross_entropy_with_logits(a, targets), rtol=1e-6)


@points(1)
@hint(
    "pos_weight multiplies the term of the positives, y softplus(-a), only, also where y lies between 0 and 1. The sum "
    "is then divided by the number of entries, not by the sum of the weights."
)
@pytest.mark.parametrize("weight", [5.0, 0.25])
def test_weights_the_positives(bernoulli_loss, rng, weight):
    a, y = logits_and_targets(rng, (2, 3, 4))
    expected = F.binary_cross_entropy_with_logits(a, y, pos_weight=torch.tensor(weight))
    agree(bernoulli_loss(a, y, weight), expected, rtol=1e-6)
    soft = 0.2 + 0.6 * y
    expected = F.binary_cross_entropy_with_logits(a, soft, pos_weight=torch.tensor(weight))
    agree(bernoulli_loss(a, soft, weight), expected, rtol=1e-6)
    agree(bernoulli_loss(a, torch.zeros_like(y), weight), torch.log1p(torch.exp(a)).mean(), rtol=1e-6)
    agree(bernoulli_loss(a, torch.ones_like(y), weight), weight * torch.log1p(torch.exp(-a)).mean(), rtol=1e-6)


@points(1)
@hint(
    "Logits of up to 1000. If smaller ones come out right: at |a| = 1000 the sigmoid is 0 or 1 and its logarithm "
    "infinite; log(p + eps) is finite and wrong. Stay with the logits: pull the larger exponent out of log(exp(0) + "
    "exp(a)), as torch.logaddexp does."
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_is_finite_for_sure_logits(bernoulli_loss, dtype):
    a = torch.tensor([1000.0, -1000.0, 1000.0, -1000.0, 90.0, -90.0], dtype=dtype)
    y = torch.tensor([0.0, 1.0, 1.0, 0.0, 0.0, 1.0], dtype=dtype)
    agree(bernoulli_loss(a, y), 2180.0 / 6, rtol=1e-6)
    agree(bernoulli_loss(a, y, 3.0), (4 * 1000.0 + 4 * 90.0) / 6, rtol=1e-6)
    agree(bernoulli_loss(a[2:4], y[2:4]), 0.0, atol=1e-30)


@points(1)
@hint(
    "The gradient by a logit is (sigmoid(a) - y) / N. relu(a) and |a| have no slope at exactly a = 0, and where an "
    "exponential overflows the gradient is nan although the value may be fine (torch.where and clamp do not help).",
    also=("exception",),
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_has_the_right_gradient(bernoulli_loss, dtype):
    a = torch.tensor([0.0, 0.0, 1000.0, -1000.0, 1000.0, -1000.0, 2.0, -3.0], dtype=dtype)
    y = torch.tensor([0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0], dtype=dtype)
    p = special.expit(a.numpy().astype(float))
    result = bernoulli_loss.value_and_gradients(a, y)
    agree(result["inputs"][0], (p - y.numpy()) / 8, rtol=1e-5, atol=1e-7)
    result = bernoulli_loss.value_and_gradients(a, y, 4.0)
    agree(result["inputs"][0], np.where(y.numpy() == 1, 4.0 * (p - 1), p) / 8, rtol=1e-5, atol=1e-7)
