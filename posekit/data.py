"""Load the rendered rat. Every loader checks the file's SHA-256 first, so what is loaded is what was released.

How the arrays were made, what they lack and how they are licensed is in ``data/README.md``. Points are (x, y) pixels
with pixel centres at integers, 3D points are millimetres with z up from the floor, ``L`` and ``R`` are the animal's
own sides.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SPLITS = ("train", "validation", "test")
RECORDINGS = ("six_test", "six_train", "clip")

#: By the number of a side detector: the videos of `load_two_rats` to test it on, and those to fit on what comes behind it.
#: It was trained on the other four. Number 0 is the released split.
PAIR_FOLDS = (((6, 7), (4, 5)), ((4, 5), (2, 3)), ((2, 3), (0, 1)), ((0, 1), (6, 7)))


class DataError(RuntimeError):
    """A data file is missing or is not the one that was released."""


@dataclass(frozen=True)
class SideView:
    """Grey side views of single rats, one camera per video (labs 1 to 5).

    N frames, K keypoints, V = 10 videos; ``video`` and the per-video arrays keep their numbers in every split.
    """

    images: np.ndarray  #: (N, 128, 160) float32 in [0, 1]
    keypoints: np.ndarray  #: (N, K, 2) float64, px (x, y); also where hidden or outside the image
    visible: np.ndarray  #: (N, K) bool, inside the image and not behind anything
    points3d: np.ndarray  #: (N, K, 3) float64, mm
    P: np.ndarray  #: (V, 3, 4) float64 camera matrix of each video, mm to px
    video: np.ndarray  #: (N,) int, index into P and coats
    names: tuple  #: K keypoint names
    parents: np.ndarray  #: (K,) int, see `posekit.skeleton`
    coats: tuple  #: V names of coats


@dataclass(frozen=True)
class SixViews:
    """One rat seen by a calibrated ring of six cameras (labs 7 and 8).

    T time steps at ``fps``, C = 6 cameras, K keypoints. ``image_frames`` says which time steps have images (none in
    "train").
    """

    points3d: np.ndarray  #: (T, K, 3) float64, mm
    keypoints: np.ndarray  #: (T, C, K, 2) float64, px (x, y); also where hidden or outside the image
    visible: np.ndarray  #: (T, C, K) bool, inside the image and not behind anything
    P: np.ndarray  #: (C, 3, 4) float64 camera matrices, mm to px, det(P[:, :, :3]) > 0
    state: np.ndarray  #: (T,) int, index into state_names
    state_names: tuple  #: names of the pose states
    fps: float  #: time steps per second
    names: tuple  #: K keypoint names
    parents: np.ndarray  #: (K,) int, see `posekit.skeleton`
    images: np.ndarray  #: (T_img, C, H, W) float32 in [0, 1]
    image_frames: np.ndarray  #: (T_img,) int, index into the time axis


@dataclass(frozen=True)
class TwoRats:
    """Grey frames of two rats that touch and cross (lab 6). N frames, 2 animals that keep their index, K keypoints."""

    images: np.ndarray  #: (N, H, W) float32 in [0, 1]
    keypoints: np.ndarray  #: (N, 2, K, 2) float64, px (x, y); also where hidden or outside the image
    visible: np.ndarray  #: (N, 2, K) bool, inside the image and not behind anything, the other rat included
    names: tuple  #: K keypoint names
    parents: np.ndarray  #: (K,) int, see `posekit.skeleton`
    video: np.ndarray  #: (N,) int


@dataclass(frozen=True)
class Clip:
    """What a student gets of the capstone's clip: 300 frames from six cameras, and where these stand."""

    images: np.ndarray  #: (300, 6, H, W) float32 in [0, 1]
    P: np.ndarray  #: (6, 3, 4) float64 camera matrices, mm to px
    fps: float  #: frames per second
    names: tuple  #: K keypoint names
    parents: np.ndarray  #: (K,) int, see `posekit.skeleton`


@dataclass(frozen=True)
class Truth:
    """What is true of T time steps that C cameras see, K keypoints."""

    points3d: np.ndarray  #: (T, K, 3) float64, mm
    keypoints: np.ndarray  #: (T, C, K, 2) float64, px (x, y); also where hidden or outside the image
    visible: np.ndarray  #: (T, C, K) bool
    state: np.ndarray  #: (T,) int, index into state_names
    state_names: tuple  #: names of the pose states


