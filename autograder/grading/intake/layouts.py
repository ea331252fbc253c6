"""From a tree of files to students: finds out in which layout a class lies there, and gathers what each student handed in."""

from __future__ import annotations

import logging
import re
from collections import Counter, defaultdict

from autograder.grading.intake import gradescope, nbgrader
from autograder.grading.intake.forms import is_certain, read_files, read_folders
from autograder.grading.intake.hand_ins import HandIn, HandIns, Piece, age, joined, piece_of, pieces_in
from autograder.grading.intake.levels import Level, is_notebook, is_zip, stem_of
from autograder.grading.intake.sources import File
from autograder.grading.intake.titles import Title

log = logging.getLogger(__name__)

PLAIN = "a plain file name"
# What teachers and platforms call the folder around all students.
_WRAPPER = re.compile(
    r"(?:.*[-_ ])?(?:submissions?|submitted|collected|inbound|downloads?|extracted|hand-?ins?|abgaben?|class|students?)(?:[-_ ].*)?",
    re.IGNORECASE | re.DOTALL,
)
_TEAM = re.compile(r"(?:team|group|gruppe)[-_ ]?\w+", re.IGNORECASE)
# What a teacher or a platform keeps beside what students handed in.
_KEPT = re.compile(
    r".*\.(?:csv|tsv|xlsx?|ods|ya?ml|toml|cfg|ini|log|db|sqlite3?|sh|bat)"
    r"|(?:readme|licen[cs]e|makefile|index)(?:\..*)?|run\.json|class\.html|timestamp\.txt",
    re.IGNORECASE | re.DOTALL,
)


def find(level: Level, title: Title) -> HandIns:
    """What each student of a class handed in, nothing where there is no class.

    Raises
    ------
    IntakeError
        Where the class has handed in other assignments, but not this lab.
    """
    if gradescope.submissions_in(level):
        return gradescope.read(level)
    for around in ("submitted", "inbound"):
        if around in level.folders:
            return find(level.folders[around], title)
    if not level.notebooks and (extracted := nbgrader.extracted_in(level, title)):
        return find(extracted, title)
    if _has_labs(level, title) or (level.name == "submitted" and any(f.folders for f in level.folders.values())):
        return nbgrader.read_submitted(level, title)
    if nbgrader.is_exchange(level):
        return nbgrader.read_exchange(level, title)
    if level.notebooks or _students_named(level):
        return _read_flat(level, title)
    folders = [folder for folder in level.folders.values() if not folder.is_run]
    if (labs := [folder.name for folder in folders if folder.holds_work]) and all(map(title.is_of_the_course, labs)):
        own = [name for name in labs if title.is_called(name)]
        if not own:
            nbgrader.require_found(Counter(labs), title)
        return joined([find(level.folders[name], title) for name in own])
    alone = sum(folder.holds_work for folder in folders) <= 1
    classes = [folder for folder in folders if _is_class(folder, title, alone)]
    if classes:
        beside = [f for f in folders if f.holds_work and f not in classes]
        return joined([*(find(folder, title) for folder in classes), _read_folders(beside, title)])
    if any(folder.holds_work for folder in folders):
        return _read_folders(folders, title)
    return _read_flat(level, title) if any(is_zip(file.name) for file in level.files) else {}


def _has_labs(level: Level, title: Title) -> bool:
    """Whether a lab's folders lie below students' folders; one with work in folders alone is itself around students."""
    students = [folder for folder in level.folders.values() if not _WRAPPER.fullmatch(folder.name)]
    labs = [lab for student in students for lab in nbgrader.labs_of(student, title)]
    return any(lab.notebooks or not any(inner.holds_work for inner in lab.folders.values()) for lab in labs)


def _students_named(level: Level) -> set[str]:
    """The students whom names in a platform's form tell of."""
    named = [*read_files(file.name for file in level.files).values(), *read_folders(level.folders).values()]
    return {found.student for found in named if found}


