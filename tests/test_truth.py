"""The truth of the capstone's clip is nowhere that the code of a student could read it."""

import hashlib
import io
import tomllib
import zipfile

import numpy as np
import pytest

import posekit.data
from autograder.exports.gradescope import to_gradescope
from autograder.judge.binding import Exercise
from autograder.outcome import Budget
from autograder.wall.box import Wall, find_bubblewrap
from autograder.wall.process import WalledTransport
from data.truth import FOLDER, load_clip_truth

WALK = """
import hashlib, os

def digests():
    found = {}
    for folder, folders, files in os.walk("/"):
        if folder in ("/proc", "/sys", "/dev"):
            folders[:] = []
            continue
        for name in files:
            path = os.path.join(folder, name)
            if name.endswith(".npz") and os.access(path, os.R_OK):
                with open(path, "rb") as file:
                    found[path] = hashlib.sha256(file.read()).hexdigest()
    return found
"""


@pytest.fixture(scope="module")
def needles():
    """Bytes that only somebody who knows the truth can have: two moments in each way to store them, and the states."""
    truth = load_clip_truth()
    moments = [array[t] for array in (truth.points3d, truth.keypoints) for t in (50, 200)]
    found = [moment.astype(dtype).tobytes() for moment in moments for dtype in ("f2", "f4", "f8")]
    return found + [truth.state.astype(dtype).tobytes() for dtype in ("i1", "i2", "i4", "i8")]


def raw(content):
    """A file's bytes; of an archive's, those of its members, unpacked."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return b"".join(raw(archive.read(name)) for name in archive.namelist())


def holds_truth(content, needles):
    content = raw(content)
    return any(needle in content for needle in needles)


def test_the_search_finds_what_it_looks_for(needles):
    assert holds_truth((FOLDER / "clip_truth.npz").read_bytes(), needles)
    packed = io.BytesIO()
    np.savez_compressed(packed, twice=load_clip_truth().points3d)
    wrapped = io.BytesIO()
    with zipfile.ZipFile(wrapped, "w") as archive:
        archive.writestr("inner.npz", packed.getvalue())
    assert holds_truth(wrapped.getvalue(), needles)


def test_not_in_the_wheel(root, needles):
    wheel = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    files = [file for folder in (*wheel["packages"], *wheel["force-include"]) for file in (root / folder).rglob("*")]
    packed = [file for file in files if file.is_file()]
    assert any(file.name == "clip.npz" for file in packed)
    assert [file for file in packed if holds_truth(file.read_bytes(), needles)] == []


def test_not_in_an_autograder_that_leaves_the_house(root, tmp_path, needles):
    to_gradescope(root, "lab1", tmp_path / "autograder.zip")
    assert not holds_truth((tmp_path / "autograder.zip").read_bytes(), needles)


@pytest.mark.skipif(find_bubblewrap() is None, reason="needs bubblewrap")
def test_not_behind_the_wall(root):
    with Wall(root, "import numpy as np\n") as wall, wall.process() as process:
        process.run_cell(WALK, 1)
        transport = WalledTransport(process.exercise, process.meter)
        found = Exercise("digests", transport, Budget(60.0))()
        transport.close()
    digest = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in root.glob("data/*/*.npz")}
    assert digest["clip.npz"] in found.values()
    assert [path for path in found if found[path] == digest["clip_truth.npz"]] == []


def test_posekit_has_no_loader_for_it():
    assert not hasattr(posekit.data, "load_clip_truth")
    with pytest.raises(posekit.data.DataError, match="clip_truth.npz is missing"):
        posekit.data.read_arrays("clip_truth.npz")
