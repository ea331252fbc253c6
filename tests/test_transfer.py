"""Lab 5's networks against published numbers, torchvision where it is installed, and torch's functions everywhere."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from posekit.data import load_side
from solutions.transfer import (
    BasicBlock,
    Bottleneck,
    DeconvHead,
    Hourglass,
    PoseNet,
    ResNet,
    StackedHourglass,
    encode_offsets,
    features_at,
    fit,
    freeze,
    load_backbone,
    parameter_groups,
    receptive_field,
    stacked_loss,
)

FAMOUS = {
    "resnet18": (BasicBlock, (2, 2, 2, 2), 11_689_512),
    "resnet34": (BasicBlock, (3, 4, 6, 3), 21_797_672),
    "resnet50": (Bottleneck, (3, 4, 6, 3), 25_557_032),
}  # parameters with 1000 classes, as torchvision's documentation of the weights states them


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def small(block=BasicBlock, layers=(2, 1, 1, 2), width=4, classes=3, seed=0):
    """A small network in evaluation mode whose every number is random, also those that start as 0 or 1."""
    torch.manual_seed(seed)
    net = ResNet(block, layers, width=width, num_classes=classes)
    scramble(net)
    return net.eval()


def scramble(net):
    for part in net.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.weight, 1.0, 0.3)
            nn.init.normal_(part.bias, 0.0, 0.3)
            nn.init.normal_(part.running_mean, 0.0, 0.3)
            nn.init.uniform_(part.running_var, 0.5, 2.0)


def conv_bn(state, conv, bn, x, stride=1):
    weight = state[f"{conv}.weight"]
    x = F.conv2d(x, weight, stride=stride, padding=(weight.shape[-1] - 1) // 2)
    mean, var, gamma, beta = (state[f"{bn}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
    return (x - mean[:, None, None]) / torch.sqrt(var[:, None, None] + 1e-5) * gamma[:, None, None] + beta[
        :, None, None
    ]


def by_hand(state, x):
    """Logits of a torchvision-shaped state dict: how many blocks of which kind there are is read off its names."""
    x = F.max_pool2d(F.relu(conv_bn(state, "conv1", "bn1", x, 2)), 3, 2, 1)
    for stage in range(1, 5):
        b = 0
        while f"layer{stage}.{b}.conv1.weight" in state:
            at = f"layer{stage}.{b}."
            stride = 2 if stage > 1 and b == 0 else 1
            if f"{at}conv3.weight" in state:
                y = F.relu(conv_bn(state, f"{at}conv1", f"{at}bn1", x))
                y = F.relu(conv_bn(state, f"{at}conv2", f"{at}bn2", y, stride))
                y = conv_bn(state, f"{at}conv3", f"{at}bn3", y)
            else:
                y = F.relu(conv_bn(state, f"{at}conv1", f"{at}bn1", x, stride))
                y = conv_bn(state, f"{at}conv2", f"{at}bn2", y)
            if f"{at}downsample.0.weight" in state:
                x = conv_bn(state, f"{at}downsample.0", f"{at}downsample.1", x, stride)
            x = F.relu(x + y)
            b += 1
    return F.linear(x.mean((2, 3)), state["fc.weight"], state["fc.bias"])


# --- ResNet ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAMOUS)
def test_has_the_published_number_of_parameters(name):
    block, layers, count = FAMOUS[name]
    with torch.device("meta"):  # shapes without memory
        net = ResNet(block, layers)
    assert sum(p.numel() for p in net.parameters()) == count


@pytest.mark.parametrize(("block", "layers"), [(BasicBlock, (2, 1, 1, 2)), (Bottleneck, (1, 2, 1, 1))])
def test_forward_is_that_of_its_state_dict(block, layers):
    """In double precision, where only the order of sums can differ."""
    net = small(block, layers).double()
    x = torch.rand(2, 3, 70, 99, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(net(x), by_hand(net.state_dict(), x), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", FAMOUS)
def test_agrees_with_torchvision(name):
    models = pytest.importorskip("torchvision.models")
    block, layers, _ = FAMOUS[name]
    torch.manual_seed(0)
    theirs = getattr(models, name)(weights=None).eval()
    scramble(theirs)
    ours = ResNet(block, layers).eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    x = torch.rand(2, 3, 96, 64)
    with torch.no_grad():
        expected = theirs(x)
        torch.testing.assert_close(ours(x), expected, rtol=0.0, atol=1e-6 * float(expected.abs().max()))


def test_residual_blocks_start_close_to_the_identity_where_the_convolutions_vanish(rng):
    for block, channels in ((BasicBlock(8, 8), 8), (Bottleneck(8, 2), 8)):
        for p in block.parameters():
            nn.init.zeros_(p)
        x = torch.from_numpy(rng.uniform(size=(1, channels, 5, 6)))
        assert torch.equal(block.double().eval()(x), x)


@pytest.mark.parametrize(
    "bad", [torch.zeros(3, 8, 8), torch.zeros(1, 1, 64, 64), torch.zeros(1, 3, 64, 64, dtype=torch.uint8)]
)
def test_refuses_what_is_no_image(bad):
    with pytest.raises(ValueError, match="want floating-point images"):
        small()(bad)


def test_refuses_other_than_four_stages():
    with pytest.raises(ValueError, match="four stages"):
        ResNet(BasicBlock, (2, 2, 2))


# --- weights from elsewhere ------------------------------------------------------------------------------------------


def test_loads_a_whole_network_and_a_cut_one():
    donor = small()
    state = {name: tensor.numpy() for name, tensor in donor.state_dict().items()}
    x = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        whole = load_backbone(small(seed=1), state)
        assert torch.equal(whole(x), donor(x))
        net = PoseNet(small(classes=9, seed=2), 5)
        load_backbone(net.backbone, state)  # without layer4 and fc, whose shape is another
        assert torch.equal(features_at(net.backbone.eval(), x, 3), features_at(donor, x, 3))


def test_says_which_weights_are_missing_or_misshapen():
    state = dict(small().state_dict())
    del state["layer2.0.conv2.weight"]
    with pytest.raises(ValueError, match=r"lack 'layer2\.0\.conv2\.weight'") as error:
        load_backbone(small(), state)
    assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match=r"'conv1\.weight' has shape \(4, 3, 7, 7\), but the model wants \(8,"):
        load_backbone(small(width=8), small().state_dict())


def test_does_without_the_counters_of_batches():
    state = {name: t for name, t in small().state_dict().items() if not name.endswith("num_batches_tracked")}
    load_backbone(small(seed=1), state)


# --- features_at, receptive_field ------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", [1, 2, 3, 4])
def test_features_are_what_a_hook_would_see(layer):
    net, x, kept = small().train(), torch.rand(2, 3, 64, 96), []
    twin = copy.deepcopy(net)
    features = features_at(net, x, layer)
    assert net.training and not any(part._forward_hooks for part in net.modules())
    handle = getattr(twin, f"layer{layer}").register_forward_hook(lambda part, inputs, output: kept.append(output))
    twin(x)
    handle.remove()
    assert torch.equal(features, kept[0]) and features.requires_grad
    assert features.shape[-2:] == (64 // 2 ** (layer + 1), 96 // 2 ** (layer + 1))


@pytest.mark.parametrize("layer", [0, 5, None])
def test_there_are_four_stages(layer):
    with pytest.raises(ValueError, match="layer must be 1, 2, 3 or 4"):
        features_at(small(), torch.rand(1, 3, 32, 32), layer)


def test_receptive_field_is_where_the_gradient_reaches(rng):
    """With positive weights nothing cancels, so the input pixels with a gradient are those that can matter."""
    for _ in range(20):
        layers = [(int(rng.integers(1, 6)), int(rng.integers(1, 4))) for _ in range(rng.integers(0, 5))]
        x = y = torch.ones(1, 1, 800, dtype=torch.float64, requires_grad=True)
        for kernel, stride in layers:
            y = F.conv1d(y, torch.ones(1, 1, kernel, dtype=torch.float64), stride=stride)
        y[0, 0, 1].backward()
        reached = x.grad[0, 0].nonzero()
        # A stride larger than the kernel leaves gaps inside the window, which do not change its width.
        assert receptive_field(layers) == int(reached.max() - reached.min()) + 1


# --- freeze ----------------------------------------------------------------------------------------------------------


def test_a_frozen_backbone_is_a_constant_through_training():
    torch.manual_seed(0)
    net = PoseNet(small(), 2)
    assert freeze(net.backbone) is net.backbone
    before = {name: tensor.clone() for name, tensor in net.backbone.state_dict().items()}
    x, head = torch.rand(4, 1, 64, 64), net.head.scores.weight.detach().clone()
    optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.1)
    for _ in range(3):
        net.train()
        sum(maps.square().sum() for maps in net(x)).backward()
        optimizer.step()
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.backbone.state_dict().items())
    assert not torch.equal(net.head.scores.weight, head)
    assert net.training and not any(part.training for part in net.backbone.modules())


def test_a_frozen_network_can_be_copied_and_stays_frozen():
    net = copy.deepcopy(nn.Sequential(freeze(nn.BatchNorm2d(2))))
    net.train()
    assert not net[0].training and not net[0].weight.requires_grad


@pytest.mark.parametrize("whole", [False, True])
def test_a_copy_of_a_frozen_network_answers_for_itself(whole):
    """To keep the best network of a training run, people copy it, switch its copy's mode and go on with the original."""
    net = PoseNet(small(), 2)
    frozen = freeze(net if whole else net.backbone)
    twin = copy.deepcopy(net)
    for part in twin.modules():
        assert part.train() is part and part.eval() is part
    own = {id(tensor) for tensor in twin.state_dict(keep_vars=True).values()}
    assert own.isdisjoint(id(tensor) for tensor in net.state_dict(keep_vars=True).values())
    twin.train()
    copied = twin if whole else twin.backbone
    assert not any(part.training for part in (*frozen.modules(), *copied.modules()))
    assert twin.head.training is not whole


