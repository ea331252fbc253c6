"""Checks of `ResNet`."""

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
    normalized,
    residual_block,
    same_names,
    tensors,
)


def resnet_shapes(layers, width, classes, bottleneck=False):
    """What the state dict of a residual network holds, by name."""
    shapes, before = {"conv1.weight": (width, 3, 7, 7)} | normalized("bn1", width), width
    for n, number in enumerate(layers):
        for b in range(number):
            stride = 2 if n > 0 and b == 0 else 1
            shapes |= block_shapes(before, width * 2**n, stride, bottleneck, f"layer{n + 1}.{b}.")
            before = width * 2**n * (4 if bottleneck else 1)
    return shapes | {"fc.weight": (classes, before), "fc.bias": (classes,)}


def resnet(state, layers, x, training=False):
    """Forward pass of a residual network from its state dict."""
    x = F.relu(batch_norm(state, "bn1", F.conv2d(x, state["conv1.weight"], stride=2, padding=3), training))
    x = F.max_pool2d(x, 3, stride=2, padding=1)
    for n, number in enumerate(layers):
        for b in range(number):
            x = residual_block(state, f"layer{n + 1}.{b}.", x, 2 if n > 0 and b == 0 else 1, training)
    return x.mean(dim=(2, 3)) @ state["fc.weight"].T + state["fc.bias"]


@points(1)
@hint(
    "The stages are called layer1 ... layer4, each an nn.Sequential of as many blocks as `layers` says (a plain list of "
    "modules registers nothing), and the classifier fc, with a bias. Stage n has width * 2**(n - 1) channels, and fc "
    "leads from the last stage's channels to num_classes. By default that makes 11,689,512 parameters of ResNet-18."
)
@pytest.mark.parametrize("layers, width, classes", [((2, 2, 2, 2), 4, 7), ((3, 4, 6, 3), 3, 2), ((1, 2, 1, 3), 6, 1)])
def test_has_the_names_of_torchvision(ResNet, layers, width, classes):
    net = ResNet(ResNet.named("BasicBlock"), layers, width=width, num_classes=classes)
    same_names(net, resnet_shapes(layers, width, classes))
    if layers == (2, 2, 2, 2):
        shapes = ResNet(ResNet.named("BasicBlock"), layers).shapes()
        count = sum(int(np.prod(shape)) for shape in shapes.values())
        assert count == 11_689_512, f"your ResNet-18 has {count:,} parameters"


@points(1)
@hint(
    "The first block of layer2, layer3 and layer4 has stride 2, layer1 has stride 1 throughout. The stem is conv1, bn1, "
    "ReLU, maxpool; behind layer4 come the mean over all positions and fc, and nothing else (no softmax, no "
    "dropout), for one image as for many. Gradients reach all of it.",
    also=("exception", "parts", "shape"),
)
@pytest.mark.parametrize("layers", [(2, 1, 2, 2), (1, 2, 1, 1)])
def test_halves_at_the_head_of_a_stage(ResNet, rng, layers):
    net = ResNet(ResNet.named("BasicBlock"), layers, width=4, num_classes=5)
    state = draw_state(rng, resnet_shapes(layers, 4, 5))
    state["bn1.bias"][0] = -10.0  # a channel that the stem's ReLU must put out
    net.load(state)
    net.train(False)
    x = torch.from_numpy(rng.uniform(size=(2, 3, 75, 101)).astype(np.float32))
    close(net(x), resnet(tensors(state), layers, x))
    close(net(x[:1]), resnet(tensors(state), layers, x[:1]))
    gradients, known, used = net.backward(x)["parameters"], tensors(state), ["conv1.weight", "fc.weight"]
    for name in used:
        known[name].requires_grad_()
    resnet(known, layers, x).sum().backward()
    close_gradients(gradients, known, used)
    net.train(True)
    close(net(x), resnet(tensors(state), layers, x, training=True), tolerance=1e-3)  # statistics of a few pixels


@points(1)
@hint(
    "A block gives channels * block.expansion channels, which the next block and fc have to expect. (This check builds "
    "the network of your Bottleneck, so it needs exercise 2.)"
)
def test_expects_what_a_block_expands(ResNet, rng):
    layers = (1, 2, 1, 2)
    net = ResNet(ResNet.named("Bottleneck"), layers, width=3, num_classes=4)
    shapes = resnet_shapes(layers, 3, 4, bottleneck=True)
    same_names(net, shapes)
    state = draw_state(rng, shapes)
    state["bn1.bias"][0] = -10.0  # as above
    net.load(state)
    net.train(False)
    x = torch.from_numpy(rng.uniform(size=(2, 3, 50, 37)).astype(np.float32))
    close(net(x), resnet(tensors(state), layers, x))
