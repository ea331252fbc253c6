"""What students must not see: the truth of the capstone's clip. It is in no wheel, behind no wall, and not in `posekit`."""

from pathlib import Path

from posekit.data import read_arrays, truth_of

FOLDER = Path(__file__).resolve().parent


def load_clip_truth():
    """The truth of the capstone's clip (`posekit.data.load_clip`).

    Returns
    -------
    posekit.data.Truth : points3d (300, K, 3) mm, keypoints (300, 6, K, 2) px, visible (300, 6, K), state (300,), state_names

    Raises
    ------
    posekit.data.DataError : where the file is missing or damaged
    """
    return truth_of(read_arrays("clip_truth.npz", FOLDER))
