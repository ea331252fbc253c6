"""Make the data: ``python -m data.make TARGET ...`` from the checkout, with the ``render`` extra installed.

The arrays are frozen. Making them again is for checking that the scripts still do it, not for changing the data.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np

from posekit.data import RECORDINGS

ARRAYS = Path(__file__).resolve().parents[1] / "arrays"
TRUTH = ARRAYS.with_name("truth")  # what is in no wheel and behind no wall


def _save(name, arrays, folder=ARRAYS):
    np.savez_compressed(folder / name, **arrays)
    print(f"{name}: {(folder / name).stat().st_size / 1e6:.2f} MB", flush=True)


def side():
    """side.npz"""
    from . import make_side

    _save("side.npz", make_side.make())


def six():
    """six_train.npz and six_test.npz"""
    from . import make_six

    for split in ("train", "test"):
        _save(f"six_{split}.npz", make_six.make(split))


def two_rats():
    """two_rats.npz"""
    from . import make_two_rats

    _save("two_rats.npz", make_two_rats.make())


def clip():
    """clip.npz and truth/clip_truth.npz"""
    from . import make_clip

    given, truth = make_clip.make()
    _save("clip.npz", given)
    _save("clip_truth.npz", truth, TRUTH)


def pretrain():
    """resnet_rat.npz (half an hour)"""
    from . import pretrain as network

    _save("resnet_rat.npz", network.make())


def detectors():
    """detector_six.npz and detector_side.npz (half an hour)"""
    from . import ring_detector, side_detector

    _save("detector_six.npz", ring_detector.make())
    _save("detector_side.npz", side_detector.make())


def detections():
    """detections_six_test.npz, detections_six_train.npz and detections_clip.npz (a quarter of an hour)"""
    from . import detections as detected

    for recording in RECORDINGS:
        _save(f"detections_{recording}.npz", detected.make(recording))


def sums():
    """SHA256SUMS of the arrays"""
    for folder in (ARRAYS, TRUTH):
        files = sorted(folder.glob("*.npz"))
        lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
        (folder / "SHA256SUMS").write_text("".join(lines))


def contact():
    """the contact sheets"""
    from . import contact_sheets

    contact_sheets.make()


def card():
    """the data card's numbers, written into data/README.md"""
    from . import card as numbers
    from . import detections_card

    numbers.write(numbers.SECTIONS | detections_card.SECTIONS)


def motion():
    """the data card's numbers about motion and cameras (slow), written into data/README.md"""
    from . import motion_card

    motion_card.write()


TARGETS = {
    t.__name__: t for t in (side, six, two_rats, clip, pretrain, detectors, detections, sums, contact, card, motion)
}

if __name__ == "__main__":
    listing = "\n".join(f"  {name:10}{target.__doc__}" for name, target in TARGETS.items())
    parser = argparse.ArgumentParser(
        prog="python -m data.make",
        description=f"Make the rendered rat. Targets:\n{listing}\n  all       all of these, in this order",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("target", nargs="+", choices=[*TARGETS, "all"])
    for wanted in parser.parse_args().target:
        for target in TARGETS.values() if wanted == "all" else [TARGETS[wanted]]:
            target()
