"""What goes wrong, and what else is right, in `augment`."""

import random
from functools import wraps

import numpy as np
import torch
from scipy import ndimage

from autograder.judge.bank import alternative, mistake
from solutions.transfer import transform_points, warp_image


def middle_of(image):
    _, H, W = image.shape
    return np.array([(W - 1) / 2, (H - 1) / 2])


def turning(angle, scale, center, flipped=False):
    """The matrix (2, 3) of a rotation (radians) and a scale about a point, of the mirror image if `flipped`."""
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = linear @ np.diag([-1.0 if flipped else 1.0, 1.0])
    return np.column_stack([linear, center - linear @ center])


def drawn(rng, max_rotation, max_scale):
    return np.radians(rng.uniform(-max_rotation, max_rotation)), rng.uniform(1 - max_scale, 1 + max_scale)


def swap(points, flip_pairs):
    points = np.array(points, dtype=float)
    for left, right in flip_pairs:
        points[[left, right]] = points[[right, left]]
    return points


def inside(points, image, slack=0.0):
    """The points, NaN where they left the image by more than `slack`."""
    _, H, W = image.shape
    points = np.array(points, dtype=float)
    points[np.any((points < 0) | (points > np.array([W - 1, H - 1]) + slack), axis=1)] = np.nan
    return points


def drawn_map(image, rng, max_rotation, max_scale, flip_pairs):
    """The map of one image, and whether it is a mirror's."""
    angle, scale = drawn(rng, max_rotation, max_scale)
    flipped = flip_pairs is not None and rng.random() < 0.5
    return turning(angle, scale, middle_of(image), flipped), flipped