@dataclass(frozen=True)
class Detections:
    """What a trained detector says of T time steps that C = 6 cameras see, K keypoints, with its real mistakes (labs 6 to 8)."""

    keypoints: np.ndarray  #: (T, C, K, 2) float64, px (x, y); never NaN: it also answers where a keypoint is hidden
    confidence: np.ndarray  #: (T, C, K) float64 in [0, 1], the peak of the keypoint's score map
    P: np.ndarray  #: (C, 3, 4) float64 camera matrices, mm to px, det(P[:, :, :3]) > 0
    steps: np.ndarray  #: (T,) int, which time steps of the recording: an index into the arrays of `load_six`
    fps: float  #: time steps of the recording per second
    names: tuple  #: K keypoint names
    parents: np.ndarray  #: (K,) int, see `posekit.skeleton`
    truth: Truth | None  #: of the same T time steps; None for the clip


@dataclass(frozen=True)
class LearningCurve:
    """How well detectors find keypoints on the side view's test split, by number of labelled frames (lab 5).

    M models, C numbers of labelled frames, S seeds, each of another choice of frames and of other initial weights; NaN
    where a model was run with fewer seeds. Errors are those of the visible keypoints.
    """

    models: tuple  #: M names
    counts: np.ndarray  #: (C,) int, labelled frames
    median: np.ndarray  #: (M, C, S) median error, px
    rmse: np.ndarray  #: (M, C, S) root of the mean squared error, px
    pck5: np.ndarray  #: (M, C, S) fraction of errors of at most 5 px


@dataclass(frozen=True)
class FeatureExperiment:
    """What detectors find in the side view's test split, by kind, by window, and by kind of data (lab 4).

    C conditions, M models, S seeds, N frames, K keypoints.
    """

    conditions: tuple  #: C names: "as filmed", and "four ways" for `posekit.sideviews.four_ways`
    models: tuple  #: M names
    parts: tuple  #: K names of keypoints
    found: np.ndarray  #: (C, M, S, N, K, 2) float64, px (x, y)
    fitted: np.ndarray  #: (C, M, S) median error on training frames, px


def array_folder():
    """Folder of the arrays: ``data/arrays`` of a checkout, else the copy that is installed with posekit."""
    package = Path(__file__).resolve().parent
    checkout = package.parent / "data" / "arrays"
    return checkout if checkout.is_dir() else package / "arrays"


def read_arrays(name, folder=None):
    """Read one released file.

    Parameters
    ----------
    name : str, for example ``"side.npz"``
    folder : path, by default `array_folder`; it also holds ``SHA256SUMS``

    Returns
    -------
    arrays : dict of str to array

    Raises
    ------
    DataError : where the file or ``SHA256SUMS`` is missing, or the file is damaged
    """
    folder = Path(folder) if folder is not None else array_folder()
    path, sums = folder / name, folder / "SHA256SUMS"
    remedy = f"restore it with `git checkout -- {folder}`, or reinstall posekit"
    for needed in (path, sums):
        if not needed.is_file():
            raise DataError(f"{needed.name} is missing from {folder}: {remedy}")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if [digest, name] not in [line.split() for line in sums.read_text().splitlines()]:
        raise DataError(f"{name} in {folder} is damaged or not the released file: {remedy}")
    with np.load(path, allow_pickle=False) as arrays:
        return {key: arrays[key] for key in arrays.files}


def load_side(split=None):
    """Side views of single rats.

    Parameters
    ----------
    split : {"train", "validation", "test"} or None for all; whole videos, so no video is in two splits

    Returns
    -------
    SideView : images (N, 128, 160) float32 in [0, 1], keypoints (N, K, 2) px, visible (N, K), points3d (N, K, 3) mm

    Raises
    ------
    ValueError : for an unknown split
    DataError : where the file is missing or damaged
    """
    arrays = read_arrays("side.npz")
    keep = _frames_of(split, arrays["split"], arrays["video"])
    names, parents = _skeleton(arrays)
    return SideView(
        images=_unit_range(arrays["images"][keep]),
        keypoints=arrays["keypoints"][keep].astype(float),
        visible=arrays["visible"][keep],
        points3d=arrays["points3d"][keep].astype(float),
        P=arrays["P"],
        video=arrays["video"][keep],
        names=names,
        parents=parents,
        coats=_strings(arrays["coats"]),
    )


