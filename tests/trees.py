"""Classes of hand-ins as they lie on a disk, for the tests of intake."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from autograder.grading.intake import IntakeError


def tree(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def make_zip(path: Path, files: list[tuple[str | zipfile.ZipInfo, bytes]] | dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, data)
    return path


def by_student(submissions):
    assert [s.student for s in submissions] == sorted({s.student for s in submissions})
    for s in submissions:
        assert (s.digest == "") == (s.error is not None)
        assert isinstance(s.notes, tuple) and all("\n" not in line for line in (*s.notes, s.late, s.error or ""))
    return {s.student: s for s in submissions}


def payload(submission):
    """The bytes that will be graded, None where there are none."""
    if submission.error is not None:
        with pytest.raises(IntakeError, match="^[^\n]*$"):
            submission.read()
        return None
    assert hashlib.sha256(submission.read()).hexdigest() == submission.digest
    return submission.read()


def payloads(submissions):
    return {s.student: payload(s) for s in submissions}
