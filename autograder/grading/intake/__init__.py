"""The first station of a submission's way: from a folder or an archive, as a teacher has it, to one file per student.

A class may be larger than the memory: files are hashed here, and read again when their turn comes.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import stat
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from autograder.files import one_line
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

__all__ = ["NOTEBOOK_BYTES", "NO_NOTEBOOK", "IntakeError", "Submission", "collect"]

log = logging.getLogger(__name__)

METADATA_BYTES = 64 * 2**20
_WRITTEN = ("feedback", "results", "units")  # the folders that a run of the grader writes
NO_NOTEBOOK = "no notebook handed in"

_CANVAS = re.compile(
    r"(?P<student>anon_[^_]+|(?P<name>.+?)(?P<late>_LATE)?_(?P<user>\d{1,20}))(?(name)|(?P<anonymous_late>_LATE)?)"
    r"_(?:(?P<submission>\d{1,20})_(?P<file>.+)|(?:text|link)\.html)",
    re.DOTALL,
)
_SUBMISSION = re.compile(r"submission_\d+")
_VERSION = re.compile(r"-(\d{1,4})$")


@dataclass(frozen=True)
class Submission:
    """What one student handed in.

    Attributes
    ----------
    student : str
        The exact id, as hostile as the student made it; file names come from `autograder.files.file_names`.
    digest : str
        The SHA-256 of the notebook's bytes; "" where there is an error.
    error : str or None
        Why there is nothing to grade.
    notes : tuple of str
        One line each on what was odd: one notebook chosen of several.
    late : str
        What is known of lateness; "" where nothing is.
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


@dataclass
class _HandIn:
    """Everything that one student handed in, before one notebook is chosen."""

    files: list[File] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def collect(path: str | os.PathLike[str], lab: str) -> list[Submission]:
    """Read a class's submissions to a lab.

    Parameters
    ----------
    path : path
        A folder of ``<student>.ipynb``; nbgrader's folder ``submitted`` or its parent
        (``submitted/<student>/<lab>/*.ipynb``); the zip that Canvas or Gradescope gives out, or such a zip unpacked; a
        zip of one of these folders; or one notebook.
    lab : str
        The lab's name, "lab1".

    Returns
    -------
    list of Submission, sorted by student, one per student
        A student of Canvas is called ``<name>_<user id>`` (names alone are not unique), one of Gradescope by the
        student id, else the e-mail address, else the name.

    Raises
    ------
    IntakeError
        Where the path does not exist, the archive cannot be read, or there is no submission in it.
    """
    root = Path(path)
    try:
        mode = root.stat().st_mode
    except OSError as error:
        raise IntakeError(f"{one_line(str(root))}: {reason(error)}") from None
    archive = False
    if stat.S_ISDIR(mode):
        tree = list_folder(root)
    elif root.name.lower().endswith(".ipynb"):
        tree = Tree([one_file(root)], [])
    else:
        tree, archive = list_archive(root), True
    submissions = _submissions(tree.files, tree.folders, lab, archive)
    if not submissions:
        raise IntakeError(
            f"{one_line(str(root))}: no submissions in it; expected <student>.ipynb, "
            f"submitted/<student>/{lab}/*.ipynb, or the zip that Canvas or Gradescope gives out"
        )
    return submissions


# --- from files to students -------------------------------------------------------------------------------------------


def _submissions(files: list[File], folders: list[tuple[str, ...]], lab: str, archive: bool) -> list[Submission]:
    """Find out which layout this is, and choose one notebook per student."""
    if archive:
        files, folders = _without_wrapper(files, folders, lab)
    hand_ins = _from_gradescope(files, folders) or _from_nbgrader(files, folders, lab) or _from_flat(files, folders)
    return [_choose(student, hand_ins[student], lab) for student in sorted(hand_ins)]


def _without_wrapper(
    files: list[File], folders: list[tuple[str, ...]], lab: str
) -> tuple[list[File], list[tuple[str, ...]]]:
    """Take off the folder that whoever zipped a folder put around everything; a lone student's folder is none."""
    while files and len({file.parts[0] for file in files}) == 1 and all(len(file.parts) > 1 for file in files):
        top = files[0].parts[0]
        if top == "submitted" or _SUBMISSION.fullmatch(top) or any(_is_lab(f, lab) for f in folders if f[0] == top):
            break
        files = [replace(file, parts=file.parts[1:]) for file in files]
        folders = [f[1:] for f in folders if f[0] == top and len(f) > 1]
    return files, folders


