"""The data card's numbers: computed from the arrays and the recipes, written between markers in ``data/README.md``."""

import re
from pathlib import Path

import numpy as np

from data.truth import load_clip_truth
from posekit import data
from posekit.skeleton import NAMES, left_right_pairs

from .recipes import (
    CLIP,
    PAIR_FRAMES,
    PAIR_STRIDE,
    PAIR_VIDEOS,
    PRETRAINING_HELD_OUT,
    PRETRAINING_SEEDS,
    PRETRAINING_SIZE,
    PRETRAINING_VIEWS,
    PRETRAINING_WITHOUT,
    RING_SIZE,
    SIDE_FRAMES,
    SIDE_STRIDE,
    SIDE_VIDEOS,
    SIX,
)

CARD = Path(__file__).resolve().parents[1] / "README.md"
FILES = (
    "side.npz",
    "six_train.npz",
    "six_test.npz",
    "two_rats.npz",
    "clip.npz",
    "detections_six_test.npz",
    "detections_six_train.npz",
    "detections_clip.npz",
    "detector_six.npz",
    "detector_side.npz",
    "resnet_rat.npz",
    "learning_curve.npz",
    "features.npz",
)


def table(head, rows):
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _percent(fraction):
    return f"{100 * np.mean(fraction):.0f} %"


def files():
    """Sizes and shapes of the arrays."""
    rows, total = [], 0
    for name in FILES:
        size = (data.array_folder() / name).stat().st_size / 1e6
        total += size
        arrays = data.read_arrays(name)
        large = [f"`{key}` {'×'.join(map(str, a.shape))} {a.dtype}" for key, a in arrays.items() if a.size > 100]
        if len(large) > 10:  # weights
            numbers, dtypes = sum(a.size for a in arrays.values()), {str(a.dtype) for a in arrays.values()}
            large = [f"{len(arrays)} arrays of {numbers} numbers, {', '.join(sorted(dtypes))}"]
        rows.append([f"`{name}`", f"{size:.1f}", ", ".join(large)])
    rows.append(["all", f"{total:.1f}", ""])
    return table(["file", "MB", "its larger arrays"], rows)


def side():
    """Side view: one row per video."""
    arrays = data.read_arrays("side.npz")
    rows = []
    for k, recipe in enumerate(SIDE_VIDEOS):
        here = arrays["video"] == k
        rows.append(
            [
                k,
                recipe.split,
                recipe.coat,
                "post" if recipe.post else "",
                recipe.seed,
                here.sum(),
                _percent(arrays["visible"][here]),
                f"{arrays['images'][here].mean() / 255:.2f}",
            ]
        )
    head = ["video", "split", "coat", "in front", "seed", "frames", "keypoints visible", "mean brightness"]
    pace = f"{SIDE_FRAMES} pictures per video, one every {SIDE_STRIDE / 30:.1f} s."
    return pace + "\n\n" + table(head, rows)


def keypoints():
    """How often each keypoint is seen."""
    given = data.load_side()
    test, pair, truth = data.load_six("test"), data.load_two_rats(), load_clip_truth()
    rows = [
        [
            f"`{name}`",
            f"`{given.names[given.parents[k]]}`",
            _percent(given.visible[:, k]),
            _percent(test.visible[:, :, k]),
            _percent(pair.visible[:, :, k]),
            _percent(truth.visible[:, :, k]),
        ]
        for k, name in enumerate(NAMES)
    ]
    head = ["keypoint", "parent", "seen: side", "six (test)", "two rats", "clip"]
    counted = f"{len(NAMES)} keypoints, {len(left_right_pairs())} of them in left and right pairs."
    return counted + "\n\n" + table(head, rows)


def six():
    """Six views: recipes, and how long each state lasts."""
    parts = {split: data.load_six(split) for split in SIX}
    truth = load_clip_truth()
    names = parts["train"].state_names
    head = ["state", "train: frames", "train: bouts", "test: frames", "test: bouts", "clip: frames"]
    rows = []
    for k, name in enumerate(names):
        row = [name]
        for state in (parts["train"].state, parts["test"].state):
            inside = state == k
            row += [inside.sum(), int(inside[0]) + np.sum(inside[1:] & ~inside[:-1])]
        rows.append([*row, np.sum(truth.state == k)])
    height, width = RING_SIZE
    lines = [
        f"Pictures of {height} × {width} px at {parts['test'].fps:.0f} Hz.",
        *(
            f"{split}: {recipe.frames} time steps, room seed {recipe.seed}, motion seed {recipe.motion_seed}, "
            f"coat {recipe.coat}, {len(parts[split].image_frames)} of them with six pictures."
            for split, recipe in SIX.items()
        ),
        f"Clip: {CLIP.frames} time steps, all with pictures, room seed {CLIP.seed}, motion seed {CLIP.motion_seed}, "
        f"coat {CLIP.coat}.",
        f"Keypoints seen by two cameras or more: train {_percent(parts['train'].visible.sum(1) >= 2)}, "
        f"test {_percent(parts['test'].visible.sum(1) >= 2)}, clip {_percent(truth.visible.sum(1) >= 2)}.",
    ]
    return "\n".join(f"- {line}" for line in lines) + "\n\n" + table(head, rows)


