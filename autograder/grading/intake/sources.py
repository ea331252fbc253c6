"""Where files come from: a folder, an archive, an archive inside one. Nothing that these say of themselves is believed.

Nothing is ever extracted to disk, no link is followed out of the folder, only regular files are read, and each read stops at a cap,
whatever a name, a directory or an archive's header promises.
"""

from __future__ import annotations

import errno
import hashlib
import io
import logging
import os
import re
import stat
import struct
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO, Any, BinaryIO

from autograder.files import one_line

log = logging.getLogger(__name__)

NOTEBOOK_BYTES = 128 * 2**20  # of one file, outputs included
ARCHIVE_BYTES = 16 * 2**30  # that any archive may expand to
EXPANSION = 20  # times its size, that a larger archive may expand to
ENTRIES = 200_000
DEPTH = 12
_SYSTEM = re.compile(
    r"\._.*|\.ds_store|thumbs\.db|desktop\.ini|__macosx|\.ipynb_checkpoints|__pycache__", re.IGNORECASE | re.DOTALL
)
_BROKEN_ARCHIVE = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error,
    EOFError, NotImplementedError, OSError, OverflowError, RuntimeError, ValueError,
)  # fmt: skip


class IntakeError(Exception):
    """The submissions as a whole cannot be read; the message is one clear line."""


class Unreadable(Exception):
    """One file cannot be read; the message completes "the notebook ..."."""


@dataclass
class Budget:
    """What is left to decompress from an archive; its header's sizes are not asked."""

    whole: int

    def __post_init__(self) -> None:
        self.left = self.whole

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise IntakeError(f"the archive expands to more than {self.whole / 2**30:.3g} GiB: grade it in parts")


@dataclass(frozen=True)
class File:
    """A file that was handed in: where it lies under the root, and how to open it (which may raise `Unreadable`)."""

    parts: tuple[str, ...]
    modified: Any  # whatever orders the files of one source by age
    open: Callable[[], AbstractContextManager[IO[bytes]]]
    budget: Budget | None = None  # where reading decompresses

    @property
    def name(self) -> str:
        return self.parts[-1]

    def chunks(self, cap: int, budget: Budget | None = None) -> Iterator[bytes]:
        """The file's bytes in pieces. Raises `Unreadable` past the cap."""
        size = 0
        with self.open() as stream:
            while chunk := stream.read(min(2**16, cap + 1 - size)):
                size += len(chunk)
                if budget is not None:
                    budget.spend(len(chunk))
                if size > cap:
                    raise Unreadable(
                        f"is larger than {cap // 2**20} MiB (clearing a notebook's outputs makes it small)"
                    )
                yield chunk

    def read(self, cap: int = NOTEBOOK_BYTES) -> bytes:
        return b"".join(self.chunks(cap, self.budget))

    def digest(self, cap: int = NOTEBOOK_BYTES) -> str:
        """The SHA-256 of the file's bytes, which are not kept."""
        digest = hashlib.sha256()
        for chunk in self.chunks(cap, self.budget):
            digest.update(chunk)
        return digest.hexdigest()

    def read_again(self) -> bytes:
        """The bytes that `digest` has seen: they have been counted."""
        return b"".join(self.chunks(NOTEBOOK_BYTES))


@dataclass
class Tree:
    """The regular files and the folders of a source, each by the parts of its path."""

    files: list[File]
    folders: list[tuple[str, ...]]