def load_six(split):
    """3D poses at 30 Hz with six calibrated views.

    Parameters
    ----------
    split : {"train", "test"}; "train" has poses but no images, "test" is another recording of the same rat

    Returns
    -------
    SixViews : points3d (T, K, 3) mm, keypoints (T, 6, K, 2) px, visible (T, 6, K), P (6, 3, 4), state (T,), ...

    Raises
    ------
    ValueError : for an unknown split
    DataError : where the file is missing or damaged
    """
    if split not in ("train", "test"):
        raise ValueError(f"split must be 'train' or 'test', not {split!r}")
    arrays = read_arrays(f"six_{split}.npz")
    names, parents = _skeleton(arrays)
    return SixViews(
        points3d=arrays["points3d"].astype(float),
        keypoints=arrays["keypoints"].astype(float),
        visible=arrays["visible"],
        P=arrays["P"],
        state=arrays["state"].astype(int),
        state_names=_strings(arrays["state_names"]),
        fps=float(arrays["fps"]),
        names=names,
        parents=parents,
        images=_unit_range(_add_up(arrays["image_steps"])),
        image_frames=arrays["image_frames"].astype(int),
    )


def load_two_rats(split=None):
    """Frames with two rats.

    Parameters
    ----------
    split : {"train", "validation", "test"} or None for all; whole videos, so no video is in two splits

    Returns
    -------
    TwoRats : images (N, H, W) float32 in [0, 1], keypoints (N, 2, K, 2) px, visible (N, 2, K), ...

    Raises
    ------
    ValueError : for an unknown split
    DataError : where the file is missing or damaged
    """
    arrays = read_arrays("two_rats.npz")
    keep = _frames_of(split, arrays["split"], arrays["video"])
    names, parents = _skeleton(arrays)
    return TwoRats(
        images=_unit_range(arrays["images"][keep]),
        keypoints=arrays["keypoints"][keep].astype(float),
        visible=arrays["visible"][keep],
        names=names,
        parents=parents,
        video=arrays["video"][keep],
    )


def load_clip():
    """The capstone's clip: six views of a rat that no lab trained on. There is no split.

    Returns
    -------
    Clip : images (300, 6, H, W) float32 in [0, 1], P (6, 3, 4) mm to px, fps, names, parents

    Raises
    ------
    DataError : where the file is missing or damaged
    """
    arrays = read_arrays("clip.npz")
    names, parents = _skeleton(arrays)
    return Clip(_unit_range(_add_up(arrays["image_steps"])), arrays["P"], float(arrays["fps"]), names, parents)


def load_detections(recording, seed=0):
    """2D keypoints as a trained detector gives them, picture by picture, and how sure of them it is.

    The detector is Lab 5's `PoseNet` at stride 4, trained on other rats in other rooms
    (``data/make/ring_detector.py``). How often it errs, and how, is in ``data/README.md``. Labs 7 and 8 want the cameras
    behind the keypoints: ``detections.keypoints.swapaxes(1, 2)`` is (T, K, C, 2).

    Parameters
    ----------
    recording : {"six_test", "six_train", "clip"}
        "six_test": all time steps of ``load_six("test")``, also those without released pictures. "six_train": 300 steps
        of ``load_six("train")``, evenly spread and therefore no neighbours in time, to learn the detector's noise from.
        "clip": the capstone's clip, without truth.
    seed : int
        Which detector, of those that were trained alike from one seed each; 0 is the first.

    Returns
    -------
    Detections : keypoints (T, C, K, 2) px, confidence (T, C, K), P (C, 3, 4), steps (T,), fps, names, parents, truth

    Raises
    ------
    ValueError : for an unknown recording or seed
    DataError : where a file is missing or damaged
    """
    if recording not in RECORDINGS:
        raise ValueError(f"recording must be one of {', '.join(map(repr, RECORDINGS))}, not {recording!r}")
    arrays = read_arrays(f"detections_{recording}.npz")
    row = _member(seed, len(arrays["keypoints"]), "seed")
    names, parents = _skeleton(arrays)
    steps = arrays["steps"].astype(int)
    return Detections(
        keypoints=arrays["keypoints"][row] / arrays["per_pixel"],
        confidence=arrays["confidence"][row].astype(float),
        P=arrays["P"],
        steps=steps,
        fps=float(arrays["fps"]),
        names=names,
        parents=parents,
        truth=None if recording == "clip" else truth_of(read_arrays(f"{recording}.npz"), steps),
    )


def truth_of(arrays, steps=slice(None)):
    """The `Truth` that a recording's arrays hold, of the given time steps."""
    return Truth(
        points3d=arrays["points3d"][steps].astype(float),
        keypoints=arrays["keypoints"][steps].astype(float),
        visible=arrays["visible"][steps],
        state=arrays["state"][steps].astype(int),
        state_names=_strings(arrays["state_names"]),
    )


