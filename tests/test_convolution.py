"""The reference functions of Lab 4 against peers and theorems: scipy, torch, autograd, Lab 1's classifier, enumeration."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage, signal, special
from torch import nn

from posekit.data import load_side
from solutions.convolution import (
    ConvDetector,
    FeatureCNN,
    argmax_2d,
    bernoulli_loss,
    cross_correlate,
    disc_targets,
    downsample,
    downsample_points,
    patch_logits,
    pck,
    pixel_error,
    soft_argmax,
    train_epoch,
)
from solutions.likelihood import extract_patches, label_patches, nll


@pytest.fixture
def rng():
    return np.random.default_rng(20240404)


def everywhere(shape):
    columns, rows = np.meshgrid(np.arange(shape[1]), np.arange(shape[0]))
    return np.column_stack([columns.ravel(), rows.ravel()])


# --- correlation -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(3, 3), (5, 2), (2, 5), (4, 4), (1, 1), (7, 11)])
def test_correlation_agrees_with_scipy_and_torch(rng, size):
    image, kernel = rng.normal(size=(7, 11)), rng.normal(size=size)
    # scipy centres an even kernel one pixel further than we do.
    origin = [-1 if n % 2 == 0 else 0 for n in size]
    expected = ndimage.correlate(image, kernel, mode="constant", origin=origin)
    assert_allclose(cross_correlate(image, kernel), expected, rtol=1e-11, atol=1e-12)
    if all(n % 2 for n in size):
        batch, weights = torch.from_numpy(image)[None, None], torch.from_numpy(kernel)[None, None]
        assert_allclose(cross_correlate(image, kernel), F.conv2d(batch, weights, padding="same")[0, 0], atol=1e-12)
        turned = signal.convolve2d(image, kernel[::-1, ::-1], mode="same")
        assert_allclose(cross_correlate(image, kernel), turned, atol=1e-12)


def test_correlation_is_linear_and_moves_with_the_image(rng):
    image, other, kernel = rng.normal(size=(12, 14)), rng.normal(size=(12, 14)), rng.normal(size=(4, 3))
    both = 2.0 * cross_correlate(image, kernel) - 3.0 * cross_correlate(other, kernel)
    assert_allclose(cross_correlate(2.0 * image - 3.0 * other, kernel), both, atol=1e-12)
    moved = cross_correlate(np.roll(image, (2, 1), axis=(0, 1)), kernel)
    assert_allclose(moved[4:10, 3:12], cross_correlate(image, kernel)[2:8, 2:11], atol=1e-12)


@pytest.mark.parametrize(
    ("image", "kernel", "why"),
    [
        (np.zeros((3, 4, 5)), np.ones((3, 3)), "want an image"),
        (np.zeros((3, 4)), np.ones(3), "want an image"),
        (np.zeros((3, 4)), np.ones((0, 3)), "want an image"),
        (np.zeros((3, 4)), np.ones((5, 1)), "larger than the image"),
        (np.zeros((3, 4), np.uint8), np.ones((3, 3)), "divide it by 255"),
    ],
)
def test_correlation_refuses_what_makes_no_sense(image, kernel, why):
    with pytest.raises(ValueError, match=why):
        cross_correlate(image, kernel)


@pytest.mark.parametrize("size", [(5, 3), (4, 6)])
def test_patch_logits_are_lab_1_s_scores(rng, size):
    image, w, b = rng.uniform(size=(15, 17)), rng.normal(size=size[0] * size[1]), rng.normal()
    scores = extract_patches(image, everywhere(image.shape), size) @ w + b
    assert_allclose(patch_logits(image, w, b, size).ravel(), scores, rtol=1e-11, atol=1e-12)
    with pytest.raises(ValueError, match="patch_logits"):
        patch_logits(image, w[1:], b, size)


def test_the_one_layer_detector_is_lab_1_s_classifier(rng):
    """On a frame of the rat, standardised as in the lab, with weights as large as trained ones: logits up to about 10."""
    frame = load_side("test").images[20]
    frame = (frame - frame.mean()) / frame.std()
    w, b = 0.1 * rng.normal(size=625), -3.0
    scores = (extract_patches(frame, everywhere(frame.shape), (25, 25)) @ w + b).reshape(frame.shape)
    detector = ConvDetector(1, 25)
    detector.load_state_dict({"conv.weight": torch.from_numpy(w).reshape(1, 1, 25, 25), "conv.bias": torch.tensor([b])})
    batch = torch.from_numpy(frame)[None, None]
    with torch.no_grad():
        single, double = detector(batch.float())[0, 0], detector.double()(batch.double())[0, 0]
    assert_allclose(single, scores, rtol=0, atol=1e-5 * np.abs(scores).max())
    assert_allclose(double, scores, rtol=0, atol=1e-5)


# --- heatmaps --------------------------------------------------------------------------------------------------------


def test_targets_are_lab_1_s_labels_at_every_pixel(rng):
    keypoints = np.array([[4.3, 6.1], [9.0, 2.0], [np.nan, 3.0], [-1.0, 4.0]])
    maps = disc_targets(keypoints, (9, 12), 3.0)
    for heat, keypoint in zip(maps, keypoints, strict=True):
        assert_array_equal(heat.ravel(), label_patches(everywhere((9, 12)), keypoint, 3.0))


def test_targets_count_lattice_points_in_a_disc():
    # Gauss's circle problem: lattice points with x^2 + y^2 <= r^2.
    counts = [disc_targets([[20, 20]], (41, 41), r).sum() for r in range(6)]
    assert counts == [1, 5, 13, 29, 49, 81]


def test_kinds_are_kept(rng):
    points, maps = rng.uniform(0, 5, size=(3, 2)), rng.uniform(size=(3, 6, 8)).astype(np.float32)
    for convert, kind in ((np.array, np.ndarray), (torch.tensor, torch.Tensor)):
        p, m = convert(points), convert(maps)
        results = [disc_targets(p, (6, 8), 2.0), *downsample(m, m, 2), downsample_points(p, 2)]
        results += [argmax_2d(m), soft_argmax(m), pixel_error(p, p + 1)]
        assert all(isinstance(result, kind) for result in results)
        assert type(pck(p, p, 1.0)) is float
    assert disc_targets(torch.tensor(points), (6, 8), 2.0).dtype == torch.float32  # as the models want it


@pytest.mark.parametrize("factor", [1, 2, 3, 5])
def test_pooling_agrees_with_torch_and_points_move_along(rng, factor):
    image, targets = rng.uniform(size=(2, 11, 13)), rng.integers(0, 2, size=(3, 11, 13))
    small, heat = downsample(image, targets, factor)
    assert_allclose(small, F.avg_pool2d(torch.from_numpy(image), factor), atol=1e-14)
    # A maximum filter whose window ends (factor - 1) // 2 after its pixel, read at one pixel of each block.
    running = ndimage.maximum_filter(targets, (1, factor, factor))[:, factor // 2 :: factor, factor // 2 :: factor]
    assert_array_equal(heat, running[:, : 11 // factor, : 13 // factor])
    # The centre of mass of a block is the small pixel's centre.
    for block in range(11 // factor):
        weights = np.zeros((1, 11, 13))
        weights[0, block * factor : (block + 1) * factor, :factor] = 1.0
        centre = ndimage.center_of_mass(weights[0])[::-1]
        assert_allclose(downsample_points(np.array(centre), factor), [0.0, block], atol=1e-12)
        assert_array_equal(np.argwhere(downsample(weights, weights, factor)[1][0] == 1.0)[0], [block, 0])
    p = rng.uniform(-9, 99, size=(4, 3, 2))
    assert_allclose(downsample_points(downsample_points(p, factor), 1 / factor), p, atol=1e-12)


def test_heatmaps_refuse_what_makes_no_sense():
    image, maps = np.zeros((1, 6, 8)), np.zeros((2, 6, 8))
    for arguments in ((np.zeros(2), (6, 8), 1.0), (np.zeros((2, 3)), (6, 8), 1.0), (np.zeros((2, 2)), (6, 8), -1.0)):
        with pytest.raises(ValueError, match="disc_targets"):
            disc_targets(*arguments)
    cases = [(image[0], maps, 2), (image, maps[:, 1:], 2), (image, maps, 0), (image, maps, 7)]
    for arguments in [*cases, (image.astype(np.uint8), maps, 2), (torch.zeros(1, 6, 8, dtype=torch.uint8), maps, 2)]:
        with pytest.raises(ValueError, match="downsample"):
            downsample(*arguments)
    for points, factor in ((np.zeros(3), 2), (np.zeros((2, 3)), 2), (np.zeros(2), 0), (np.zeros(2), -1.0), (0.0, 2)):
        with pytest.raises(ValueError, match="downsample_points"):
            downsample_points(points, factor)


# --- the loss --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [1.0, 10.0, 0.3])
def test_loss_agrees_with_torch_in_value_and_gradient(rng, weight):
    values = np.concatenate([rng.normal(scale=5.0, size=37), [0.0, 0.0, 1000.0, -1000.0, 1000.0, -1000.0]])
    y = torch.from_numpy(np.resize([0.0, 1.0, 0.5], values.size))
    ours, theirs = (torch.tensor(values, requires_grad=True) for _ in range(2))
    loss = bernoulli_loss(ours, y, weight)
    peer = F.binary_cross_entropy_with_logits(theirs, y, pos_weight=torch.tensor(weight, dtype=torch.float64))
    loss.backward()
    peer.backward()
    assert_allclose(loss.item(), peer.item(), rtol=1e-13)
    assert_allclose(ours.grad, theirs.grad, rtol=1e-12, atol=1e-18)
    p = special.expit(values)
    expected = (p * (1 - y.numpy()) - weight * y.numpy() * (1 - p)) / values.size
    assert_allclose(ours.grad, expected, rtol=1e-12, atol=1e-18)


def test_loss_is_lab_1_s_objective_per_patch(rng):
    X, w, y = rng.normal(size=(50, 4)), rng.normal(size=4), rng.integers(0, 2, size=50)
    assert_allclose(bernoulli_loss(torch.from_numpy(X @ w), torch.from_numpy(y)), nll(w, X, y) / 50, rtol=1e-13)


def test_loss_passes_a_gradient_check(rng):
    a = torch.tensor(rng.normal(size=(2, 3)), requires_grad=True)
    y = torch.from_numpy(rng.uniform(size=(2, 3)))
    assert torch.autograd.gradcheck(lambda a: bernoulli_loss(a, y, 3.0), a)


def test_loss_refuses_other_shapes():
    for logits, targets in ((torch.zeros(2, 3), torch.zeros(3)), (torch.zeros(0), torch.zeros(0))):
        with pytest.raises(ValueError, match="bernoulli_loss"):
            bernoulli_loss(logits, targets)


# --- models and training ---------------------------------------------------------------------------------------------


def test_detector_is_one_convolution_and_refuses_bad_images():
    net = ConvDetector(3, 5, 2)
    assert {name: tuple(p.shape) for name, p in net.named_parameters()} == {
        "conv.weight": (3, 2, 5, 5),
        "conv.bias": (3,),
    }
    assert net(torch.zeros(4, 2, 9, 7)).shape == (4, 3, 9, 7)
    with pytest.raises(ValueError, match="even size"):
        ConvDetector(3, 4)
    for images in (
        torch.zeros(2, 9, 7),
        torch.zeros(1, 1, 9, 7),
        torch.zeros(1, 2, 9, 7, dtype=torch.uint8),
        torch.zeros(1, 2, 4, 7),
    ):
        with pytest.raises(ValueError, match="ConvDetector"):
            net(images)


def test_network_sees_as_far_as_its_docstring_s_dilations_and_no_further():
    torch.manual_seed(0)
    net = FeatureCNN(2, 8, 1)
    image = torch.zeros(1, 1, 81, 81, requires_grad=True)
    net(image)[0, :, 40, 40].sum().backward()
    seen = np.argwhere(image.grad[0, 0].numpy() != 0)
    reach = 1 + 2 + 4 + 8 + 1
    assert seen.min() >= 40 - reach and seen.max() <= 40 + reach
    for images in (torch.zeros(1, 9, 7), torch.zeros(1, 2, 9, 7), torch.zeros(1, 1, 9, 7, dtype=torch.uint8)):
        with pytest.raises(ValueError, match="FeatureCNN"):
            net(images)
    with pytest.raises(ValueError, match="positive"):
        FeatureCNN(0)


def test_network_moves_with_the_image(rng):
    torch.manual_seed(1)
    net = FeatureCNN(3, 8, 1)
    scene = torch.zeros(1, 1, 96, 96)
    scene[..., 40:56, 40:56] = torch.from_numpy(rng.normal(size=(16, 16)))
    with torch.no_grad():
        here, there = net(scene), net(scene.roll((5, -3), dims=(2, 3)))
    assert_allclose(there[..., 35:65, 27:57], here[..., 30:60, 30:60], atol=1e-5)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_an_epoch_takes_torch_s_steps(rng, name):
    """Against gradients by autograd.grad, which piles nothing up, handed to a second optimizer of the same kind."""
    torch.manual_seed(2)
    net, twin = nn.Linear(3, 1), nn.Linear(3, 1)
    twin.load_state_dict(net.state_dict())
    batches = [tuple(torch.from_numpy(rng.normal(size=(5, n))).float() for n in (3, 1)) for _ in range(4)]
    ours, theirs = (getattr(torch.optim, name)(m.parameters(), lr=0.05) for m in (net, twin))
    values = []
    for x, y in batches:
        value = F.mse_loss(twin(x), y)
        for p, gradient in zip(twin.parameters(), torch.autograd.grad(value, list(twin.parameters())), strict=True):
            p.grad = gradient
        theirs.step()
        values.append(value.item())
    net.eval()
    mean = train_epoch(net, iter(batches), ours, nn.MSELoss())
    assert net.training and type(mean) is float
    assert_allclose(mean, np.mean(values), rtol=1e-6)
    for p, q in zip(net.parameters(), twin.parameters(), strict=True):
        assert_allclose(p.detach(), q.detach(), rtol=1e-6)
    with pytest.raises(ValueError, match="no batch"):
        train_epoch(net, iter([]), ours, nn.MSELoss())


def test_five_frames_are_learned_by_heart():
    """Where a training run ends hangs on the processor, so only what holds for all is asked, with room, of the middle of three runs.

    Of seeds 0 to 9, each with AVX-512 and without vectors, with one and with two threads, the largest loss of the last epoch
    was 0.043 of the first one's, and the largest median error 3.0 px. (The largest error of all is no measure: 15 to 48 px in some runs.)
    """
    rats = load_side("train")
    names = ("snout", "hand_R", "tail_base", "spine")
    columns = [rats.names.index(name) for name in names]
    ratios, medians = [], []
    for seed in range(3):
        frames, truth = [], []
        for n in np.random.default_rng(seed).choice(len(rats.images), 5, replace=False):
            points = np.where(rats.visible[n, columns, None], rats.keypoints[n, columns], np.nan)
            image = (rats.images[n] - rats.images[n].mean()) / rats.images[n].std()
            small, targets = downsample(
                torch.from_numpy(image[None]), disc_targets(torch.from_numpy(points), image.shape, 4.0), 2
            )
            frames.append((small[None], targets[None]))
            truth.append(points)
        torch.manual_seed(seed)
        net = FeatureCNN(len(names), 16)
        optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
        losses = [train_epoch(net, frames, optimizer, lambda a, y: bernoulli_loss(a, y, 10.0)) for _ in range(60)]
        with torch.no_grad():
            found = torch.cat([argmax_2d(net(image)) for image, _ in frames])
        error = pixel_error(downsample_points(found, 0.5).double().numpy(), np.array(truth))
        ratios.append(losses[-1] / losses[0])
        medians.append(np.nanmedian(error))
    assert np.median(ratios) < 0.15
    assert np.median(medians) < 6.0  # somewhere in the image would be 50 px


# --- points and errors -----------------------------------------------------------------------------------------------


def test_argmax_agrees_with_unravel_index(rng):
    maps = rng.normal(size=(3, 4, 5, 9))
    expected = np.array([[np.unravel_index(m.argmax(), m.shape)[::-1] for m in row] for row in maps])
    assert_array_equal(argmax_2d(maps), expected)
    assert_array_equal(argmax_2d(torch.from_numpy(maps)), expected)
    assert argmax_2d(maps).dtype.kind == "i"


def test_soft_argmax_agrees_with_its_definition_and_its_limits(rng):
    maps = rng.normal(size=(3, 6, 7))
    p = special.softmax(2.0 * maps, axis=(1, 2))
    expected = np.stack([np.einsum("nrc,c->n", p, np.arange(7)), np.einsum("nrc,r->n", p, np.arange(6))], axis=-1)
    assert_allclose(soft_argmax(maps, 2.0), expected, rtol=1e-12)
    assert_allclose(soft_argmax(maps, 0.0), np.full((3, 2), [3.0, 2.5]), rtol=1e-12)
    assert_allclose(soft_argmax(maps, 1e6), argmax_2d(maps), atol=1e-9)
    assert_allclose(soft_argmax(maps + 1e4, 2.0), expected, rtol=1e-9)
    a = torch.tensor(maps, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a: soft_argmax(a, 2.0), a)


def test_soft_argmax_moves_with_a_blob():
    rows, cols = np.mgrid[0:40, 0:50]

    def blob(x, y):  # the log of a Gaussian, whose mean lies far inside the map
        return -((cols - x) ** 2 + (rows - y) ** 2) / (2 * 2.0**2)

    for x, y in ((20.0, 15.0), (20.4, 15.7), (27.3, 22.2)):
        assert_allclose(soft_argmax(blob(x, y)), [x, y], atol=1e-6)  # lattice sums of a Gaussian this wide are exact


@pytest.mark.parametrize("function", [argmax_2d, soft_argmax])
def test_maps_without_pixels_are_refused(function):
    for maps in (np.zeros(3), np.zeros((2, 0, 3)), torch.zeros(2, 3, 0)):
        with pytest.raises(ValueError, match=function.__name__):
            function(maps)


def test_errors_and_pck(rng):
    true = rng.uniform(0, 100, size=(20, 3, 2))
    pred = true + rng.normal(scale=4.0, size=true.shape)
    true[rng.uniform(size=(20, 3)) < 0.2] = np.nan
    error = pixel_error(pred, true)
    assert_allclose(error, np.linalg.norm(pred - true, axis=-1), rtol=1e-12)
    assert np.isnan(error[np.isnan(true[..., 0])]).all()
    # PCK is the empirical distribution function of the known errors.
    known = error[~np.isnan(error)]
    for threshold in (0.0, 2.0, 5.0, 50.0):
        assert_allclose(pck(pred, true, threshold), np.searchsorted(np.sort(known), threshold, "right") / known.size)
    lost = np.where(rng.uniform(size=(20, 3, 1)) < 0.5, np.nan, pred)
    assert_allclose(pck(lost, true, 1e9), 1 - np.isnan(lost[~np.isnan(true)]).mean(), rtol=1e-12)
    assert np.isnan(pck(pred, np.full_like(true, np.nan), 5.0))
    for function in (pixel_error, lambda pred, true: pck(pred, true, 5.0)):
        for bad in (true[1:], true[..., :1]):
            with pytest.raises(ValueError, match="pixel_error"):
                function(pred, bad)
