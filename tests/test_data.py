"""The rendered rat: are the files the released ones, do loaders tell the truth, does the truth agree with itself?"""

import re
import shutil

import numpy as np
import pytest
import torch
from scipy.linalg import rq
from scipy.stats import mannwhitneyu

from data.make import card, detections_card, pretrain, recipes
from data.truth import FOLDER as TRUTH
from data.truth import load_clip_truth
from posekit import cameras, data, skeleton
from solutions.transfer import BasicBlock, ResNet

SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def side():
    return data.load_side()


@pytest.fixture(scope="module", params=["train", "test"])
def six(request):
    return data.load_six(request.param)


@pytest.fixture(scope="module")
def clip():
    return data.load_clip(), load_clip_truth()


# Files


@pytest.mark.parametrize("name", card.FILES)
def test_file_is_the_released_one_and_needs_no_pickle(name):
    arrays = data.read_arrays(name)  # checks SHA-256, and loads with allow_pickle=False
    assert all(array.dtype != object for array in arrays.values())


def test_checksums_cover_all_arrays_and_nothing_else():
    folder = data.array_folder()
    listed = [line.split()[1] for line in (folder / "SHA256SUMS").read_text().splitlines()]
    assert sorted(listed) == sorted(file.name for file in folder.glob("*.npz")) == sorted(card.FILES)


def test_the_truth_has_a_checksum_of_its_own():
    listed = [line.split()[1] for line in (TRUTH / "SHA256SUMS").read_text().splitlines()]
    assert listed == [file.name for file in TRUTH.glob("*.npz")] == ["clip_truth.npz"]


def test_arrays_are_under_thirty_two_megabytes():
    assert sum(file.stat().st_size for file in data.array_folder().glob("*.npz")) < 32e6


