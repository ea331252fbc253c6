"""Checks of `features_at`."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from autograder import hint, points
from autograder.checks.lab5.common import batch_norm, close, close_gradients, draw_state, normalized, tensors

STAGES = (4, 5, 6, 7)  # channels behind each stage of the small network below


def small_network(make):
    """A network with the outer parts of a ResNet and one plain convolution in each stage, made of torch's own modules."""

    def convolution(before, after, kernel, stride):
        return make("nn.Conv2d", before, after, kernel, stride=stride, padding=kernel // 2, bias=False)

    parts = {"conv1": convolution(3, 4, 7, 2), "bn1": make("nn.BatchNorm2d", 4), "relu": make("nn.ReLU")}
    parts["maxpool"] = make("nn.MaxPool2d", 3, stride=2, padding=1)
    for n, (before, after) in enumerate(zip((4, *STAGES), STAGES, strict=False), start=1):
        stage = {"conv": convolution(before, after, 3, 1 if n == 1 else 2), "bn": make("nn.BatchNorm2d", after)}
        parts[f"layer{n}"] = make("nn.Sequential", stage | {"relu": make("nn.ReLU")})
    parts |= {"avgpool": make("nn.AdaptiveAvgPool2d", 1), "flatten": make("nn.Flatten")}
    return make("nn.Sequential", parts | {"fc": make("nn.Linear", STAGES[-1], 2)})


def small_shapes():
    """What the state dict of `small_network` holds, by name."""
    shapes = {"conv1.weight": (4, 3, 7, 7)} | normalized("bn1", 4)
    for n, (before, after) in enumerate(zip((4, *STAGES), STAGES, strict=False), start=1):
        shapes |= {f"layer{n}.conv.weight": (after, before, 3, 3)} | normalized(f"layer{n}.bn", after)
    return shapes | {"fc.weight": (2, STAGES[-1]), "fc.bias": (2,)}


def small_features(state, x, layer, training=False):
    """What `small_network` holds behind a stage."""
    x = F.relu(batch_norm(state, "bn1", F.conv2d(x, state["conv1.weight"], stride=2, padding=3), training))
    x = F.max_pool2d(x, 3, stride=2, padding=1)
    for n in range(1, layer + 1):
        x = F.conv2d(x, state[f"layer{n}.conv.weight"], stride=1 if n == 1 else 2, padding=1)
        x = F.relu(batch_norm(state, f"layer{n}.bn", x, training))
    return x


def network_and_images(features_at, rng):
    """The small network in evaluation mode, its weights, and images."""
    net = small_network(features_at.torch)
    values = draw_state(rng, small_shapes())
    net.load(values)
    net.train(False)
    return net, values, torch.from_numpy(rng.uniform(-1, 1, size=(3, 3, 35, 45)).astype(np.float32))


@points(1)
@hint(
    "The way of the image is conv1, bn1, relu, maxpool, layer1, ... and ends *behind* the stage whose number is `layer`: "
    "layer1 is stage 1. The features stay a map (B, C, h, w).",
    also=("shape", "exception"),
)
@pytest.mark.parametrize("layer", [1, 2, 3, 4])
def test_stops_behind_the_stage(features_at, rng, layer):
    net, values, x = network_and_images(features_at, rng)
    close(features_at(net, x, layer), small_features(tensors(values), x, layer))


@points(1)
@hint(
    "Fine-tuning sends gradients back through these features, to the weights up to this stage and to the image: no "
    "torch.no_grad(), no detach(), no .data, no way through NumPy.",
    also=("exception",),
)
@pytest.mark.parametrize("layer", [1, 3])
def test_keeps_gradients(features_at, rng, layer):
    net, values, x = network_and_images(features_at, rng)
    found = features_at.value_and_gradients(net, x, layer)
    state = tensors(values)
    used = ["conv1.weight", "bn1.weight", *(f"layer{n}.conv.weight" for n in range(1, layer + 1))]
    for name in used:
        state[name].requires_grad_()
    x.requires_grad_()
    small_features(state, x, layer).sum().backward()
    close_gradients(found["parameters"], state, used)
    assert found["inputs"][0] is not None, "no gradient reached the image"
    close(found["inputs"][0], x.grad, tolerance=0.02)


@points(1)
@hint(
    "Leave the network as you found it. Remove a hook in the end, or do without one; do not call eval() or train(): in "
    "training mode the features are those of training mode, with the batch's own statistics.",
    also=("exception",),
)
@pytest.mark.parametrize("training", [True, False])
def test_leaves_the_network_as_it_was(features_at, rng, training):
    net, values, x = network_and_images(features_at, rng)
    net.train(training)
    close(features_at(net, x, 2), small_features(tensors(values), x, 2, training))
    assert net.hooks() == 0, f"the network carries {net.hooks()} hook(s) afterwards"
    for part in ("", "bn1.", "layer2.", "layer4.bn."):
        found = net.attribute(part + "training")
        assert found is training, f"{part}training is {found} afterwards, and was {training} before"
    learned = [name for name in values if name.endswith((".weight", ".bias"))]
    after = net.state()
    changed = [name for name in learned if not np.array_equal(after[name], values[name])]
    assert not changed, f"{changed[0]} has changed"
    assert set(net.shapes()) == set(learned), "the parts of the network have changed"
    frozen = [name for name in learned if not net.attribute(f"{name}.requires_grad")]
    assert not frozen, f"{frozen[0]} is no longer trained"
