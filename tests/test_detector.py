"""The detectors: NumPy's forward pass against torch's, how maps are read, and how the shipped weights were trained."""

import numpy as np
import pytest
import torch

from data.make import recipes, ring_detector, side_detector
from data.make.detections import PER_PIXEL, detect, whole_numbers
from posekit import data
from posekit.detector import ScoreMaps, read_out, score_maps
from posekit.skeleton import NAMES
from solutions.transfer import BasicBlock, PoseNet, ResNet, decode_offsets, encode_offsets, load_backbone

K = len(NAMES)


def pose_net(layer):
    return PoseNet(ResNet(BasicBlock, (2, 2, 2, 2), width=16), K, layer)


def arrays_of(net):
    return {name: tensor.numpy() for name, tensor in net.state_dict().items() if tensor.is_floating_point()}


def untrained(kind, seed=0):
    """A network in evaluation mode whose normalisations are not the identity."""
    torch.manual_seed(seed)
    net = {"six": lambda: pose_net(2), "side": lambda: side_detector.PairNet(ResNet(BasicBlock, (2, 2, 2, 2), 16), K)}
    net = net[kind]()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for tensor in (module.weight.data, module.running_var):
                tensor.uniform_(0.5, 1.5)
            for tensor in (module.bias.data, module.running_mean):
                tensor.normal_(std=0.2)
    return net.eval()


# The forward pass


@pytest.mark.parametrize("kind, shape", [("six", (11, 112, 128)), ("side", (3, 128, 192)), ("side", (9, 32, 64))])
def test_numpy_sees_what_torch_sees(kind, shape):
    net, images = untrained(kind), np.random.default_rng(1).random(shape, dtype=np.float32)
    with torch.no_grad():
        outputs = net(torch.from_numpy(images[:, None]))
    maps = score_maps(arrays_of(net), images)
    found = (maps.probabilities, maps.offsets) + ((maps.pairs,) if kind == "side" else ())
    assert maps.stride == net.stride and (maps.pairs is None) == (kind == "six")
    for made, expected in zip(found, (torch.sigmoid(outputs[0]), *outputs[1:]), strict=True):
        assert made.dtype == np.float32 and made.shape == tuple(expected.shape)
        # Single precision and sums in another order, through eighteen layers; offsets are some ten px long.
        np.testing.assert_allclose(made, expected.numpy(), rtol=1e-4, atol=1e-3)


def test_images_in_double_precision_and_one_by_one_give_the_same():
    weights, images = arrays_of(untrained("six")), np.random.default_rng(2).random((10, 32, 48))
    whole = score_maps(weights, images)
    for n in range(len(images)):
        single = score_maps(weights, images[n : n + 1].astype(np.float32))
        np.testing.assert_allclose(single.offsets[0], whole.offsets[n], atol=1e-4)


@pytest.mark.parametrize(
    "images, words",
    [
        (np.zeros((1, 112, 128), np.uint8), "floats in"),
        (np.zeros((112, 128)), "floats in"),
        (np.zeros((1, 1, 112, 128)), "floats in"),
        (np.zeros((0, 112, 128)), "multiples of 8"),
        (np.zeros((1, 112, 124)), "multiples of 8"),
        (np.full((1, 112, 128), 255.0), "0, 1"),
        (np.full((1, 112, 128), np.nan), "0, 1"),
    ],
)
def test_other_images_are_refused_in_one_line(images, words):
    with pytest.raises(ValueError, match=words) as caught:
        score_maps(arrays_of(untrained("six")), images)
    assert "\n" not in str(caught.value)


def test_other_weights_are_refused_in_one_line():
    for weights in ({}, data.pretrained_backbone()):
        with pytest.raises(ValueError, match="pretrained_detector"):
            score_maps(weights, np.zeros((1, 32, 32)))


# Reading maps


def perfect_maps(keypoints, shape, stride, probabilities):
    """Maps whose offsets are right everywhere."""
    offsets = np.array([encode_offsets(points, shape, stride) for points in keypoints])
    return ScoreMaps(probabilities.astype(np.float32), offsets.astype(np.float32), stride)


@pytest.mark.parametrize("stride", [4, 8])
def test_where_all_offsets_agree_the_answer_is_exact(stride):
    rng = np.random.default_rng(3)
    keypoints = rng.uniform(-5.0, 60.0, (4, K, 2))
    maps = perfect_maps(keypoints, (7, 8), stride, rng.random((4, K, 7, 8)))
    found, confidence = read_out(maps)
    np.testing.assert_allclose(found, keypoints, atol=1e-4)  # offsets are in single precision
    np.testing.assert_array_equal(confidence, maps.probabilities.max((2, 3)))