def right(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    """As it should be, for what is wrong before or behind it."""
    matrix, flipped = drawn_map(image, rng, max_rotation, max_scale, flip_pairs)
    points = np.asarray(transform_points(keypoints, matrix))
    points = swap(points, flip_pairs) if flipped else points
    return warp_image(image, matrix), inside(points, image)


def like_those_given(function):
    """Tensors out where tensors came in."""

    @wraps(function)
    def wrapped(image, keypoints, *rest):
        result = function(image, keypoints, *rest)
        given = (image, keypoints)
        return [
            torch.as_tensor(np.array(r)).to(g) if torch.is_tensor(g) else r for r, g in zip(result, given, strict=True)
        ]

    return wrapped


def drawing(
    image,
    keypoints,
    rng,
    max_rotation,
    max_scale,
    flip_pairs,
    angle=lambda rng, most: rng.uniform(-most, most),
    scale=lambda rng, most: rng.uniform(1 - most, 1 + most),
    coin=lambda rng: rng.random() < 0.5,
):
    """As it should be, but for how the numbers are drawn."""
    turn, size = np.radians(angle(rng, max_rotation)), scale(rng, max_scale)
    flipped = flip_pairs is not None and coin(rng)
    matrix = turning(turn, size, middle_of(image), flipped)
    points = np.asarray(transform_points(keypoints, matrix))
    points = swap(points, flip_pairs) if flipped else points
    return warp_image(image, matrix), inside(points, image)


@mistake("moves the image only", hint="through the same map")
@like_those_given
def image_only(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    angle, scale = drawn(rng, max_rotation, max_scale)
    return warp_image(image, turning(angle, scale, middle_of(image))), inside(keypoints, image)


@mistake("moves the keypoints only", hint="through the same map")
@like_those_given
def keypoints_only(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    _, points = right(image, keypoints, rng, max_rotation, max_scale, flip_pairs)
    return 1.0 * image, points


@mistake("draws twice, for the image and for the keypoints", hint="draw the angle and the scale once")
@like_those_given
def draws_twice(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    moved, _ = right(image, keypoints, rng, max_rotation, max_scale, flip_pairs)
    _, points = right(image, keypoints, rng, max_rotation, max_scale, flip_pairs)
    return moved, points


@mistake("turns the keypoints the other way than the image", hint="through the same map")
@like_those_given
def turns_the_other_way(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    angle, scale = drawn(rng, max_rotation, max_scale)
    center = middle_of(image)
    moved = warp_image(image, turning(-angle, scale, center))
    return moved, inside(transform_points(keypoints, turning(angle, scale, center)), image)


@mistake("turns about the corner", hint="not about the corner")
@like_those_given
def about_the_corner(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    matrix = turning(*drawn(rng, max_rotation, max_scale), np.zeros(2))
    return warp_image(image, matrix), inside(transform_points(keypoints, matrix), image)


@mistake("turns about (W/2, H/2)", hint="not about (W/2, H/2)")
@like_those_given
def about_half_the_size(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    matrix = turning(*drawn(rng, max_rotation, max_scale), middle_of(image) + 0.5)
    return warp_image(image, matrix), inside(transform_points(keypoints, matrix), image)


@mistake("takes degrees for radians", hint="np.cos wants radians")
@like_those_given
def no_radians(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    return right(image, keypoints, rng, np.degrees(max_rotation), max_scale, flip_pairs)


@mistake("turns one way only", hint="between -max_rotation and +max_rotation")
@like_those_given
def one_way(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    angle, scale = np.radians(rng.uniform(0, max_rotation)), rng.uniform(1 - max_scale, 1 + max_scale)
    matrix = turning(angle, scale, middle_of(image))
    return warp_image(image, matrix), inside(transform_points(keypoints, matrix), image)


@mistake("only enlarges", hint="between 1 - max_scale and 1 + max_scale")
@like_those_given
def only_enlarges(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    angle, scale = np.radians(rng.uniform(-max_rotation, max_rotation)), rng.uniform(1, 1 + max_scale)
    matrix = turning(angle, scale, middle_of(image))
    return warp_image(image, matrix), inside(transform_points(keypoints, matrix), image)


@mistake("draws from a normal distribution", hint="uniform between")
@like_those_given
def normal_angles(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    angle = np.radians(rng.normal(scale=max_rotation))
    matrix = turning(angle, rng.uniform(1 - max_scale, 1 + max_scale), middle_of(image))
    return warp_image(image, matrix), inside(transform_points(keypoints, matrix), image)


@mistake("derives the angle and the scale from one number", hint="with a draw of its own")
@like_those_given
def one_number(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    u = rng.uniform(-1, 1)
    matrix = turning(np.radians(max_rotation * u), 1 + max_scale * u, middle_of(image))
    return warp_image(image, matrix), inside(transform_points(keypoints, matrix), image)


@mistake("scales the two axes apart", hint="Both axes share one scale")
@like_those_given
def two_scales(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    angle, _ = drawn(rng, max_rotation, 0.0)
    center = middle_of(image)
    linear = turning(angle, 1.0, center)[:, :2] @ np.diag(rng.uniform(1 - max_scale, 1 + max_scale, size=2))
    matrix = np.column_stack([linear, center - linear @ center])
    return warp_image(image, matrix), inside(transform_points(keypoints, matrix), image)


@mistake("starts a generator of its own", hint="Every call draws anew")
@like_those_given
def own_generator(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    return right(image, keypoints, np.random.default_rng(0), max_rotation, max_scale, flip_pairs)


@mistake("draws from NumPy's global generator", hint="from `rng` and nothing else")
@like_those_given
def global_generator(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    return right(image, keypoints, np.random, max_rotation, max_scale, flip_pairs)


@mistake("mirrors without swapping names", hint="A left hand becomes a right hand")
@like_those_given
def no_swap(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    none = None if flip_pairs is None else np.zeros((0, 2), dtype=int)
    return right(image, keypoints, rng, max_rotation, max_scale, none)


@mistake("copies left to right instead of swapping", hint="change places")
@like_those_given
def copies_over(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    angle, scale = drawn(rng, max_rotation, max_scale)
    flipped = flip_pairs is not None and rng.random() < 0.5
    matrix = turning(angle, scale, middle_of(image), flipped)
    points = np.array(transform_points(keypoints, matrix))
    for one, other in flip_pairs if flipped else ():
        points[one] = points[other]
        points[other] = points[one]
    return warp_image(image, matrix), inside(points, image)


@mistake("mirrors by x -> W - x", hint="x -> W - 1 - x")
@like_those_given
def mirror_half_a_pixel_off(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    matrix = turning(*drawn(rng, max_rotation, max_scale), middle_of(image))
    keypoints = np.array(keypoints, dtype=float)
    if flip_pairs is not None and rng.random() < 0.5:
        image, keypoints[:, 0] = np.array(image)[..., ::-1].copy(), image.shape[2] - keypoints[:, 0]
        keypoints = swap(keypoints, flip_pairs)
    return warp_image(image, matrix), inside(transform_points(keypoints, matrix), image)


@mistake("mirrors every image", hint="every other image on average")
@like_those_given
def mirrors_always(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    flipped = flip_pairs is not None
    matrix = turning(*drawn(rng, max_rotation, max_scale), middle_of(image), flipped)
    points = np.asarray(transform_points(keypoints, matrix))
    return warp_image(image, matrix), inside(swap(points, flip_pairs) if flipped else points, image)


@mistake("mirrors also without flip_pairs", hint="and only then")
@like_those_given
def mirrors_without_pairs(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    pairs = np.zeros((0, 2), dtype=int) if flip_pairs is None else flip_pairs
    return right(image, keypoints, rng, max_rotation, max_scale, pairs)


@mistake("never mirrors where there are no pairs to swap", hint="also of no pairs")
@like_those_given
def no_pairs_no_mirror(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    pairs = None if flip_pairs is None or len(flip_pairs) == 0 else flip_pairs
    return right(image, keypoints, rng, max_rotation, max_scale, pairs)


@mistake("mirrors one image in ten", hint="every other image on average")
@like_those_given
def seldom_mirrors(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    pairs = flip_pairs if rng.random() < 0.2 else None
    return right(image, keypoints, rng, max_rotation, max_scale, pairs)


@mistake("keeps points outside of the image", hint="A keypoint that left the image is missing")
@like_those_given
def keeps_outside(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    matrix = turning(*drawn(rng, max_rotation, max_scale), middle_of(image))
    return warp_image(image, matrix), transform_points(keypoints, matrix)


@mistake("clips points to the border", hint="not clipped to the border")
@like_those_given
def clips_to_the_border(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    matrix = turning(*drawn(rng, max_rotation, max_scale), middle_of(image))
    return warp_image(image, matrix), np.clip(transform_points(keypoints, matrix), 0, 2 * middle_of(image))


@mistake("drops points outside of the image", hint="not dropped")
@like_those_given
def drops_outside(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    matrix = turning(*drawn(rng, max_rotation, max_scale), middle_of(image))
    points = inside(transform_points(keypoints, matrix), image)
    return warp_image(image, matrix), points[~np.isnan(points).any(axis=1)]


@mistake("takes the image to end at (W, H)", hint="the last pixel is W - 1, not W")
@like_those_given
def one_pixel_more(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    matrix = turning(*drawn(rng, max_rotation, max_scale), middle_of(image))
    return warp_image(image, matrix), inside(transform_points(keypoints, matrix), image, slack=1.0)


@mistake("marks only the coordinate that is outside", hint="NaN in both coordinates")
@like_those_given
def one_coordinate(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    matrix = turning(*drawn(rng, max_rotation, max_scale), middle_of(image))
    points = np.array(transform_points(keypoints, matrix))
    points[(points < 0) | (points > 2 * middle_of(image))] = np.nan
    return warp_image(image, matrix), points


@mistake("loses points on the border", hint="still on the border stays")
@like_those_given
def open_border(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    matrix = turning(*drawn(rng, max_rotation, max_scale), middle_of(image))
    points = np.array(transform_points(keypoints, matrix))
    points[np.any((points <= 0) | (points >= 2 * middle_of(image)), axis=1)] = np.nan
    return warp_image(image, matrix), points


@mistake("changes the keypoints in place", hint="Work on a copy")
@like_those_given
def in_place(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    moved, points = right(image, keypoints, rng, max_rotation, max_scale, flip_pairs)
    if isinstance(keypoints, np.ndarray):
        keypoints[:] = points
    return moved, points


@mistake("flips NumPy's global coin for the mirror", hint="from `rng` and nothing else")
@like_those_given
def global_coin(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    def coin(rng):
        return np.random.random() < 0.5  # noqa: NPY002

    return drawing(image, keypoints, rng, max_rotation, max_scale, flip_pairs, coin=coin)


@mistake("flips Python's global coin for the mirror", hint="from `rng` and nothing else")
@like_those_given
def python_coin(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    return drawing(image, keypoints, rng, max_rotation, max_scale, flip_pairs, coin=lambda rng: random.random() < 0.5)


@mistake("mirrors one image in four", hint="every other image on average")
@like_those_given
def mirrors_one_in_four(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    return drawing(image, keypoints, rng, max_rotation, max_scale, flip_pairs, coin=lambda rng: rng.random() < 0.25)


@mistake("cuts a normal distribution off at the largest angle", hint="uniform between")
@like_those_given
def clipped_normal_angles(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    def angle(rng, most):
        return np.clip(rng.normal(0.0, most / 2), -most, most)

    return drawing(image, keypoints, rng, max_rotation, max_scale, flip_pairs, angle=angle)


@mistake("adds two draws to an angle", hint="uniform between")
@like_those_given
def triangular_angles(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    def angle(rng, most):
        return most * (rng.uniform(-0.5, 0.5) + rng.uniform(-0.5, 0.5))

    return drawing(image, keypoints, rng, max_rotation, max_scale, flip_pairs, angle=angle)


@mistake("draws whole degrees", hint="different angles only")
@like_those_given
def whole_degrees(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    def angle(rng, most):
        return rng.integers(-int(most), int(most) + 1)

    return drawing(image, keypoints, rng, max_rotation, max_scale, flip_pairs, angle=angle)


@mistake("draws the logarithm of the scale", hint="uniform between")
@like_those_given
def log_uniform_scales(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    def scale(rng, most):
        return np.exp(rng.uniform(np.log(1 - most), np.log(1 + most)))

    return drawing(image, keypoints, rng, max_rotation, max_scale, flip_pairs, scale=scale)


@mistake("draws the area instead of the scale", hint="uniform between")
@like_those_given
def uniform_areas(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    def scale(rng, most):
        return np.sqrt(rng.uniform((1 - most) ** 2, (1 + most) ** 2))

    return drawing(image, keypoints, rng, max_rotation, max_scale, flip_pairs, scale=scale)


@mistake("gives arrays for tensors", hint="arrays came back")
def always_arrays(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    image, points = right(image, keypoints, rng, max_rotation, max_scale, flip_pairs)
    return np.asarray(image), points


@mistake(
    "marks what left the image before left and right change places, by the old names",
    hint="with the name that it has then",
)
@like_those_given
def marks_by_old_names(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    matrix, flipped = drawn_map(image, rng, max_rotation, max_scale, flip_pairs)
    points = np.asarray(transform_points(keypoints, matrix))
    gone = np.isnan(inside(points, image)) & ~np.isnan(points)
    points = swap(points, flip_pairs) if flipped else points
    return warp_image(image, matrix), np.where(gone, np.nan, points)


@mistake("mirrors instead of turning and scaling", hint="A mirrored image is turned and scaled like others")
@like_those_given
def only_mirrors(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    angle, scale = drawn(rng, max_rotation, max_scale)
    flipped = flip_pairs is not None and rng.random() < 0.5
    matrix = turning(0.0 if flipped else angle, 1.0 if flipped else scale, middle_of(image), flipped)
    points = np.asarray(transform_points(keypoints, matrix))
    points = swap(points, flip_pairs) if flipped else points
    return warp_image(image, matrix), inside(points, image)


@mistake("keeps what left a mirrored image", hint="A mirrored image is turned and scaled like others")
@like_those_given
def keeps_in_mirrors(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    matrix, flipped = drawn_map(image, rng, max_rotation, max_scale, flip_pairs)
    points = np.asarray(transform_points(keypoints, matrix))
    return warp_image(image, matrix), swap(points, flip_pairs) if flipped else inside(points, image)


@alternative
@like_those_given
def flips_the_pixels_first(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    image, keypoints = np.array(image, dtype=float), np.array(keypoints, dtype=float)
    if flip_pairs is not None and rng.integers(2) == 1:
        image = image[:, :, ::-1].copy()
        keypoints[:, 0] = image.shape[2] - 1 - keypoints[:, 0]
        keypoints = swap(keypoints, flip_pairs)
    matrix = turning(*drawn(rng, max_rotation, max_scale), middle_of(image))
    return warp_image(image, matrix), inside(transform_points(keypoints, matrix), image)


@alternative
@like_those_given
def flips_the_pixels_last(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    matrix = turning(*drawn(rng, max_rotation, max_scale), middle_of(image))
    moved, points = np.asarray(warp_image(image, matrix)), np.array(transform_points(keypoints, matrix))
    if flip_pairs is not None and rng.random() >= 0.5:
        moved, points[:, 0] = np.flip(moved, axis=2), moved.shape[2] - 1 - points[:, 0]
        order = list(range(len(points)))
        for left, right in flip_pairs:
            order[left], order[right] = right, left
        points = points[order]
    outside = [not (0 <= x <= moved.shape[2] - 1 and 0 <= y <= moved.shape[1] - 1) for x, y in points]
    points[outside] = np.nan
    return moved, points


@alternative
@like_those_given
def by_complex_numbers_and_scipy(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    image = np.asarray(image, dtype=float)
    _, H, W = image.shape
    z = (1 + max_scale * (2 * rng.random() - 1)) * np.exp(1j * np.pi / 180 * max_rotation * (2 * rng.random() - 1))
    flipped = flip_pairs is not None and rng.binomial(1, 0.5)
    c = complex(W - 1, H - 1) / 2
    y, x = np.mgrid[:H, :W]
    source = (x + 1j * y - c) / z + c
    if flipped:
        source = W - 1 - np.conj(source)
    moved = np.stack([ndimage.map_coordinates(channel, [source.imag, source.real], order=1) for channel in image])
    points = np.asarray(keypoints, dtype=float) @ [1, 1j]
    points = z * ((W - 1 - np.conj(points) if flipped else points) - c) + c
    points = np.column_stack([points.real, points.imag])
    return moved, inside(swap(points, flip_pairs) if flipped else points, image)


@alternative
@like_those_given
def by_three_matrices(image, keypoints, rng, max_rotation, max_scale, flip_pairs=None):
    (x, y), (angle, scale) = middle_of(image), drawn(rng, max_rotation, max_scale)
    flipped = flip_pairs is not None and rng.uniform() < 0.5
    there, back = np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1]]), np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    matrix = (back @ np.array([[-c if flipped else c, s, 0], [s if flipped else -s, c, 0], [0, 0, 1]]) @ there)[:2]
    points = np.asarray(transform_points(keypoints, matrix))
    return warp_image(image, matrix), inside(swap(points, flip_pairs) if flipped else points, image)
