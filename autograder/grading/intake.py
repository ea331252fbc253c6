"""The first station of a submission's way: from a folder or an archive, as a teacher has it, to bytes in memory.

Whatever arrives was made by strangers. Nothing is ever extracted to disk, no link is followed out of the folder, only
regular files are read, and each read stops at a cap: what a name, a directory or an archive's header promises is never
believed.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import stat
import struct
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import yaml

from autograder.files import one_line

log = logging.getLogger(__name__)

NOTEBOOK_BYTES = 16 * 2**20
ARCHIVE_BYTES = 2 * 2**30  # of all notebooks of one archive together, decompressed
METADATA_BYTES = 64 * 2**20
ENTRIES = 100_000
DEPTH = 6
_WRITTEN = ("feedback", "results", "units")  # the folders that a run of the grader writes
NO_NOTEBOOK = "no notebook handed in"

_CANVAS = re.compile(
    r"(?P<student>anon_[^_]+|(?P<name>.+?)(?P<late>_LATE)?_(?P<user>\d{1,20}))(?(name)|(?P<anonymous_late>_LATE)?)"
    r"_(?:(?P<submission>\d{1,20})_(?P<file>.+)|(?:text|link)\.html)",
    re.DOTALL,
)
_SYSTEM = re.compile(
    r"\._.*|\.ds_store|thumbs\.db|desktop\.ini|__macosx|\.ipynb_checkpoints", re.IGNORECASE | re.DOTALL
)
_SUBMISSION = re.compile(r"submission_\d+")
_VERSION = re.compile(r"-(\d{1,4})$")
_BROKEN_ARCHIVE = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error,
    EOFError, NotImplementedError, OSError, OverflowError, RuntimeError, ValueError,
)  # fmt: skip


class IntakeError(Exception):
    """The submissions as a whole cannot be read; the message is one clear line."""


@dataclass(frozen=True)
class Submission:
    """What one student handed in.

    Attributes
    ----------
    student : str
        The exact id, as hostile as the student made it; file names come from `autograder.files.file_names`.
    payload : bytes or None
        The notebook's bytes, unparsed; None where there is an error.
    error : str or None
        Why there is nothing to grade.
    notes : tuple of str
        One line each on what was odd: late, one notebook chosen of several.
    """

    student: str
    payload: bytes | None
    error: str | None = None
    notes: tuple[str, ...] = ()


class _Unreadable(Exception):
    """One file cannot be read; the message completes "the notebook ..."."""


@dataclass(frozen=True)
class _File:
    """A file that was handed in: where it lies under the root, and how to read it (which may raise `_Unreadable`)."""

    parts: tuple[str, ...]
    modified: Any  # whatever orders the files of one source by age
    read: Callable[[int], bytes]

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def is_notebook(self) -> bool:
        return self.name.lower().endswith(".ipynb")

    @property
    def stem(self) -> str:
        return self.name[: -len(".ipynb")] if self.is_notebook else self.name


@dataclass
class _HandIn:
    """Everything that one student handed in, before one notebook is chosen."""

    files: list[_File] = field(default_factory=list)
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
        raise IntakeError(f"{one_line(str(root))}: {_reason(error)}") from None
    if stat.S_ISDIR(mode):
        files, folders = _list_folder(root)
        submissions = _submissions(files, folders, lab, archive=False)
    elif root.name.lower().endswith(".ipynb"):
        notebook = _File((root.name,), 0, lambda cap: _read_file(root.resolve().parent, (root.resolve().name,), cap))
        submissions = _submissions([notebook], [], lab, archive=False)
    else:
        submissions = _collect_archive(root, lab)
    if not submissions:
        raise IntakeError(
            f"{one_line(str(root))}: no submissions in it; expected <student>.ipynb, "
            f"submitted/<student>/{lab}/*.ipynb, or the zip that Canvas or Gradescope gives out"
        )
    return submissions


def _collect_archive(path: Path, lab: str) -> list[Submission]:
    name = one_line(str(path))
    try:
        with _open_regular(path, dir_fd=None) as stream, zipfile.ZipFile(stream) as archive:
            files, folders = _list_archive(archive)
            return _submissions(files, folders, lab, archive=True)
    except _Unreadable as error:
        raise IntakeError(f"{name}: the archive {error}") from None
    except zipfile.BadZipFile as error:
        raise IntakeError(f"{name}: not a zip archive, or a damaged one ({one_line(str(error))})") from None
    except _BROKEN_ARCHIVE as error:
        raise IntakeError(
            f"{name}: the archive cannot be read ({type(error).__name__}: {one_line(str(error))})"
        ) from None


# --- from files to students -------------------------------------------------------------------------------------------


def _submissions(files: list[_File], folders: list[tuple[str, ...]], lab: str, archive: bool) -> list[Submission]:
    """Find out which layout this is, and choose one notebook per student."""
    if archive:
        files, folders = _without_wrapper(files, folders, lab)
    hand_ins = _from_gradescope(files, folders) or _from_nbgrader(files, folders, lab) or _from_flat(files, folders)
    return [_choose(student, hand_ins[student], lab) for student in sorted(hand_ins)]


def _without_wrapper(
    files: list[_File], folders: list[tuple[str, ...]], lab: str
) -> tuple[list[_File], list[tuple[str, ...]]]:
    """Take off the folder that whoever zipped a folder put around everything; a lone student's folder is none."""
    while files and len({file.parts[0] for file in files}) == 1 and all(len(file.parts) > 1 for file in files):
        top = files[0].parts[0]
        if top == "submitted" or _SUBMISSION.fullmatch(top) or any(_is_lab(f, lab) for f in folders if f[0] == top):
            break
        files = [replace(file, parts=file.parts[1:]) for file in files]
        folders = [f[1:] for f in folders if f[0] == top and len(f) > 1]
    return files, folders