@pytest.mark.parametrize("trouble", ["no file", "no checksums", "one bit", "cut short", "not listed"])
def test_trouble_with_a_file_is_one_clear_line(tmp_path, trouble):
    shutil.copy(data.array_folder() / "two_rats.npz", tmp_path)
    shutil.copy(data.array_folder() / "SHA256SUMS", tmp_path)
    path, sums = tmp_path / "two_rats.npz", tmp_path / "SHA256SUMS"
    raw = bytearray(path.read_bytes())
    if trouble == "no file":
        path.unlink()
    elif trouble == "no checksums":
        sums.unlink()
    elif trouble == "one bit":
        raw[len(raw) // 2] ^= 1
        path.write_bytes(raw)
    elif trouble == "cut short":
        path.write_bytes(raw[:1000])
    else:
        sums.write_text("")
    with pytest.raises(data.DataError) as caught:
        data.read_arrays("two_rats.npz", folder=tmp_path)
    message = str(caught.value)
    assert "\n" not in message and str(tmp_path) in message and "git checkout" in message
    assert ("SHA256SUMS" if trouble == "no checksums" else "two_rats.npz") in message


def test_installed_package_uses_its_own_copy(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "posekit"
    package.mkdir(parents=True)
    monkeypatch.setattr(data, "__file__", str(package / "data.py"))
    assert data.array_folder() == package / "arrays"
    (tmp_path / "site-packages" / "data" / "arrays").mkdir(parents=True)
    assert data.array_folder() == tmp_path / "site-packages" / "data" / "arrays"


# Loaders


def test_side_has_documented_shapes(side):
    n, k = len(side.images), len(side.names)
    assert side.images.shape == (n, 128, 160) and side.images.dtype == np.float32
    assert side.images.min() >= 0 and side.images.max() <= 1
    assert side.keypoints.shape == (n, k, 2) and side.keypoints.dtype == float
    assert side.visible.shape == (n, k) and side.visible.dtype == bool
    assert side.points3d.shape == (n, k, 3) and side.points3d.dtype == float
    assert side.P.shape == (len(recipes.SIDE_VIDEOS), 3, 4) and side.video.shape == (n,)
    assert side.coats == tuple(video.coat for video in recipes.SIDE_VIDEOS)


def test_six_has_documented_shapes(six):
    t, k = six.state.shape[0], len(six.names)
    assert six.points3d.shape == (t, k, 3) and six.points3d.dtype == float
    assert six.keypoints.shape == (t, 6, k, 2) and six.keypoints.dtype == float
    assert six.visible.shape == (t, 6, k) and six.visible.dtype == bool
    assert six.images.shape == (len(six.image_frames), 6, *recipes.RING_SIZE) and six.images.dtype == np.float32
    assert six.P.shape == (6, 3, 4) and six.fps == 30.0
    assert six.state.min() >= 0 and six.state.max() < len(six.state_names)


def test_clip_has_documented_shapes(clip):
    given, truth = clip
    k = len(given.names)
    assert given.images.shape == (300, 6, *recipes.RING_SIZE) and given.images.dtype == np.float32
    assert truth.points3d.shape == (300, k, 3) and truth.keypoints.shape == (300, 6, k, 2)
    assert truth.visible.shape == (300, 6, k) and truth.state.shape == (300,)


@pytest.mark.parametrize("load", [data.load_side, data.load_six, data.load_two_rats])
def test_unknown_split_is_refused(load):
    with pytest.raises(ValueError, match="split must be"):
        load("tset")


@pytest.mark.parametrize("load", [data.load_side, data.load_two_rats])
def test_splits_share_no_video_and_leave_none_out(load):
    parts = [load(split) for split in SPLITS]
    videos = [set(part.video.tolist()) for part in parts]
    assert all(videos) and not videos[0] & videos[1] and not videos[0] & videos[2] and not videos[1] & videos[2]
    whole = load()
    assert sum(len(part.images) for part in parts) == len(whole.images)
    for part in parts:  # a video comes whole, and keeps its number
        for video in np.unique(part.video):
            np.testing.assert_array_equal(part.images[part.video == video], whole.images[whole.video == video])


def test_every_keypoint_is_seen_in_every_split_or_in_none(side):
    """A detector can be trained and tested on a keypoint or it cannot: the far knee is never seen in any video."""
    seen = np.array([data.load_side(split).visible.any(0) for split in SPLITS])
    assert np.all(seen[0] >= seen[1]) and np.all(seen[0] >= seen[2])


def test_pictures_of_a_film_come_back_unchanged(clip):
    """Stored as differences modulo 256: whole numbers again, and a still room between neighbouring frames."""
    images = clip[0].images * 255
    np.testing.assert_allclose(images, np.round(images), atol=1e-4)
    assert np.median(np.abs(np.diff(images, axis=0))) < 3  # noise alone; a slip would be tens of grey levels


@pytest.mark.parametrize(
    "recording, steps", [("six_test", range(900)), ("six_train", range(0, 3600, 12)), ("clip", range(300))]
)
def test_detections_have_documented_shapes_and_their_own_truth(recording, steps):
    found = [data.load_detections(recording, seed) for seed in recipes.DETECTOR_SEEDS]
    shape = (len(steps), 6, len(skeleton.NAMES))
    for one in found:
        assert one.keypoints.shape == (*shape, 2) and one.keypoints.dtype == float and np.isfinite(one.keypoints).all()
        assert one.confidence.shape == shape and one.confidence.dtype == float
        assert one.confidence.min() >= 0 and one.confidence.max() <= 1
        assert one.steps.tolist() == list(steps) and one.fps == 30.0 and one.names == skeleton.NAMES
        np.testing.assert_array_equal(one.parents, skeleton.parents_of())
    assert all(not np.array_equal(one.keypoints, found[0].keypoints) for one in found[1:])
    recorded = data.load_clip() if recording == "clip" else data.load_six(recording.removeprefix("six_"))
    np.testing.assert_array_equal(found[0].P, recorded.P)
    if recording == "clip":
        assert found[0].truth is None
        return
    for name in ("points3d", "keypoints", "visible", "state"):
        np.testing.assert_array_equal(getattr(found[0].truth, name), getattr(recorded, name)[found[0].steps])
    assert found[0].truth.state_names == recorded.state_names


def test_detections_are_near_the_truth_where_it_is_seen_and_no_copy_of_it():
    """A real detector's: within a cell and a half for most that is seen, worse for what is hidden, nowhere exact."""
    for seed in recipes.DETECTOR_SEEDS:
        one = data.load_detections("six_test", seed)
        errors = np.linalg.norm(one.keypoints - one.truth.keypoints, axis=-1)
        seen = errors[one.truth.visible]
        assert np.median(seen) < 4.0 and np.mean(seen < 6.0) > 0.7
        assert np.median(errors[~one.truth.visible]) > 2 * np.median(seen)
        assert np.mean(errors < 0.01) < 1e-3
        sure = one.confidence > np.median(one.confidence)
        assert np.median(errors[sure]) < np.median(errors[~sure])


@pytest.mark.parametrize(
    "recording, seed, words", [("six", 0, "recording must be"), ("clip", 30, "seed must be"), ("clip", "0", "seed")]
)
def test_unknown_detections_are_refused(recording, seed, words):
    with pytest.raises(ValueError, match=words) as caught:
        data.load_detections(recording, seed)
    assert "\n" not in str(caught.value)


# Geometry


def _homogeneous(P, X):
    """Plain projection, written without posekit: (C, 3, 4) and (T, K, 3) to (T, C, K, 2)."""
    u = np.einsum("cij,tkj->tcki", P, np.concatenate([X, np.ones_like(X[..., :1])], -1))
    return u[..., :2] / u[..., 2:]


def test_side_truth_projects_onto_itself(side):
    for video in np.unique(side.video):
        here = side.video == video
        expected = _homogeneous(side.P[[video]], side.points3d[here])[:, 0]
        np.testing.assert_allclose(side.keypoints[here], expected, atol=1e-6)  # both are stored in float64


def test_six_truth_projects_onto_itself(six):
    np.testing.assert_allclose(six.keypoints, _homogeneous(six.P, six.points3d), atol=1e-3)  # stored in float32


def test_clip_truth_projects_onto_itself(clip):
    given, truth = clip
    np.testing.assert_allclose(truth.keypoints, _homogeneous(given.P, truth.points3d), atol=1e-3)


def test_visible_keypoints_are_inside_the_image(side, six, clip):
    pair = data.load_two_rats()
    sets = [(side, side.images), (pair, pair.images), (six, six.images), (clip[1], clip[0].images)]
    for truth, images in sets:
        height, width = images.shape[-2:]
        seen = truth.keypoints[truth.visible]
        assert np.all(seen >= 0) and np.all(seen <= (width - 1, height - 1))


def test_cameras_have_square_pixels_a_centre_and_no_mirror(side, six, clip):
    for P, (height, width) in ((side.P, (128, 160)), (six.P, recipes.RING_SIZE), (clip[0].P, recipes.RING_SIZE)):
        for matrix in P:
            assert np.linalg.det(matrix[:, :3]) > 0
            K, R = rq(matrix[:, :3])
            signs = np.diag(np.sign(np.diag(K)))
            K, R = K @ signs, signs @ R
            np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-9)
            np.testing.assert_allclose(
                K, [[K[0, 0], 0, (width - 1) / 2], [0, K[0, 0], (height - 1) / 2], [0, 0, 1]], atol=1e-6
            )


def test_two_views_determine_the_animal(six):
    """Direct linear transform of 2D truth in two cameras gives 3D truth back: units, axes and handedness agree."""
    for t in (0, len(six.state) // 2):
        for k in range(len(six.names)):
            rows = []
            for c in (0, 2):
                x, y = six.keypoints[t, c, k]
                rows += [x * six.P[c, 2] - six.P[c, 0], y * six.P[c, 2] - six.P[c, 1]]
            solution = np.linalg.svd(np.array(rows))[2][-1]
            np.testing.assert_allclose(solution[:3] / solution[3], six.points3d[t, k], atol=0.05)  # float32 pixels


def test_the_head_is_rigid_and_left_is_left(side, six):
    """The skull is one bone: ears and snout keep their distances. Seen from above, left is left of the heading."""
    for truth in (side, six):
        at = {name: truth.points3d[:, truth.names.index(name)] for name in truth.names}
        for a, b in (("ear_L", "ear_R"), ("snout", "ear_L"), ("snout", "ear_R")):
            assert np.std(np.linalg.norm(at[a] - at[b], axis=-1)) < 1.0  # mm; skin at the ears is a little soft
        upright = at["withers"][:, 2] < 110  # not rearing, where the heading seen from above is short
        forward, left = (at["withers"] - at["spine"])[:, :2], (at["foot_L"] - at["foot_R"])[:, :2]
        assert np.mean((forward[:, 0] * left[:, 1] - forward[:, 1] * left[:, 0])[upright] > 0) > 0.99


def test_the_rat_stays_above_the_floor_and_does_not_jump(six):
    assert six.points3d[..., 2].min() > -1
    steps = np.linalg.norm(np.diff(six.points3d, axis=0), axis=-1)
    assert steps.max() < 60  # mm per frame: 1.8 m/s, a foot that swings
    assert np.median(steps[:, six.names.index("spine")]) < 5


def test_the_rat_goes_places_and_turns(six):
    spine, withers = (six.points3d[:, six.names.index(name), :2] for name in ("spine", "withers"))
    assert np.all(np.ptp(spine, axis=0) > 93)  # mm, half a body from snout to tail, both ways
    heading = np.unwrap(np.arctan2(*(withers - spine).T[::-1]))
    assert np.ptp(heading) > 2 * np.pi


def test_states_look_like_their_names(six):
    def mean(values, *names):
        return np.mean(values[np.isin(six.state, [six.state_names.index(name) for name in names])])

    index = six.names.index
    height = six.points3d[..., 2]
    speed = np.linalg.norm(six.points3d[10:, 0, :2] - six.points3d[:-10, 0, :2], axis=-1) * six.fps / 10
    speed = np.pad(speed, 5, mode="edge")
    assert mean(height[:, index("snout")], "rear") > 1.5 * mean(height[:, index("snout")], "still", "walk")
    assert mean(height[:, index("snout")], "sniff") < mean(height[:, index("snout")], "still", "walk")
    assert mean(height[:, index("withers")], "crouch") < mean(height[:, index("withers")], "still")
    assert mean(speed, "walk") > 3 * mean(speed, "groom", "crouch", "rear")
    paws = np.linalg.norm(six.points3d[:, index("hand_L")] - six.points3d[:, index("snout")], axis=-1)
    assert mean(paws, "groom") < mean(paws, "still", "walk")
    assert mean(height[:, index("hand_L")], "rear", "groom") > 30 > mean(height[:, index("hand_L")], "still", "crouch")


# Pre-trained weights and the learning curve


@pytest.fixture(scope="module")
def weights():
    return data.pretrained_backbone()


def test_pretrained_weights_are_small_and_of_half_precision():
    assert (data.array_folder() / "resnet_rat.npz").stat().st_size < 3e6
    assert {array.dtype for array in data.read_arrays("resnet_rat.npz").values()} == {np.dtype("float16")}


def test_pretrained_weights_have_torchvisions_names_and_shapes(weights):
    """The names of ResNet-18, and its shapes with a quarter of the channels, written down without the lab's ResNet."""
    norm = ("weight", "bias", "running_mean", "running_var")
    expected = {"conv1.weight": (16, 3, 7, 7), **{f"bn1.{part}": (16,) for part in norm}}
    for stage, channels in enumerate((16, 32, 64, 128), start=1):
        for block in (0, 1):
            before = channels // 2 if block == 0 and stage > 1 else channels
            shapes = {("conv1", "bn1"): (channels, before, 3, 3), ("conv2", "bn2"): (channels, channels, 3, 3)}
            if before != channels:
                shapes["downsample.0", "downsample.1"] = (channels, before, 1, 1)
            for (conv, bn), shape in shapes.items():
                expected[f"layer{stage}.{block}.{conv}.weight"] = shape
                expected |= {f"layer{stage}.{block}.{bn}.{part}": (channels,) for part in norm}
    expected |= {"fc.weight": (len(skeleton.NAMES), 128), "fc.bias": (len(skeleton.NAMES),)}
    assert {name: array.shape for name, array in weights.items()} == expected
    assert all(array.dtype == np.float32 and np.isfinite(array).all() for array in weights.values())
    assert all((array > 0).all() for name, array in weights.items() if name.endswith("running_var"))


def test_pretrained_weights_load_strictly_and_know_what_is_seen(weights, side):
    """In rooms that they have not seen, `fc` ranks frames that show a keypoint above those that hide it."""
    net = ResNet(BasicBlock, (2, 2, 2, 2), width=16, num_classes=len(side.names)).eval()
    net.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()}, strict=True)
    with torch.no_grad():
        grey = torch.from_numpy(side.images[::2, None]).expand(-1, 3, -1, -1)
        log_odds = net((grey - 0.45) / 0.225).numpy()
    areas = []
    for a, seen in zip(log_odds.T, side.visible[::2].T, strict=True):
        if 10 <= np.sum(seen) <= len(seen) - 10:
            areas.append(mannwhitneyu(a[seen], a[~seen]).statistic / (np.sum(seen) * np.sum(~seen)))
    assert len(areas) >= 5 and np.mean(areas) > 0.6  # 0.5 is chance


