"""Checks of `augment`."""

import numpy as np
import pytest
import torch
from scipy import stats

from autograder import agree, hint, no_probe, points
from autograder.checks.lab5.common import blob, centroid, same_kind

pytestmark = no_probe("integers")  # floats are promised


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
    "for `warp_image` and `transform_points` alike (also where the image is mirrored). Arrays and tensors both come in, and "
    "go out as they came."
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
        same_kind(augment, given[0], moved, found)
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
    for _, found in draws(augment, rng, 500, SMALL, NEAR, 40.0, 0.6):
        (a, _), (b, _) = affine_between(NEAR, found)[:, :2]
        angles.append(np.degrees(np.arctan2(b, a)) / 40.0)
        scales.append((np.hypot(a, b) - 1.0) / 0.6)
    for name, values in (("angles", angles), ("scales", scales)):
        assert np.max(np.abs(values)) < 1.0 + 1e-4, f"some {name} are beyond the largest that is allowed"
        counts, _ = np.histogram(values, bins=6, range=(-1.0001, 1.0001))
        # Of a uniform draw: what is in six bins, the mean (0 ± 1/√3) and the mean square (1/3 ± 2/√45). Each fails a right
        # solution once in a million times or less.
        far = [np.mean(values) * np.sqrt(3.0), (np.mean(np.square(values)) - 1.0 / 3.0) * np.sqrt(45.0) / 2.0]
        uniform = stats.chisquare(counts).pvalue > 1e-7 and np.max(np.abs(far)) * np.sqrt(len(values)) < 5.0
        assert uniform, f"the {name} are not uniform: {counts} of {len(values)} in six equal bins"
        different = len(np.unique(np.round(values, 6)))
        assert different > 0.9 * len(values), f"{len(values)} images have {different} different {name} only"
    assert abs(np.corrcoef(angles, scales)[0, 1]) < 0.6, "the scale can be told from the angle"
    for n, seed in enumerate(rng.integers(2**31, size=25).tolist()):
        pairs = (
            np.zeros((0, 2), dtype=int) if n > 0 else None
        )  # 24 coins from elsewhere fall alike once in ten million times
        twice = [augment(SMALL, NEAR, np.random.default_rng(seed), 40.0, 0.6, pairs)[1] for _ in range(2)]
        assert np.array_equal(*twice), "the same generator gave two different results: is every number drawn from rng?"


@points(1)
@hint(
    "With flip_pairs (any, also of no pairs), and only then, every other image on average is mirrored by "
    "x -> W - 1 - x, and its points with it. A left hand becomes a right hand: the two of each pair change places, seen "
    "or missing, and only in the images that were mirrored."
)
@pytest.mark.parametrize("pairs, number", [([[3, 0], [1, 4]], 300), ([], 30), (None, 20)])
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
        assert abs(flips / number - 0.5) < 2.5 / np.sqrt(number), f"{flips} of {number} images were mirrored"


def agree_where_clear(found, matrix, keypoints):
    """Points that went through the map, and NaN where they left the small image; rounding decides at the border itself."""
    (H, W), due = SMALL.shape[1:], matrix @ np.vstack([keypoints.T, np.ones(len(keypoints))])
    beyond = np.maximum(np.maximum(-due[0], due[0] - (W - 1)), np.maximum(-due[1], due[1] - (H - 1)))
    due[:, beyond > 0] = np.nan
    clear = np.abs(beyond) > 1e-3
    agree(found[clear], due.T[clear], rtol=0.0, atol=1e-3)


@points(1)
@hint(
    "A keypoint that left the image is missing: NaN in both coordinates, where x < 0, x > W - 1, y < 0 or y > H - 1 "
    "(the last pixel is W - 1, not W). It is not clipped to the border, and not dropped, because row k is keypoint k. "
    "One that is still on the border stays. A mirrored image is turned and scaled like others, and what is NaN goes by "
    "where a keypoint lies in the end, with the name that it has then."
)
def test_marks_what_left_the_image(augment, rng):
    H, W = 9, 13
    x, y = np.meshgrid(np.linspace(0.0, W - 1.0, 25), np.linspace(0.0, H - 1.0, 17))
    keypoints = np.vstack([NEAR, np.column_stack([x.ravel(), y.ravel()]), [[np.nan, np.nan]]])
    for _, found in draws(augment, rng, 12, SMALL, keypoints, 45.0, 0.5):
        agree_where_clear(found, affine_between(NEAR, found[: len(NEAR)]), keypoints)
        agree(found[-1], [np.nan, np.nan])
    pairs = np.array([[4, 216], [28, 200]])  # of which one may leave the image while the other stays
    order = np.arange(len(keypoints))
    order[pairs] = pairs[:, ::-1]
    mirrored = []
    for _, found in draws(augment, rng, 30, SMALL, keypoints, 45.0, 0.5, pairs):
        matrix = affine_between(NEAR, found[: len(NEAR)])
        flipped = np.linalg.det(matrix[:, :2]) < 0
        if flipped:
            mirrored.append([abs(matrix[0, 1]), abs(np.hypot(*matrix[:, 0]) - 1.0)])
        agree_where_clear(found, matrix, keypoints[order] if flipped else keypoints)
    assert mirrored, "with flip_pairs none of 30 images was mirrored"
    assert np.min(np.max(mirrored, axis=0)) > 1e-3, "images that are mirrored are not turned, or not scaled"
    for _, found in draws(augment, rng, 1, SMALL, keypoints, 0.0, 0.0):
        assert not np.isnan(found[:-1]).any(), "nothing was turned or scaled, but points on the border are gone"
