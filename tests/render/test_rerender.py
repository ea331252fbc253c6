"""Do the scripts still make the committed arrays? Sampled pictures are rendered again (`make test-render`).

Tolerances: on the machine that made them the pictures come back to the bit. Another version of the software renderer
may rasterise edges differently, so a picture may differ by 1 grey level of 255 on average, and by more than 8 levels
in 1 % of its pixels. Truth is arithmetic: 0.01 px and 0.05 mm leave room for other linear algebra in the limbs' least
squares.
"""

import re

import numpy as np
import pytest

pytest.importorskip("data.make.scene", reason="needs the render extra", exc_type=ImportError)

from data.make import card, detections, make_side, make_two_rats, motion, motion_card, quality, recipes
from data.make.pretraining import pretraining_views
from data.make.rooms import labelled_pictures
from data.make.six import ARENA, Recording, stage
from data.truth import load_clip_truth
from posekit import data

pytestmark = pytest.mark.render


def assert_same_picture(made, committed):
    difference = np.abs(made.astype(int) - np.round(255 * committed).astype(int))
    assert difference.mean() <= 1.0
    assert np.mean(difference > 8) <= 0.01


def assert_same_truth(keypoints, visible, expected_keypoints, expected_visible):
    np.testing.assert_allclose(keypoints, expected_keypoints, atol=0.01)
    # A keypoint at the very edge of what hides it may fall on either side.
    assert np.sum(np.asarray(visible) != expected_visible) <= 0.02 * np.size(visible) + 1


@pytest.mark.parametrize("video", [0, 7])
def test_side_views_come_back(video):
    committed = data.load_side()
    recipe = recipes.SIDE_VIDEOS[video]
    scene, moves, belt = make_side.stage(recipe)
    np.testing.assert_allclose(scene.P[0], committed.P[video], rtol=1e-9)
    for number in (0, 13, recipes.SIDE_FRAMES - 1):
        image, keypoints, visible, points = make_side.frame(scene, moves, belt, number * recipes.SIDE_STRIDE, number)
        row = np.flatnonzero(committed.video == video)[number]
        assert_same_picture(image, committed.images[row])
        assert_same_truth(keypoints, visible, committed.keypoints[row], committed.visible[row])
        np.testing.assert_allclose(points, committed.points3d[row], atol=0.05)
    scene.close()


def test_two_rats_come_back():
    committed = data.load_two_rats()
    video = 1
    scene, first, second = make_two_rats.stage(recipes.PAIR_VIDEOS[video])
    for number in (2, 9):
        k = number * recipes.PAIR_STRIDE
        image, keypoints, visible = make_two_rats.frame(scene, first, second, k, number)
        row = np.flatnonzero(committed.video == video)[number]
        assert_same_picture(image, committed.images[row])
        assert_same_truth(keypoints, visible, committed.keypoints[row], committed.visible[row])
    scene.close()


def _six_test():
    committed = data.load_six("test")
    return recipes.SIX["test"], committed, committed.images, committed.image_frames, committed.P


def _clip():
    given = data.load_clip()
    return recipes.CLIP, load_clip_truth(), given.images, np.arange(len(given.images)), given.P