def test_pretraining_depends_on_the_seed_alone(weights, side, capsys):
    images, keypoints = side.images[::20, None], np.where(side.visible[::20, :, None], side.keypoints[::20], np.nan)
    made = [pretrain.train(images, keypoints, (images, keypoints), {3: 2, 4: 1}, seed) for seed in (0, 0, 1)]
    assert {name: array.shape for name, array in made[0].items()} == {name: a.shape for name, a in weights.items()}
    for name, array in made[0].items():
        np.testing.assert_array_equal(array, made[1][name])
    assert not np.array_equal(made[0]["conv1.weight"], made[2]["conv1.weight"])
    assert capsys.readouterr().out.count("held out") == 6


def test_learning_curve_holds_what_the_text_says():
    """Transfer beats training from scratch, for every seed and number of labels, and more labels help everybody."""
    curve = data.load_learning_curve()
    shape = (len(curve.models), len(curve.counts), 5)
    assert curve.median.shape == curve.rmse.shape == curve.pck5.shape == shape
    assert curve.counts.tolist() == [5, 10, 25, 50, 100]
    at = {name: m for m, name in enumerate(curve.models)}
    for transfer in ("frozen", "fine-tuned"):
        assert np.all(curve.median[at[transfer]] < curve.median[at["scratch + augmentation"]])
    few = [at[name] for name in curve.models if name != "stacked hourglass"]  # which was run with many labels only
    mean = np.nanmean(curve.median[few], axis=-1)
    assert np.all(mean[:, -1] < mean[:, 0])
    hourglass, scratch = (curve.median[at[name]][-2:, :3] for name in ("stacked hourglass", "scratch + augmentation"))
    assert np.isfinite(hourglass).all() and np.all(hourglass > scratch)
    assert np.all((np.nan_to_num(curve.pck5) >= 0) & (np.nan_to_num(curve.pck5) <= 1))


