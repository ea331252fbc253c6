"""What goes wrong, and what else is right, in `features_at`."""

import copy

import numpy as np
import torch
from torch import nn

from autograder.judge.bank import alternative, mistake


def run(model, x, layer):
    x = model.maxpool(model.relu(model.bn1(model.conv1(x))))
    for n in range(1, layer + 1):
        x = getattr(model, f"layer{n}")(x)
    return x


@mistake("counts the stages from zero", hint="layer1 is stage 1")
def one_too_far(model, x, layer):
    return run(model, x, min(layer + 1, 4))


@mistake("stops in front of the stage", hint="ends *behind* the stage")
def one_too_few(model, x, layer):
    return run(model, x, layer - 1)


@mistake("always takes the last stage", hint="whose number is `layer`")
def always_the_last(model, x, layer):
    return run(model, x, 4)


@mistake("forgets the pooling of the stem", hint="relu, maxpool")
def no_pooling(model, x, layer):
    x = model.relu(model.bn1(model.conv1(x)))
    for n in range(1, layer + 1):
        x = getattr(model, f"layer{n}")(x)
    return x


@mistake("runs the stage on the image alone, skipping those before it", hint="The way of the image is")
def skips_stages(model, x, layer):
    x = model.maxpool(model.relu(model.bn1(model.conv1(x))))
    return getattr(model, f"layer{layer}")(x) if layer == 1 else run(model, x, 1)


@mistake("averages the features over all positions", hint="stay a map")
def averaged(model, x, layer):
    return run(model, x, layer).mean(dim=(2, 3))


@mistake("returns what the network says in the end", hint="ends *behind* the stage")
def whole_network(model, x, layer):
    return model(x)


@mistake("computes without gradients", hint="no torch.no_grad()")
def without_gradients(model, x, layer):
    with torch.no_grad():
        return run(model, x, layer)


@mistake("detaches the features", hint="no detach()")
def detached(model, x, layer):
    return run(model, x, layer).detach()


@mistake("goes through NumPy", hint="no way through NumPy")
def through_numpy(model, x, layer):
    return torch.from_numpy(np.array(run(model, x, layer).detach().numpy()))


@mistake("detaches the image", hint="and to the image")
def image_detached(model, x, layer):
    return run(model, x.detach(), layer)


@mistake("detaches the stem", hint="to the weights up to this stage")
def stem_detached(model, x, layer):
    x = model.maxpool(model.relu(model.bn1(model.conv1(x)))).detach()
    for n in range(1, layer + 1):
        x = getattr(model, f"layer{n}")(x)
    return x


@mistake("leaves its hook behind", hint="Remove a hook")
def leaves_a_hook(model, x, layer):
    kept = []
    getattr(model, f"layer{layer}").register_forward_hook(lambda part, inputs, output: kept.append(output))
    model(x)
    return kept[0]


@mistake("hooks what goes into the stage", hint="ends *behind* the stage")
def hooks_the_input(model, x, layer):
    kept = []
    part = getattr(model, f"layer{layer}")
    handle = part.register_forward_hook(lambda part, inputs, output: kept.append(inputs[0]))
    model(x)
    handle.remove()
    return kept[0]


@mistake("puts the network into evaluation mode", hint="do not call eval()")
def switches_to_evaluation(model, x, layer):
    model.eval()
    return run(model, x, layer)


@mistake("puts the network into evaluation mode for a while", hint="the features are those of training mode")
def borrows_evaluation_mode(model, x, layer):
    training = model.training
    model.eval()
    features = run(model, x, layer)
    model.train(training)
    return features


@mistake("puts the network into training mode", hint="or train()")
def switches_to_training(model, x, layer):
    features = run(model, x, layer)
    model.train()
    return features


@mistake("stops training the network", hint="Leave the network as you found it")
def stops_training(model, x, layer):
    features = run(model, x, layer)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return features


@mistake("cuts the later parts off the network", hint="Leave the network as you found it")
def cuts_the_network(model, x, layer):
    for n in range(layer + 1, 5):
        setattr(model, f"layer{n}", nn.Identity())
    model.avgpool = model.flatten = model.fc = nn.Identity()
    return model(x)


@mistake("runs a copy of the network", hint="to the weights up to this stage")
def runs_a_copy(model, x, layer):
    return run(copy.deepcopy(model), x, layer)


@alternative
def by_hook(model, x, layer):
    kept = []
    handle = getattr(model, f"layer{layer}").register_forward_hook(lambda part, inputs, output: kept.append(output))
    try:
        model(x)
    finally:
        handle.remove()
    return kept[0]


@alternative
def by_children(model, x, layer):
    return nn.Sequential(*list(model.children())[: 4 + layer])(x)


@alternative
def by_names(model, x, layer):
    for name in ["conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4"][: 4 + layer]:
        x = getattr(model, name)(x)
    return x


class _Found(Exception):
    pass


@alternative
def by_interruption(model, x, layer):
    def stop(part, inputs, output):
        raise _Found(output)

    handle = getattr(model, f"layer{layer}").register_forward_hook(stop)
    try:
        model(x)
    except _Found as found:
        return found.args[0]
    finally:
        handle.remove()
