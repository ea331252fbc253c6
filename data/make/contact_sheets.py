"""Contact sheets of the arrays, with keypoints, and strips of frames. Looked at before the data were frozen."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from data.truth import load_clip_truth
from posekit.data import load_clip, load_detections, load_side, load_six, load_two_rats

FOLDER = Path(__file__).resolve().parents[1] / "contact"
_COLOURS = ((86, 180, 233), (230, 159, 0))  # of the first and the second animal


def _tile(image, animals=(), scale=2):
    """RGB picture of a frame; animals: (keypoints (K, 2), visible (K,), parents (K,)); hidden keypoints are hollow."""
    height, width = image.shape
    picture = Image.fromarray(np.uint8(np.round(255 * image))).resize((width * scale, height * scale), Image.NEAREST)
    picture = picture.convert("RGB")
    draw = ImageDraw.Draw(picture)
    for (keypoints, visible, parents), colour in zip(animals, _COLOURS, strict=False):
        places = (keypoints + 0.5) * scale
        for child, parent in enumerate(parents):
            draw.line([*places[child], *places[parent]], fill=colour, width=1)
        for (x, y), seen in zip(places, visible, strict=True):
            draw.ellipse([x - 2, y - 2, x + 2, y + 2], fill=colour if seen else None, outline=colour)
    return np.array(picture)


def _save(name, rows):
    sheet = Image.fromarray(np.concatenate([np.concatenate(row, axis=1) for row in rows]))
    sheet.save(FOLDER / name, quality=72, optimize=True)


def _side():
    data = load_side()
    rows = []
    for video in np.unique(data.video):
        frames = np.flatnonzero(data.video == video)
        row = [_tile(data.images[n], scale=1) for n in frames[4::9]]
        row += [_tile(data.images[n], [(data.keypoints[n], data.visible[n], data.parents)], 1) for n in frames[8::9]]
        rows.append(row)
    _save("side.jpg", rows)


def _two_rats():
    data = load_two_rats()
    rows = []
    for video in np.unique(data.video):
        row = []
        for n in np.flatnonzero(data.video == video)[1::3]:
            animals = [(*pair, data.parents) for pair in zip(data.keypoints[n], data.visible[n], strict=True)]
            row.append(_tile(data.images[n], animals if len(row) % 2 else (), 1))
        rows.append(row)
    _save("two_rats.jpg", rows)


def _six():
    data = load_six("test")
    chosen = np.linspace(2, len(data.image_frames) - 3, 8).astype(int)
    rows = []
    for image in chosen:
        t = data.image_frames[image]
        animals = [[(data.keypoints[t, c], data.visible[t, c], data.parents)] for c in range(6)]
        rows.append([_tile(data.images[image, c], animals[c] if c % 2 else (), 1) for c in range(6)])
    _save("six.jpg", rows)


def _clip():
    given, truth = load_clip(), load_clip_truth()
    rows = []
    for name in truth.state_names:
        frames = np.flatnonzero(truth.state == truth.state_names.index(name))
        if len(frames):
            t = frames[len(frames) // 2]
            rows.append([_tile(given.images[t, c], scale=1) for c in range(6)])
    _save("clip.jpg", rows)
    rows = [[_tile(given.images[t, 0], scale=1) for t in range(start, start + 8)] for start in range(0, 300, 50)]
    _save("clip_motion.jpg", rows)


def _detections():
    """The truth in the first colour, filled where seen, and the first detector's answers in the second, where sure."""
    data, found = load_six("test"), load_detections("six_test")
    rows = []
    for image in np.linspace(6, len(data.image_frames) - 7, 5).astype(int):
        t = data.image_frames[image]
        rows.append(
            [
                _tile(
                    data.images[image, c],
                    [
                        (data.keypoints[t, c], data.visible[t, c], data.parents),
                        (found.keypoints[t, c], found.confidence[t, c] > 0.5, data.parents),
                    ],
                )
                for c in range(6)
            ]
        )
    _save("detections.jpg", rows)


def make():
    """Write all sheets to ``data/contact``."""
    FOLDER.mkdir(exist_ok=True)
    for sheet in (_side, _two_rats, _six, _clip, _detections):
        sheet()
