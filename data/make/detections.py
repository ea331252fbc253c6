"""What the detectors of the six views say of whole recordings (`posekit.data.load_detections`)."""

import numpy as np

from posekit.data import load_clip, load_six, pretrained_detector
from posekit.detector import read_out, score_maps

from .recipes import DETECTED, DETECTOR_SEEDS, SIX

PER_PIXEL = 128  # keypoints are stored as whole numbers of this fraction of a pixel


def make(recording):
    """The arrays of ``detections_six_test.npz``, ``detections_six_train.npz`` or ``detections_clip.npz``."""
    if recording == "clip":
        released = load_clip()
        steps = np.arange(0, len(released.images), DETECTED[recording])
        images = np.uint8(np.round(255 * released.images[steps]))
    else:
        split = recording.removeprefix("six_")
        released = load_six(split)
        steps = np.arange(0, SIX[split].frames, DETECTED[recording])
        images = pictures(split, steps)
    found = [detect(pretrained_detector("six", seed), images) for seed in DETECTOR_SEEDS]
    keypoints, confidence = (np.array(part) for part in zip(*found, strict=True))
    return {
        "keypoints": whole_numbers(keypoints),
        "per_pixel": np.array(PER_PIXEL),
        "confidence": confidence.astype(np.float16),
        "steps": steps,
        "P": released.P,
        "fps": np.array(released.fps),
        "names": np.array(released.names),
        "parents": released.parents,
    }


def pictures(split, steps):
    """(len(steps), C, H, W) uint8 pictures of a six-view recording, also of moments without released ones."""
    from .six import Recording  # needs a renderer

    taken = Recording(SIX[split])
    images = taken.pictures(steps)
    taken.scene.close()
    return images


def detect(weights, images):
    """Keypoints (T, C, K, 2) px and confidence (T, C, K) in pictures (T, C, H, W) uint8."""
    found = [read_out(score_maps(weights, step.astype(np.float32) / 255)) for step in images]
    keypoints, confidence = (np.array(part) for part in zip(*found, strict=True))
    return keypoints, confidence


def whole_numbers(keypoints):
    """Keypoints in px as int16 numbers of 1 / PER_PIXEL px; ValueError where one does not fit."""
    numbers = np.round(PER_PIXEL * keypoints)
    if np.abs(numbers).max() > np.iinfo(np.int16).max:
        raise ValueError("a keypoint lies too far outside of its picture to be stored")
    return numbers.astype(np.int16)