# --- heads and hourglasses -------------------------------------------------------------------------------------------


def test_head_is_a_transposed_convolution(rng):
    """Against the definition: each input cell adds its weighted kernel to the output, which loses one cell at each side."""
    head = DeconvHead(3, 2).double()
    features = torch.from_numpy(rng.normal(size=(1, 3, 4, 5)))
    expected = {}
    for name, part in (("scores", head.scores), ("offsets", head.offsets)):
        sums = torch.zeros(part.out_channels, 2 * 4 + 2, 2 * 5 + 2, dtype=torch.float64)
        for i, j in np.ndindex(4, 5):
            added = torch.einsum("c,ckhw->khw", features[0, :, i, j], part.weight.detach())
            sums[:, 2 * i : 2 * i + 4, 2 * j : 2 * j + 4] += added
        expected[name] = sums[:, 1:-1, 1:-1] + part.bias.detach()[:, None, None]
    with torch.no_grad():
        scores, offsets = head(features)
    torch.testing.assert_close(scores[0], expected["scores"])
    for k, axis in np.ndindex(2, 2):
        torch.testing.assert_close(offsets[0, k, axis], expected["offsets"][2 * k + axis])


def test_hourglass_keeps_shapes_and_sees_far():
    torch.manual_seed(0)
    reach = []
    for depth in (1, 2, 3):
        x = torch.randn(1, 2, 64, 64, requires_grad=True)
        y = Hourglass(depth, 2).eval()(x)
        assert y.shape == x.shape
        y[0, :, 32, 32].sum().backward()
        reach.append(int((x.grad[0].abs().amax(0) > 0).any(0).sum()))
    assert reach[0] < reach[1] < reach[2]