def pretrained_detector(views, number=0):
    """Weights of a trained detector, for `posekit.detector.score_maps` or for Lab 5's `PoseNet`.

    Parameters
    ----------
    views : {"six", "side"}
        "six": at stride 4 (``layer=2``), for the pictures of `load_six` and `load_clip`; those of `load_detections`.
        "side": at stride 8 (``layer=3``), for the pictures of `load_side` and `load_two_rats`, with one more output:
        where the animal's other keypoints are, seen from each of its keypoints (DeeperCut, Insafutdinov et al. 2016).
    number : int
        "six": the seed, as in `load_detections`. "side": the row of `PAIR_FOLDS`. 0 is the first.

    Returns
    -------
    state : dict of str to float32 array
        By the names of `PoseNet`'s parts, without ``num_batches_tracked``. With torch at hand,
        ``load_backbone(PoseNet(ResNet(BasicBlock, (2, 2, 2, 2), width=16), K, layer), state)`` loads them.

    Raises
    ------
    ValueError : for unknown views or number
    DataError : where the file is missing or damaged
    """
    if views not in ("six", "side"):
        raise ValueError(f"views must be 'six' or 'side', not {views!r}")
    arrays = read_arrays(f"detector_{views}.npz")
    row = _member(number, len(next(iter(arrays.values()))), "number")
    return {name: array[row].astype(np.float32) for name, array in arrays.items()}


def pretrained_backbone():
    """Weights of a small residual network that was trained to find the keypoints of other rats, rooms and views.

    They are those of ``ResNet(BasicBlock, (2, 2, 2, 2), width=16, num_classes=K)`` of lab 5: a ResNet-18 of a quarter of
    the width. `fc` gives the log odds that each of the K keypoints is seen. Its images have three channels, normalised as
    (x - 0.45) / 0.225; grey ones were repeated. What they show is in ``data/README.md``.

    Returns
    -------
    state : dict of str to float32 array
        By torchvision's names; as in the files that torchvision publishes, without ``num_batches_tracked``. Loads strictly:
        ``net.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})``.

    Raises
    ------
    DataError : where the file is missing or damaged
    """
    return {name: array.astype(np.float32) for name, array in read_arrays("resnet_rat.npz").items()}


def load_learning_curve():
    """Errors of the detectors of labs 4 and 5 by number of labelled frames, as ``tests/bench/detect.py`` measured them.

    Returns
    -------
    LearningCurve : models (M,), counts (C,), median (M, C, S) px, rmse (M, C, S) px, pck5 (M, C, S)

    Raises
    ------
    DataError : where the file is missing or damaged
    """
    arrays = read_arrays("learning_curve.npz")
    return LearningCurve(
        models=_strings(arrays["models"]),
        counts=arrays["counts"],
        median=arrays["median"],
        rmse=arrays["rmse"],
        pck5=arrays["pck5"],
    )


def load_feature_experiment():
    """What learned features add to a larger window, as ``tests/bench/features.py`` measured it.

    Returns
    -------
    FeatureExperiment : conditions (C,), models (M,), parts (K,), found (C, M, S, N, K, 2) px, fitted (C, M, S) px

    Raises
    ------
    DataError : where the file is missing or damaged
    """
    arrays = read_arrays("features.npz")
    return FeatureExperiment(
        conditions=_strings(arrays["conditions"]),
        models=_strings(arrays["models"]),
        parts=_strings(arrays["parts"]),
        found=arrays["found"].astype(float),
        fitted=arrays["fitted"],
    )


def _member(number, count, name):
    if number not in range(count):
        raise ValueError(f"{name} must be one of {', '.join(map(str, range(count)))}, not {number!r}")
    return int(number)


def _frames_of(split, split_of_video, video):
    """(N,) bool: the frames whose video is in the split."""
    if split is None:
        return np.ones(len(video), dtype=bool)
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(map(repr, SPLITS))} or None, not {split!r}")
    return split_of_video[video] == split


def _unit_range(images):
    return images.astype(np.float32) / np.float32(255)


def _add_up(steps):
    """Images from the first one and differences modulo 256, which is how films of a still room are stored."""
    return np.cumsum(steps, axis=0, dtype=np.uint8)


def _strings(array):
    return tuple(str(item) for item in array)


def _skeleton(arrays):
    return _strings(arrays["names"]), arrays["parents"].astype(int)
