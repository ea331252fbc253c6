"""What one student handed in, before one notebook of it is chosen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from autograder.grading.intake.forms import Named, ilias_file
from autograder.grading.intake.levels import Level
from autograder.grading.intake.sources import File


@dataclass(frozen=True)
class Piece:
    """A file that a student handed in.

    Attributes
    ----------
    name : str
        The name that the student gave it.
    order : tuple of int
        Orders the files of a student by age.
    when : datetime or None
        When it was handed in, where that is known. The newest attempt counts.
    late : bool
        Canvas has marked it as late.
    depth : int
        How many folders it lies in.
    wrapped : str
        The archive that it was handed in in, or "".
    """

    file: File
    name: str
    order: tuple[int, ...] = ()
    when: datetime | None = None
    late: bool = False
    depth: int = 0
    wrapped: str = ""


@dataclass
class HandIn:
    """Everything that one student handed in."""

    pieces: list[Piece] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


HandIns = dict[str, HandIn]


def piece_of(file: File, named: Named) -> Piece:
    """A file that lies beside those of other students."""
    return Piece(file, named.file, named.order or age(file), named.when, named.late)


def pieces_in(folder: Level, when: datetime | None = None) -> list[Piece]:
    """The files of a student's folder."""
    pieces = []
    for file in folder.everything():
        own, name = ilias_file(file.name)
        pieces.append(Piece(file, name, age(file), own or when, depth=len(file.parts) - len(folder.path) - 1))
    return pieces


def age(file: File) -> tuple[int, ...]:
    """A file's time, in a form that can be compared with any other's."""
    return file.modified if isinstance(file.modified, tuple) else (file.modified,)


def joined(parts: list[HandIns]) -> HandIns:
    whole: HandIns = {}
    for part in parts:
        for student, hand_in in part.items():
            own = whole.setdefault(student, HandIn())
            own.pieces += hand_in.pieces
            own.notes += hand_in.notes
    return whole