# Seeds


def test_pretraining_shows_no_coat_that_only_tests_show():
    of = {split: {v.coat for v in recipes.SIDE_VIDEOS if v.split == split} for split in SPLITS}
    assert of["validation"] | of["test"] <= of["train"] | set(recipes.PRETRAINING_WITHOUT)
    assert set(recipes.PRETRAINING_HELD_OUT) < set(recipes.PRETRAINING_SEEDS)


def test_the_clip_shares_neither_coat_nor_seed_with_anything():
    pairs = [coat for video in recipes.PAIR_VIDEOS for coat in video.coats]
    coats = {*pairs, *(video.coat for video in recipes.SIDE_VIDEOS), *(six.coat for six in recipes.SIX.values())}
    assert recipes.CLIP.coat not in coats and recipes.CLIP.coat in recipes.PRETRAINING_WITHOUT
    seeds = [video.seed for video in (*recipes.SIDE_VIDEOS, *recipes.PAIR_VIDEOS)] + [*recipes.PRETRAINING_SEEDS]
    seeds += [10 * video.seed + rat for video in recipes.PAIR_VIDEOS for rat in (1, 2)]
    seeds += [number for six in recipes.SIX.values() for number in (six.seed, six.motion_seed)]
    assert not {recipes.CLIP.seed, recipes.CLIP.motion_seed} & set(seeds)