def _from_gradescope(files: list[_File], folders: list[tuple[str, ...]]) -> dict[str, _HandIn]:
    """`[assignment_N_export/]submission_N/**`, with the students' names in submission_metadata.yml."""
    hand_ins: dict[str, _HandIn] = defaultdict(_HandIn)
    roots = [f for f in folders if len(f) <= 2 and _SUBMISSION.fullmatch(f[-1])]
    if not roots or any(f.is_notebook and len(f.parts) == 1 for f in files):
        return hand_ins
    notes, metadata = [], {}
    for file in files:
        if file.name == "submission_metadata.yml" and len(file.parts) == len(roots[0]):
            try:
                metadata = _gradescope_metadata(file.read(METADATA_BYTES))
            except _Unreadable as error:
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
    """Submission folder -> ids of its students. Raises `_Unreadable`."""
    # The base loader makes strings, lists and dicts only, ignores Ruby's tags, and keeps the zeros of id 00123.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        document = yaml.load(data, Loader=loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise _Unreadable(f"cannot be read ({type(error).__name__})") from None
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


def _from_nbgrader(files: list[_File], folders: list[tuple[str, ...]], lab: str) -> dict[str, _HandIn]:
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
        if file.is_notebook and file.parts[:-1] in astray:
            log.warning("%r: a notebook outside <student>/%s/, ignored", "/".join(file.parts)[:200], lab)
    return hand_ins


def _from_flat(files: list[_File], folders: list[tuple[str, ...]]) -> dict[str, _HandIn]:
    """`<student>.ipynb`, or Canvas's `name_LATE_user_submission_file`; what is neither is said to be ignored."""
    hand_ins: dict[str, _HandIn] = defaultdict(_HandIn)
    level = [f for f in files if len(f.parts) == 1]
    matches = [_CANVAS.fullmatch(f.name) for f in level]
    # What Canvas gives out is told from ids such as lee_1_2_x by this: every notebook has Canvas's form.
    canvas = all(match for f, match in zip(level, matches, strict=True) if f.is_notebook)
    ignored = []
    for file, match in zip(level, matches, strict=True):
        if canvas and match:
            hand_in = hand_ins["_".join(filter(None, match.group("name", "user"))) or match["student"]]
            if match["late"] or match["anonymous_late"]:
                hand_in.notes.append("handed in late (Canvas)")
            hand_in.files.append(_canvas_file(file, match["file"] or file.name, int(match["submission"] or 0)))
        elif file.is_notebook:
            hand_ins[file.stem].files.append(file)
        else:
            ignored.append((file.name, "not <student>.ipynb"))
    runs = _runs(files, folders)
    ignored += [(f[0], "a folder beside the notebooks") for f in folders if len(f) == 1 and f not in runs]
    for name, why in ignored if hand_ins else ():
        log.warning("%r: %s, ignored", name[:200], why)
    return hand_ins


