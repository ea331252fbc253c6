"""The tracker for one's own animal: it learns, says how sure it is, comes back from a file, and refuses in one line."""

import pickle

import numpy as np
import pytest
import torch

from posekit.data import load_side
from posekit.labels import load_labels, write_table
from posekit.tracker import Tracker, TrackerError, _forward, _loss, _maps_between
from solutions.transfer import BasicBlock, PoseNet, ResNet, encode_offsets, pose_loss

SIZE = (75, 101)  # no multiple of a cell


def animal(rng, colour=False, size=SIZE):
    """A picture of a bright and a dark blob on a grey ground, and where they are."""
    y, x = np.mgrid[: size[0], : size[1]]
    points = rng.uniform((12, 15), (size[1] / 2 - 12, size[0] - 15), size=(2, 2))
    points[1, 0] += size[1] / 2  # apart
    image = 0.5 + 0.02 * rng.standard_normal((3 if colour else 1, *size))
    for (px, py), sign in zip(points, (1, -1), strict=True):
        image += sign * 0.45 * np.exp(-((x - px) ** 2 + (y - py) ** 2) / 40)
    return np.clip(image, 0, 1).astype(np.float32), points


@pytest.fixture(scope="module")
def cage(tmp_path_factory):
    """Twelve frames in a folder, in colour, with a table; and a tracker that has learned from ten of them."""
    from PIL import Image

    folder, rng = tmp_path_factory.mktemp("cage"), np.random.default_rng(0)
    images, points = zip(*(animal(rng, colour=True) for _ in range(12)), strict=True)
    points = np.array(points)
    points[3, 0] = np.nan
    files = [f"img{n}.png" for n in range(12)]
    for name, image in zip(files, images, strict=True):
        Image.fromarray((255 * image).astype(np.uint8).transpose(1, 2, 0)).save(folder / name)
    write_table(folder / "CollectedData_me.csv", ["left", "right"], points, files)
    read = load_labels(folder / "CollectedData_me.csv")
    tracker = Tracker(read.names)
    losses = tracker.fit(read.images[:10], read.keypoints[:10], steps=40, batch_size=8)
    return read, tracker, losses


def test_learns_from_a_folder_of_frames(cage):
    read, tracker, losses = cage
    assert np.mean(losses[-5:]) < 0.3 * np.mean(losses[:5])
    keypoints, confidence = tracker.predict(read.images)
    assert keypoints.shape == (12, 2, 2) and confidence.shape == (12, 2) and tracker.pairs.tolist() == [[0, 1]]
    error = np.linalg.norm(keypoints - read.keypoints, axis=-1)
    assert np.nanmedian(error[10:]) < 4.0  # half a cell
    empty, doubt = tracker.predict(np.full((2, 3, *SIZE), 0.5, dtype=np.float32))
    assert np.isfinite(empty).all() and doubt.max() < 0.5 * np.median(confidence)


def test_comes_back_from_a_file_without_pickle(cage, tmp_path):
    read, tracker, _ = cage
    tracker.save(tmp_path / "mine.npz")
    again = Tracker.load(tmp_path / "mine.npz")
    assert again.names == tracker.names and again.pairs.tolist() == tracker.pairs.tolist()
    for one, other in zip(tracker.predict(read.images[:3]), again.predict(read.images[:3]), strict=True):
        np.testing.assert_array_equal(one, other)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.npz"]


def test_what_is_no_tracker_is_refused_in_one_line(cage, tmp_path):
    _, tracker, _ = cage

    class Bomb:
        def __reduce__(self):
            return (print, ("it went off",))

    (tmp_path / "pickled.npz").write_bytes(pickle.dumps(Bomb()))
    np.savez(tmp_path / "objects.npz", names=np.array([Bomb()], dtype=object), pairs=np.zeros((0, 2), int))
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    (tmp_path / "text.npz").write_text("weights")
    arrays = {name: tensor.numpy() for name, tensor in tracker.weights.items()}
    np.savez(tmp_path / "three.npz", names=np.array(["a", "b", "c"]), pairs=np.zeros((0, 2), int), **arrays)
    broken = arrays | {"head.scores.bias": np.full(2, np.nan, np.float32)}
    np.savez(tmp_path / "nan.npz", names=np.array(["a", "b"]), pairs=np.zeros((0, 2), int), **broken)
    np.savez(tmp_path / "pairs.npz", names=np.array(["a", "b"]), pairs=np.array([[0, 7]]), **arrays)
    for name in ("pickled", "objects", "other", "text", "three", "nan", "pairs", "nowhere"):
        with pytest.raises(TrackerError, match=name) as error:
            Tracker.load(tmp_path / f"{name}.npz")
        assert "\n" not in str(error.value)


