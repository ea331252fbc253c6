"""What goes wrong, and what else is right, in `freeze`."""

import copy
import types

import torch
from torch import nn

from autograder.judge.bank import alternative, mistake


def stop_training(module):
    for parameter in module.parameters():
        parameter.requires_grad = False


def stay(module):
    for part in module.eval().modules():
        part.train = types.MethodType(lambda self, mode=True: self, part)


@mistake("switches the gradients off and no more", hint="has to stay in evaluation mode")
def only_gradients(module):
    stop_training(module)
    return module


@mistake("calls eval() once, which the next train() undoes", hint="One eval() does not last")
def evaluates_once(module):
    stop_training(module)
    return module.eval()


@mistake("stays in evaluation mode but still trains", hint="requires_grad_(False) for every parameter")
def still_trains(module):
    stay(module)
    return module


@mistake("sets the momentum of the normalisations to 0", hint="with momentum = 0 the counter still does")
def momentum_zero(module):
    stop_training(module)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.momentum = 0.0
    return module


@mistake("freezes the direct parts only", hint="those of nested parts included")
def direct_parts(module):
    for part in (module, *module.children()):
        if not list(part.children()):
            stop_training(part)
            stay(part)
    return module


@mistake("holds the normalisations but lets dropout drop", hint="dropout drops")
def normalisations_only(module):
    stop_training(module)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            stay(part)
    return module


@mistake("freezes a copy", hint="no copy")
def of_a_copy(module):
    module = copy.deepcopy(module)
    stop_training(module)
    stay(module)
    return module


@mistake("returns nothing", hint="changed and returned")
def returns_nothing(module):
    stop_training(module)
    stay(module)


@mistake("runs the part under no_grad, so that nothing below it learns", hint="gradients still pass through it")
def under_no_grad(module):
    stop_training(module)
    stay(module)
    inner = module.forward

    def forward(*inputs):
        with torch.no_grad():
            return inner(*inputs)

    module.forward = forward
    return module


@mistake("forgets the statistics of the normalisations", hint="The buffers of a normalisation")
def drops_statistics(module):
    stop_training(module)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.track_running_stats = False
            part.register_buffer("running_mean", None)
            part.register_buffer("running_var", None)
    stay(module)
    return module


@mistake("resets the statistics", hint="They may not move")
def resets_statistics(module):
    stop_training(module)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.reset_running_stats()
    stay(module)
    return module


@mistake("spares the normalisations' weights and biases", hint="for every parameter of the module")
def spares_normalisations(module):
    for part in module.modules():
        for parameter in part.parameters(recurse=False):
            parameter.requires_grad = isinstance(part, nn.BatchNorm2d)
    stay(module)
    return module


@mistake("gives the last part back for each", hint="a lambda in a loop gives the last")
def late_binding(module):
    for part in module.requires_grad_(False).eval().modules():
        part.train = lambda mode=True: part  # noqa: B023
    return module


@mistake("gives nothing back where train() gives the part", hint="gives back its own part")
def nothing_back(module):
    for part in module.requires_grad_(False).eval().modules():
        part.train = lambda mode=True: None
    return module


@mistake(
    "calls eval() in a hook of the whole, which a part that is called by itself does not run",
    hint="a hook on the whole",
)
def hook_on_the_whole(module):
    stop_training(module)
    module.register_forward_pre_hook(lambda whole, inputs: whole.eval() and None)
    return module


@alternative
def by_method(module):
    stop_training(module)
    stay(module)
    return module


@alternative
def by_hooks(module):
    """A hook in front of every forward pass brings each part back into evaluation mode."""
    for part in module.modules():
        part.requires_grad_(False)
        part.register_forward_pre_hook(lambda part, inputs: part.eval() and None)
    return module.eval()


@alternative
def by_subclass(module):
    for part in module.modules():
        kind = type(part)
        part.__class__ = type(kind.__name__, (kind,), {"train": lambda self, mode=True: self})
        part.training = False
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    return module


@alternative
def bound_to_each_part(module):
    for part in module.requires_grad_(False).eval().modules():
        part.train = lambda mode=True, part=part: part
    return module
