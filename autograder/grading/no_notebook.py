"""What a file is that is no notebook, in one line that tells its author what to hand in instead."""

from __future__ import annotations

import ast
import json
import re

# How files begin that are handed in under a notebook's name.
_BEGINNINGS = {
    b"PK\x03\x04": "a zip archive: hand in the notebook that is inside it",
    b"PK\x05\x06": "an empty zip archive",
    b"\x1f\x8b": "compressed by gzip: hand in the notebook that is inside it",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive: hand in the notebook that is inside it",
    b"Rar!": "a RAR archive: hand in the notebook that is inside it",
    b"BZh": "compressed by bzip2: hand in the notebook that is inside it",
    b"\xfd7zXZ": "compressed by xz: hand in the notebook that is inside it",
    b"%PDF": "a PDF: hand in the notebook that it was made of",
    b"\x89PNG": "a picture (PNG): hand in the notebook",
    b"\xff\xd8\xff": "a picture (JPEG): hand in the notebook",
    b"GIF8": "a picture (GIF): hand in the notebook",
    b"\xd0\xcf\x11\xe0": "an old Office document: hand in the notebook",
    b"SQLite format 3": "a database: hand in the notebook",
    b"{\\rtf": "a rich text document: hand in the notebook",
}
_OFFICE = re.compile(rb"\[Content_Types\]\.xml|word/|xl/|ppt/|mimetypeapplication/vnd")
_CONFLICT = re.compile(r"^[ \t]*(?:<{7}|>{7})(?: |$)", re.MULTILINE)
_PAGE = re.compile(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_STATEMENT = re.compile(r"^(?:import|from|def|class|async def|@|#!|# %%|#%%)", re.MULTILINE)
SIZE = 1 << 20  # characters that are looked at for code


def what_it_is(payload: bytes) -> str:
    """One line about a file that does not parse as a notebook: "the file is a web page ..."."""
    if not payload.strip(b"\0 \t\r\n"):
        return "the file is empty"
    for beginning, kind in _BEGINNINGS.items():
        if payload.startswith(beginning):
            if beginning == b"PK\x03\x04" and _OFFICE.search(payload[:4096]):
                kind = "an Office document: hand in the notebook"
            return f"the file is {kind}"
    encoding = json.detect_encoding(payload)
    try:
        text = payload.decode(encoding)
    except UnicodeDecodeError as error:
        return _undecodable(payload, encoding, error)
    return _text(text)


def _undecodable(payload: bytes, encoding: str, error: UnicodeDecodeError) -> str:
    if payload.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")):
        return f"the file is damaged, or cut off: it begins as text in {encoding.upper().replace('-SIG', '')}"
    if error.reason == "unexpected end of data":
        return "the file is cut off in the middle of a letter: hand it in again"
    if any(byte in payload[:65536] for byte in range(9)):  # control characters, of which a text has none
        return "the file is binary data, no notebook"
    line = payload.count(b"\n", 0, error.start) + 1
    byte = payload[error.start]
    letter = bytes([byte]).decode("cp1252", "ignore")
    meant = f" (in Windows-1252 it is {letter})" if letter else ""
    return f"the file is not text in UTF-8: line {line} has the byte 0x{byte:02x}{meant}. Save it as UTF-8"


def _text(text: str) -> str:
    start = text[:2000].lstrip("\ufeff \t\r\n")
    if start.startswith("version https://git-lfs"):
        return "the file is a pointer of Git LFS, not the notebook itself: fetch it with `git lfs pull`"
    if found := _CONFLICT.search(text):
        line = text.count("\n", 0, found.start()) + 1
        return f"the file holds git's conflict markers (line {line}): settle the conflict, and hand it in again"
    if _PAGE.match(start):
        return "the file is a web page (HTML), not a notebook: download the .ipynb itself"
    if start.startswith("<"):
        return "the file is XML, not a notebook"
    if start[:1] in ("{", "[", '"'):
        return _json(text)
    return "the file is Python code, not a notebook" if _is_python(text) else "the file is plain text, not a notebook"


def _json(text: str) -> str:
    try:
        document = json.loads(text)
    except RecursionError:
        return "the file is not a notebook (its JSON is nested without end)"
    except json.JSONDecodeError as error:
        # A string without end is reported where it begins.
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
            return "the file is not a whole notebook: it is cut off in the middle. Hand it in again"
        return f"the file is not a notebook: its JSON is damaged in line {error.lineno}"
    except ValueError:  # a number of more digits than Python reads
        return "the file is not a notebook: its JSON is damaged by a number that has no end"
    if isinstance(document, str):
        return "the file is a single text in quotes, not a notebook"
    if isinstance(document, dict) and {"doc_id", "url"} & document.keys():
        return "the file is a link to a document in the cloud, not the notebook itself: download the .ipynb"
    return "the file is JSON, but holds no notebook cells"


def _is_python(text: str) -> bool:
    if _STATEMENT.search(text[:SIZE]):
        return True
    try:
        body = ast.parse(text[:SIZE]).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(not isinstance(statement, ast.Expr) for statement in body)
