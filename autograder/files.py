"""Names and bytes on their way to disk: safe file names from hostile student ids, writes that are never half done."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import unicodedata
from collections.abc import Iterable
from pathlib import Path

# A file name keeps room for an extension and a suffix: file systems stop at 255 bytes.
NAME_BYTES = 100
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # names that Windows keeps for itself
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20|]")
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff"  # control characters, lone surrogates
    "\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]"  # invisible ones, line ends, turned directions
)


def clean(text: str) -> str:
    """`text` with what could steer a terminal, a page or a reader's eye replaced by U+FFFD.

    These are control characters (tab and newline stay), lone surrogates, invisible characters and marks that turn
    the writing direction.
    """
    return _UNPRINTABLE.sub("\ufffd", text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """`text` cleaned for one line of a message: a tab or newline in a file's name becomes a space."""
    return re.sub(r"[\t\n]", " ", clean(text))


def defuse(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + cell if _FORMULA.match(cell) else cell


def _digest(student: str, length: int) -> str:
    return hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()[:length]


def _cut(name: str, size: int) -> str:
    return name.encode("utf-8")[:size].decode("utf-8", "ignore")


def safe_name(student: str) -> str:
    """The file name, without extension, that stands for a student's id.

    Letters, marks and digits of any script and `_ - . @ +` stay; anything else becomes `_`. A name that had to be
    altered ends in a hash of the exact id, so that two ids rarely meet; `file_names` makes a class's names unique.
    """
    name = unicodedata.normalize("NFC", student)
    name = "".join(c if c in "_-.@+" or unicodedata.category(c)[0] in "LNM" else "_" for c in name)
    name = _cut(re.sub(r"^[.-]", "_", name) or "_", NAME_BYTES)
    name = re.sub(r"\.$", "_", name)
    if _RESERVED.fullmatch(name):
        name = "_" + name
    return name if name == student else f"{name}-{_digest(student, 10)}"


def file_names(students: Iterable[str]) -> dict[str, str]:
    """A safe file name, without extension, for each student of a class: unique where case is ignored, too.

    The same class gets the same names, in whatever order it comes.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for student in sorted(set(students)):
        name, length = safe_name(student), 10
        while (key := unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())) in taken:
            name, length = f"{safe_name(student)}-{_digest(student, length)}", length + 2
        taken.add(key)
        names[student] = name
    return names


def write_atomically(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a whole file or none: to a temporary file beside it, then in its place.

    Text is written as UTF-8 with its line ends as they are; a lone surrogate (a student id that is no UTF-8) is
    written as an escape such as ``\\udcff``.

    Raises
    ------
    OSError
        Where the folder cannot be written to.
    """
    path = Path(path)
    data = content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")
    temporary = path.parent / f".{secrets.token_hex(8)}.tmp"
    # Opened here and not by tempfile, whose files only their owner may read whatever the umask says.
    binary = getattr(os, "O_BINARY", 0)  # on Windows, where line ends would change else
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | binary, 0o666)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
