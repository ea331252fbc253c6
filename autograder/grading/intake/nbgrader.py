"""nbgrader's folders: `submitted`, the exchange's inbound, and `downloaded`."""

from __future__ import annotations

import logging
import shlex
from collections import Counter, defaultdict
from datetime import datetime

from autograder.files import one_line
from autograder.grading.intake.forms import exchange, read_time
from autograder.grading.intake.hand_ins import HandIn, HandIns, pieces_in
from autograder.grading.intake.levels import Level, is_notebook, stem_of
from autograder.grading.intake.sources import IntakeError, Unreadable
from autograder.grading.intake.titles import Title

log = logging.getLogger(__name__)

_WRITTEN = ("feedback", "results", "units")  # the folders that a run of the grader writes
STAMP_BYTES = 1000


def labs_of(student: Level, title: Title) -> list[Level]:
    """The folders of a student's that are this lab's; a course's own folders have such, too."""
    if student.name in ("source", "release", "outbound"):
        return []
    return [folder for name, folder in student.folders.items() if title.is_called(name)]


def read_submitted(level: Level, title: Title) -> HandIns:
    """`<student>/<assignment>/*`; a student who has a folder but not this assignment handed nothing in.

    What `autograder grade --out` wrote among the students' folders is no student.

    Raises
    ------
    IntakeError
        Where there are assignments, but none of this lab's name.
    """
    students = {
        name: folder
        for name, folder in level.folders.items()
        if labs_of(folder, title) or not (folder.is_run or (level.is_run and name in _WRITTEN))
    }
    if not any(labs_of(folder, title) for folder in students.values()):
        names = [name for folder in students.values() for name, inner in folder.folders.items() if inner.holds_work]
        require_found(Counter(names), title)
    hand_ins: HandIns = defaultdict(HandIn)
    for student, folder in students.items():
        hand_in = hand_ins[student]
        for lab in labs_of(folder, title):
            hand_in.pieces += pieces_in(lab, _timestamp(lab))
        if not hand_in.pieces and any(title.rank(stem_of(name)) for name in folder.notebooks):
            hand_in.pieces += pieces_in(folder)
            hand_in.notes.append(f"not in a folder called {title.wanted}")
    taken = {piece.file.parts for hand_in in hand_ins.values() for piece in hand_in.pieces}
    for file in (file for folder in (level, *students.values()) for file in folder.files):
        if is_notebook(file.name) and file.parts not in taken:
            log.warning("%r: a notebook outside <student>/%s/, ignored", "/".join(file.parts)[:200], title.wanted)
    return hand_ins


def is_exchange(level: Level) -> bool:
    return any(map(exchange, level.folders))


def read_exchange(level: Level, title: Title) -> HandIns:
    """`<student>+<assignment>+<time>/*`.

    Raises
    ------
    IntakeError
        Where none is of this lab's name.
    """
    hand_ins: HandIns = defaultdict(HandIn)
    assignments: Counter[str] = Counter()
    for name, folder in level.folders.items():
        if named := exchange(name):
            assignments[named.assignment] += 1
            if title.is_called(named.assignment):
                hand_ins[named.student].pieces += pieces_in(folder, _timestamp(folder) or named.when)
    if not hand_ins:
        require_found(assignments, title)
    return hand_ins


def extracted_in(level: Level, title: Title) -> Level | None:
    """The folder of what `zip_collect` has extracted: below a course, below `downloaded`, below an assignment.

    Raises
    ------
    IntakeError
        Where nothing is of this lab's name, or nothing has been extracted.
    """
    base = level.folders.get("downloaded", level)
    marks = {"archive", "extracted"} if base.name == "downloaded" else {"extracted"}
    assignments = {name: folder for name, folder in base.folders.items() if marks & folder.folders.keys()}
    lab = level
    if assignments:
        called = [folder for name, folder in assignments.items() if title.is_called(name)]
        if not called:
            require_found(Counter(assignments.keys()), title)
        (lab, *_) = called
    extracted, archive = lab.folders.get("extracted"), lab.folders.get("archive")
    if archive and not lab.files and not archive.is_empty and (extracted is None or extracted.is_empty):
        name = one_line("/".join(next(archive.everything()).parts))
        raise IntakeError(f"nothing is extracted yet: give the archive itself ({name}), or run `nbgrader zip_collect`")
    return extracted


def require_found(assignments: Counter[str], title: Title) -> None:
    """Refuse what is of other assignments alone, by their names."""
    if not assignments:
        return
    shown = [f"{one_line(name[:60])} ({count})" for name, count in assignments.most_common(5)]
    more = f" and {len(assignments) - 5} more" if len(assignments) > 5 else ""
    likely = shlex.quote(one_line(assignments.most_common(1)[0][0][:60]))
    raise IntakeError(
        f"no assignment called {one_line(title.wanted)} was handed in; found: {', '.join(shown)}{more}. "
        f"Say which it is, for instance --assignment {likely}"
    )


def _timestamp(folder: Level) -> datetime | None:
    """What timestamp.txt says."""
    for file in folder.files:
        if file.name == "timestamp.txt":
            try:
                return read_time(file.read(STAMP_BYTES).decode("utf-8", "replace"))
            except Unreadable:
                return None
    return None