def test_clip_and_its_truth_are_apart():
    given, truth = data.read_arrays("clip.npz"), data.read_arrays("clip_truth.npz", TRUTH)
    assert not set(given) & set(truth)
    assert set(given) == {"image_steps", "P", "fps", "names", "parents"}


# The card


def test_every_number_in_the_card_is_printed_by_a_command():
    text = card.CARD.read_text()
    sections = card.SECTIONS | detections_card.SECTIONS
    assert card.fill(text, {name: section() for name, section in sections.items()}) == text
    prose = re.sub(r"<!-- (\w+) -->.*?<!-- /\1 -->", "", text, flags=re.DOTALL)
    names = r"\b[23]D\b|Apache-2\.0|BSD-3-Clause|CC BY 4\.0|SHA-256|SHA256SUMS|libosmesa6|uint8|posekit\.\w+"
    assert not re.findall(r"\d+", re.sub(names, "", prose))


# Skeleton and cameras


def test_skeleton_is_a_rooted_tree_in_order(side):
    parents = skeleton.parents_of()
    assert parents[0] == 0 and all(parents[k] < k for k in range(1, len(parents)))
    np.testing.assert_array_equal(side.parents, parents)
    assert side.names == skeleton.NAMES and {"hand_L", "hand_R", "snout"} <= set(side.names)