def _is_class(folder: Level, title: Title, alone: bool) -> bool:
    """Whether a folder is no student's, but around students; `alone` where no other folder beside it holds a notebook."""
    if read_folders([folder.name])[folder.name] or folder.is_empty:
        return False
    special = gradescope.submissions_in(folder) or nbgrader.is_exchange(folder) or _has_labs(folder, title)
    if alone and (special or {"submitted", "downloaded", "extracted"} & folder.folders.keys()):
        return True
    named = _students_named(folder)
    if len(named) > 1 or (named and (alone or not folder.notebooks)):
        return True
    holding = [inner for inner in folder.folders.values() if inner.holds_work]
    if not folder.files and holding and _TEAM.fullmatch(folder.name):
        return True
    if any(_is_class(inner, title, alone and len(holding) == 1) for inner in holding):
        return True
    if not alone:
        return False
    around = bool(_WRAPPER.fullmatch(folder.name)) or title.rank(folder.name) == 2
    if sum(title.is_behind_a_name(stem_of(name)) for name in folder.notebooks) > 1:
        return True
    if folder.notebooks:
        return not any(title.rank(stem_of(name)) for name in folder.notebooks) and (around or len(folder.notebooks) > 1)
    return around or len(holding) > 1


def _read_folders(folders: list[Level], title: Title) -> HandIns:
    """A folder per student, whatever is in it; an empty one is nobody's."""
    hand_ins: HandIns = defaultdict(HandIn)
    for folder in folders:
        if not folder.is_empty:
            hand_ins[title.student_of_folder(folder.name)].pieces += pieces_in(folder)
    return hand_ins


def _read_flat(level: Level, title: Title) -> HandIns:
    """A file per student, each named by its own form: a platform's, or `<student>.ipynb`. Folders of such forms may lie beside them."""
    hand_ins: HandIns = defaultdict(HandIn)
    students_of: dict[str, set[str]] = defaultdict(set)  # by form
    named = read_files(file.name for file in level.files)
    if any(named[name] is None for name in level.notebooks):
        # Then an id such as lee_1_2_x may have Canvas's form by chance; Canvas's own numbers are longer.
        named = {n: None if f and f.form == "Canvas" and not is_certain(n) else f for n, f in named.items()}
    for file in level.files:
        if found := named[file.name]:
            hand_in = hand_ins[found.student]
            hand_in.pieces += [piece_of(file, found)] if found.file else []  # a receipt says who, and no more
            students_of[f"{found.form}'s form of names"].add(found.student)
        elif _KEPT.fullmatch(file.name):
            log.warning("%r: not a student's file, ignored", file.name[:200])
        else:
            students_of[PLAIN].add(_add_plain(file, title, hand_ins))
    for name, found in read_folders(level.folders).items():
        folder = level.folders[name]
        if found:
            student, form = found.student, f"{found.form}'s form of names"
        elif not folder.is_run and any(title.rank(stem_of(f.name)) for f in folder.everything() if is_notebook(f.name)):
            student, form = title.student_of_folder(name), "a folder's name"
        else:
            if not folder.is_run:
                log.warning("%r: a folder beside the notebooks, ignored", name[:200])
            continue
        hand_ins[student].pieces += pieces_in(folder, found.when if found else None)
        students_of[form].add(student)
    _remark_mixture(hand_ins, students_of)
    return hand_ins


def _add_plain(file: File, title: Title, hand_ins: HandIns) -> str:
    """Enter a file whose name is its student's; returns the student."""
    stem = stem_of(file.name)
    student, copy = title.student_of_file(stem)
    hand_ins[student].pieces.append(Piece(file, file.name, (copy, *age(file))))
    if title.says_nobody(stem):
        hand_ins[student].notes.append("the file has the lab's name, which does not say whose it is")
    return student


def _remark_mixture(hand_ins: HandIns, students_of: dict[str, set[str]]) -> None:
    """Say once to the teacher, and to whom it concerns, that names of several forms are mixed."""
    if len(students_of) < 2:
        return
    usual, *others = sorted(students_of, key=lambda form: (-len(students_of[form]), form))
    counts = ", ".join(f"{form} ({len(students_of[form])})" for form in (usual, *others))
    log.warning("names of several forms are mixed here: %s; each is read by its own", counts)
    for form in others:
        for student in students_of[form]:
            hand_ins[student].notes.append(f"named by {form}, most others by {usual}")
