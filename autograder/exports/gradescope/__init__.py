"""The autograder that Gradescope runs for one lab: a zip of two scripts and what grading needs."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

from autograder.course import Lab, find_lab
from autograder.exports import ExportError
from autograder.files import write_atomically

_STAMP = (1980, 1, 1, 0, 0, 0)  # the same contents make the same zip


def to_gradescope(course_root: str | os.PathLike[str], lab: str, out_zip: str | os.PathLike[str]) -> None:
    """Write the autograder zip of a lab for Gradescope: `setup.sh`, `run_autograder`, a README and what grading needs of the course.

    That is the notebook as it was handed out, and the checks: no solution, answer or bank is in it.

    Raises
    ------
    ExportError
        Where a file that it needs is missing.
    CourseError
        Where there is no such lab.
    """
    found = find_lab(Path(course_root), lab)
    members = {
        **{name: _file(name, found.name) for name in ("setup.sh", "run_autograder", "README.md")},
        **{f"course/{path.relative_to(found.root).as_posix()}": path.read_bytes() for path in _course_files(found)},
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(members.items()):
            entry = zipfile.ZipInfo(name, _STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if name in ("setup.sh", "run_autograder") else 0o100644) << 16
            archive.writestr(entry, data)
    write_atomically(out_zip, buffer.getvalue())


def _file(name: str, lab: str) -> bytes:
    """One of the files beside this module, with the lab's name put in."""
    return Path(__file__).with_name(name).read_text("utf-8").replace("@LAB@", lab).encode()


def _course_files(lab: Lab) -> list[Path]:
    """What grading a lab needs."""
    needed = [lab.root / name for name in ("pyproject.toml", "constraints.txt", "README.md", "LICENSE")]
    for path in (*needed, lab.notebook):
        if not path.is_file():
            raise ExportError(f"{path} is missing: the autograder needs it")
    if not any(lab.checks.glob("test_*.py")):
        raise ExportError(f"{lab.checks} holds no checks: the autograder needs them")
    folders = [lab.root / "autograder", lab.root / "posekit", lab.root / "data" / "arrays"]
    below = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [*needed, lab.notebook, *(path for path in below if not _is_left_out(path, lab))]


def _is_left_out(path: Path, lab: Lab) -> bool:
    """Caches, and the checks of other labs."""
    of_all_labs = lab.checks.parent
    of_another = of_all_labs in path.parents and path.parent != of_all_labs and lab.checks not in path.parents
    return of_another or "__pycache__" in path.parts