def test_hourglass_refuses_what_it_cannot_halve():
    with pytest.raises(ValueError, match="must be even"):
        Hourglass(2, 2)(torch.zeros(1, 2, 6, 8))
    with pytest.raises(ValueError, match="depth must be at least 1"):
        Hourglass(0, 2)


def test_every_stack_has_a_gradient_of_its_own():
    torch.manual_seed(0)
    net = StackedHourglass(3, 1, 4, 2, in_channels=3)
    scores = net(torch.rand(1, 3, 32, 48))
    assert [tuple(maps.shape) for maps in scores] == [(1, 2, 8, 12)] * 3
    for n, maps in enumerate(scores):
        net.zero_grad()
        maps.sum().backward(retain_graph=True)
        reached = [m for m in range(3) if net.heads[m].weight.grad is not None and net.heads[m].weight.grad.any()]
        assert reached == list(range(n + 1))  # through the score maps, stack n learns from all before it


# --- the tracker -----------------------------------------------------------------------------------------------------


def tiny(seed=0):
    torch.manual_seed(seed)
    return PoseNet(ResNet(BasicBlock, (1, 1, 1, 1), width=8), 13)


def labelled_frames(number):
    side = load_side("train")
    chosen = np.arange(number) * (len(side.images) // number)
    keypoints = np.where(side.visible[..., None], side.keypoints, np.nan)
    return side.images[chosen][:, None], keypoints[chosen]


@pytest.mark.parametrize("layer", [1, 2, 3, 4])
def test_tracker_is_cut_behind_a_stage(layer):
    net = PoseNet(small(Bottleneck, (1, 1, 1, 1)), 5, layer)
    scores, offsets = net(torch.rand(2, 1, 64, 96))
    cells = (64 // net.stride, 96 // net.stride)
    assert net.stride == 2**layer
    assert scores.shape == (2, 5, *cells) and offsets.shape == (2, 5, 2, *cells)
    assert not any(name.startswith((f"backbone.layer{layer + 1}", "backbone.fc")) for name in net.state_dict())


def test_tracker_predicts_what_its_maps_say():
    """Maps made by hand in place of the network: predictions are the encoded points."""
    points = np.array([[10.25, 20.5], [33.0, 7.75]])
    net = PoseNet(small(), 2)
    offsets = torch.from_numpy(encode_offsets(points, (8, 8), 8)).float()
    net.forward = lambda images: (-offsets.norm(dim=1)[None], offsets[None])
    np.testing.assert_allclose(net.predict(np.zeros((1, 1, 64, 64), dtype=np.float32)), points[None], atol=1e-5)


def test_predicting_leaves_the_mode_alone():
    net, images = tiny(), np.zeros((3, 1, 64, 64), dtype=np.float32)
    for training in (True, False):
        net.train(training)
        net.predict(images)
        assert net.training is training and net.backbone.bn1.training is training


def test_predicting_leaves_each_part_in_its_mode_whatever_happens():
    net = tiny().train()
    net.backbone.bn1.eval()
    before = {name: part.training for name, part in net.named_modules()}
    net.predict(np.zeros((1, 1, 64, 64), dtype=np.float32))
    assert {name: part.training for name, part in net.named_modules()} == before
    with pytest.raises(ValueError, match="PoseNet: want floats"):
        net.predict(np.zeros((1, 1, 64, 64), dtype=np.uint8))
    assert {name: part.training for name, part in net.named_modules()} == before


def test_tracker_predicts_from_floats_of_any_kind(rng):
    net = tiny()
    images = rng.uniform(size=(3, 1, 64, 64)).astype(np.float32)
    expected = net.predict(images)
    for same in (torch.from_numpy(images), images.astype(float), images.tolist(), images[..., ::-1].copy()[..., ::-1]):
        np.testing.assert_array_equal(net.predict(same), expected)
    assert net.predict(images.astype(np.float16)).shape == (3, 13, 2)
    assert net.predict(images[:0]).shape == (0, 13, 2)
    assert copy.deepcopy(net).double().predict(images).dtype == float


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((2, 1, 64, 64), dtype=np.uint8),
        np.zeros((2, 64, 64), dtype=np.float32),
        np.zeros((2, 2, 64, 64), dtype=np.float32),
    ],
)
def test_tracker_refuses_what_is_no_image(bad):
    with pytest.raises(ValueError, match="PoseNet: want floats"):
        tiny().predict(bad)


