"""Checks of `freeze`."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from autograder import agree, hint, points
from autograder.checks.lab5.common import batch_norm, close, draw_state, normalized, tensors


def backbone_and_network(freeze, rng):
    """A pretrained part, the network around it, its weights, and images. In training mode the part drops everything."""
    make = freeze.torch
    deep = {"conv": make("nn.Conv2d", 3, 4, 1), "bn": make("nn.BatchNorm2d", 4), "drop": make("nn.Dropout", 1.0)}
    parts = {"conv": make("nn.Conv2d", 2, 3, 3), "bn": make("nn.BatchNorm2d", 3), "deep": make("nn.Sequential", deep)}
    backbone = make("nn.Sequential", parts)
    around = {"stem": make("nn.Conv2d", 1, 2, 1), "backbone": backbone, "head": make("nn.Conv2d", 4, 2, 1)}
    network = make("nn.Sequential", around)
    shapes = {"stem.weight": (2, 1, 1, 1), "stem.bias": (2,), "head.weight": (2, 4, 1, 1), "head.bias": (2,)}
    shapes |= {"backbone.conv.weight": (3, 2, 3, 3), "backbone.conv.bias": (3,)} | normalized("backbone.bn", 3)
    shapes |= {"backbone.deep.conv.weight": (4, 3, 1, 1), "backbone.deep.conv.bias": (4,)}
    values = draw_state(rng, shapes | normalized("backbone.deep.bn", 4))
    network.load(values)
    x = torch.from_numpy(rng.normal(size=(3, 1, 8, 9)).astype(np.float32))
    return backbone, network, values, x


@points(1)
@hint(
    "requires_grad_(False) for every parameter of the module, those of nested parts included, and for no other. The "
    "module itself is changed and returned (no copy), and gradients still pass through it to whatever lies below.",
)
def test_takes_the_gradients_away(freeze, rng):
    backbone, network, values, x = backbone_and_network(freeze, rng)
    network.train(False)
    returned = freeze(backbone)
    found = network.backward(x)["parameters"]
    trained = sorted(found)
    assert trained == ["head.bias", "head.weight", "stem.bias", "stem.weight"], f"what is trained now: {trained}"
    for name, gradient in found.items():
        assert gradient is not None and np.any(gradient != 0), f"no gradient reaches {name}"
    assert callable(returned), "freeze gives back the module that it was given"
    close(returned(torch.zeros(1, 2, 3, 3)), network_part(values, torch.zeros(1, 2, 3, 3)))
    again = {name.removeprefix("backbone."): value for name, value in values.items() if name.startswith("backbone.")}
    returned.load(again | {"conv.bias": np.full(3, 7.0, dtype=np.float32)})
    agree(backbone.state()["conv.bias"], np.full(3, 7.0, dtype=np.float32))


def network_part(values, x):
    """What the backbone of `backbone_and_network` makes of features, in evaluation mode."""
    state = tensors(values)
    x = F.conv2d(x, state["backbone.conv.weight"], state["backbone.conv.bias"])
    x = batch_norm(state, "backbone.bn", x)
    x = F.conv2d(x, state["backbone.deep.conv.weight"], state["backbone.deep.conv.bias"])
    return batch_norm(state, "backbone.deep.bn", x)


@points(1)
@hint(
    "In training mode a normalisation uses the batch's statistics, and dropout drops: the frozen part has to stay in "
    "evaluation mode. One eval() does not last, because train() of the network around it calls the part's own train(). What "
    "stands in for that takes a mode and gives back its own part, as train() and eval() do: a lambda in a loop gives the last."
)
@pytest.mark.parametrize("whole", [True, False])
def test_computes_as_in_evaluation_mode(freeze, rng, whole):
    backbone, network, values, x = backbone_and_network(freeze, rng)
    freeze(backbone)
    network.train(True)
    features = F.conv2d(x, tensors(values)["stem.weight"], tensors(values)["stem.bias"])
    expected = network_part(values, features)
    for module in (network, backbone, network):
        module.train(True)
        if whole:
            head = {name: tensors(values)[f"head.{name}"] for name in ("weight", "bias")}
            close(network(x), F.conv2d(expected, **head))
        else:
            close(backbone(features), expected)
    others = backbone.not_themselves()
    assert not others, f"train() or eval() of {others[0]} gives back something else than itself, as torch's own do"
    network.train(True)
    for part in ("stem", "head"):
        assert network.attribute(f"{part}.training"), f"{part}, which was not to be frozen, left training mode"
    lonely = freeze.torch("nn.BatchNorm2d", 2)  # a module without parts
    around = freeze.torch("nn.Sequential", lonely)
    state = draw_state(rng, normalized("0", 2))
    around.load(state)
    freeze(lonely)
    around.train(True)
    close(around(features), batch_norm(tensors(state), "0", features))


@points(1)
@hint(
    "The buffers of a normalisation (running_mean, running_var, num_batches_tracked) move at each forward pass in "
    "training mode, also where no parameter is trained; with momentum = 0 the counter still does. They may not move, also where parts are "
    "called one by one, as `features_at` does: a hook on the whole is not run then."
)
def test_holds_the_statistics(freeze, rng):
    backbone, network, values, x = backbone_and_network(freeze, rng)
    freeze(backbone)
    for module in (network, backbone):
        module.train(True)
        network(x)
        network(x)
    after = network.state()
    assert after.keys() == values.keys(), "the state dict has other names than before"
    for name, value in values.items():
        assert np.array_equal(after[name], value), f"{name} has changed after two passes in training mode"
    norm = freeze.torch("nn.BatchNorm2d", 4)
    whole = freeze.torch("nn.Sequential", {"norm": norm})
    freeze(whole)
    whole.train(True)
    before = whole.state()
    norm(torch.from_numpy(rng.normal(size=(3, 4, 5, 5)).astype(np.float32)))
    for name, value in whole.state().items():
        assert np.array_equal(value, before[name]), f"{name} has changed as a part was called by itself"