def test_a_single_voter_is_lab_5s_reading():
    rng = np.random.default_rng(4)
    probabilities = np.zeros((6, K, 5, 9), np.float32)
    n, k = np.mgrid[:6, :K]
    probabilities[n, k, rng.integers(5, size=(6, K)), rng.integers(9, size=(6, K))] = 0.7
    maps = ScoreMaps(probabilities, rng.normal(scale=5.0, size=(6, K, 2, 5, 9)).astype(np.float32), 4)
    expected = [decode_offsets(*one, 4) for one in zip(maps.probabilities, maps.offsets, strict=True)]
    np.testing.assert_allclose(read_out(maps)[0], expected, atol=1e-4)


def test_voters_are_the_best_cell_and_its_neighbours():
    """By hand: three cells in a row have a say, also at the border, and one that is far away has none."""
    probabilities, offsets = np.zeros((1, 1, 4, 6), np.float32), np.zeros((1, 1, 2, 4, 6), np.float32)
    probabilities[0, 0, 0, :3], probabilities[0, 0, 3, 5] = (0.2, 0.8, 0.4), 0.7
    found, confidence = read_out(ScoreMaps(probabilities, offsets, 4))
    np.testing.assert_allclose(found[0, 0], [(0.2 * 1.5 + 0.8 * 5.5 + 0.4 * 9.5) / 1.4, 1.5], rtol=1e-6)
    assert confidence[0, 0] == np.float32(0.8)


def test_a_map_of_nothing_still_has_an_answer():
    maps = ScoreMaps(np.zeros((1, 2, 3, 4), np.float32), np.zeros((1, 2, 2, 3, 4), np.float32), 8)
    found, confidence = read_out(maps)
    assert np.isfinite(found).all() and np.all(confidence == 0)


# What is shipped


@pytest.mark.parametrize(
    "views, count, layer", [("six", len(recipes.DETECTOR_SEEDS), 2), ("side", len(data.PAIR_FOLDS), 3)]
)
def test_shipped_weights_load_into_lab_5s_network(views, count, layer):
    assert (data.array_folder() / f"detector_{views}.npz").stat().st_size < 3e6
    assert {array.dtype for array in data.read_arrays(f"detector_{views}.npz").values()} == {np.dtype("float16")}
    states = [data.pretrained_detector(views, number) for number in range(count)]
    for state in states:
        assert all(array.dtype == np.float32 and np.isfinite(array).all() for array in state.values())
        assert all((array > 0).all() for name, array in state.items() if name.endswith("running_var"))
        net = load_backbone(pose_net(layer), state)
        own = {name for name in arrays_of(net) if not name.endswith("num_batches_tracked")}
        assert set(state) - own == ({"head.pairs.weight", "head.pairs.bias"} if views == "side" else set())
    assert all(not np.array_equal(s["head.scores.weight"], states[0]["head.scores.weight"]) for s in states[1:])


@pytest.mark.parametrize("views, number", [("seven", 0), ("six", 30), ("side", 40), ("six", -1), ("six", None)])
def test_unknown_detectors_are_refused(views, number):
    with pytest.raises(ValueError, match="must be"):
        data.pretrained_detector(views, number)


@pytest.mark.parametrize("seed", recipes.DETECTOR_SEEDS)
@pytest.mark.parametrize("recording", ["six_test", "clip"])
def test_detections_are_what_the_shipped_weights_say(recording, seed):
    """On frozen pictures, so without a renderer."""
    given = data.load_clip() if recording == "clip" else data.load_six("test")
    frames = np.arange(len(given.images)) if recording == "clip" else given.image_frames
    some = slice(7, None, 40)
    detections = data.load_detections(recording, seed)
    images = given.images[some]
    maps = score_maps(data.pretrained_detector("six", seed), images.reshape(-1, *images.shape[2:]))
    keypoints, confidence = read_out(maps)
    stored = detections.keypoints[frames[some]].reshape(keypoints.shape)
    # Half a unit of storage; where two cells are equally good to the last digit, another processor may take the other one.
    same = np.all(np.abs(keypoints - stored) <= 0.5 / PER_PIXEL + 1e-3, axis=-1)
    assert np.mean(same) >= 0.999
    np.testing.assert_allclose(detections.confidence[frames[some]].reshape(confidence.shape), confidence, atol=1e-3)