def _from_gradescope(files: list[File], folders: list[tuple[str, ...]]) -> dict[str, _HandIn]:
    """`[assignment_N_export/]submission_N/**`, with the students' names in submission_metadata.yml."""
    hand_ins: dict[str, _HandIn] = defaultdict(_HandIn)
    roots = [f for f in folders if len(f) <= 2 and _SUBMISSION.fullmatch(f[-1])]
    if not roots or any(_is_notebook(f) and len(f.parts) == 1 for f in files):
        return hand_ins
    notes, metadata = [], {}
    for file in files:
        if file.name == "submission_metadata.yml" and len(file.parts) == len(roots[0]):
            try:
                metadata = _gradescope_metadata(file.read(METADATA_BYTES))
            except Unreadable as error:
                notes = [f"submission_metadata.yml {error}: named by the submission's folder"]
                log.warning("submission_metadata.yml %s: students are named by their submission's folder", error)
    for root in roots:
        students = metadata.get(root[-1]) or [root[-1]]
        for student in students:
            hand_in = hand_ins[student]
            hand_in.files += [f for f in files if f.parts[: len(root)] == root]
            hand_in.notes += notes
            if len(students) > 1:
                hand_in.notes.append("handed in by a group: " + one_line(", ".join(students)))
    return hand_ins


def _gradescope_metadata(data: bytes) -> dict[str, list[str]]:
    """Submission folder -> ids of its students. Raises `Unreadable`."""
    # The base loader makes strings, lists and dicts only, ignores Ruby's tags, and keeps the zeros of id 00123.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        document = yaml.load(data, Loader=loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Unreadable(f"cannot be read ({type(error).__name__})") from None
    submitters: dict[str, list[list[str]]] = {}
    for folder, record in document.items() if isinstance(document, dict) else ():
        found = record.get(":submitters") if isinstance(record, dict) else None
        found = found if isinstance(found, list) else []
        submitters[str(folder)] = [_gradescope_ids(submitter) for submitter in found if isinstance(submitter, dict)]
    # An id that several people have ("0000") would make one student of them: the next kind of id counts then.
    owners: dict[tuple[int, str], set[str | int]] = defaultdict(set)
    for number, (sid, email, name) in enumerate(ids for people in submitters.values() for ids in people):
        owners[0, sid].add(email or name)
        owners[1, email].add(name)
        owners[2, name].add(number)
    result: dict[str, list[str]] = {}
    for folder, people in submitters.items():
        own = [[i for kind, i in enumerate(ids) if i and len(owners[kind, i]) == 1] for ids in people]
        result[folder] = list(dict.fromkeys(ids[0] if ids else folder for ids in own))
    return result


def _gradescope_ids(submitter: dict[str, Any]) -> list[str]:
    """Student id, e-mail address and name, "" where there is none."""
    found = [submitter.get(key) for key in (":sid", ":email", ":name")]
    ids = [i.strip() if isinstance(i, str) else "" for i in found]
    return ["" if i.casefold() in ("~", "null", "none", "n/a", "-") else i for i in ids]


def _from_nbgrader(files: list[File], folders: list[tuple[str, ...]], lab: str) -> dict[str, _HandIn]:
    """`[submitted/]<student>/<lab>/*`; a student who has a folder but not this lab handed nothing in.

    What `autograder grade --out` wrote among the students' folders is no student.
    """
    hand_ins: dict[str, _HandIn] = defaultdict(_HandIn)
    under = [f for f in folders if len(f) == 3 and f[0] == "submitted" and _lab_rank(f[-1], lab) == 2]
    direct = [f for f in folders if _is_lab(f, lab)]
    prefix: tuple[str, ...] = ("submitted",) if under else ()
    if not under and not direct:
        return hand_ins
    runs, handed_in = _runs(files, folders), {folder[:-1] for folder in under or direct}
    students = {f for f in folders if len(f) == len(prefix) + 1 and f[:-1] == prefix}
    for folder in students:
        ours = folder in runs or (prefix in runs and folder[-1] in _WRITTEN)
        if folder in handed_in or not ours:
            hand_ins[folder[-1]]  # a defaultdict: this enters the student
    for folder in under or direct:
        hand_ins[folder[-2]].files += [f for f in files if f.parts[:-1] == folder]
    astray = {(), prefix} | students
    for file in files:
        if _is_notebook(file) and file.parts[:-1] in astray:
            log.warning("%r: a notebook outside <student>/%s/, ignored", "/".join(file.parts)[:200], lab)
    return hand_ins