def test_pairs_join_every_left_with_its_right():
    pairs = skeleton.left_right_pairs()
    assert sorted(pairs.ravel()) == [k for k, name in enumerate(skeleton.NAMES) if name[-2:] in ("_L", "_R")]
    for left, right in pairs:
        assert skeleton.NAMES[left][:-1] == skeleton.NAMES[right][:-1]


def test_skeleton_of_some_names():
    assert skeleton.parents_of(("spine", "withers", "hand_R")).tolist() == [0, 0, 1]
    assert skeleton.left_right_pairs(("hand_R", "spine", "hand_L")).tolist() == [[2, 0]]
    assert skeleton.left_right_pairs(("hand_R", "spine")).shape == (0, 2)
    with pytest.raises(ValueError, match="withers"):
        skeleton.parents_of(("spine", "hand_R"))
    with pytest.raises(ValueError, match="trunk"):
        skeleton.parents_of(("trunk",))


def test_project_is_the_pinhole_and_knows_what_is_behind():
    P = np.array([[100.0, 0, 50, 0], [0, 100, 40, 0], [0, 0, 1, 0]])
    points = cameras.project(P, [[1.0, 2.0, 4.0], [0, 0, 0], [1, 2, -4]])
    np.testing.assert_allclose(points[0], [75.0, 90.0])
    assert np.isnan(points[1:]).all()
    assert cameras.project(np.stack([P, P]), np.ones((5, 1, 3))).shape == (5, 2, 2)
    with pytest.raises(ValueError, match="P must end"):
        cameras.project(P[:, :3], np.ones(3))
    with pytest.raises(ValueError, match="X must end"):
        cameras.project(P, np.ones(4))