def test_side_detector_finds_parts_and_their_partners():
    """On test videos of fold 0: visible keypoints, and from one visible keypoint the others of the same animal."""
    side, pair, weights = data.load_side("test"), data.load_two_rats("test"), data.pretrained_detector("side")
    found, _ = read_out(score_maps(weights, side.images))
    assert np.median(np.linalg.norm(found - side.keypoints, axis=-1)[side.visible]) < 3.0  # 8 is a cell
    maps = score_maps(weights, pair.images)
    h, w = maps.probabilities.shape[-2:]
    n, a, k = np.nonzero(pair.visible)
    x, y = pair.keypoints[n, a, k].T
    i, j = (np.clip(np.round((z - 3.5) / 8).astype(int), 0, size - 1) for z, size in ((y, h), (x, w)))
    center = 8.0 * np.stack([j, i], -1) + 3.5
    towards = center[:, None] + maps.pairs[n, k, :, :, i, j]  # (visible keypoints, K, 2)
    errors = np.linalg.norm(towards - pair.keypoints[n, a], axis=-1)
    wrong = np.linalg.norm(towards - pair.keypoints[n, 1 - a], axis=-1)
    known = pair.visible[n, a] & pair.visible[n, 1 - a]
    assert np.median(errors[known]) < 8.0
    assert np.mean(errors[known] < wrong[known]) > 0.8


# How they were trained


def test_folds_test_no_video_twice_and_train_on_none_that_they_fit_or_test():
    tested = [video for test, _ in data.PAIR_FOLDS for video in test]
    assert len(set(tested)) == len(tested) and len(data.PAIR_FOLDS) == len(recipes.PAIR_DETECTOR_SEEDS)
    for fold, (test, fitted) in enumerate(data.PAIR_FOLDS):
        assert len({*test, *fitted}) == 4
        _, keypoints, num_pairs = side_detector.frames_of(fold)
        pair = data.load_two_rats()
        left = ~np.isin(pair.video, [*test, *fitted])
        np.testing.assert_array_equal(
            keypoints[:num_pairs], np.where(pair.visible[..., None], pair.keypoints, np.nan)[left]
        )
    splits = [[n for n, video in enumerate(recipes.PAIR_VIDEOS) if video.split == s] for s in ("test", "validation")]
    assert [list(part) for part in data.PAIR_FOLDS[0]] == splits


def test_single_rats_stay_where_they_are_in_the_wider_picture():
    images, keypoints, num_pairs = side_detector.frames_of(0)
    side = data.load_side("train")
    assert images.shape[1:] == (1, *recipes.PAIR_SIZE) and len(images) == num_pairs + len(side.images)
    assert np.isnan(keypoints[num_pairs:, 1]).all()
    n, k = 5, 0
    x, y = np.round(keypoints[num_pairs + n, 0, k]).astype(int)
    around = images[num_pairs + n, 0, y - 3 : y + 4, x - 3 : x + 4]
    x, y = np.round(side.keypoints[n, k]).astype(int)
    np.testing.assert_array_equal(around, side.images[n, y - 3 : y + 4, x - 3 : x + 4])


def test_a_mirrored_pair_keeps_its_animals_and_swaps_their_sides():
    rng, (H, W) = np.random.default_rng(0), recipes.PAIR_SIZE
    keypoints = rng.uniform((50, 40), (W - 50, H - 40), (2, K, 2))
    image = rng.random((1, H, W), dtype=np.float32)
    left, right = NAMES.index("hand_L"), NAMES.index("hand_R")
    turned = set()
    for _ in range(20):
        altered, moved = side_detector.alter(image, keypoints, rng)
        assert altered.shape == image.shape and moved.shape == keypoints.shape
        names = np.arange(K)
        for mirrored in (False, True):
            if mirrored:
                for a, b in side_detector.left_right_pairs():
                    names[[a, b]] = names[[b, a]]
            # A similarity keeps ratios of distances; the right naming is the one that does.
            before = np.linalg.norm(keypoints[0, names[left]] - keypoints[1, names[right]])
            scale = np.linalg.norm(moved[0, 0] - moved[1, 0]) / np.linalg.norm(keypoints[0, 0] - keypoints[1, 0])
            after = np.linalg.norm(moved[0, left] - moved[1, right])
            if np.isclose(after, scale * before, rtol=1e-6):
                turned.add(mirrored)
    assert turned == {False, True}