def pretrained():
    """What the pre-trained network saw."""
    height, width = PRETRAINING_SIZE
    trained = len(PRETRAINING_SEEDS) - len(PRETRAINING_HELD_OUT)
    lines = [
        f"Shape: ResNet-18 with 16 instead of 64 channels after the first convolution, and {len(NAMES)} outputs.",
        f"Pictures: {trained * PRETRAINING_VIEWS} of {height} × {width} px from seeds {PRETRAINING_SEEDS.start} to "
        f"{PRETRAINING_HELD_OUT.start - 1}, {PRETRAINING_VIEWS} each; seeds {PRETRAINING_HELD_OUT.start} to "
        f"{PRETRAINING_HELD_OUT.stop - 1} to try it on.",
        f"Coats that it never saw: {', '.join(PRETRAINING_WITHOUT)}.",
    ]
    return "\n".join(f"- {line}" for line in lines)


def scale():
    """How large a pixel is, and how long the bones are."""
    given, test, truth = data.load_side(), data.load_six("test"), load_clip_truth()
    rows = []
    for name, X, Y in (
        ("side", given.points3d[:, None], given.keypoints[:, None]),
        ("six (test)", test.points3d[:, None], test.keypoints),
        ("clip", truth.points3d[:, None], truth.keypoints),
    ):
        mm = np.linalg.norm(X[:, :, 2] - X[:, :, NAMES.index("tail_base")], axis=-1)
        px = np.linalg.norm(Y[:, :, 2] - Y[:, :, NAMES.index("tail_base")], axis=-1)
        rows.append(
            [name, f"{np.median(mm):.0f}", f"{np.median(px.max(1)):.0f}", f"{np.median(mm[:, 0] / px.max(1)):.1f}"]
        )
    head = ["set", "snout to tail base, median mm", "the same in px, best view", "mm per px, best view"]
    bones = [np.linalg.norm(test.points3d[:, k] - test.points3d[:, p], axis=-1) for k, p in enumerate(test.parents)]
    lengths = [
        [f"`{NAMES[k]}`–`{NAMES[test.parents[k]]}`", f"{bone.mean():.0f}", f"{bone.std():.1f}"]
        for k, bone in enumerate(bones)
        if k != test.parents[k]
    ]
    return table(head, rows) + "\n\n" + table(["bone (six, test)", "mean mm", "standard deviation mm"], lengths)


def two_rats():
    """Two rats: one row per video."""
    arrays = data.read_arrays("two_rats.npz")
    rows = []
    for k, recipe in enumerate(PAIR_VIDEOS):
        here = arrays["video"] == k
        first, second = arrays["keypoints"][here, 0], arrays["keypoints"][here, 1]
        gap = np.linalg.norm(first[:, :, None] - second[:, None], axis=-1).min((1, 2))
        rows.append(
            [
                k,
                recipe.split,
                " and ".join(recipe.coats),
                recipe.meeting,
                recipe.seed,
                here.sum(),
                _percent(arrays["visible"][here]),
                f"{np.median(gap):.1f}",
            ]
        )
    head = [
        "video",
        "split",
        "coats",
        "meeting",
        "seed",
        "frames",
        "keypoints visible",
        "median px between nearest keypoints",
    ]
    pace = f"{PAIR_FRAMES} pictures per video, one every {PAIR_STRIDE / 30:.2f} s."
    return pace + "\n\n" + table(head, rows)


SECTIONS = {section.__name__: section for section in (files, keypoints, side, scale, six, two_rats, pretrained)}


def fill(text, bodies):
    """The card's text with each body, dict of name to Markdown, between ``<!-- name -->`` and ``<!-- /name -->``."""
    for name, body in bodies.items():
        pattern = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not pattern.search(text):
            raise ValueError(f"the data card has no section {name!r}; add <!-- {name} --> and <!-- /{name} -->")
        text = pattern.sub(lambda match, body=body: f"{match[1]}\n{body}\n\n{match[2]}", text)
    return text


def write(sections):
    """Compute the numbers, dict of name to function, print them, and write them into the card."""
    bodies = {name: section() for name, section in sections.items()}
    CARD.write_text(fill(CARD.read_text(), bodies))
    for name, body in bodies.items():
        print(f"## {name}\n\n{body}\n")
