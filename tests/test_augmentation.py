"""The geometry of Lab 5 against peers and theorems: scipy.ndimage, F.affine_grid, analytic Gaussians, enumeration."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage, stats
from torch import nn
from torch.nn import functional as F

from posekit.skeleton import NAMES, left_right_pairs
from solutions.transfer import (
    augment,
    decode_offsets,
    encode_offsets,
    learning_curve,
    occlude,
    parameter_groups,
    relight,
    transform_points,
    warp_image,
)


@pytest.fixture
def rng():
    return np.random.default_rng(20240515)


def similarity(degrees, scale, center, mirrored=False):
    """The matrix (2, 3) of z -> scale e^(i degrees) (z - center) + center, of its mirror image if asked for."""
    linear = scale * np.array([[np.cos(a := np.radians(degrees)), -np.sin(a)], [np.sin(a), np.cos(a)]])
    linear = linear * [-1.0 if mirrored else 1.0, 1.0]
    return np.column_stack([linear, center - linear @ np.asarray(center)])


def gaussian(shape, center, covariance):
    y, x = np.mgrid[: shape[0], : shape[1]]
    d = np.stack([x - center[0], y - center[1]], axis=-1)
    return np.exp(-0.5 * np.einsum("hwi,ij,hwj->hw", d, np.linalg.inv(covariance), d))


# --- offsets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stride", [1, 2, 3, 8])
def test_offsets_are_zero_where_a_cell_is_the_mean_of_its_pixels(stride):
    h, w = 3, 5
    y, x = np.mgrid[: h * stride, : w * stride].astype(float)
    pooled = [F.avg_pool2d(torch.from_numpy(v)[None, None], stride)[0, 0].numpy() for v in (x, y)]
    centers = np.stack(pooled, axis=-1).reshape(-1, 2)
    offsets = encode_offsets(centers, (h, w), stride)
    own = offsets.reshape(h * w, 2, h * w)[np.arange(h * w), :, np.arange(h * w)]
    assert_allclose(own, 0.0, atol=1e-12)
    assert_allclose(offsets[0, 0], centers[0, 0] - pooled[0], atol=1e-12)
    assert_allclose(offsets[0, 1], centers[0, 1] - pooled[1], atol=1e-12)


@pytest.mark.parametrize("stride", [1, 2, 4, 8])
def test_offsets_lead_back_from_any_cell(rng, stride):
    keypoints = rng.uniform(-50.0, 120.0, size=(13, 2))
    keypoints[4] = np.nan
    offsets = encode_offsets(keypoints, (6, 7), stride)
    for _ in range(20):
        assert_allclose(decode_offsets(rng.normal(size=(13, 6, 7)), offsets, stride), keypoints, rtol=0.0, atol=1e-12)


def test_offsets_give_back_the_kind_that_they_are_given(rng):
    keypoints, scores = rng.uniform(0.0, 30.0, size=(3, 2)), rng.normal(size=(3, 4, 5))
    for dtype in (torch.float32, torch.float64):
        offsets = encode_offsets(torch.tensor(keypoints, dtype=dtype), (4, 5), 8)
        assert isinstance(offsets, torch.Tensor) and offsets.dtype == dtype
        points = decode_offsets(torch.tensor(scores), offsets, 8)
        assert isinstance(points, torch.Tensor) and points.dtype == dtype
        assert_allclose(points, keypoints, rtol=0.0, atol=1e-5 if dtype == torch.float32 else 1e-12)
    offsets = encode_offsets(keypoints.astype(int), (4, 5), 8)
    assert offsets.dtype == float and decode_offsets(scores, offsets, 8).dtype == float
    assert encode_offsets(np.zeros((0, 2)), (4, 5), 8).shape == (0, 2, 4, 5)


def test_decoding_leaves_its_inputs_alone_and_keeps_gradients():
    scores, offsets = torch.rand(2, 3, 4), torch.rand(2, 2, 3, 4, requires_grad=True)
    before = offsets.detach().clone()
    decode_offsets(scores, offsets, 4).sum().backward()
    assert torch.equal(offsets.detach(), before)
    # Each coordinate of each point depends on one entry.
    assert_array_equal(offsets.grad.sum(dim=(2, 3)), np.ones((2, 2)))


@pytest.mark.parametrize(
    ("keypoints", "shape", "stride"),
    [
        (np.zeros(2), (3, 3), 8),
        (np.zeros((4, 3)), (3, 3), 8),
        (np.zeros((4, 2)), (0, 3), 8),
        (np.zeros((4, 2)), (3, 3), 0),
    ],
)
def test_encoding_refuses_what_makes_no_sense(keypoints, shape, stride):
    with pytest.raises(ValueError, match="encode_offsets"):
        encode_offsets(keypoints, shape, stride)


@pytest.mark.parametrize(
    ("scores", "offsets", "stride"),
    [((3, 4), (2, 3, 4), 8), ((2, 3, 4), (2, 2, 4, 3), 8), ((2, 3, 4), (2, 2, 3, 4), 0)],
)
def test_decoding_refuses_shapes_that_do_not_belong_together(scores, offsets, stride):
    with pytest.raises(ValueError, match="decode_offsets"):
        decode_offsets(np.zeros(scores), np.zeros(offsets), stride)


# --- affine maps -----------------------------------------------------------------------------------------------------


def test_points_move_as_complex_numbers_do(rng):
    points, center = rng.normal(size=(4, 5, 2)), np.array([3.0, -2.0])
    z = points @ [1.0, 1.0j]
    for mirrored in (False, True):
        moved = transform_points(points, similarity(33.0, 1.7, center, mirrored))
        source = 2 * center[0] - np.conj(z) if mirrored else z
        c = center @ [1.0, 1.0j]
        assert_allclose(moved @ [1.0, 1.0j], 1.7 * np.exp(1j * np.radians(33.0)) * (source - c) + c, rtol=1e-12)


def test_maps_compose_as_their_matrices_do(rng):
    points, first, second = rng.normal(size=(9, 2)), rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    both = (np.vstack([second, [0, 0, 1]]) @ np.vstack([first, [0, 0, 1]]))[:2]
    assert_allclose(
        transform_points(transform_points(points, first), second), transform_points(points, both), rtol=1e-11
    )
    points[3] = np.nan
    assert_array_equal(np.isnan(transform_points(points, first)).any(axis=1), np.arange(9) == 3)


def test_points_give_back_the_kind_that_they_are_given():
    matrix = np.array([[0.0, -1.0, 3.0], [1.0, 0.0, 4.0]])
    moved = transform_points(torch.tensor([[1.0, 2.0]]), matrix)
    assert isinstance(moved, torch.Tensor) and moved.dtype == torch.float32 and moved.tolist() == [[1.0, 5.0]]
    assert transform_points([1, 2], matrix).tolist() == [1.0, 5.0]
    assert transform_points(np.zeros((0, 2)), matrix).shape == (0, 2)


@pytest.mark.parametrize(("points", "matrix"), [((3,), (2, 3)), ((), (2, 3)), ((4, 2), (3, 3)), ((4, 2), (2, 2))])
def test_points_refuse_wrong_shapes(points, matrix):
    with pytest.raises(ValueError, match="transform_points"):
        transform_points(np.zeros(points), np.zeros(matrix))


@pytest.mark.parametrize("scale", [0.6, 1.0, 1.8])
@pytest.mark.parametrize("degrees", [0.0, 17.0, 90.0, -130.0])
def test_images_move_as_scipy_moves_them(rng, degrees, scale):
    image = rng.uniform(size=(3, 19, 26))
    matrix = similarity(degrees, scale, (11.0, 8.5))
    linear = np.linalg.inv(matrix[:, :2])
    shift = -linear @ matrix[:, 2]
    # scipy's points are (row, column), and its matrix leads from target to source.
    expected = [
        ndimage.affine_transform(c, linear[::-1, ::-1], shift[::-1], order=1, mode="grid-constant") for c in image
    ]
    assert_allclose(warp_image(image, matrix), expected, rtol=0.0, atol=1e-12)


def test_images_move_as_affine_grid_moves_them(rng):
    C, H, W = 2, 12, 17
    image, matrix = rng.uniform(size=(C, H, W)), similarity(25.0, 1.2, (9.0, 4.0))
    # affine_grid's matrix leads from target to source, in units in which the outermost centres are -1 and 1.
    units = np.array([[(W - 1) / 2, 0.0, (W - 1) / 2], [0.0, (H - 1) / 2, (H - 1) / 2], [0.0, 0.0, 1.0]])
    theta = np.linalg.inv(units) @ np.linalg.inv(np.vstack([matrix, [0, 0, 1]])) @ units
    pixels = torch.from_numpy(image)[None]
    grid = F.affine_grid(torch.from_numpy(theta[:2])[None], [1, C, H, W], align_corners=True)
    expected = F.grid_sample(pixels, grid, align_corners=True)[0]
    assert_allclose(warp_image(image, matrix), expected, rtol=0.0, atol=1e-12)


def test_a_gaussian_becomes_the_gaussian_of_the_moved_point_and_covariance(rng):
    shape, matrix = (90, 110), np.array([[1.1, 0.4, -9.0], [-0.2, 0.9, 12.0]])
    for _ in range(5):
        point, covariance = rng.uniform([45.0, 35.0], [65.0, 55.0]), np.array([[36.0, 9.0], [9.0, 25.0]])
        warped = warp_image(gaussian(shape, point, covariance)[None], matrix)[0]
        A = matrix[:, :2]
        expected = gaussian(shape, transform_points(point, matrix), A @ covariance @ A.T)
        # Bilinear interpolation is off by at most h^2/8 of the second derivatives: (1/19 + 1/30)/8 here.
        assert np.abs(warped - expected).max() < 0.015


def test_turning_there_and_back_returns_a_smooth_image(rng):
    image = gaussian((41, 51), (24.0, 21.0), 30.0 * np.eye(2))[None]
    there = similarity(28.0, 1.2, (25.0, 20.0))
    back = similarity(-28.0, 1 / 1.2, (25.0, 20.0))
    assert np.abs(warp_image(warp_image(image, there), back) - image).max() < 0.02


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 1, 7), (1, 6, 1), (3, 5, 4)])
def test_the_identity_changes_no_pixel_of_any_shape(rng, shape):
    image = rng.uniform(size=shape)
    assert_allclose(warp_image(image, np.eye(2, 3)), image, rtol=0.0, atol=1e-12)


def test_quarter_turns_are_those_of_rot90(rng):
    image = rng.uniform(size=(2, 9, 9))
    for k in range(4):
        # Our positive angles lead from x to y, which points down: clockwise on the screen, unlike rot90's.
        expected = np.rot90(image, -k, axes=(1, 2))
        assert_allclose(warp_image(image, similarity(90.0 * k, 1.0, (4.0, 4.0))), expected, rtol=0.0, atol=1e-12)


def test_images_give_back_the_kind_that_they_are_given(rng):
    image, matrix = rng.uniform(size=(1, 8, 9)), similarity(10.0, 1.1, (4.0, 3.5))
    expected = warp_image(image, matrix)
    assert expected.dtype == float
    warped = warp_image(torch.tensor(image, dtype=torch.float32), matrix)
    assert isinstance(warped, torch.Tensor) and warped.dtype == torch.float32
    assert_allclose(warped, expected, rtol=0.0, atol=1e-5)
    assert warp_image(image[:, ::-1].astype(np.float32), matrix).dtype == float  # also a view with negative strides


@pytest.mark.parametrize(
    ("image", "matrix", "says"),
    [
        (np.zeros((8, 9)), np.eye(2, 3), "image"),
        (np.zeros((1, 8, 9), np.uint8), np.eye(2, 3), "divide bytes by 255"),
        (torch.zeros((1, 8, 9), dtype=torch.uint8), np.eye(2, 3), "divide bytes by 255"),
        (np.zeros((1, 8, 9)), np.eye(3), "matrix"),
        (np.zeros((1, 8, 9)), np.array([[0.1, 0.2, 1.0], [0.3, 0.6, 1.0]]), "inverted"),
        (np.zeros((1, 8, 9)), np.zeros((2, 3)), "inverted"),
    ],
)
def test_images_refuse_what_makes_no_sense(image, matrix, says):
    with pytest.raises(ValueError, match=says):
        warp_image(image, matrix)


# --- augmentation ----------------------------------------------------------------------------------------------------


def drawn_maps(rng, number, *settings, H=21, W=28):
    """(scale times e^(i angle), mirrored) of so many augmentations, read off three points next to the middle."""
    center = np.array([(W - 1) / 2, (H - 1) / 2])
    near = center + [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    for _ in range(number):
        _, found = augment(np.zeros((1, H, W)), near, rng, *settings)
        assert_allclose(found[0], center, rtol=0.0, atol=1e-12)
        x, y = (found[1:] - center) @ [1.0, 1.0j]  # where the unit vectors go
        mirrored = bool(abs(y + 1j * x) < 1e-9 * abs(x))
        assert mirrored or abs(y - 1j * x) < 1e-9 * abs(x)
        yield x, mirrored


def test_angles_and_scales_are_uniform_and_independent(rng):
    z = np.array([x for x, _ in drawn_maps(rng, 2000, 30.0, 0.25)])
    angles, scales = np.degrees(np.angle(z)), np.abs(z)
    # Explicit seed: the p-values are what they are, and were not searched for.
    assert stats.kstest(angles, stats.uniform(-30.0, 60.0).cdf).pvalue > 0.01
    assert stats.kstest(scales, stats.uniform(0.75, 0.5).cdf).pvalue > 0.01
    assert abs(stats.spearmanr(angles, scales).statistic) < 0.07


@pytest.mark.parametrize("none", [np.zeros((0, 2), dtype=int), [], ()], ids=str)
def test_half_of_the_images_are_mirrored_if_pairs_are_given(rng, none):
    flips = sum(mirrored for _, mirrored in drawn_maps(rng, 1000, 30.0, 0.25, none))
    assert stats.binomtest(flips, 1000).pvalue > 0.01
    assert not any(mirrored for _, mirrored in drawn_maps(rng, 100, 30.0, 0.25))


def test_blobs_are_found_where_their_keypoints_went(rng):
    shape, pairs = (61, 73), left_right_pairs()
    keypoints = rng.uniform([22.0, 18.0], [50.0, 42.0], size=(len(NAMES), 2))
    image = np.stack([gaussian(shape, point, 6.0 * np.eye(2)) for point in keypoints])
    mirror_names = [
        NAMES.index(name[:-1] + {"L": "R", "R": "L"}[name[-1]]) if "_" in name and name[-1] in "LR" else k
        for k, name in enumerate(NAMES)
    ]
    y, x = np.mgrid[: shape[0], : shape[1]]
    seen_flips = set()
    for _ in range(20):
        moved, found = augment(image, keypoints, rng, 30.0, 0.2, pairs)
        mass = moved.sum(axis=(1, 2))
        seen = np.column_stack([(moved * x).sum(axis=(1, 2)) / mass, (moved * y).sum(axis=(1, 2)) / mass])
        straight, swapped = (np.abs(seen - found[order]).max() for order in (np.arange(len(NAMES)), mirror_names))
        assert min(straight, swapped) < 0.05
        seen_flips.add(bool(swapped < straight))
    assert seen_flips == {False, True}


def test_points_that_leave_the_image_are_missing(rng):
    H, W = 20, 30
    keypoints = np.vstack([[[14.5, 9.5], [15.5, 9.5], [14.5, 10.5]], rng.uniform([0, 0], [W - 1, H - 1], (300, 2))])
    keypoints[50] = np.nan
    image = np.ones((1, H, W))
    for _ in range(20):
        moved, found = augment(image, keypoints, rng, 60.0, 0.4)
        A = np.column_stack([found[1] - found[0], found[2] - found[0]])
        expected = (keypoints - keypoints[0]) @ A.T + found[0]
        outside = ~((expected >= 0) & (expected <= [W - 1, H - 1])).all(axis=1)
        assert_array_equal(np.isnan(found), np.column_stack([outside, outside]))
        assert_allclose(found[~outside], expected[~outside], rtol=0.0, atol=1e-9)
        # A pixel of an image of ones is one wherever it comes from the image.
        assert set(np.unique(moved.round(9))) >= {0.0, 1.0}


def test_nothing_changes_where_nothing_may(rng):
    image, keypoints = rng.uniform(size=(2, 9, 14)), np.array([[0.0, 0.0], [13.0, 8.0], [np.nan, np.nan], [3.25, 4.5]])
    moved, found = augment(image, keypoints, rng, 0.0, 0.0)
    assert_allclose(moved, image, rtol=0.0, atol=1e-12)
    assert_array_equal(found, keypoints)


def test_mirror_images_mirror_and_swap(rng):
    image, keypoints = rng.uniform(size=(1, 9, 14)), rng.uniform(0.0, 8.0, size=(4, 2))
    results = [augment(image, keypoints, rng, 0.0, 0.0, [[2, 0]]) for _ in range(30)]
    flipped = [(moved, found) for moved, found in results if not np.allclose(found, keypoints)]
    assert 0 < len(flipped) < 30
    for moved, found in flipped:
        assert_allclose(moved, image[..., ::-1], rtol=0.0, atol=1e-12)
        assert_allclose(found, np.column_stack([13.0 - keypoints[:, 0], keypoints[:, 1]])[[2, 1, 0, 3]], atol=1e-12)


def test_augmenting_depends_on_the_generator_alone_and_changes_nothing(rng):
    image, keypoints = rng.uniform(size=(1, 9, 14)), rng.uniform(0.0, 8.0, size=(4, 2))
    before = image.copy(), keypoints.copy()
    one, two = (augment(image, keypoints, np.random.default_rng(5), 20.0, 0.2, [[0, 1]]) for _ in range(2))
    assert_array_equal(one[0], two[0])
    assert_array_equal(one[1], two[1])
    assert_array_equal(image, before[0])
    assert_array_equal(keypoints, before[1])
    tensors = augment(torch.tensor(image), torch.tensor(keypoints), np.random.default_rng(5), 20.0, 0.2, [[0, 1]])
    assert all(isinstance(part, torch.Tensor) for part in tensors)
    assert_allclose(tensors[0], one[0], rtol=0.0, atol=1e-12)
    assert_allclose(tensors[1], one[1], rtol=0.0, atol=1e-12)


@pytest.mark.parametrize(
    "changes",
    [
        {"image": np.zeros((8, 9))},
        {"image": np.zeros((1, 8, 9), np.uint8)},
        {"keypoints": np.zeros(2)},
        {"keypoints": np.zeros((4, 3))},
        {"max_rotation": -1.0},
        {"max_scale": 1.0},
        {"max_scale": np.nan},
        {"flip_pairs": [[0, 1], [1, 2]]},
        {"flip_pairs": [[0, 0]]},
        {"flip_pairs": [[0, 4]]},
        {"flip_pairs": [[-1, 0]]},
        {"flip_pairs": [1, 0, 3, 2]},
    ],
    ids=str,
)
def test_augmenting_refuses_what_makes_no_sense(rng, changes):
    right = {"image": np.zeros((1, 8, 9)), "keypoints": np.zeros((4, 2)), "rng": rng, "max_rotation": 10.0}
    with pytest.raises(ValueError, match="augment: |warp_image: "):
        augment(**(right | {"max_scale": 0.1} | changes))


# --- fine-tuning -----------------------------------------------------------------------------------------------------


def two_part_model():
    backbone = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Sequential(nn.Conv2d(2, 2, 1)))
    return nn.ModuleDict({"neck": nn.Linear(2, 2), "backbone": backbone, "head": nn.Linear(2, 3)})


def test_groups_part_what_is_trained(rng):
    model = two_part_model()
    model["backbone"][0].requires_grad_(False)
    first, second = parameter_groups(model, 1e-4, 1e-2)
    assert (first["lr"], second["lr"]) == (1e-4, 1e-2)
    together = [id(p) for group in (first, second) for p in group["params"]]
    assert len(together) == len(set(together))
    assert set(together) == {id(p) for p in model.parameters() if p.requires_grad}
    assert {id(p) for p in first["params"]} < {id(p) for p in model["backbone"].parameters()}


@pytest.mark.parametrize("frozen", [(), ("backbone",)])
def test_an_optimizer_takes_the_groups_and_gives_each_its_rate(frozen):
    torch.manual_seed(0)
    model = two_part_model()
    model["head"].weight = model["neck"].weight = nn.Parameter(torch.ones(2, 2))  # shared, in one group all the same
    for name in frozen:
        model[name].requires_grad_(False)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimizer = torch.optim.SGD(parameter_groups(model, 0.5, 0.25))
    for p in model.parameters():
        p.grad = torch.ones_like(p) if p.requires_grad else None
    optimizer.step()
    for name, p in model.named_parameters():
        step = 0.25 if not name.startswith("backbone") else 0.0 if frozen else 0.5
        assert torch.allclose(before[name] - p.detach(), torch.full_like(p, step))


def test_groups_refuse_a_model_without_the_two_parts():
    with pytest.raises(ValueError, match="backbone and head"):
        parameter_groups(nn.Linear(2, 2), 0.1, 0.1)


def test_a_learning_curve_of_a_mean_falls_as_theory_says():
    # Each "label" is a number; the model is the mean of the labelled ones. The squared error against the mean of all
    # falls as (1/n - 1/N) times the variance (sampling without replacement), and is zero where all are labelled.
    values = np.random.default_rng(3).normal(size=50)
    counts = [2, 5, 10, 25, 50]
    errors = learning_curve(
        lambda indices, seed: values[indices].mean(), lambda mean: (mean - values.mean()) ** 2, counts, 50, range(2000)
    )
    assert errors.shape == (2000, 5) and errors.dtype == float
    assert_allclose(errors[:, -1], 0.0, atol=1e-25)
    expected = (1 / np.array(counts) - 1 / 50) * values.var(ddof=1)
    # The error is nearly chi-squared with one degree of freedom: its mean over 2000 has a relative deviation of 3 %.
    assert_allclose(errors[:, :-1].mean(axis=0), expected[:-1], rtol=0.15)


def test_label_sets_are_nested_and_reproducible():
    runs = []

    def fit(indices, seed):
        runs.append((seed, len(indices), set(indices.tolist())))
        return None

    learning_curve(fit, lambda model: 0.0, (30, 3, 10), 40, (5, 6))
    learning_curve(fit, lambda model: 0.0, (3, 10, 30), 40, (6, 5))
    sets = {}
    for seed, count, frames in runs:
        assert len(frames) == count and frames <= set(range(40))
        assert sets.setdefault((seed, count), frames) == frames
    for seed in (5, 6):
        assert sets[seed, 3] < sets[seed, 10] < sets[seed, 30]
    assert sets[5, 10] != sets[6, 10]


@pytest.mark.parametrize("counts", [(0,), (5, 41), (-1,)])
def test_a_learning_curve_refuses_impossible_counts(counts):
    with pytest.raises(ValueError, match="counts"):
        learning_curve(lambda indices, seed: None, lambda model: 0.0, counts, 40, (0,))


# Light and occlusion


def test_relight_changes_light_and_nothing_else(rng):
    image = rng.uniform(0.2, 0.8, size=(1, 12, 16)).astype(np.float32)
    before, brightness = image.copy(), []
    for _ in range(200):
        changed = relight(image, rng, 0.3)
        assert changed.shape == image.shape and changed.dtype == np.float32
        assert changed.min() >= 0 and changed.max() <= 1
        order = np.argsort(image, axis=None)
        assert np.all(np.diff(changed.ravel()[order]) >= -1e-6)  # lighter stays lighter
        brightness.append(changed.mean() - image.mean())
    assert_array_equal(image, before)
    assert np.min(brightness) < -0.05 and np.max(brightness) > 0.05
    assert_allclose(relight(image, rng, 0.0), image, atol=1e-6)


def test_occlude_hides_a_block_and_the_labels_behind_it(rng):
    image, keypoints = (
        np.full((3, 20, 30), 2.0),
        np.stack(np.meshgrid(np.arange(30.0), np.arange(20.0)), -1).reshape(-1, 2),
    )
    before, sizes = image.copy(), []
    for _ in range(200):
        covered, seen = occlude(image, keypoints, rng, 0.5)
        hidden = np.isnan(seen).any(axis=1)
        assert_array_equal(covered[0] < 2, hidden.reshape(20, 30))  # one keypoint sits on each pixel
        assert_array_equal(covered[0], covered[2])
        assert_array_equal(seen[~hidden], keypoints[~hidden])
        rows, columns = np.nonzero(covered[0] < 2)
        sizes.append((np.ptp(rows) + 1, np.ptp(columns) + 1))
        assert len(rows) == np.prod(sizes[-1]) and len(set(covered[0][rows, columns])) == 1
    assert_array_equal(image, before)
    assert np.all(np.max(sizes, axis=0) <= (10, 15)) and np.all(np.min(sizes, axis=0) <= (5, 7))
