"""Lab 5: what the thirteen exercises on residual networks, heads, augmentation and fine-tuning must do."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy import ndimage, stats
from torch.nn import functional as F

from autograder import hint, points


def agree(result, expected, rtol=1e-10, atol=0.0):
    """Shapes too, because numpy.testing lets a scalar stand for an array and (1,) for a scalar."""
    shape = np.shape(expected)
    assert np.shape(result) == shape, f"returned shape {np.shape(result)}, expected {shape}"
    assert_allclose(result, expected, rtol=rtol, atol=atol)


# --- networks: shapes and forward passes, from torchvision's names alone ---------------------------------------------


def normalized(name, channels):
    """Shapes of a batch normalisation's parameters and buffers."""
    shapes = {f"{name}.{part}": (channels,) for part in ("weight", "bias", "running_mean", "running_var")}
    return shapes | {f"{name}.num_batches_tracked": ()}


def block_shapes(in_channels, channels, stride=1, bottleneck=False, prefix=""):
    """What the state dict of a residual block holds, by name."""
    out = 4 * channels if bottleneck else channels
    widths, kernels = ((channels, channels, out), (1, 3, 1)) if bottleneck else ((channels, channels), (3, 3))
    shapes, before = {}, in_channels
    for n, (width, kernel) in enumerate(zip(widths, kernels, strict=True), start=1):
        shapes[f"{prefix}conv{n}.weight"] = (width, before, kernel, kernel)
        shapes |= normalized(f"{prefix}bn{n}", width)
        before = width
    if stride != 1 or in_channels != out:
        shapes[f"{prefix}downsample.0.weight"] = (out, in_channels, 1, 1)
        shapes |= normalized(f"{prefix}downsample.1", out)
    return shapes


def resnet_shapes(layers, width, classes, bottleneck=False):
    """What the state dict of a residual network holds, by name."""
    shapes, before = {"conv1.weight": (width, 3, 7, 7)} | normalized("bn1", width), width
    for n, number in enumerate(layers):
        for b in range(number):
            stride = 2 if n > 0 and b == 0 else 1
            shapes |= block_shapes(before, width * 2**n, stride, bottleneck, f"layer{n + 1}.{b}.")
            before = width * 2**n * (4 if bottleneck else 1)
    return shapes | {"fc.weight": (classes, before), "fc.bias": (classes,)}


def draw_state(rng, shapes):
    """A random state dict that keeps activations about as large as they are."""
    state = {}
    for name, shape in shapes.items():
        if name.endswith("num_batches_tracked"):
            state[name] = np.array(3)
        elif name.endswith("running_var"):
            state[name] = rng.uniform(0.5, 2.0, shape)
        elif len(shape) > 1:
            state[name] = rng.normal(size=shape) * np.sqrt(2.0 / np.prod(shape[1:]))
        else:
            state[name] = rng.normal(size=shape) * 0.3 + name.endswith("weight")
    return {name: value if value.dtype == int else value.astype(np.float32) for name, value in state.items()}


def tensors(state):
    return {name: torch.from_numpy(np.array(value)) for name, value in state.items()}


def batch_norm(state, name, x, training=False):
    weight, bias, mean, var = (state[f"{name}.{part}"] for part in ("weight", "bias", "running_mean", "running_var"))
    return F.batch_norm(x, mean.clone(), var.clone(), weight, bias, training=training)


