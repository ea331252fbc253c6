"""Predictions as they were handed in. A file is a zip that a student made: what it says of itself is not believed, nothing is unpickled."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from autograder.files import one_line
from autograder.grading.intake.sources import File, Unreadable, inside, list_archive, list_folder, one_file
from posekit.predictions import LABELS, POSITIONS, check_predictions

FILE_BYTES = 1 << 20  # of a whole file, and of each array in it; 94 kB are needed
KINDS = {"positions": ("fiu", POSITIONS), "labels": ("iu", LABELS)}


@dataclass(frozen=True)
class Predictions:
    """What one student predicts: positions (300, K, 3) mm and labels (300,)."""

    student: str
    positions: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Refused:
    """A file that cannot be scored, and why; `why` goes on after the student's name and a colon."""

    student: str
    why: str


def collect(path: Path) -> list[Predictions | Refused]:
    """All predictions of a file, of a folder, or of the archive that a platform gives out, in the order of the students' names.

    A student is who a file is called by (`ann.npz`), or whose folder it lies in (`ann/predictions.npz`).

    Raises
    ------
    IntakeError
        Where a folder or an archive cannot be read at all.
    """
    if path.is_dir():
        files = list_folder(path).files
    elif path.suffix.lower() == ".zip":
        files = list_archive(path).files
    else:
        files = [one_file(path)]
    groups: dict[str, list[File]] = {}
    for file in _without_shared_folder(files):
        student = file.parts[0] if len(file.parts) > 1 else Path(file.name).stem
        groups.setdefault(student, []).append(file)
    found: list[Predictions | Refused] = []
    for student, own in sorted(groups.items()):
        named = [file for file in own if file.name.lower().endswith(".npz")]
        if not named:
            found.append(Refused(student, f"no .npz file was handed in, but {one_line(own[0].name)[:80]!r}"))
        for file in named:
            found.append(_read(student if len(named) == 1 else f"{student} ({file.name})", file))
    return found


def _without_shared_folder(files: list[File]) -> list[File]:
    """Files by their paths below the folder that all of several lie in."""
    while len(files) > 1 and len({file.parts[0] for file in files}) == 1 and all(len(f.parts) > 1 for f in files):
        files = [replace(file, parts=file.parts[1:]) for file in files]
    return files


def _read(student: str, file: File) -> Predictions | Refused:
    try:
        content = _bytes(file, "the file")
        members = {member.name: member for member in inside(File((file.name,), 0, lambda: io.BytesIO(content)))}
        arrays = {name: _array(members, name) for name in KINDS}
        return Predictions(student, *check_predictions(**arrays))
    except (Unreadable, ValueError) as error:
        return Refused(student, one_line(str(error))[:300])


def _bytes(file: File, what: str) -> bytes:
    with file.open() as stream:
        content = stream.read(FILE_BYTES + 1)
    if len(content) > FILE_BYTES:
        raise Unreadable(
            f"{what} is larger than {FILE_BYTES >> 20} MiB; `save_predictions` writes less than a tenth of that"
        )
    return content


def _array(members: dict[str, File], name: str) -> np.ndarray:
    """One array of an npz: its header is read first, and memory is asked for only where that fits."""
    member = members.get(f"{name}.npy")
    if member is None:
        raise Unreadable(
            f"there is no array {name!r} in the file; write it with `posekit.predictions.save_predictions`"
        )
    stream = io.BytesIO(_bytes(member, f"the array {name!r}"))
    try:
        version = np.lib.format.read_magic(stream)
        read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[
            version
        ]
        shape, _, dtype = read_header(stream)
    except Exception:  # a header is Python's notation of a dict, and there are many ways to be none
        raise Unreadable(f"the array {name!r} is damaged") from None
    kinds, expected = KINDS[name]
    if dtype.hasobject:
        raise Unreadable(f"the array {name!r} holds Python objects, which are not read")
    if dtype.kind not in kinds or dtype.itemsize > 8:
        raise Unreadable(f"the array {name!r} is of a type that is not read here ({one_line(str(dtype))[:60]})")
    if shape != expected:
        raise Unreadable(f"{name} must have the shape {expected}, not {one_line(str(shape))[:60]}")
    stream.seek(0)
    try:
        return np.load(stream, allow_pickle=False)
    except ValueError:
        raise Unreadable(f"the array {name!r} is cut off") from None