@pytest.mark.parametrize("load", [_six_test, _clip])
def test_rings_of_cameras_come_back(load):
    recipe, committed, images, image_frames, P = load()
    taken = Recording(recipe)
    np.testing.assert_allclose(taken.scene.P, P, rtol=1e-9)
    np.testing.assert_array_equal(taken.moves.state, committed.state)
    for row in (1, len(image_frames) // 2, len(image_frames) - 1):
        frame = image_frames[row]
        points, keypoints, visible = taken.observe(frame)
        np.testing.assert_allclose(points, committed.points3d[frame], atol=0.05)
        assert_same_truth(keypoints, visible, committed.keypoints[frame], committed.visible[frame])
        assert_same_picture(taken.pictures([frame])[0], images[row])
    taken.scene.close()


def test_poses_without_pictures_come_back():
    committed, recipe = data.load_six("train"), recipes.SIX["train"]
    taken = Recording(recipe)
    for frame in (0, 1234, recipe.frames - 1):
        points, keypoints, visible = taken.observe(frame)
        np.testing.assert_allclose(points, committed.points3d[frame], atol=0.05)
        assert_same_truth(keypoints, visible, committed.keypoints[frame], committed.visible[frame])
    taken.scene.close()


def test_frozen_pictures_come_back_bit_for_bit():
    """Detections of all time steps stand beside pictures of every tenth: both must be of one film."""
    committed = data.load_six("test")
    made = detections.pictures("test", committed.image_frames)
    np.testing.assert_array_equal(made, np.uint8(np.round(255 * committed.images)))


@pytest.mark.parametrize("split, rows", [("test", (3, 451)), ("train", (2, 140))])
def test_detections_come_back_where_no_pictures_were_released(split, rows):
    chosen = data.load_detections(f"six_{split}").steps[list(rows)]
    images = detections.pictures(split, chosen)
    for seed in recipes.DETECTOR_SEEDS:
        stored = data.load_detections(f"six_{split}", seed)
        keypoints, confidence = detections.detect(data.pretrained_detector("six", seed), images)
        # A few grey levels of another renderer move a keypoint a little, and may turn a doubtful one around.
        near = np.linalg.norm(keypoints - stored.keypoints[list(rows)], axis=-1) < 0.5
        assert np.mean(near) > 0.95
        assert np.median(np.abs(confidence - stored.confidence[list(rows)])) < 0.01


def test_rooms_to_learn_from_depend_on_the_seed_alone():
    seed = recipes.LABEL_SEEDS[0]
    recipe = recipes.label_room(seed)
    images, keypoints, visible = labelled_pictures(seed)
    count = 6 * recipe.frames // recipe.images
    assert images.shape == (count, *recipes.RING_SIZE) and images.dtype == np.uint8
    assert keypoints.shape == (count, 13, 2) and visible.shape == (count, 13)
    again = Recording(recipe)
    _, points, seen = again.observe(3 * recipe.images)
    np.testing.assert_array_equal(images[18:24], again.pictures([3 * recipe.images])[0])
    np.testing.assert_array_equal(keypoints[18:24], points)
    np.testing.assert_array_equal(visible[18:24], seen)
    again.scene.close()


@pytest.mark.parametrize("recipe", [recipes.SIX["test"], recipes.CLIP])
def test_markers_are_seen_where_the_matrices_put_them(recipe):
    scene = stage(recipe)
    errors = motion_card.marker_errors(scene, np.random.default_rng(1), 15)
    scene.close()
    assert np.sum(np.isfinite(errors)) > 45
    assert np.nanmean(errors) < 0.05  # half a pixel would mean another convention for the pixel's centre


def test_the_clips_motion_could_be_an_animals():
    recipe = recipes.CLIP
    numbers = quality.measure(motion.plan(recipe.motion_seed, recipe.frames, ARENA, recipe.states), every=5)
    assert abs(numbers["sole_mm"][1]) < 2  # a standing sole is on the floor
    assert numbers["sole_mm"][0] > -5 and numbers["sole_mm"][2] < 5
    assert numbers["skin_mm"] > -8  # nothing is far below it
    assert numbers["into_body_mm"][0] < 4
    assert numbers["beyond_limit"] < 1e-9
    assert numbers["slide_mm"][0] < 1
    assert numbers["jump_mm"] < 60


def test_pretraining_views_depend_on_the_seed_alone():
    images, keypoints, visible = pretraining_views(recipes.PRETRAINING_SEEDS[0], 3)
    again = pretraining_views(recipes.PRETRAINING_SEEDS[0], 3)
    other = pretraining_views(recipes.PRETRAINING_SEEDS[1], 3)
    assert images.shape == (3, *recipes.PRETRAINING_SIZE) and images.dtype == np.uint8
    assert keypoints.shape == (3, 13, 2) and visible.shape == (3, 13)
    for one, two in zip((images, keypoints, visible), again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(images, other[0])
    with pytest.raises(ValueError, match="n must be"):
        pretraining_views(0, 0)


@pytest.mark.slow
def test_the_cards_numbers_about_motion_are_what_the_scripts_print():
    text = card.CARD.read_text()
    bodies = {name: section() for name, section in motion_card.SECTIONS.items()}
    made, written = card.fill(text, bodies), text
    number = re.compile(r"-?\d+\.?\d*")
    assert number.sub("#", made) == number.sub("#", written)
    values = [np.array([float(x) for x in number.findall(part)]) for part in (made, written)]
    np.testing.assert_allclose(*values, rtol=0.02, atol=0.15)  # 0.1 is the last digit printed
