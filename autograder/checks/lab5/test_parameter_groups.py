"""Checks of `parameter_groups`."""

import numpy as np

from autograder import hint, points


def numbered(model):
    """Fill each parameter with a number of its own; these numbers by name, a shared parameter's under one name only."""
    model.load({name: np.full(np.shape(value), float(n)) for n, (name, value) in enumerate(model.state().items())})
    state = model.state()
    return {name: float(state[name].flat[0]) for name in model.shapes()}


def read_groups(result):
    """(sorted numbers, learning rate) of each group; a parameter may stand with its name, as torch allows."""
    assert isinstance(result, list) and all(isinstance(group, dict) for group in result), "a list of dicts is due"
    groups = []
    for group in result:
        assert {"params", "lr"} <= group.keys(), f"a group needs the keys 'params' and 'lr', one has {sorted(group)}"
        arrays = [np.asarray(p[1] if isinstance(p, tuple) else p, dtype=float) for p in group["params"]]
        groups.append((sorted(float(array.flat[0]) for array in arrays), float(group["lr"])))
    return groups


@points(1)
@hint(
    "Two groups, {'params': [...], 'lr': ...}: the backbone's parameters with lr first, then everything else of the "
    "model (the head, and whatever lies between) with lr_head. All parameters, biases and those of nested parts "
    "included, and no buffers."
)
def test_gives_backbone_and_the_rest_their_rates(parameter_groups):
    make = parameter_groups.torch
    block = make("nn.Sequential", {"conv": make("nn.Conv2d", 1, 2, 3), "bn": make("nn.BatchNorm2d", 2)})
    parts = {"backbone": make("nn.Sequential", {"stem": make("nn.Conv2d", 2, 1, 1), "block": block})}
    head = {"up": make("nn.ConvTranspose2d", 2, 3, 4), "backbone_like": make("nn.Linear", 2, 2)}
    parts |= {"backbone_neck": make("nn.Linear", 3, 2), "head": make("nn.Sequential", head)}
    # In whatever order the model holds them.
    for names in (("backbone", "backbone_neck", "head"), ("head", "backbone")):
        model = make("nn.Sequential", {name: parts[name] for name in names})
        numbers = numbered(model)
        inside = sorted(number for name, number in numbers.items() if name.startswith("backbone."))
        outside = sorted(set(numbers.values()) - set(inside))
        groups = read_groups(parameter_groups(model, 0.001, 0.1))
        assert groups == [(inside, 0.001), (outside, 0.1)], (
            f"parameters {inside} of the backbone are due with lr = 0.001, then {outside} with lr = 0.1; got {groups}"
        )


@points(1)
@hint(
    "Only what is to be trained (requires_grad) belongs in a group, frozen parameters do not, and a group that has "
    "nothing to train stays, with an empty list. A parameter that head and backbone share is the backbone's: torch "
    "refuses one in two groups. Tell parameters apart by identity, not by value or name.",
    also=("exception",),
)
def test_lists_what_is_trained_and_each_once(parameter_groups):
    make = parameter_groups.torch

    def frozen():
        return make("nn.Embedding", 3, 2, _freeze=True)  # a part of torch's that is made without gradients

    shared = make("nn.Linear", 2, 2)
    backbone = make("nn.Sequential", {"table": frozen(), "shared": shared})
    head = make("nn.Sequential", {"shared": shared, "own": make("nn.Linear", 2, 2), "table": frozen()})
    parts = {"backbone": backbone, "head": head}
    for first, second in (("backbone", "head"), ("head", "backbone")):
        model = make("nn.Sequential", {first: parts[first], second: parts[second]})
        numbers = numbered(model)  # a shared parameter stands there with the name that it has first
        inside = sorted([numbers[f"{first}.shared.weight"], numbers[f"{first}.shared.bias"]])
        outside = sorted([numbers["head.own.weight"], numbers["head.own.bias"]])
        groups = read_groups(parameter_groups(model, 0.5, 0.25))
        assert groups == [(inside, 0.5), (outside, 0.25)], f"{inside} and {outside} are to be trained, got {groups}"

    twins = {part: make("nn.Linear", 2, 1) for part in ("backbone", "head")}
    model = make("nn.Sequential", twins)
    model.load({name: np.ones(shape) for name, shape in model.shapes().items()})
    groups = read_groups(parameter_groups(model, 0.5, 0.25))
    assert groups == [([1.0, 1.0], 0.5), ([1.0, 1.0], 0.25)], f"equal values are not one parameter, got {groups}"

    model = make("nn.Sequential", {"backbone": frozen(), "head": make("nn.Linear", 2, 2)})
    outside = sorted(number for name, number in numbered(model).items() if name.startswith("head."))
    groups = read_groups(parameter_groups(model, 0.5, 0.25))
    assert groups == [([], 0.5), (outside, 0.25)], f"with a frozen backbone the first group is empty, got {groups}"