def test_the_pairwise_loss_by_hand():
    """Cell by cell, animal by animal, in plain loops."""
    rng, stride, (h, w), parts = np.random.default_rng(5), 8, (3, 4), 3
    keypoints = rng.uniform(0, 30, (2, 2, parts, 2))
    keypoints[0, 1, 0] = keypoints[1, 0, 2] = keypoints[1, 1] = np.nan
    shapes = [(2, parts, h, w), (2, parts, 2, h, w), (2, parts, parts, 2, h, w)]
    outputs = [torch.from_numpy(rng.normal(scale=3.0, size=shape)).float() for shape in shapes]
    scores, offsets, pairs = (tensor.double().numpy() for tensor in outputs)

    def huber(x):
        return np.sum(np.where(np.abs(x) <= 1, x**2 / 2, np.abs(x) - 0.5))

    bernoulli, own, others = [], [], []
    for b, k, i, j in np.ndindex(2, parts, h, w):
        center = np.array([stride * j + 3.5, stride * i + 3.5])
        gaps = [np.linalg.norm(keypoints[b, a, k] - center) for a in range(2)]
        near = [a for a in range(2) if gaps[a] <= 1.5 * stride]
        bernoulli.append(np.logaddexp(0.0, scores[b, k, i, j]) - scores[b, k, i, j] * bool(near))
        if near:
            animal = keypoints[b, min(near, key=lambda a: gaps[a])]
            own.append(huber(offsets[b, k, :, i, j] - (animal[k] - center)))
            others += [huber(pairs[b, k, l, :, i, j] - (animal[l] - center)) for l in range(parts) if animal[l][0] > 0]
    expected = np.mean(bernoulli) + 0.05 * np.mean(own) + 0.05 * np.mean(others)
    np.testing.assert_allclose(side_detector.loss_of(outputs, keypoints, stride).item(), expected, rtol=1e-5)
    nothing = side_detector.loss_of(outputs, np.full_like(keypoints, np.nan), stride)
    np.testing.assert_allclose(nothing.item(), np.mean(np.logaddexp(0.0, scores)), rtol=1e-5)


@pytest.mark.parametrize("kind", ["six", "side"])
def test_training_depends_on_the_seed_alone(kind):
    side = data.load_side("train")
    if kind == "six":
        frames = side.images[::40, None], np.where(side.visible[::40, :, None], side.keypoints[::40], np.nan)
        made = [ring_detector.train(*frames, seed, steps=2) for seed in (0, 0, 1)]
    else:
        frames = side_detector.frames_of(0)
        made = [side_detector.train(*frames, seed, steps=2) for seed in (0, 0, 1)]
    shipped = data.pretrained_detector(kind)
    assert {name: array.shape for name, array in made[0].items()} == {name: a.shape for name, a in shipped.items()}
    for name, array in made[0].items():
        np.testing.assert_array_equal(array, made[1][name])
    assert not np.array_equal(made[0]["backbone.conv1.weight"], made[2]["backbone.conv1.weight"])


def test_rooms_to_learn_from_show_neither_the_clips_coat_nor_a_seed_of_a_data_set():
    seeds = {*recipes.LABEL_SEEDS, *recipes.LABEL_HELD_OUT}
    assert len(seeds) == len(recipes.LABEL_SEEDS) + len(recipes.LABEL_HELD_OUT)
    coats = [recipes.label_room(seed).coat for seed in sorted(seeds)]
    assert recipes.CLIP.coat not in coats and set(coats[: len(recipes.LABEL_SEEDS)]) == set(recipes.LABEL_COATS)
    taken = {video.seed for video in (*recipes.SIDE_VIDEOS, *recipes.PAIR_VIDEOS)} | {*recipes.PRETRAINING_SEEDS}
    taken |= {seed for six in (*recipes.SIX.values(), recipes.CLIP) for seed in (six.seed, six.motion_seed)}
    taken |= {10 * video.seed + rat for video in recipes.PAIR_VIDEOS for rat in (1, 2)}
    assert not taken & seeds


# How they are stored


def test_whole_numbers_keep_a_keypoint_to_half_a_unit():
    keypoints = np.random.default_rng(6).uniform(-100, 250, (5, 2))
    np.testing.assert_allclose(whole_numbers(keypoints) / PER_PIXEL, keypoints, atol=0.5 / PER_PIXEL)
    with pytest.raises(ValueError, match="too far outside"):
        whole_numbers(np.array([[3.0, 300.0]]))


def test_detecting_in_films_is_detecting_in_pictures():
    images = np.random.default_rng(7).integers(0, 255, (2, 3, 32, 48), dtype=np.uint8)
    weights = arrays_of(untrained("six"))
    keypoints, confidence = detect(weights, images)
    assert keypoints.shape == (2, 3, K, 2) and confidence.shape == (2, 3, K)
    single, sure = read_out(score_maps(weights, images[1, 2:].astype(float) / 255))
    np.testing.assert_allclose(keypoints[1, 2], single[0], atol=1e-3)
    np.testing.assert_allclose(confidence[1, 2], sure[0], atol=1e-5)