def residual_block(state, prefix, x, stride, training=False):
    """A block's forward pass. The only 3x3 convolution of a bottleneck carries the stride, else the first one."""
    strides = (1, stride, 1) if f"{prefix}conv3.weight" in state else (stride, 1)
    y = x
    for n, step in enumerate(strides, start=1):
        weight = state[f"{prefix}conv{n}.weight"]
        y = F.conv2d(y, weight, stride=step, padding=weight.shape[-1] // 2)
        y = batch_norm(state, f"{prefix}bn{n}", y, training)
        y = F.relu(y) if n < len(strides) else y
    if f"{prefix}downsample.0.weight" in state:
        x = F.conv2d(x, state[f"{prefix}downsample.0.weight"], stride=stride)
        x = batch_norm(state, f"{prefix}downsample.1", x, training)
    return F.relu(x + y)


def close(result, expected, tolerance=1e-5):
    """Networks compute in float32: errors are measured against the largest value, and add up over the layers."""
    expected = expected.detach().numpy() if isinstance(expected, torch.Tensor) else expected
    agree(result, expected, rtol=0.0, atol=tolerance * float(np.max(np.abs(expected))))


def close_gradients(found, state, names):
    """Gradients by name. Loosely, because one activation that rounds to the other side of a ReLU's kink moves them."""
    for name in names:
        assert found.get(name) is not None, f"no gradient reached {name}"
        close(found[name], state[name].grad, tolerance=0.02)


def same_names(found, shapes):
    """Which parameters a module lacks, has too many, or has in another shape, in one line; buffers show when it loads."""
    expected = {name: shape for name, shape in shapes.items() if name.endswith(("weight", "bias"))}
    missing, spare = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    assert not missing, f"there is no {', '.join(missing[:6])}; there is {', '.join(spare[:6]) or 'nothing else'}"
    assert not spare, f"there is {', '.join(spare[:6])}, which torchvision's has not"
    for name, shape in expected.items():
        assert tuple(found[name]) == shape, f"{name} has shape {tuple(found[name])}, expected {shape}"


# --- BasicBlock ------------------------------------------------------------------------------------------------------


@points(1)
@hint(
    "The parts are called conv1, bn1, conv2, bn2 (and downsample), as in torchvision: 3x3 convolutions to `channels` "
    "channels with bias=False, each with a BatchNorm2d of its own."
)
@pytest.mark.parametrize("in_channels, channels", [(5, 5), (1, 1)])
def test_has_torchvisions_parts(BasicBlock, in_channels, channels):
    same_names(BasicBlock(in_channels, channels).shapes(), block_shapes(in_channels, channels))


@points(1)
@hint(
    "The shortcut needs a convolution where the output differs from the input in shape, that is if the stride is not "
    "1 or the channels differ: downsample = Sequential(1x1 Conv2d with the stride and without bias, BatchNorm2d). "
    "Elsewhere downsample is None."
)
@pytest.mark.parametrize("in_channels, channels, stride", [(4, 6, 1), (6, 6, 2), (3, 6, 2), (6, 2, 1), (4, 4, 1)])
def test_fits_the_shortcut(BasicBlock, in_channels, channels, stride):
    block = BasicBlock(in_channels, channels, stride)
    same_names(block.shapes(), block_shapes(in_channels, channels, stride))
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


# --- Bottleneck ------------------------------------------------------------------------------------------------------


@points(1)
@hint(
    "conv1 is 1x1 to `channels`, conv2 is 3x3, conv3 is 1x1 to 4 * channels; bn1, bn2, bn3 behind them, no biases. The "
    "shortcut fits the *output*, 4 * channels, so downsample is None only for stride 1 and in_channels = 4 * channels."
)
@pytest.mark.parametrize("in_channels, channels, stride", [(8, 2, 1), (3, 3, 1), (12, 3, 2), (4, 4, 1), (4, 1, 1)])
def test_widens_by_four(Bottleneck, in_channels, channels, stride):
    block = Bottleneck(in_channels, channels, stride)
    same_names(block.shapes(), block_shapes(in_channels, channels, stride, bottleneck=True))
    if stride == 1 and in_channels == 4 * channels:
        assert block.attribute("downsample") is None, "the shapes agree, so downsample must be None"


@points(1)
@hint(
    "The stride sits on the 3x3 convolution, conv2 (on the first 1x1 convolution three quarters of the input would "
    "never be looked at). ReLU behind bn1 and bn2, none behind bn3, then the sum with the shortcut, then the last ReLU."
)
@pytest.mark.parametrize("in_channels, channels, stride", [(8, 2, 1), (3, 3, 1), (12, 3, 2), (5, 2, 2)])
def test_strides_in_the_middle(Bottleneck, rng, in_channels, channels, stride):
    block = Bottleneck(in_channels, channels, stride)
    state = draw_state(rng, block_shapes(in_channels, channels, stride, bottleneck=True))
    x = torch.from_numpy(rng.normal(size=(3, in_channels, 9, 7)).astype(np.float32))
    for training in (False, True):
        block.load(state)
        block.train(training)
        close(block(x), residual_block(tensors(state), "", x, stride, training))


# --- ResNet ----------------------------------------------------------------------------------------------------------


def resnet(state, layers, x):
    """Forward pass of a residual network from its state dict, in evaluation mode."""
    x = F.relu(batch_norm(state, "bn1", F.conv2d(x, state["conv1.weight"], stride=2, padding=3)))
    x = F.max_pool2d(x, 3, stride=2, padding=1)
    for n, number in enumerate(layers):
        for b in range(number):
            x = residual_block(state, f"layer{n + 1}.{b}.", x, 2 if n > 0 and b == 0 else 1)
    return x.mean(dim=(2, 3)) @ state["fc.weight"].T + state["fc.bias"]


@points(1)
@hint(
    "The stages are called layer1 ... layer4, each an nn.Sequential of as many blocks as `layers` says (a plain list of "
    "modules registers nothing), and the classifier fc, with a bias. Stage n has width * 2**(n - 1) channels, and fc "
    "leads from the last stage's channels to num_classes. By default that makes 11,689,512 parameters of ResNet-18."
)
@pytest.mark.parametrize("layers, width, classes", [((2, 2, 2, 2), 4, 7), ((3, 4, 6, 3), 3, 2), ((1, 2, 1, 3), 6, 1)])
def test_has_torchvisions_names(ResNet, layers, width, classes):
    net = ResNet(ResNet.named("BasicBlock"), layers, width=width, num_classes=classes)
    same_names(net.shapes(), resnet_shapes(layers, width, classes))
    if layers == (2, 2, 2, 2):
        shapes = ResNet(ResNet.named("BasicBlock"), layers).shapes()
        count = sum(int(np.prod(shape)) for shape in shapes.values())
        assert count == 11_689_512, f"your ResNet-18 has {count:,} parameters"


@points(1)
@hint(
    "The first block of layer2, layer3 and layer4 has stride 2, layer1 has stride 1 throughout. The stem is conv1, bn1, "
    "ReLU, maxpool; behind layer4 come the mean over all positions and fc, and nothing else (no softmax)."
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


@points(1)
@hint(
    "A block gives channels * block.expansion channels, which the next block and fc have to expect. (This check builds "
    "the network of your Bottleneck, so it needs exercise 2.)"
)
def test_expects_what_a_block_expands(ResNet, rng):
    layers = (1, 2, 1, 2)
    net = ResNet(ResNet.named("Bottleneck"), layers, width=3, num_classes=4)
    shapes = resnet_shapes(layers, 3, 4, bottleneck=True)
    same_names(net.shapes(), shapes)
    state = draw_state(rng, shapes)
    state["bn1.bias"][0] = -10.0  # as above
    net.load(state)
    net.train(False)
    x = torch.from_numpy(rng.uniform(size=(2, 3, 50, 37)).astype(np.float32))
    close(net(x), resnet(tensors(state), layers, x))


# --- features_at -----------------------------------------------------------------------------------------------------

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
    "layer1 is stage 1. The features stay a map (B, C, h, w)."
)
@pytest.mark.parametrize("layer", [1, 2, 3, 4])
def test_stops_behind_the_stage(features_at, rng, layer):
    net, values, x = network_and_images(features_at, rng)
    close(features_at(net, x, layer), small_features(tensors(values), x, layer))


@points(1)
@hint(
    "Fine-tuning sends gradients back through these features, to the weights up to this stage and to the image: no "
    "torch.no_grad(), no detach(), no .data, no way through NumPy."
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
    "training mode the features are those of training mode, with the batch's own statistics."
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


# --- receptive_field -------------------------------------------------------------------------------------------------

RESNET_18 = [(7, 2), (3, 2)] + [(3, 1)] * 4 + ([(3, 2)] + [(3, 1)] * 3) * 3


@points(1)
@hint(
    "A layer of kernel k adds (k - 1) times the stride of its *input*, the product of the strides below it; then its "
    "own stride multiplies this product. Start from a window of 1, which is also the answer without layers."
)
@pytest.mark.parametrize(
    "layers", [[], [(3, 1)], [(7, 2)], [(3, 2), (3, 1), (5, 3), (1, 2), (2, 1)], [(1, 2), (2, 2), (3, 1)], RESNET_18]
)
def test_counts_the_pixels_below(receptive_field, layers):
    window = {0}  # which inputs of each layer, from the top down, one output depends on
    for kernel, stride in reversed(layers):
        window = {stride * n + k for n in window for k in range(kernel)}
    found = receptive_field(layers)
    assert np.shape(found) == () and found == max(window) + 1, f"{layers} see {max(window) + 1} px, not {found}"


# --- freeze ----------------------------------------------------------------------------------------------------------


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
    "module itself is changed and returned (no copy), and gradients still pass through it to whatever lies below."
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
    "evaluation mode. One eval() does not last, because train() of the network around it calls the part's own train()."
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
    "training mode, also where no parameter is trained; with momentum = 0 the counter still does. They may not move."
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


# --- DeconvHead ------------------------------------------------------------------------------------------------------


def head_shapes(in_channels, K):
    """Weights of a transposed convolution are (in, out, kernel, kernel)."""
    weights = {"scores.weight": (in_channels, K, 4, 4), "offsets.weight": (in_channels, 2 * K, 4, 4)}
    return weights | {"scores.bias": (K,), "offsets.bias": (2 * K,)}


def head_and_features(DeconvHead, rng, in_channels, K):
    """A head with random weights, these weights, and features."""
    head = DeconvHead(in_channels, K)
    state = draw_state(rng, head_shapes(in_channels, K))
    head.load(state)
    return head, tensors(state), torch.from_numpy(rng.normal(size=(2, in_channels, 3, 5)).astype(np.float32))


def read_maps(result):
    assert isinstance(result, (tuple, list)) and len(result) == 2, "the head gives two things, (scores, offsets)"
    return result


@points(1)
@hint(
    "Two nn.ConvTranspose2d on the same features, `scores` to K channels and `offsets` to 2K, each with kernel 4, stride "
    "2, padding 1 and a bias: h x w cells give maps of 2h x 2w. Scores are log odds as they come out of the convolution, "
    "no sigmoid and no ReLU. Return scores first, then offsets."
)
@pytest.mark.parametrize("in_channels, K", [(6, 3), (2, 1), (3, 4)])
def test_doubles_the_resolution(DeconvHead, rng, in_channels, K):
    same_names(DeconvHead(in_channels, K).shapes(), head_shapes(in_channels, K))
    head, state, x = head_and_features(DeconvHead, rng, in_channels, K)
    scores, offsets = read_maps(head(x))
    close(scores, F.conv_transpose2d(x, state["scores.weight"], state["scores.bias"], stride=2, padding=1))
    assert np.shape(offsets)[0] == 2 and np.shape(offsets)[-2:] == (6, 10), f"offsets have shape {np.shape(offsets)}"


@points(1)
@hint(
    "Offsets have shape (B, K, 2, 2h, 2w): channel 2k of the convolution is dx and channel 2k + 1 dy of keypoint k, "
    "which a reshape to (B, K, 2, ...) gives as it stands; (B, 2, K, ...) is another order. They read the features."
)
@pytest.mark.parametrize("in_channels, K", [(6, 3), (2, 1), (3, 4), (2, 2)])
def test_pairs_the_offsets(DeconvHead, rng, in_channels, K):
    head, state, x = head_and_features(DeconvHead, rng, in_channels, K)
    _, offsets = read_maps(head(x))
    flat = F.conv_transpose2d(x, state["offsets.weight"], state["offsets.bias"], stride=2, padding=1)
    close(offsets, np.stack([flat[:, 0::2].numpy(), flat[:, 1::2].numpy()], axis=2))


# --- Hourglass, StackedHourglass -------------------------------------------------------------------------------------


def hourglass_shapes(depth, channels, prefix=""):
    shapes = {}
    for part in ("skip.", "before.", "after.") + (("inner.",) if depth == 1 else ()):
        shapes |= block_shapes(channels, channels, prefix=prefix + part)
    return shapes | (hourglass_shapes(depth - 1, channels, f"{prefix}inner.") if depth > 1 else {})


def hourglass(state, depth, x, prefix=""):
    """Forward pass of an hourglass from its state dict, in evaluation mode."""
    y = residual_block(state, f"{prefix}before.", F.max_pool2d(x, 2), 1)
    inner = f"{prefix}inner."
    y = hourglass(state, depth - 1, y, inner) if depth > 1 else residual_block(state, inner, y, 1)
    y = residual_block(state, f"{prefix}after.", y, 1)
    y = y.repeat_interleave(2, dim=-1).repeat_interleave(2, dim=-2)
    return y + residual_block(state, f"{prefix}skip.", x, 1)


@points(1)
@hint(
    "Two ways that meet in a sum: skip(x) at full size, and maximum pooling by 2, before, inner, after, and each cell "
    "repeated (mode='nearest') to the size of x again. Nothing behind the sum, and nothing concatenated."
)
@pytest.mark.parametrize("depth, channels, size", [(1, 3, (4, 6)), (2, 2, (8, 4)), (3, 2, (8, 16))])
def test_goes_down_and_up(Hourglass, rng, depth, channels, size):
    net = Hourglass(depth, channels)
    values = draw_state(rng, hourglass_shapes(depth, channels))
    net.load(values)
    net.train(False)
    x = torch.from_numpy(rng.normal(size=(2, channels, *size)).astype(np.float32))
    close(net(x), hourglass(tensors(values), depth, x))


def stacked_shapes(stacks, depth, channels, K):
    shapes = {"stem.0.weight": (channels, 1, 7, 7)} | normalized("stem.1", channels)
    for n in range(stacks):
        shapes |= hourglass_shapes(depth, channels, f"hourglasses.{n}.")
        shapes |= block_shapes(channels, channels, prefix=f"features.{n}.")
        shapes |= {f"heads.{n}.weight": (K, channels, 1, 1), f"heads.{n}.bias": (K,)}
    for n in range(stacks - 1):
        shapes |= {f"feature_maps.{n}.weight": (channels, channels, 1, 1), f"feature_maps.{n}.bias": (channels,)}
        shapes |= {f"score_maps.{n}.weight": (channels, K, 1, 1), f"score_maps.{n}.bias": (channels,)}
    return shapes


@points(1)
@hint(
    "One score map per stack, in their order, the last included. Stack n's features, and from them its scores, come from "
    "what it reads; the next one reads the *sum* of that input, feature_maps[n](features) and score_maps[n](scores)."
)
@pytest.mark.parametrize("stacks, depth, channels, K", [(1, 1, 2, 3), (2, 2, 3, 2), (3, 1, 2, 1)])
def test_supervises_every_stack(StackedHourglass, rng, stacks, depth, channels, K):
    net = StackedHourglass(stacks, depth, channels, K)
    values = draw_state(rng, stacked_shapes(stacks, depth, channels, K))
    net.load(values)
    net.train(False)
    images = torch.from_numpy(rng.uniform(size=(2, 1, 16, 32)).astype(np.float32))
    state = tensors(values)
    x = F.max_pool2d(F.relu(batch_norm(state, "stem.1", F.conv2d(images, state["stem.0.weight"], None, 2, 3))), 2)
    found = net(images)
    assert np.shape(found)[:1] == (stacks,), f"{stacks} stack(s) gave {np.shape(found)}"
    for n in range(stacks):
        y = residual_block(state, f"features.{n}.", hourglass(state, depth, x, f"hourglasses.{n}."), 1)
        scores = F.conv2d(y, state[f"heads.{n}.weight"], state[f"heads.{n}.bias"])
        close(found[n], scores)
        if n + 1 < stacks:
            x = x + F.conv2d(y, state[f"feature_maps.{n}.weight"], state[f"feature_maps.{n}.bias"])
            x = x + F.conv2d(scores, state[f"score_maps.{n}.weight"], state[f"score_maps.{n}.bias"])


# --- encode_offsets, decode_offsets ----------------------------------------------------------------------------------


def cell_centers(number, stride):
    """Where the cells of one axis are centred: the mean of the pixels that each of them covers."""
    return np.arange(number * stride, dtype=float).reshape(number, stride).mean(axis=1)


@points(1)
@hint(
    "The offset leads from the cell to the keypoint: keypoint minus centre, in px (not divided by the stride). [:, 0] "
    "holds dx, which changes along the columns j, and [:, 1] dy; shape is (h, w). A missing keypoint is NaN in its "
    "whole map. Arrays and tensors both come in."
)
@pytest.mark.parametrize("tensor", [False, True])
@pytest.mark.parametrize("number, shape, stride", [(3, (4, 6), 8), (1, (5, 3), 4), (2, (1, 7), 1), (5, (2, 2), 3)])
def test_leads_from_cells_to_keypoints(encode_offsets, rng, number, shape, stride, tensor):
    h, w = shape
    keypoints = rng.uniform(-20.0, 60.0, size=(number, 2))  # also far beside the map
    keypoints[1::2] = np.nan
    offsets = encode_offsets(torch.tensor(keypoints).float() if tensor else keypoints, shape, stride)
    expected = np.empty((number, 2, h, w))
    for k, (x, y) in enumerate(keypoints):
        expected[k, 0] = x - cell_centers(w, stride)
        expected[k, 1] = (y - cell_centers(h, stride))[:, None]
    assert np.shape(offsets) == expected.shape, f"returned shape {np.shape(offsets)}, expected {expected.shape}"
    # Where a cell is centred is the next check's business: up to one shift, these are right or wrong for every cell.
    shift = np.asarray(offsets) - expected
    assert np.array_equal(np.isnan(offsets), np.isnan(expected)), "NaN is due for missing keypoints, and for no others"
    assert np.nanmax(np.abs(shift)) <= stride / 2 + 1e-3 and np.nanmax(shift) - np.nanmin(shift) < 1e-3, (
        "the offsets differ from keypoint - centre by "
        f"{np.nanmin(shift):.4g} to {np.nanmax(shift):.4g} px over the map, not by 0"
    )


@points(1)
@hint(
    "A cell of stride s covers the pixels s j to s j + s - 1, and pixels are centred at integers: its middle is "
    "s j + (s - 1)/2, not s j (its first pixel) and not s j + s/2 (half a pixel too far)."
)
@pytest.mark.parametrize("stride", [8, 1, 5, 2])
def test_measures_from_the_middle_of_a_cell(encode_offsets, rng, stride):
    h, w = 3, 4
    x, y = rng.uniform(5.0, 15.0, size=2)
    offsets = encode_offsets(np.array([[x, y]]), (h, w), stride)
    dx, dy = x - cell_centers(w, stride), y - cell_centers(h, stride)
    agree(offsets, np.stack([np.tile(dx, (h, 1)), np.tile(dy[:, None], (1, w))])[None], rtol=0.0, atol=1e-9)


def maps_with_a_best_cell(rng, number, shape):
    """Logits of which one per map is the largest, all of them negative, and the rows and columns of these."""
    scores = -1.0 - np.stack([rng.permutation(shape[0] * shape[1]) for _ in range(number)]).reshape(number, *shape)
    rows, columns = np.unravel_index(scores.reshape(number, -1).argmax(axis=1), shape)
    return scores, rows, columns


@points(1)
@hint(
    "Each keypoint takes the cell where its own score map is largest (all scores may be negative), and that cell's "
    "offset from its own map: index i w + j is row i and column j, x goes with the column and offset [:, 0]. The "
    "offset is added, in px. A NaN offset gives a NaN point. Arrays and tensors both come in."
)
@pytest.mark.parametrize("tensor", [False, True])
@pytest.mark.parametrize("number, shape", [(4, (5, 9)), (3, (7, 2)), (1, (3, 3)), (2, (1, 6))])
def test_adds_the_offset_of_the_best_cell(decode_offsets, rng, number, shape, tensor):
    scores, rows, columns = maps_with_a_best_cell(rng, number, shape)
    offsets = rng.uniform(1.0, 3.0, size=(number, 2, *shape)) * [[[[1.0]], [[-1.0]]]]
    if number > 1:
        offsets[1] = np.nan
    # A stride of 1: the middle of a cell is its only pixel.
    expected = [[j + offsets[k, 0, i, j], i + offsets[k, 1, i, j]] for k, (i, j) in enumerate(zip(rows, columns))]
    if tensor:
        scores, offsets = torch.tensor(scores).float(), torch.tensor(offsets).float()
    agree(decode_offsets(scores, offsets, 1), expected, rtol=0.0, atol=1e-5 if tensor else 1e-9)


@points(1)
@hint(
    "The point is the middle of the best cell plus the offset, and with pixel centres at integers the middle is "
    "s j + (s - 1)/2: not s j, not s j + s/2, and never divide the offset by the stride. Then whatever cell wins, the "
    "offsets lead back to the keypoint exactly."
)
@pytest.mark.parametrize("stride", [8, 3, 2])
def test_leads_back_from_every_cell(decode_offsets, rng, stride):
    h, w = 4, 5
    keypoints = rng.uniform(-10.0, 50.0, size=(h * w, 2))
    x = np.broadcast_to(cell_centers(w, stride), (h, w))
    y = np.broadcast_to(cell_centers(h, stride)[:, None], (h, w))
    scores = np.eye(h * w).reshape(h * w, h, w)  # map k is best in cell k
    agree(decode_offsets(scores, keypoints[:, :, None, None] - [x, y], stride), keypoints, rtol=0.0, atol=1e-9)


# --- transform_points, warp_image ------------------------------------------------------------------------------------


def about(center, linear, shift=(0.0, 0.0)):
    """The matrix (2, 3) of a linear map about a point, with a shift behind it."""
    linear, center = np.asarray(linear, dtype=float), np.asarray(center, dtype=float)
    return np.column_stack([linear, center + shift - linear @ center])


def turned(degrees, scale=1.0):
    """A rotation that takes the x axis towards the y axis, and a scale."""
    z = scale * np.exp(1j * np.radians(degrees))
    return np.array([[z.real, -z.imag], [z.imag, z.real]])


@points(1)
@hint(
    "x' = m00 x + m01 y + m02 and y' = m10 x + m11 y + m12: for points in rows that is points @ A.T + b, not "
    "points @ A, and b is added. Any leading axes stay (one point, none, a grid), NaN stays NaN without spreading to "
    "other points, and arrays and tensors both come in."
)
@pytest.mark.parametrize("tensor", [False, True])
@pytest.mark.parametrize("shape", [(5, 2), (2,), (3, 4, 2), (2, 2), (0, 2)])
def test_applies_the_matrix_to_every_point(transform_points, rng, shape, tensor):
    matrix = rng.uniform(0.5, 1.5, size=(2, 3)) * [[1.0, -0.6, 8.0], [0.3, 1.2, -5.0]]
    moved = rng.uniform(1.0, 40.0, size=shape)
    source = np.linalg.solve(matrix[:, :2], moved.reshape(-1, 2).T - matrix[:, 2:]).T.reshape(shape)
    if len(shape) > 1 and shape[0] > 1:
        source[1], moved[1] = np.nan, np.nan
    result = transform_points(torch.tensor(source).float() if tensor else source, matrix)
    agree(
        result, moved, rtol=0.0, atol=1e-3 if tensor else 1e-9
    )  # single precision: 1e-7 of a hundred px, and to spare


@points(1)
@hint(
    "Pixel (x, y) is centred at the integers x and y, so the identity and mirror images reproduce every pixel exactly. "
    "A grid from -1 to 1 means the outer edges, half a pixel outside, for align_corners=False: (2 x + 1)/W - 1. With "
    "align_corners=True it means the outermost centres: 2 x/(W - 1) - 1."
)
@pytest.mark.parametrize("tensor", [False, True])
@pytest.mark.parametrize("flip_x, flip_y", [(False, False), (True, False), (False, True), (True, True)])
def test_keeps_pixels_on_pixels(warp_image, rng, flip_x, flip_y, tensor):
    H, W = 9, 12
    image = rng.uniform(0.2, 1.0, size=(2, H, W))
    matrix = about(((W - 1) / 2, (H - 1) / 2), np.diag([-1.0 if flip_x else 1.0, -1.0 if flip_y else 1.0]))
    warped = warp_image(torch.tensor(image).float() if tensor else image, matrix)
    expected = image[:, :: -1 if flip_y else 1, :: -1 if flip_x else 1]
    agree(warped, expected, rtol=0.0, atol=1e-4)  # single precision is enough for pixels


def blob(shape, center, sigma):
    """A Gaussian with its peak of 1 at the point (x, y)."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    return np.exp(-((x - center[0]) ** 2 + (y - center[1]) ** 2) / (2.0 * sigma**2))


def centroid(image):
    """The mean point (x, y) of a picture, weighted by its values."""
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    return np.array([(x * image).sum(), (y * image).sum()]) / image.sum()


@points(1)
@hint(
    "The matrix says where the pixels of the source go. To fill the target, each of its pixels (x, y) must ask the "
    "*inverse* where it came from: the matrix itself there turns, scales and shifts the wrong way round. Coordinates "
    "are (x, y) = (column, row)."
)
@pytest.mark.parametrize(
    "linear, shift",
    [
        (np.eye(2), (7.25, -4.5)),
        (turned(35.0), (2.0, 1.0)),
        (turned(-10.0, 0.7), (-6.0, 3.0)),
        (turned(0.0, 1.5), (0.0, 0.0)),
        ([[1.1, 0.5], [-0.1, 0.8]], (-3.0, 2.0)),
    ],
)
def test_moves_a_blob_where_its_point_goes(warp_image, rng, linear, shift):
    H, W = 56, 70
    middle = np.array([(W - 1) / 2, (H - 1) / 2])
    point = middle + rng.uniform(4.0, 7.0, size=2) * rng.choice([-1.0, 1.0], size=2)
    matrix = about(middle, linear, shift)
    warped = np.asarray(warp_image(blob((H, W), point, 2.5)[None], matrix))
    assert warped.shape == (1, H, W), f"returned shape {warped.shape}, expected {(1, H, W)}"
    due = matrix @ [*point, 1.0]
    y, x = np.mgrid[:H, :W]
    seen = np.where(np.hypot(x - due[0], y - due[1]) < 13.0, warped[0], 0.0)
    mass = seen.sum() / np.linalg.det(linear)  # of a blob that covers so much more of the image
    assert abs(mass / (2.0 * np.pi * 2.5**2) - 1.0) < 0.05, (
        f"the blob of ({point[0]:.2f}, {point[1]:.2f}) is not around ({due[0]:.2f}, {due[1]:.2f}), or not as bright"
    )
    found = centroid(seen)
    assert np.hypot(*(found - due)) < 0.05, (
        f"the blob of ({point[0]:.2f}, {point[1]:.2f}) is at ({found[0]:.2f}, {found[1]:.2f}), "
        f"its point at ({due[0]:.2f}, {due[1]:.2f})"
    )


@points(1)
@hint(
    "Between pixels the value is bilinear: the mean of the four neighbours, weighted by closeness; not the nearest, and "
    "not a spline. Each channel is its own image. What comes from outside is zero, not the edge again. And fill "
    "backward, a value for each target pixel: pushing pixels forward leaves holes where the image grows."
)
@pytest.mark.parametrize(
    "linear, shift",
    [
        (np.eye(2), (0.5, 0.25)),
        (turned(20.0, 1.8), (1.3, -2.1)),
        (turned(-75.0, 0.6), (2.2, 4.4)),
        (np.eye(2), (-60.0, 5.5)),
    ],
)
def test_interpolates_and_puts_zeros_outside(warp_image, rng, linear, shift):
    C, H, W = 3, 15, 22
    image = rng.uniform(0.2, 1.0, size=(C, H, W))
    matrix = about(((W - 1) / 2, (H - 1) / 2), linear, shift)
    y, x = np.mgrid[:H, :W]
    targets = np.stack([x.ravel(), y.ravel()])
    sx, sy = np.linalg.solve(matrix[:, :2], targets - matrix[:, 2:]).reshape(2, H, W)
    beside = np.maximum(np.maximum(-sx, sx - (W - 1)), np.maximum(-sy, sy - (H - 1)))  # px beyond the outermost centres
    expected = [ndimage.map_coordinates(channel, [sy, sx], order=1, mode="nearest") for channel in image]
    expected = np.where(beside >= 1.0, 0.0, expected)
    warped = np.asarray(warp_image(image, matrix))
    assert warped.shape == (C, H, W), f"returned shape {warped.shape}, expected {(C, H, W)}"
    border = (beside > -1e-3) & (beside < 1.001)  # half inside: honest solutions differ there
    agree(np.where(border, 0.0, warped), np.where(border, 0.0, expected), rtol=0.0, atol=1e-4)


# --- augment ---------------------------------------------------------------------------------------------------------


def draws(augment, rng, number, image, keypoints, *settings):
    """So many augmented images and keypoints, as arrays of the shapes that are due."""
    for _ in range(number):
        result = augment(image, keypoints, rng, *settings)
        assert isinstance(result, (tuple, list)) and len(result) == 2, "a pair is due, (image, keypoints)"
        moved, points = (np.asarray(part) for part in result)
        assert moved.shape == tuple(image.shape), f"returned an image of shape {moved.shape}, got {tuple(image.shape)}"
        assert points.shape == tuple(keypoints.shape), f"returned keypoints of shape {points.shape}"
        yield moved, points


def affine_between(source, target):
    """The matrix (2, 3) that takes the points of `source` to those of `target`."""
    return np.linalg.lstsq(np.column_stack([source, np.ones(len(source))]), target, rcond=None)[0].T


SMALL = np.linspace(0.0, 1.0, 9 * 13).reshape(1, 9, 13)  # an image about (6, 4), and points that never leave it
NEAR = np.array([6.0, 4.0]) + [[1.0, 0.5], [-1.0, 0.75], [0.25, -1.0], [0.0, 0.0]]


@points(1)
@hint(
    "Image and keypoints must go through the same map: draw the angle and the scale once and make one matrix of them, "
    "for `warp_image` and `transform_points` alike (also where the image is mirrored). Arrays and tensors both come in."
)
@pytest.mark.parametrize("tensor", [False, True])
@pytest.mark.parametrize("pairs", [None, [[0, 3], [2, 1]]])
def test_moves_keypoints_with_the_pixels(augment, rng, pairs, tensor):
    shape = (41, 53)
    keypoints = np.array([26.0, 20.0]) + rng.uniform(2.0, 5.0, size=(4, 2)) * [[1, 1], [-1, 1], [1, -1], [-1, -1]]
    image = np.stack([blob(shape, point, 2.0) for point in keypoints])  # channel k shows where keypoint k is
    swapped = np.array([3, 2, 1, 0])
    pairs = None if pairs is None else np.array(pairs)
    given = (torch.tensor(image).float(), torch.tensor(keypoints).float()) if tensor else (image, keypoints)
    for moved, found in draws(augment, rng, 5, *given, 30.0, 0.2, pairs):
        seen = np.array([centroid(channel) for channel in moved])
        apart = np.linalg.norm(seen - found, axis=1).max()
        if pairs is not None:  # in a mirror image the names are swapped
            apart = np.fmin(apart, np.linalg.norm(seen - found[swapped], axis=1).max())
        assert apart < 0.1, f"the pixels went elsewhere than the keypoints, by {apart:.2f} px"


@points(1)
@hint(
    "Rotate and scale about the middle of the image, ((W - 1)/2, (H - 1)/2), which stays where it is: not about the "
    "corner, and not about (W/2, H/2). Both axes share one scale. With max_rotation = max_scale = 0 nothing changes."
)
@pytest.mark.parametrize("max_rotation, max_scale", [(25.0, 0.3), (80.0, 0.0), (0.0, 0.4), (0.0, 0.0)])
def test_turns_about_the_middle(augment, rng, max_rotation, max_scale):
    for moved, found in draws(augment, rng, 6, SMALL, NEAR, max_rotation, max_scale):
        matrix = affine_between(NEAR, found)
        (a, c), (b, d) = matrix[:, :2]
        assert np.allclose([a, b], [d, -c], rtol=0.0, atol=1e-4), "this is no rotation with a scale, but a shear"
        agree(found[3], NEAR[3], rtol=0.0, atol=1e-4)
        if max_rotation == max_scale == 0.0:
            agree(found, NEAR, rtol=0.0, atol=1e-4)
            agree(moved, SMALL, rtol=0.0, atol=1e-4)


@points(1)
@hint(
    "The angle is uniform between -max_rotation and +max_rotation, in degrees (np.cos wants radians), and the scale, "
    "with a draw of its own, uniform between 1 - max_scale and 1 + max_scale. Every call draws anew, from `rng` and "
    "nothing else, so that the same generator gives the same image."
)
def test_draws_uniform_angles_and_scales(augment, rng):
    angles, scales = [], []
    for _, found in draws(augment, rng, 120, SMALL, NEAR, 40.0, 0.6):
        (a, _), (b, _) = affine_between(NEAR, found)[:, :2]
        angles.append(np.degrees(np.arctan2(b, a)) / 40.0)
        scales.append((np.hypot(a, b) - 1.0) / 0.6)
    for name, values in (("angles", angles), ("scales", scales)):
        assert np.max(np.abs(values)) < 1.0 + 1e-4, f"some {name} are beyond the largest that is allowed"
        counts, _ = np.histogram(values, bins=6, range=(-1.0001, 1.0001))
        # A right solution fails once in ten million times.
        assert stats.chisquare(counts).pvalue > 1e-7, f"the {name} are not uniform: {counts} in six equal bins"
    assert abs(np.corrcoef(angles, scales)[0, 1]) < 0.6, "the scale can be told from the angle"
    seed = int(rng.integers(2**31))
    twice = [augment(SMALL, NEAR, np.random.default_rng(seed), 40.0, 0.6)[1] for _ in range(2)]
    assert np.array_equal(*twice), "the same generator gave two different results: is every number drawn from rng?"


@points(1)
@hint(
    "With flip_pairs (any, also of no pairs), and only then, every other image on average is mirrored by "
    "x -> W - 1 - x, and its points with it. A left hand becomes a right hand: the two of each pair change places, seen "
    "or missing, and only in the images that were mirrored."
)
@pytest.mark.parametrize("pairs, number", [([[3, 0], [1, 4]], 80), ([], 30), (None, 20)])
def test_swaps_left_and_right_in_a_mirror(augment, rng, pairs, number):
    image = rng.uniform(size=(1, 7, 10))
    keypoints = np.column_stack([[0.5, 2.0, 3.5, 7.5, 6.0], rng.uniform(1.0, 5.0, size=5)])
    keypoints[1] = np.nan
    mirror = keypoints * [-1.0, 1.0] + [9.0, 0.0]
    if pairs:
        mirror = mirror[[3, 4, 2, 0, 1]]
    pairs = None if pairs is None else np.array(pairs, dtype=int).reshape(-1, 2)
    flips = 0
    for moved, found in draws(augment, rng, number, image, keypoints, 0.0, 0.0, pairs):
        flipped = abs(found[2, 0] - keypoints[2, 0]) > 0.5  # keypoint 2 has no partner, and is not in the middle
        agree(found, mirror if flipped else keypoints, rtol=0.0, atol=1e-4)
        pixels = image[..., ::-1] if flipped else image
        agree(moved[..., 1:-1, 1:-1], pixels[..., 1:-1, 1:-1], rtol=0.0, atol=1e-4)
        flips += flipped
    if pairs is None:
        assert flips == 0, "images were mirrored without flip_pairs"
    else:  # five standard deviations around one half
        assert abs(flips / number - 0.5) < 2.6 / np.sqrt(number), f"{flips} of {number} images were mirrored"


@points(1)
@hint(
    "A keypoint that left the image is missing: NaN in both coordinates, where x < 0, x > W - 1, y < 0 or y > H - 1 "
    "(the last pixel is W - 1, not W). It is not clipped to the border, and not dropped, because row k is keypoint k. "
    "One that is still on the border stays."
)
def test_marks_what_left_the_image(augment, rng):
    H, W = 9, 13
    x, y = np.meshgrid(np.linspace(0.0, W - 1.0, 25), np.linspace(0.0, H - 1.0, 17))
    keypoints = np.vstack([NEAR, np.column_stack([x.ravel(), y.ravel()]), [[np.nan, np.nan]]])
    for _, found in draws(augment, rng, 12, SMALL, keypoints, 45.0, 0.5):
        due = affine_between(NEAR, found[: len(NEAR)]) @ np.vstack([keypoints.T, np.ones(len(keypoints))])
        beyond = np.maximum(np.maximum(-due[0], due[0] - (W - 1)), np.maximum(-due[1], due[1] - (H - 1)))
        due[:, beyond > 0] = np.nan
        clear = np.abs(beyond) > 1e-3  # rounding decides at the border itself
        agree(found[clear], due.T[clear], rtol=0.0, atol=1e-3)
        agree(found[-1], [np.nan, np.nan])
    for _, found in draws(augment, rng, 1, SMALL, keypoints, 0.0, 0.0):
        assert not np.isnan(found[:-1]).any(), "nothing was turned or scaled, but points on the border are gone"


# --- parameter_groups ------------------------------------------------------------------------------------------------


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
    parts |= {"neck": make("nn.Linear", 3, 2), "head": make("nn.ConvTranspose2d", 2, 3, 4)}
    for names in (("backbone", "neck", "head"), ("head", "backbone")):  # in whatever order the model holds them
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
    "refuses one in two groups. Tell parameters apart by identity, not by value or name."
)
def test_lists_what_is_trained_and_each_once(parameter_groups):
    make = parameter_groups.torch

    def frozen():
        return make("nn.Embedding", 3, 2, _freeze=True)  # a part of torch's that is made without gradients

    shared = make("nn.Linear", 2, 2)
    backbone = make("nn.Sequential", {"table": frozen(), "shared": shared})
    head = make("nn.Sequential", {"shared": shared, "own": make("nn.Linear", 2, 2), "table": frozen()})
    model = make("nn.Sequential", {"backbone": backbone, "head": head})
    numbers = numbered(model)
    inside = sorted([numbers["backbone.shared.weight"], numbers["backbone.shared.bias"]])
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


# --- learning_curve --------------------------------------------------------------------------------------------------


class Bench:
    """Stands in for training and testing: notes what it is given, and has an error ready for every run."""

    def __init__(self, rng):
        self.errors = rng.uniform(1.0, 10.0, size=2000)
        self.runs = []

    def fit(self, indices, seed):
        self.runs.append((np.array(indices), int(seed)))
        return {"run": len(self.runs) - 1}

    def evaluate(self, model):
        return float(self.errors[model["run"]])

    def frames(self):
        """The sets of frames by seed and number."""
        return {(seed, len(indices)): set(indices.tolist()) for indices, seed in self.runs}


@points(1)
@hint(
    "errors[row, column] belongs to seeds[row] and counts[column], in the order given: the error that `evaluate` finds "
    "for the model that `fit` made of counts[column] frames with that seed. Each model is trained once."
)
@pytest.mark.parametrize("counts, seeds", [([25, 5, 10], [7, 3]), ([4], [0, 1, 2]), ([1, 40], [11])])
def test_puts_each_error_in_its_place(learning_curve, rng, counts, seeds):
    bench = Bench(rng)
    errors = learning_curve(bench.fit, bench.evaluate, counts, 40, seeds)
    trained = [(seed, len(indices)) for indices, seed in bench.runs]
    due = [(seed, count) for seed in seeds for count in counts]
    assert sorted(trained) == sorted(due), f"trained with (seed, number of frames) {trained}, due are {due}"
    agree(errors, [[bench.errors[trained.index((seed, count))] for count in counts] for seed in seeds])


@points(1)
@hint(
    "Make one permutation of the frames per seed and take its first `count`: then more labels include the fewer. A new "
    "draw for each count swaps frames too; a draw with replacement labels a frame twice; consecutive frames look alike. "
    "Every frame, the first and the last as well, must be as likely as any other."
)
def test_nests_the_label_sets_of_a_seed(learning_curve, rng):
    bench, counts, seeds = Bench(rng), [30, 10, 60], rng.choice(10**6, size=4, replace=False).tolist()
    learning_curve(bench.fit, bench.evaluate, counts, 1000, seeds)
    frames = bench.frames()
    for indices, _ in bench.runs:
        assert indices.shape in [(count,) for count in counts] and indices.dtype.kind in "iu", (
            "indices (count,) are due"
        )
        assert len(set(indices.tolist())) == len(indices), "a frame was labelled twice"
        assert np.ptp(indices) > 100, "these frames are next to each other"
    for seed in seeds:
        sets = [frames[seed, count] for count in sorted(counts)]
        assert sets[0] < sets[1] < sets[2], "the larger label sets do not contain the smaller ones of the same seed"
    bench, seeds = Bench(rng), rng.choice(10**6, size=100, replace=False).tolist()
    learning_curve(bench.fit, bench.evaluate, [3], 8, seeds)
    chosen = np.concatenate([indices for indices, _ in bench.runs])
    assert chosen.min() >= 0 and chosen.max() < 8, "indices must be in 0 ... num_frames - 1"
    # 37.5 times each, with a standard deviation of 4.8; a right solution never comes near.
    times = np.bincount(chosen, minlength=8)
    assert np.all(np.abs(times - 37.5) < 30), (
        f"three of eight frames for each of 100 seeds, and they came {times} times"
    )


@points(1)
@hint(
    "The frames of a seed depend on that seed alone: seed a new generator with it, once per seed, so that each has "
    "frames of its own, and the same again whenever it is run, after whatever other seeds. `fit` gets this seed, too."
)
def test_draws_the_frames_from_the_seed(learning_curve, rng):
    first, second, third = rng.choice(10**6, size=3, replace=False).tolist()
    runs = []
    for seeds in ([first, second, third], [second, first], [third]):
        bench = Bench(rng)
        learning_curve(bench.fit, bench.evaluate, [20, 40], 2000, seeds)
        runs.append(bench.frames())
    together, exchanged, alone = runs
    assert len({frozenset(together.get((seed, 20), ())) for seed in (first, second, third)}) > 1, (
        "different seeds got the same frames, or another seed than their own"
    )
    for again in (exchanged, alone):
        for key, frames in again.items():
            assert frames == together.get(key), "the same seed got other frames beside other seeds than before"