def reason(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "it is a link"
    return (error.strerror or str(error)).lower()


def _is_hidden(name: str) -> bool:
    """Checkpoints, AppleDouble files and other droppings of programs are nobody's work; a hidden notebook may be."""
    system = bool(_SYSTEM.fullmatch(name))
    if not system and name.startswith(".") and name.lower().endswith(".ipynb"):
        log.warning("%r: a hidden notebook, ignored", name[:200])
    return system or name.startswith(".")


# --- folders ----------------------------------------------------------------------------------------------------------


def list_folder(root: Path) -> Tree:
    """What lies under a folder.

    Raises
    ------
    IntakeError
        Where the folder cannot be read, or holds more than a class can hand in.
    """
    tree = Tree([], [])
    try:
        for entry in _entries(root, (), tree):
            _add_inside_link(root, entry, tree)
    except OSError as error:
        raise IntakeError(f"{one_line(str(root))}: {reason(error)}") from None
    pending = list(tree.folders)
    while pending:
        folder = pending.pop()
        known = len(tree.folders)
        try:
            for entry in _entries(root, folder, tree):
                log.warning("%r: a link or special file, ignored", entry.path)
        except OSError as error:
            log.warning("%r: %s, ignored", str(root.joinpath(*folder)), reason(error))
            continue
        pending += [f for f in tree.folders[known:] if len(f) < DEPTH]
    return Tree(sorted(tree.files, key=lambda f: f.parts), sorted(tree.folders))


def one_file(path: Path) -> File:
    """A file that the teacher has named: a link may stand for it."""
    target = path.resolve()
    return File((path.name,), 0, lambda: _open_below(target.parent, (target.name,)))


def _entries(root: Path, folder: tuple[str, ...], tree: Tree) -> Iterator[os.DirEntry[str]]:
    """Sort one folder's entries into the tree; yield the notebooks and links that are neither files nor folders."""
    with os.scandir(root.joinpath(*folder)) as entries:
        for entry in entries:
            if _is_hidden(entry.name):
                continue
            parts = (*folder, entry.name)
            try:
                if entry.is_dir(follow_symlinks=False):
                    tree.folders.append(parts)
                elif entry.is_file(follow_symlinks=False):
                    tree.files.append(_folder_file(root, parts, parts, entry.stat(follow_symlinks=False).st_mtime_ns))
                elif entry.name.lower().endswith(".ipynb") or entry.is_symlink():
                    yield entry
            except FileNotFoundError:
                continue  # it vanished between the listing and here
            if len(tree.files) + len(tree.folders) > ENTRIES:
                raise IntakeError(
                    f"{one_line(str(root))}: more than {ENTRIES} files; is this the folder of submissions?"
                )


def _folder_file(root: Path, parts: tuple[str, ...], target: tuple[str, ...], modified: int) -> File:
    return File(parts, modified, lambda: _open_below(root, target))


def _add_inside_link(root: Path, entry: os.DirEntry[str], tree: Tree) -> None:
    """Take `<student>.ipynb` that links to a file in the same tree; a link that leads out is no submission.

    Only in a flat folder, which its owner made: in nbgrader's folders the links would be the students', and lead to the
    work of others.
    """
    if entry.is_symlink() and entry.name.lower().endswith(".ipynb"):
        target = Path(os.path.realpath(entry.path))
        inside = Path(os.path.realpath(root))
        if target.is_relative_to(inside) and target.is_file():
            parts = target.relative_to(inside).parts
            tree.files.append(_folder_file(inside, (entry.name,), parts, target.stat().st_mtime_ns))
            return
    log.warning("%r: a link that leads out, or a special file: ignored", entry.path)


def _open_below(root: Path, parts: tuple[str, ...]) -> BinaryIO:
    """Open a regular file under `root` without following a link on the way. Raises `Unreadable`."""
    try:
        folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for part in parts[:-1]:
                deeper = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
                os.close(folder)
                folder = deeper
            return _open_regular(parts[-1], dir_fd=folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise Unreadable(f"cannot be read: {reason(error)}") from None


def _open_regular(path: str | Path, dir_fd: int | None) -> BinaryIO:
    """Open a file that is regular at the moment of opening: a pipe put in its place neither hangs nor is read."""
    follow = os.O_NOFOLLOW if dir_fd is not None else 0  # the path that the teacher typed may be a link
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | follow, dir_fd=dir_fd)
    except OSError as error:
        raise Unreadable(f"cannot be read: {reason(error)}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Unreadable("cannot be read: it is not a regular file")
    return open(descriptor, "rb")


# --- archives ---------------------------------------------------------------------------------------------------------


class _Archive:
    """A zip that stays open for as long as one of its files may be read."""

    def __init__(self, stream: BinaryIO):
        closing = weakref.finalize(self, stream.close)
        try:
            self.zip = zipfile.ZipFile(stream)
        except BaseException:
            closing()
            raise

    @contextmanager
    def open(self, entry: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
        if entry.flag_bits & 1:
            raise Unreadable("is encrypted in the archive")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            # The other methods decompress a chunk to any size at once, which no cap can stop.
            raise Unreadable("is compressed by a method that is not read here (stored and deflated are)")
        try:
            with self.zip.open(entry) as stream:
                yield stream
        except _BROKEN_ARCHIVE as error:
            raise Unreadable(f"is damaged in the archive ({one_line(str(error)) or type(error).__name__})") from None


def list_archive(path: Path) -> Tree:
    """What lies in a zip.

    Raises
    ------
    IntakeError
        Where it is none, is damaged, or has more entries than a class can hand in.
    """
    name = one_line(str(path))
    try:
        stream = _open_regular(path, dir_fd=None)
        budget = Budget(max(ARCHIVE_BYTES, EXPANSION * os.fstat(stream.fileno()).st_size))
        archive = _Archive(stream)
        return _listed(archive.zip.infolist(), archive.open, name, budget)
    except Unreadable as error:
        raise IntakeError(f"{name}: the archive {error}") from None
    except zipfile.BadZipFile as error:
        raise IntakeError(f"{name}: not a zip archive, or a damaged one ({one_line(str(error))})") from None
    except _BROKEN_ARCHIVE as error:
        raise IntakeError(
            f"{name}: the archive cannot be read ({type(error).__name__}: {one_line(str(error))})"
        ) from None


def _listed(
    entries: list[zipfile.ZipInfo],
    opened: Callable[[zipfile.ZipInfo], AbstractContextManager[IO[bytes]]],
    name: str,
    budget: Budget | None,
) -> Tree:
    if len(entries) > ENTRIES:
        raise IntakeError(f"{name}: more than {ENTRIES} entries")
    files: list[File] = []
    folders: set[tuple[str, ...]] = set()
    for entry in entries:
        named = _name_of(entry)
        parts = tuple(part for part in re.split(r"[/\\]", named) if part not in ("", "."))
        mode = entry.external_attr >> 16
        if not parts or any(_is_hidden(part) and part != ".." for part in parts):
            continue
        if ".." in parts or named.startswith(("/", "\\")) or re.match(r"[A-Za-z]:[/\\]", named):
            log.warning("%r: an archive's entry whose name leads out of it, ignored", named[:200])
            continue
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            log.warning("%r: an archive's entry that is a link or a special file, ignored", named[:200])
            continue
        if len(parts) > DEPTH:
            log.warning("%r: too deep in the archive, ignored", named[:200])
            continue
        folder = parts if entry.is_dir() else parts[:-1]
        folders.update(folder[:depth] for depth in range(1, len(folder) + 1))
        if not entry.is_dir():
            files.append(File(parts, entry.date_time, partial(opened, entry), budget))
    return Tree(files, sorted(folders))


def _name_of(entry: zipfile.ZipInfo) -> str:
    """An entry's name. Many programs write UTF-8 without the flag that says so, and it is then taken for code page 437."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def inside(file: File) -> list[File]:
    """The files of a zip that a student handed in. Raises `Unreadable`."""
    entries = _archive_in(file).zip.infolist()
    try:
        tree = _listed(entries, lambda entry: _open_inside(file, entry), file.name, file.budget)
    except IntakeError as error:
        raise Unreadable(f"cannot be read ({error})") from None
    return [replace(f, parts=(*file.parts, *f.parts)) for f in tree.files]


def _archive_in(file: File) -> _Archive:
    try:
        return _Archive(io.BytesIO(file.read()))
    except _BROKEN_ARCHIVE:
        raise Unreadable("is not a zip archive, or a damaged one") from None


@contextmanager
def _open_inside(file: File, entry: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
    """Open the outer archive anew: a class's archives are not all kept in memory."""
    with _archive_in(file).open(entry) as stream:
        yield stream
