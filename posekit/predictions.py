"""The capstone's predictions as a file: positions and labels for the 300 frames of the clip, checked before they are written.

The file is an npz without pickle, with `positions` (300, 13, 3) float64 in mm, in the order of `posekit.skeleton.NAMES`, and
`labels` (300,) int64: what the rat does in each frame, as whole numbers. What the numbers are called does not matter.
"""

import io
from pathlib import Path

import numpy as np

from posekit.skeleton import NAMES, parents_of

FRAMES = 300
POSITIONS = (FRAMES, len(NAMES), 3)
LABELS = (FRAMES,)
BONES = (30.0, 200.0)  # mm: where the median length of the bones of anything that is a rat lies by far; here it is 68
REACH = 5000.0  # mm: no point of the room is so far from its middle


def check_predictions(positions, labels):
    """Predictions as they are written, if they are of the stated form.

    Parameters
    ----------
    positions : array_like of numbers (300, 13, 3)
        mm, without a NaN.
    labels : array_like of whole numbers (300,)

    Returns
    -------
    positions : ndarray of float64 (300, 13, 3)
    labels : ndarray of int64 (300,)

    Raises
    ------
    ValueError
        With one line that says what is wrong: a shape, a type, a number that is missing or infinite, metres.
    """
    positions, labels = np.asarray(positions), np.asarray(labels)
    if positions.shape != POSITIONS:
        raise ValueError(
            f"positions must have the shape {POSITIONS}, frames x keypoints x (x, y, z), not {positions.shape}"
        )
    if positions.dtype.kind not in "fiu":
        raise ValueError(f"positions must be real numbers, not {positions.dtype}")
    if labels.shape != LABELS:
        raise ValueError(f"labels must have the shape {LABELS}, one for each frame, not {labels.shape}")
    if labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be whole numbers (an int array), not {labels.dtype}")
    if labels.dtype.kind == "u" and labels.max() > np.iinfo(np.int64).max:
        raise ValueError("labels must fit into 64 bits with a sign")
    positions = positions.astype(np.float64)
    missing = ~np.isfinite(positions).all(axis=-1)
    if missing.any():
        t, k = np.argwhere(missing)[0]
        raise ValueError(
            f"{missing.sum()} of {missing.size} positions are NaN or infinite, the first is {NAMES[k]} in frame {t}: "
            "give an estimate for each"
        )
    _require_plausible(positions)
    return positions, labels.astype(np.int64)


def _require_plausible(positions):
    """ValueError where these cannot be a rat's positions in mm."""
    size = np.median(np.linalg.norm(positions - positions[:, parents_of()], axis=-1)[:, 1:])
    hint = ""
    for unit, factor in (("metres", 1000.0), ("centimetres", 10.0)):
        if BONES[0] <= factor * size <= BONES[1]:
            hint = f": these look like {unit}; multiply by {factor:g}"
    if not BONES[0] <= size <= BONES[1]:
        raise ValueError(f"positions must be in mm, but the rat's bones have a median length of {size:.3g}{hint}")
    if np.abs(positions).max() > REACH:
        t, k = np.argwhere(np.abs(positions).max(axis=-1) > REACH)[0]
        raise ValueError(
            f"{NAMES[k]} in frame {t} is {np.abs(positions).max() / 1000:.3g} m from the middle of the room: "
            "is that a point that was triangulated from rays that are almost parallel?"
        )


def save_predictions(path, positions, labels):
    """Check predictions and write them as one npz file: what the capstone is handed in as.

    Parameters
    ----------
    path : str or path
        A file name that ends in ``.npz``.
    positions, labels : as for `check_predictions`

    Raises
    ------
    ValueError
        As `check_predictions`, or for a file name that does not end in ``.npz``. Nothing is written then.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise ValueError(f"save_predictions: the file's name must end in .npz, not {path.name!r}")
    try:
        positions, labels = check_predictions(positions, labels)
    except ValueError as error:
        raise ValueError(f"save_predictions: {error}") from None
    buffer = io.BytesIO()  # whole, so that nothing half-written is left
    np.savez_compressed(buffer, positions=positions, labels=labels)
    path.write_bytes(buffer.getvalue())
