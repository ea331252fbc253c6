"""The course as a wheel for the machines of a cluster: what grading needs, in the layout of a checkout."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from importlib import metadata
from pathlib import Path

from autograder.course import labs
from autograder.exports import ExportError
from autograder.files import write_atomically

NAME = "posekit"
BUILD = "1instructor"  # the wheel that students get has no build number
TREE = "posekit_course"  # below site-packages; a .pth file puts it on the path
WHEEL = f"Wheel-Version: 1.0\nGenerator: autograder\nRoot-Is-Purelib: true\nTag: py3-none-any\nBuild: {BUILD}\n"
_STAMP = (1980, 1, 1, 0, 0, 0)  # the same contents make the same wheel


def to_workers(root: Path, folder: Path) -> Path:
    """Write the wheel: grader, checks, banks with the references that they are made of, `posekit`, data and notebooks.

    Its version is that of this installation, so that a worker can tell whether it has the same course. It holds what no student may
    see; model answers and rubrics are not in it.

    Raises
    ------
    ExportError
        Where a notebook is not built, or the course is not installed here.
    """
    try:
        here = metadata.distribution(NAME)
    except metadata.PackageNotFoundError:
        raise ExportError(f"{NAME} is not installed here: pip install -e '.[grade]'") from None
    said, entry_points = here.read_text("METADATA"), here.read_text("entry_points.txt")
    info = f"{NAME}-{here.version}.dist-info"
    members = {f"{TREE}/{path.relative_to(root).as_posix()}": path.read_bytes() for path in _files(root)}
    members |= {
        f"{TREE}.pth": f"{TREE}\n".encode(),
        f"{info}/METADATA": (said or "").encode(),
        f"{info}/entry_points.txt": (entry_points or "").encode(),
        f"{info}/WHEEL": WHEEL.encode(),
    }
    lines = [f"{name},sha256={_digest(data)},{len(data)}" for name, data in sorted(members.items())]
    members[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,\n"]).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(members.items(), key=lambda member: (member[0].startswith(info), member[0])):
            entry = zipfile.ZipInfo(name, _STAMP)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o100644 << 16
            archive.writestr(entry, data)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{NAME}-{here.version}-{BUILD}-py3-none-any.whl"
    write_atomically(path, buffer.getvalue())
    return path


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _files(root: Path) -> list[Path]:
    notebooks = [lab.notebook for lab in labs(root)]
    for path in notebooks:
        if not path.is_file():
            raise ExportError(f"labs/{path.name} is missing: run `autograder build`")
    folders = [root / "autograder", root / "posekit", root / "data" / "arrays", root / "tests" / "banks"]
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    found += [*(root / "solutions").glob("*.py"), *notebooks]
    return sorted(path for path in found if "__pycache__" not in path.parts)