def _runs(files: list[_File], folders: list[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """The folders that `autograder grade` wrote to."""
    return {f.parts[:-1] for f in files if f.name == "run.json"} & {f[:-1] for f in folders if f[-1] == "results"}


def _canvas_file(file: _File, name: str, submission: int) -> _File:
    """A file under its original name, ordered by Canvas's own marks: `-1`, `-2` of a resubmission, then the number."""
    stem, dot, extension = name.rpartition(".")
    version = _VERSION.search(stem)
    if version:
        stem = stem[: version.start()]
    return _File((f"{stem}{dot}{extension}",), (int(version[1]) if version else 0, submission), file.read)


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
    notebooks = sorted((f for f in hand_in.files if f.is_notebook), key=lambda f: (_lab_rank(f.stem, lab), f.modified))
    if not notebooks:
        others = sorted({f.name for f in hand_in.files})
        return Submission(student, None, NO_NOTEBOOK + (f" (but {_listing(others)})" if others else ""), tuple(notes))
    *ignored, chosen = notebooks
    if ignored:
        if {f.name for f in notebooks} == {chosen.name}:
            notes.append(f"handed in {len(notebooks)} times: the newest counts")
        else:
            counts, others = one_line(chosen.name), _listing([f.name for f in ignored])
            notes.append(f"{len(notebooks)} notebooks: {counts} counts, not {others}")
    try:
        payload = chosen.read(NOTEBOOK_BYTES)
    except _Unreadable as error:
        return Submission(student, None, f"the notebook {error}", tuple(notes))
    return Submission(student, payload, None, tuple(notes))


def _listing(names: list[str]) -> str:
    shown = [one_line(name if len(name) <= 60 else name[:59] + "…") for name in names[:5]]
    return ", ".join(shown) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _is_hidden(name: str) -> bool:
    """Checkpoints, AppleDouble files and other droppings of programs are nobody's work; a hidden notebook may be."""
    system = bool(_SYSTEM.fullmatch(name))
    if not system and name.startswith(".") and name.lower().endswith(".ipynb"):
        log.warning("%r: a hidden notebook, ignored", name[:200])
    return system or name.startswith(".")


# --- folders ----------------------------------------------------------------------------------------------------------


def _list_folder(root: Path) -> tuple[list[_File], list[tuple[str, ...]]]:
    """The regular files and the folders under `root`; deeper than the first level only where a layout has more."""
    files: list[_File] = []
    folders: list[tuple[str, ...]] = []
    try:
        for entry in _entries(root, (), files, folders):
            _add_inside_link(root, entry, files)
    except OSError as error:
        raise IntakeError(f"{one_line(str(root))}: {_reason(error)}") from None
    flat = any(file.is_notebook for file in files)
    pending = [f for f in folders if not flat or f == ("submitted",) or _SUBMISSION.fullmatch(f[0])]
    listed = set(pending)  # the others are named as ignored, but for what this grader wrote
    folders = [f for f in folders if f in listed or not _holds_run(root / f[0])]
    while pending:
        folder = pending.pop()
        try:
            for entry in _entries(root, folder, files, found := []):
                log.warning("%r: a link or special file, ignored", entry.path)
        except OSError as error:
            log.warning("%r: %s, ignored", str(root.joinpath(*folder)), _reason(error))
            continue
        folders += found
        pending += [f for f in found if len(f) < DEPTH]
    return sorted(files, key=lambda f: f.parts), sorted(folders)


def _holds_run(folder: Path) -> bool:
    return all(os.path.exists(folder / name) for name in ("run.json", "results"))


def _entries(
    root: Path, folder: tuple[str, ...], files: list[_File], folders: list[tuple[str, ...]]
) -> Iterator[os.DirEntry[str]]:
    """Sort one folder's entries into `files` and `folders`; yield the notebooks and folders that are neither."""
    with os.scandir(root.joinpath(*folder)) as entries:
        for entry in entries:
            if _is_hidden(entry.name):
                continue
            parts = (*folder, entry.name)
            try:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(parts)
                elif entry.is_file(follow_symlinks=False):
                    files.append(_folder_file(root, parts, parts, entry.stat(follow_symlinks=False).st_mtime_ns))
                elif entry.name.lower().endswith(".ipynb") or entry.is_symlink():
                    yield entry
            except FileNotFoundError:
                continue  # it vanished between the listing and here
            if len(files) + len(folders) > ENTRIES:
                raise IntakeError(
                    f"{one_line(str(root))}: more than {ENTRIES} files; is this the folder of submissions?"
                )


def _folder_file(root: Path, parts: tuple[str, ...], target: tuple[str, ...], modified: int) -> _File:
    return _File(parts, modified, lambda cap: _read_file(root, target, cap))


def _add_inside_link(root: Path, entry: os.DirEntry[str], files: list[_File]) -> None:
    """Take `<student>.ipynb` that links to a file in the same tree; a link that leads out is no submission.

    Only in a flat folder, which its owner made: in nbgrader's folders the links would be the students', and lead to the
    work of others.
    """
    if entry.is_symlink() and entry.name.lower().endswith(".ipynb"):
        target = Path(os.path.realpath(entry.path))
        inside = Path(os.path.realpath(root))
        if target.is_relative_to(inside) and target.is_file():
            parts = target.relative_to(inside).parts
            files.append(_folder_file(inside, (entry.name,), parts, target.stat().st_mtime_ns))
            return
    log.warning("%r: a link that leads out, or a special file: ignored", entry.path)


def _read_file(root: Path, parts: tuple[str, ...], cap: int) -> bytes:
    """Read a regular file under `root` without following a link on the way. Raises `_Unreadable`."""
    try:
        folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for part in parts[:-1]:
                deeper = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
                os.close(folder)
                folder = deeper
            with _open_regular(parts[-1], dir_fd=folder) as stream:
                return _read_capped(stream, cap)
        finally:
            os.close(folder)
    except OSError as error:
        raise _Unreadable(f"cannot be read: {_reason(error)}") from None


def _open_regular(path: str | Path, dir_fd: int | None) -> BinaryIO:
    """Open a file that is regular at the moment of opening: a pipe put in its place neither hangs nor is read."""
    follow = os.O_NOFOLLOW if dir_fd is not None else 0  # the path that the teacher typed may be a link
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | follow, dir_fd=dir_fd)
    except OSError as error:
        raise _Unreadable(f"cannot be read: {_reason(error)}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _Unreadable("cannot be read: it is not a regular file")
    return open(descriptor, "rb")


def _read_capped(stream: BinaryIO, cap: int, spend: Callable[[int], None] = lambda size: None) -> bytes:
    """Read at most `cap` bytes, whatever the stream's size was said to be. Raises `_Unreadable` past it."""
    chunks, size = [], 0
    while chunk := stream.read(min(2**16, cap + 1 - size)):
        chunks.append(chunk)
        size += len(chunk)
        spend(len(chunk))
        if size > cap:
            raise _Unreadable(f"is larger than {cap // 2**20} MiB (clearing a notebook's outputs makes it small)")
    return b"".join(chunks)


def _reason(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "it is a link"
    return (error.strerror or str(error)).lower()


# --- archives ---------------------------------------------------------------------------------------------------------


def _list_archive(archive: zipfile.ZipFile) -> tuple[list[_File], list[tuple[str, ...]]]:
    entries = archive.infolist()
    if len(entries) > ENTRIES:
        raise IntakeError(f"{archive.filename or 'the archive'}: more than {ENTRIES} entries")
    budget = _Budget(ARCHIVE_BYTES)
    files: list[_File] = []
    folders: set[tuple[str, ...]] = set()
    for entry in entries:
        parts = tuple(part for part in re.split(r"[/\\]", entry.filename) if part not in ("", "."))
        mode = entry.external_attr >> 16
        if not parts or any(_is_hidden(part) and part != ".." for part in parts):
            continue
        if ".." in parts or entry.filename.startswith(("/", "\\")) or re.match(r"[A-Za-z]:[/\\]", entry.filename):
            log.warning("%r: an archive's entry whose name leads out of it, ignored", entry.filename[:200])
            continue
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            log.warning("%r: an archive's entry that is a link or a special file, ignored", entry.filename[:200])
            continue
        folder = parts if entry.is_dir() else parts[:-1]
        folders.update(folder[:depth] for depth in range(1, min(len(folder), DEPTH) + 1))
        if not entry.is_dir():
            files.append(_archive_file(archive, entry, parts, budget))
    return files, sorted(folders)


@dataclass
class _Budget:
    """What is left to decompress from an archive; its header's sizes are not asked."""

    left: int

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise IntakeError(f"the archive expands to more than {ARCHIVE_BYTES // 2**30} GiB: grade it in parts")


def _archive_file(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, parts: tuple[str, ...], budget: _Budget) -> _File:
    def read(cap: int) -> bytes:
        if entry.flag_bits & 1:
            raise _Unreadable("is encrypted in the archive")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            # The other methods decompress a chunk to any size at once, which no cap can stop.
            raise _Unreadable("is compressed by a method that is not read here (stored and deflated are)")
        try:
            with archive.open(entry) as stream:
                return _read_capped(stream, cap, budget.spend)
        except _BROKEN_ARCHIVE as error:
            raise _Unreadable(f"is damaged in the archive ({one_line(str(error)) or type(error).__name__})") from None

    return _File(parts, entry.date_time, read)
