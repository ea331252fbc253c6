"""Archives as a learning platform hands them on, full of tricks: graded whole, with nothing written beside the results."""

from __future__ import annotations

import json
import os
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.authoring.build import Kind, build
from autograder.course import find_lab
from autograder.grading.intake import NOTEBOOK_BYTES
from tests.attacks.corpus import FULL, SEED
from tests.attacks.test_attacks import fingerprints
from tests.attacks.users import USERS, command_as, environment, give_to

HONEST = ("ann", "ben", "zoë", "=1+1")
LIES = struct.pack("<L", NOTEBOOK_BYTES + 7), struct.pack("<L", 100)


@dataclass(repr=False)
class Home:
    """A course, an empty place for results, and files that nobody may touch, for one user."""

    path: Path
    user: str
    notebook: bytes

    def grade(self, archive: Path) -> subprocess.CompletedProcess:
        give_to(self.user, self.path)
        words = [
            sys.executable,
            "-m",
            "autograder",
            "grade",
            str(archive),
            "--lab",
            "lab9",
            "--out",
            str(self.path / "out"),
        ]
        return subprocess.run(
            command_as(self.user, [*words, "--seed", str(SEED), "--jobs", "1"]),
            cwd=self.path / "course", env=environment(self.path), capture_output=True, text=True, timeout=600,
        )  # fmt: skip

    def results(self) -> dict[str, dict]:
        documents = [json.loads(path.read_text("utf-8")) for path in (self.path / "out" / "results").glob("*.json")]
        return {document["extra_data"]["student"]: document for document in documents}


@pytest.fixture(params=USERS)
def home(request, mini) -> Iterator[Home]:
    user = request.param
    command_as(user, ["true"])
    path = Path(tempfile.mkdtemp(prefix="archives-"))
    path.chmod(0o755)
    try:
        shutil.copytree(mini, path / "course", symlinks=True)
        (path / "out").mkdir()
        (path / "canary").mkdir(mode=0o777)
        (path / "canary" / "precious").write_text("do not touch")
        yield Home(path, user, build(find_lab(path / "course", "lab9"), Kind.WALKTHROUGH).encode())
    finally:
        shutil.rmtree(path, ignore_errors=True)


def special(name: str, kind: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (kind | 0o777) << 16
    return info


def write_hostile(home: Home) -> Path:
    """Traversal by four spellings, links, devices, a bomb, a bomb that lies about its size, a name twice, other people's rubbish."""
    archive, target = home.path / "handed-in.zip", str(home.path / "canary" / "precious")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name in ("../canary/precious", "../../../../../../tmp/pwned.ipynb", target, "..\\canary\\precious.ipynb"):
            zipped.writestr(name, home.notebook)
        for number, kind in enumerate([stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK]):
            zipped.writestr(special(f"special{number}.ipynb", kind), target)
        zipped.writestr("bomb.ipynb", bytes(NOTEBOOK_BYTES + 1))
        zipped.writestr("liar.ipynb", bytes(NOTEBOOK_BYTES + 7))
        for name in ("__MACOSX/._ann.ipynb", ".ipynb_checkpoints/ann-checkpoint.ipynb", "Thumbs.db"):
            zipped.writestr(name, b"\0\1\2")
        for student in HONEST:
            zipped.writestr(f"{student}.ipynb", home.notebook)
        with pytest.warns(UserWarning, match="Duplicate name"):
            zipped.writestr("twice.ipynb", b"{}")
            zipped.writestr("twice.ipynb", home.notebook)
    data = archive.read_bytes()
    assert len(data) < 2**20 and data.count(LIES[0]) == 2
    archive.write_bytes(data.replace(*LIES))
    return archive


def test_a_hostile_archive_costs_no_honest_student_a_point_and_writes_nothing_elsewhere(home):
    archive = write_hostile(home)
    give_to(home.user, home.path)
    outside = home.path / "course", home.path / "canary", archive.parent / "tmp"
    before = fingerprints(*outside)
    done = home.grade(archive)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert fingerprints(*outside) == before
    assert not Path("/tmp/pwned.ipynb").exists()
    assert "Traceback" not in done.stderr
    results = home.results()
    assert {student: results[student]["score"] for student in (*HONEST, "twice")} == dict.fromkeys(
        (*HONEST, "twice"), sum(FULL.values())
    )
    assert set(results) == {*HONEST, "twice", "bomb", "liar"}
    for student in ("bomb", "liar"):
        assert results[student]["score"] == 0
        assert all(exercise["error"] for exercise in results[student]["extra_data"]["exercises"].values())


@pytest.mark.parametrize("damage", ["empty", "cut short", "not an archive"])
def test_an_archive_that_cannot_be_read_is_one_line_and_no_results(home, damage):
    archive = home.path / "handed-in.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("ann.ipynb", home.notebook)
    data = archive.read_bytes()
    archive.write_bytes({"empty": b"", "cut short": data[: len(data) // 2], "not an archive": os.urandom(4096)}[damage])
    done = home.grade(archive)
    assert done.returncode != 0
    assert len(done.stderr.strip().splitlines()) == 1 and "handed-in.zip" in done.stderr, done.stderr
    assert not home.results()
