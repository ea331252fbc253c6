"""The truth of the capstone's clip is nowhere that the code of a student could read it."""

import base64
import bz2
import gzip
import hashlib
import io
import json
import lzma
import re
import tomllib
import zipfile
import zlib

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
            ours = folder.startswith("/course") or name.endswith((".npz", ".npy"))
            if ours and os.path.isfile(path) and os.access(path, os.R_OK):
                with open(path, "rb") as file:
                    found[path] = hashlib.sha256(file.read()).hexdigest()
    return found
"""


SCALES = (1.0, 10.0, 100.0, 1000.0)  # millimetres, tenths, hundredths, micrometres
BASE64 = re.compile(rb"[A-Za-z0-9+/]{120,}={0,2}")


def quantised(array, moment):
    """One moment of an array as whole numbers, in each way in which somebody might store it in two bytes or four."""
    low, high, largest = array.min(), array.max(), np.abs(array).max()
    kept = [
        scale * moment for scale in (*SCALES, 32000 / largest, 32767 / largest)
    ]  # the scene's way, and the full range
    kept += [scale * (moment - low) for scale in (*SCALES, 65535 / (high - low))]
    low, high = array.min(axis=tuple(range(array.ndim - 1))), array.max(axis=tuple(range(array.ndim - 1)))
    kept.append(65535 * (moment - low) / (high - low))  # each axis over its own range
    found = set()
    for values in kept:
        for rounded in (np.rint(values), np.trunc(values)):
            for dtype in (np.int16, np.uint16, np.int32):
                if np.iinfo(dtype).min <= rounded.min() and rounded.max() <= np.iinfo(dtype).max:
                    found.add(rounded.astype(dtype).tobytes())
    return found


@pytest.fixture(scope="module")
def needles():
    """Bytes that only somebody who knows the truth can have: moments in each way to store them, and the states."""
    truth = load_clip_truth()
    arrays = (truth.points3d, truth.keypoints)
    found = {
        array[t].astype(dtype).tobytes()
        for array in arrays
        for t in (50, 200)
        for dtype in ("f2", "f4", "f8", ">f4", ">f8")
    }
    scaled = [
        moment for array in arrays for unit in (10, 1000) for moment in (array[50] / unit, array[50] * (1 / unit))
    ]
    found |= {moment.astype(dtype).tobytes() for moment in scaled for dtype in ("f4", "f8")}  # centimetres and metres
    found |= {one for array in arrays for one in quantised(array, array[50])}
    found |= {
        np.swapaxes(array, 0, -1)[0].ravel()[:300].astype(dtype).tobytes() for array in arrays for dtype in ("f4", "f8")
    }
    found |= {truth.state.astype(dtype).tobytes() for dtype in ("i1", "i2", "i4", "i8")}
    return sorted(found, key=len)


def raw(content, depth=3):
    """A file's bytes, and behind them those of what is in it: members of archives, compressed streams, base64 in pages and notebooks."""
    found = [content]
    if depth == 0:
        return content
    if zipfile.is_zipfile(io.BytesIO(content)):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                found += [raw(archive.read(name), depth - 1) for name in archive.namelist()]
        except zipfile.BadZipFile:  # compiled code that holds a zip's marks looks like one
            pass
    for start, unpack in (
        (b"\x1f\x8b", gzip.decompress),
        (b"BZh", bz2.decompress),
        (b"\xfd7zXZ", lzma.decompress),
        (b"\x78", zlib.decompress),
    ):
        if content.startswith(start):
            try:
                found.append(raw(unpack(content), depth - 1))
            except (OSError, EOFError, lzma.LZMAError, zlib.error):
                pass
    for text in BASE64.findall(content) if is_text(content) else ():
        found.append(raw(base64.b64decode(text[: len(text) // 4 * 4]), depth - 1))
    return b"".join(found)


def is_text(content):
    return b"\0" not in content[:4096]


def holds_truth(content, needles):
    content = raw(content)
    return any(needle in content for needle in needles)


def packed(points):
    """Ways in which the truth could be stored: name -> bytes of a file."""
    one_way = io.BytesIO()
    np.savez_compressed(one_way, twice=points)
    wrapped = io.BytesIO()
    with zipfile.ZipFile(wrapped, "w") as archive:
        archive.writestr("inner.npz", one_way.getvalue())
    low, high = points.min(), points.max()
    tenths = np.rint(10 * points).astype(np.int16).tobytes()
    return {
        "raw": points.tobytes(),
        "single, compressed": zlib.compress(points.astype(np.float32).tobytes()),
        "half, in gzip": gzip.compress(points.astype(np.float16).tobytes()),
        "a zip in a zip": wrapped.getvalue(),
        "tenths of a millimetre": tenths,
        "tenths, in lzma": lzma.compress(tenths),
        "uint16 over its range": np.rint(65535 * (points - low) / (high - low)).astype(np.uint16).tobytes(),
        "metres": (points / 1000).tobytes(),
        "big-endian": points.astype(">f4").tobytes(),
        "base64 in a page": b"<script>data = '" + base64.b64encode(points.astype(np.float32).tobytes()) + b"'</script>",
        "base64 of a scene": json.dumps(draw_scene(points)).encode(),
    }


def draw_scene(points):
    """The points as `posekit.draw.scene` puts them into a page."""
    unit = np.abs(points).max() / 32000
    return {"points": base64.b64encode(np.rint(points / unit).astype("<i2").tobytes()).decode("ascii")}


def test_the_search_finds_what_it_looks_for(needles):
    assert holds_truth((FOLDER / "clip_truth.npz").read_bytes(), needles)
    missed = [name for name, content in packed(load_clip_truth().points3d).items() if not holds_truth(content, needles)]
    assert missed == []
    estimate = load_clip_truth().points3d + np.random.default_rng(0).normal(scale=0.5, size=(300, 13, 3))
    assert not any(holds_truth(content, needles) for content in packed(estimate).values())


def test_not_in_the_wheel(root, needles):
    wheel = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    folders = [*wheel["only-include"], *wheel["force-include"], *wheel.get("shared-data", ())]
    files = [file for folder in folders for file in (root / folder).rglob("*")]
    packed = [file for file in files if file.is_file()]
    assert any(file.name == "clip.npz" for file in packed)
    assert [file for file in packed if holds_truth(file.read_bytes(), needles)] == []


def test_not_in_an_autograder_that_leaves_the_house(root, tmp_path, needles):
    to_gradescope(root, "capstone", tmp_path / "autograder.zip")
    with zipfile.ZipFile(tmp_path / "autograder.zip") as archive:
        names = archive.namelist()
        small = [
            name for name in names if "/data/arrays/" not in name
        ]  # those are the wheel's, which is searched above
        assert [name for name in small if holds_truth(archive.read(name), needles)] == []
    assert not [name for name in names if "truth" in name or "baselines" in name]


def test_not_in_what_is_handed_out_or_shown(root, needles):
    """Notebooks, the site's pages and, where it was built here, the site; no page is made from the truth."""
    places = [
        root / "labs",
        root / "site",
        root / "site",
        root / "solutions",
        root / "build" / "site",
        root / "README.md",
    ]
    files = [path for place in places for path in (place.rglob("*") if place.is_dir() else [place]) if path.is_file()]
    assert any(path.name == "capstone_behavior.ipynb" for path in files)
    assert [path for path in files if holds_truth(path.read_bytes(), needles)] == []
    sources = [path for path in files if path.suffix in (".md", ".py", ".ipynb") and root / "build" not in path.parents]
    assert [
        path for path in sources if re.search(r"load_clip_truth|clip_truth\.npz|data\.truth", path.read_text("utf-8"))
    ] == []


@pytest.mark.skipif(find_bubblewrap() is None, reason="needs bubblewrap")
def test_not_behind_the_wall(root):
    with Wall(root, "import numpy as np\n") as wall, wall.process() as process:
        process.run_cell(WALK, 1)
        transport = WalledTransport(process.exercise, process.meter)
        found = Exercise("digests", transport, Budget(60.0))()
        transport.close()
    digest = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in root.glob("data/*/*") if path.is_file()}
    assert digest[root / "data" / "arrays" / "clip.npz"] in found.values()
    kept = {digest[path] for path in digest if path.parent == FOLDER and path.suffix in (".npz", ".json")}
    assert kept and [path for path in found if found[path] in kept] == []
    # What else is there of the course is the wheel's, whose bytes are searched above, or the inert grader.
    places = ("/course/posekit/", "/course/data/arrays/", "/course/autograder/", "/course/fonts/")
    assert [path for path in found if path.startswith("/course/") and not path.startswith(places)] == []


def test_posekit_has_no_loader_for_it():
    assert not hasattr(posekit.data, "load_clip_truth")
    with pytest.raises(posekit.data.DataError, match="clip_truth.npz is missing"):
        posekit.data.read_arrays("clip_truth.npz")