def _from_flat(files: list[File], folders: list[tuple[str, ...]]) -> dict[str, _HandIn]:
    """`<student>.ipynb`, or Canvas's `name_LATE_user_submission_file`; what is neither is said to be ignored."""
    hand_ins: dict[str, _HandIn] = defaultdict(_HandIn)
    level = [f for f in files if len(f.parts) == 1]
    matches = [_CANVAS.fullmatch(f.name) for f in level]
    # What Canvas gives out is told from ids such as lee_1_2_x by this: every notebook has Canvas's form.
    canvas = all(match for f, match in zip(level, matches, strict=True) if _is_notebook(f))
    ignored = []
    for file, match in zip(level, matches, strict=True):
        if canvas and match:
            hand_in = hand_ins["_".join(filter(None, match.group("name", "user"))) or match["student"]]
            if match["late"] or match["anonymous_late"]:
                hand_in.notes.append("handed in late (Canvas)")
            hand_in.files.append(_canvas_file(file, match["file"] or file.name, int(match["submission"] or 0)))
        elif _is_notebook(file):
            hand_ins[_stem(file)].files.append(file)
        else:
            ignored.append((file.name, "not <student>.ipynb"))
    runs = _runs(files, folders)
    ignored += [(f[0], "a folder beside the notebooks") for f in folders if len(f) == 1 and f not in runs]
    for name, why in ignored if hand_ins else ():
        log.warning("%r: %s, ignored", name[:200], why)
    return hand_ins


def _runs(files: list[File], folders: list[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """The folders that `autograder grade` wrote to."""
    return {f.parts[:-1] for f in files if f.name == "run.json"} & {f[:-1] for f in folders if f[-1] == "results"}


def _canvas_file(file: File, name: str, submission: int) -> File:
    """A file under its original name, ordered by Canvas's own marks: `-1`, `-2` of a resubmission, then the number."""
    stem, dot, extension = name.rpartition(".")
    version = _VERSION.search(stem)
    if version:
        stem = stem[: version.start()]
    return replace(file, parts=(f"{stem}{dot}{extension}",), modified=(int(version[1]) if version else 0, submission))


def _is_lab(folder: tuple[str, ...], lab: str) -> bool:
    """Whether this is `<student>/<lab>`."""
    return len(folder) == 2 and _lab_rank(folder[1], lab) == 2


def _lab_rank(stem: str, lab: str) -> int:
    """2 for "lab1" or "lab1_topic", 1 for what merely begins so ("lab1_topic (1)"), else 0; "lab10" is not lab1."""
    stem, lab = stem.casefold(), lab.casefold()
    if re.fullmatch(rf"{re.escape(lab)}(_[a-z0-9]+)?", stem):
        return 2
    return int(bool(re.match(rf"{re.escape(lab)}(?!\d)", stem)))


def _choose(student: str, hand_in: _HandIn, lab: str) -> Submission:
    """The notebook named like the lab, else the newest; what was passed over is noted."""
    notes = list(dict.fromkeys(hand_in.notes))
    # Sorting is stable: of two entries with one name, the later one counts, as for who unpacks the archive.
    notebooks = sorted(
        (f for f in hand_in.files if _is_notebook(f)), key=lambda f: (_lab_rank(_stem(f), lab), f.modified)
    )
    if not notebooks:
        others = sorted({f.name for f in hand_in.files})
        return Submission(student, "", NO_NOTEBOOK + (f" (but {_listing(others)})" if others else ""), tuple(notes))
    *ignored, chosen = notebooks
    if ignored:
        if {f.name for f in notebooks} == {chosen.name}:
            notes.append(f"handed in {len(notebooks)} times: the newest counts")
        else:
            counts, others = one_line(chosen.name), _listing([f.name for f in ignored])
            notes.append(f"{len(notebooks)} notebooks: {counts} counts, not {others}")
    try:
        return Submission(student, chosen.digest(), None, tuple(notes), file=chosen)
    except Unreadable as error:
        return Submission(student, "", f"the notebook {error}", tuple(notes))


def _listing(names: list[str]) -> str:
    shown = [one_line(name if len(name) <= 60 else name[:59] + "…") for name in names[:5]]
    return ", ".join(shown) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _is_notebook(file: File) -> bool:
    return file.name.lower().endswith(".ipynb")


def _stem(file: File) -> str:
    return file.name[: -len(".ipynb")] if _is_notebook(file) else file.name