def test_fit_wants_labels():
    images, keypoints = labelled_frames(2)
    with pytest.raises(ValueError, match="as many keypoints as images"):
        fit(tiny(), images, keypoints[:1])
    with pytest.raises(ValueError, match="at least one"):
        fit(tiny(), images[:0], keypoints[:0])


def test_fit_depends_on_its_seeds_alone():
    images, keypoints = labelled_frames(3)
    runs = [fit(tiny(), images, keypoints, steps=3, batch_size=2, seed=seed) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_fit_goes_on_where_nothing_is_labelled():
    images, keypoints = labelled_frames(2)
    losses = fit(tiny(), images, np.full_like(keypoints, np.nan), steps=2, batch_size=2)
    assert np.isfinite(losses).all()


def test_fit_trains_what_it_is_told_to(capsys):
    images, keypoints = labelled_frames(2)
    net = tiny()
    freeze(net.backbone)
    before = copy.deepcopy(net.state_dict())
    fit(net, images, keypoints, steps=4, batch_size=2, groups=parameter_groups(net, 0.1, 0.01), progress=True)
    assert "training: 100%" in capsys.readouterr().out
    changed = {name.split(".")[0] for name, tensor in net.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed == {"head"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_fit_learns_five_frames_by_heart(seed):
    """Cells are 8 px wide, so without offsets it would be about 3 px.

    Medians were 0.08 to 0.21 px, of seeds 0 to 4 with AVX-512 and without vectors, with one and with two threads.
    """
    images, keypoints = labelled_frames(5)
    net = tiny(seed)
    fit(net, images, keypoints, steps=200, batch_size=5, lr=1e-2, seed=seed)
    assert np.nanmedian(np.linalg.norm(net.predict(images) - keypoints, axis=-1)) < 1.0


def test_fit_trains_another_network_by_its_own_loss():
    """Hourglasses, with a loss for each stack: the mean of torch's over the stacks, times their number."""
    torch.manual_seed(0)
    net = StackedHourglass(2, 1, 8, 2)
    images, keypoints = np.zeros((3, 1, 32, 32), dtype=np.float32), np.full((3, 2, 2), 15.5)
    for n, image in enumerate(images):
        image[0, 8 + 4 * n : 16 + 4 * n, 12:20] = 1.0
        keypoints[n, 0] = (15.5, 11.5 + 4 * n)
    maps = net(torch.from_numpy(images))
    targets = torch.stack([torch.from_numpy(encode_offsets(points, (8, 8), 4)) for points in keypoints]).float()
    near = (targets.norm(dim=2) <= 6.0).float()
    expected = 2 * F.binary_cross_entropy_with_logits(torch.stack(maps), torch.stack([near, near]))
    torch.testing.assert_close(stacked_loss(maps, targets, 4), expected)
    losses = fit(net, images, keypoints, steps=30, batch_size=3, lr=1e-2, loss=stacked_loss)
    assert losses[-1] < 0.5 * losses[0]