def test_is_lab_5s_network():
    """The same weights in `PoseNet` give the same maps, in either mode, and move the same statistics."""
    tracker = Tracker(("a", "b", "c"), seed=4)
    net = PoseNet(ResNet(BasicBlock, (2, 2, 2, 2), width=16), 3)
    missing = net.load_state_dict(tracker.weights, strict=False)
    assert not missing.unexpected_keys and all("num_batches" in key for key in missing.missing_keys)
    images = torch.rand(3, 1, 70, 90)
    for training in (False, True):
        weights = {name: tensor.clone() for name, tensor in tracker.weights.items()}
        net.train(training)
        for ours, theirs in zip(_forward(weights, images, training), net(images), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
        state = net.state_dict()
        for name, tensor in weights.items():
            torch.testing.assert_close(tensor, state[name], rtol=1e-4, atol=1e-5)


def test_its_loss_is_lab_5s():
    generator = torch.Generator().manual_seed(0)
    scores, offsets = torch.randn(2, 3, 5, 6, generator=generator), torch.randn(2, 3, 2, 5, 6, generator=generator)
    points = torch.tensor(
        [[[11.0, 13.5], [torch.nan, torch.nan], [40.0, 3.0]], [[0.0, 0.0], [47.0, 39.0], [500.0, 3.0]]]
    )
    targets = torch.stack([encode_offsets(p, (5, 6), 8) for p in points])
    torch.testing.assert_close(_loss(scores, offsets, points), pose_loss(scores, offsets, targets, 8))
    nothing = torch.full_like(points, torch.nan)
    torch.testing.assert_close(_loss(scores, offsets, nothing), pose_loss(scores, offsets, targets * torch.nan, 8))


def test_altered_frames_and_points_stay_together():
    """A blob is found where its point went; in a mirror names change places; what left the frame has no label."""
    rng = np.random.default_rng(3)
    images, points = zip(*(animal(rng) for _ in range(12)), strict=True)
    images, points = torch.from_numpy(np.array(images)), np.array(points)
    tracker = Tracker(("left", "right"))
    maps = _maps_between(rng, 12, 180.0, 0.2, True)
    flipped = np.linalg.det(maps) < 0
    assert 2 <= flipped.sum() <= 10
    altered, moved = tracker._altered(images, points, maps)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    for image, new, mirrored in zip(altered[:, 0].numpy(), moved, flipped, strict=True):
        for k, sign in ((0, -1), (1, 1)) if mirrored else ((0, 1), (1, -1)):
            if np.isnan(new[k]).any():
                continue
            near = np.hypot(x - new[k, 0], y - new[k, 1]) <= 4
            weight = np.clip(sign * (image - 0.5), 0, None) * near
            assert weight.sum() > 5  # the blob is there, and of the right kind
            np.testing.assert_allclose([(x * weight).sum(), (y * weight).sum()] / weight.sum(), new[k], atol=0.5)
    still, same = tracker._altered(images, points, np.tile(np.eye(2), (12, 1, 1)))
    torch.testing.assert_close(still, images, rtol=0, atol=1e-5)
    np.testing.assert_allclose(same, points)
    _, gone = tracker._altered(images, points, np.tile(np.eye(2) / 50, (12, 1, 1)))
    assert np.isnan(gone).all()


def test_grey_frames_and_missing_labels():
    rng = np.random.default_rng(1)
    images, points = zip(*(animal(rng, size=(48, 64)) for _ in range(3)), strict=True)
    points = np.array(points)
    points[:, 1] = np.nan  # a keypoint that nobody labelled
    tracker = Tracker(("a", "b"))
    losses = tracker.fit(np.array(images), points, steps=3, batch_size=2, mirror=True, rotation=180.0)
    assert np.isfinite(losses).all()
    assert all(torch.isfinite(tensor).all() for tensor in tracker.weights.values())
    assert tracker.predict(np.array(images, dtype=np.float64))[0].shape == (3, 2, 2)


@pytest.mark.parametrize(
    "images, keypoints, says",
    [
        (np.zeros((2, 1, 40, 40), np.uint8), np.zeros((2, 2, 2)), "divide bytes by 255"),
        (np.full((2, 1, 40, 40), 200.0), np.zeros((2, 2, 2)), "values in .0, 1., got 200 to 200"),
        (np.zeros((2, 40, 40)), np.zeros((2, 2, 2)), "want frames .N, 1 or 3, H, W."),
        (np.zeros((0, 1, 40, 40)), np.zeros((0, 2, 2)), "no frames"),
        ([np.zeros((1, 40, 40)), np.zeros((1, 40, 48))], np.zeros((2, 2, 2)), "2 shapes"),
        (np.zeros((2, 1, 40, 40)), np.zeros((2, 3, 2)), r"want keypoints \(2, 2, 2\), got \(2, 3, 2\)"),
        (np.zeros((2, 1, 40, 40)), np.full((2, 2, 2), np.nan), "nothing is labelled"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_in_one_line(images, keypoints, says):
    with pytest.raises(TrackerError, match=says) as error:
        Tracker(("a", "b")).fit(images, keypoints, steps=2)
    assert "\n" not in str(error.value)


def test_names_must_differ():
    with pytest.raises(TrackerError, match="all differ"):
        Tracker(("a", "a"))


@pytest.mark.slow
def test_transfers_to_the_rat():
    """Fifty labels, as in Lab 5: both are the same recipe, and end at about the same error (2.4 px there)."""
    train, test = load_side("train"), load_side("test")
    chosen = np.random.default_rng(0).permutation(len(train.images))[:50]
    keypoints = np.where(train.visible[..., None], train.keypoints, np.nan)
    tracker = Tracker(train.names)
    tracker.fit(train.images[chosen, None], keypoints[chosen])
    error = np.linalg.norm(tracker.predict(test.images[:, None])[0] - test.keypoints, axis=-1)
    assert np.median(error[test.visible]) < 3.0
