"""The first station of a submission's way: from a folder or an archive, as a teacher has it, to one file per student.

`sources` lists files, `layouts` finds the students among them, by what `forms` and `titles` read in names, and `choice` picks one
notebook of each. A class may be larger than the memory: files are hashed here, and read again when their turn comes.
"""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from autograder.files import one_line
from autograder.grading.intake.choice import NO_NOTEBOOK, Choice
from autograder.grading.intake.forms import lateness
from autograder.grading.intake.hand_ins import HandIn, Piece, joined
from autograder.grading.intake.layouts import find
from autograder.grading.intake.levels import Level, is_notebook
from autograder.grading.intake.sources import (
    NOTEBOOK_BYTES,
    File,
    IntakeError,
    Tree,
    Unreadable,
    list_archive,
    list_folder,
    one_file,
    reason,
)
from autograder.grading.intake.titles import Title
from autograder.grading.notebook import Cell, NotebookError, parse
from autograder.grading.release import Release
from autograder.grading.written import question_ids, written_answer

__all__ = ["NOTEBOOK_BYTES", "NO_NOTEBOOK", "IntakeError", "Submission", "collect"]


@dataclass(frozen=True)
class Submission:
    """What one student handed in.

    Attributes
    ----------
    student : str
        The exact id (in Unicode's form NFC), as hostile as the student made it; file names come from
        `autograder.files.file_names`.
    digest : str
        The SHA-256 of the notebook's bytes; "" where there is an error.
    error : str or None
        Why there is nothing to grade.
    notes : tuple of str
        One line each on what was odd: one notebook chosen of several, a name of another form than most.
    late : str
        How late it was handed in: "2 h 5 min" where the time is known, "marked by Canvas"; "" where nothing is known.
    """

    student: str
    digest: str = ""
    error: str | None = None
    notes: tuple[str, ...] = ()
    late: str = ""
    file: File | None = field(default=None, repr=False, compare=False)

    def read(self) -> bytes:
        """The notebook's bytes, unparsed.

        Raises
        ------
        IntakeError
            Where there are none, or the file is no longer what it was when the submissions were collected.
        """
        who = one_line(self.student)
        if self.file is None:
            raise IntakeError(f"{who}: {self.error}")
        try:
            payload = self.file.read_again()
        except Unreadable as error:
            raise IntakeError(f"{who}: the notebook {error}") from None
        if hashlib.sha256(payload).hexdigest() != self.digest:
            raise IntakeError(f"{who}: the notebook was changed after this run began: grade again")
        return payload


def collect(
    path: str | os.PathLike[str],
    lab: str,
    topic: str = "",
    release: Release | None = None,
    assignment: str = "",
    due: datetime | None = None,
) -> list[Submission]:
    """Read a class's submissions to a lab.

    Parameters
    ----------
    path : path
        What a learning platform gives out, as an archive or unpacked (Canvas, Moodle, Blackboard, Brightspace, ILIAS, Gradescope,
        GitHub Classroom); nbgrader's `submitted`, `downloaded` or exchange; a folder of ``<student>.ipynb``; a folder per
        student; a zip of one of these; or one notebook.
    lab, topic : str
        The lab's name, "lab1", and what follows it in its notebook's name, "likelihood".
    release : Release, optional
        The notebook as it was handed out: of several, an untouched copy then never counts.
    assignment : str, optional
        What the teacher's system calls the lab: "hw1".
    due : datetime, optional
        When it had to be handed in.

    Returns
    -------
    list of Submission, sorted by student, one per student
        A student of Canvas or Moodle is called ``<name>_<id>`` (names alone are not unique), one of Blackboard by the user's name,
        one of Gradescope by the student id, else the e-mail address, else the name.

    Raises
    ------
    IntakeError
        Where the path does not exist, the archive cannot be read, or there is no submission to this lab in it.
    """
    root = Path(path)
    name = one_line(str(root))
    try:
        mode = root.stat().st_mode
    except OSError as error:
        raise IntakeError(f"{name}: {reason(error)}") from None
    title = Title(lab, topic, assignment)
    if stat.S_ISDIR(mode):
        level = Level.of(list_folder(root), root.resolve().name)
    elif is_notebook(root.name):
        level = Level.of(Tree([one_file(root)], []), "")
    else:
        level = Level.of(list_archive(root), root.stem)
    try:
        # A Mac takes the letters of a name apart: the same student may come in two forms of Unicode.
        named = [{unicodedata.normalize("NFC", student): hand_in} for student, hand_in in find(level, title).items()]
    except IntakeError as error:
        raise IntakeError(f"{name}: {error}") from None
    hand_ins = joined(named)
    if not hand_ins:
        raise IntakeError(
            f"{name}: no submissions in it; found {_contents(level)}. Expected are a platform's archive, <student>.ipynb, "
            f"a folder per student, or nbgrader's submitted/<student>/{title.wanted}/"
        )
    choice = Choice(title, lambda payload: _has_work(payload, release), lambda payload: bool(_cells(payload)))
    return [_submission(student, hand_ins[student], choice, due) for student in sorted(hand_ins)]


def _submission(student: str, hand_in: HandIn, choice: Choice, due: datetime | None) -> Submission:
    piece, notes, why = choice.choose(hand_in)
    late = _late(hand_in.pieces if piece is None else [piece], due)
    if piece is None:
        return Submission(student, "", why, tuple(notes), late)
    try:
        return Submission(student, piece.file.digest(), None, tuple(notes), late, piece.file)
    except Unreadable as error:
        return Submission(student, "", f"the notebook {error}", tuple(notes), late)


def _late(pieces: Sequence[Piece], due: datetime | None) -> str:
    times = [said for piece in pieces if (said := lateness(piece.when, due))]
    return times[-1] if times else "marked by Canvas" * any(piece.late for piece in pieces)


def _has_work(payload: bytes, release: Release | None) -> bool:
    """Whether an exercise or a question is answered in it; without the release, nobody knows better."""
    if release is None:
        return True
    cells = _cells(payload)
    return release.has_answers(cells) or any(
        answer.text or answer.attachments
        for id in question_ids(release)
        for answer in [written_answer(cells, release, id)]
    )


def _cells(payload: bytes) -> list[Cell]:
    try:
        return parse(payload)
    except NotebookError:
        return []


def _contents(level: Level) -> str:
    """What lies in a folder, for whom it was the wrong one."""
    endings = Counter(Path(file.name).suffix.lower() or "no ending" for file in level.everything())
    files = ", ".join(f"{one_line(ending[:20])} ({count})" for ending, count in endings.most_common(5))
    folders = ", ".join(one_line(name[:40]) for name in list(level.folders)[:5])
    parts = [f"the folders {folders}" if folders else "", f"files of the endings {files}" if files else ""]
    return " and ".join(filter(None, parts)) or "nothing"
