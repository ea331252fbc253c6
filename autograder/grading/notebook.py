"""A submitted file to cells: what students, Colab and old versions of Jupyter make of a notebook, read without trusting any of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from autograder.grading.no_notebook import what_it_is

MAX_BYTES = 64 << 20  # of what is not output, which is dropped unread
MAX_CELLS = 100_000
MAX_BRACKETS = 5_000_000  # in the whole file: Python needs some hundred bytes for what stands between two of them

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_FLAT = rf"(?:[\s\w,:.+-]++|{_STRING})*+"
# What a kernel has written: a cell's outputs, and the state of widgets.
_OUTPUT = re.compile(rf'(?P<output>"(?:outputs|widgets)"\s*+:\s*+[\[{{])|{_STRING}|(?P<unfinished>")', re.DOTALL)
# Between two brackets; it matches everywhere, be it nothing.
_INNER = re.compile(rf"(?:[\s\w,:.+-]++|{_STRING}|\[{_FLAT}\]|\{{{_FLAT}\}})*+", re.DOTALL)


class NotebookError(Exception):
    """A file that is no notebook: one clear line."""


@dataclass(frozen=True)
class Cell:
    """One cell; `grade_id` is "" where nbgrader's metadata is gone, `id` where the format has none.

    `attachments` are pictures that were pasted into a text: name, type and base64 of each, as the file has them.
    """

    code: bool
    source: str
    tags: frozenset[str] = frozenset()
    grade_id: str = ""
    id: str = ""
    attachments: tuple[tuple[str, str, str], ...] = ()


def parse(payload: bytes) -> list[Cell]:
    """The cells of a notebook in nbformat 3 or 4, in UTF-8 or UTF-16, without their outputs.

    Raises
    ------
    NotebookError
        Where the file is something else, or is too large without its outputs.
    """
    document = read_json(payload)
    cells = document.get("cells") if isinstance(document, dict) else None
    if cells is None and isinstance(document, dict):
        sheets = document.get("worksheets")
        lists = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)] if isinstance(sheets, list) else []
        cells = [cell for cells in lists if isinstance(cells, list) for cell in cells] if lists else None
    if not isinstance(cells, list):
        raise NotebookError(what_it_is(payload))
    if len(cells) > MAX_CELLS:
        raise NotebookError(f"the notebook has more than {MAX_CELLS} cells: delete the empty ones and hand it in again")
    return [cell for cell in map(_cell, cells) if cell is not None]


def as_jupyter(cells: list[Cell]) -> list[dict[str, Any]]:
    """Cells as Jupyter has them, without outputs and with no metadata but `grade_id`."""
    written = []
    for cell in cells:
        metadata = {"nbgrader": {"grade_id": cell.grade_id}} if cell.grade_id else {}
        shown: dict[str, Any] = {"cell_type": "code" if cell.code else "markdown", "source": cell.source}
        if cell.attachments and not cell.code:
            bundles: dict[str, dict[str, str]] = {}
            for name, kind, data in cell.attachments:
                bundles.setdefault(name, {})[kind] = data
            shown["attachments"] = bundles
        written.append({**shown, "metadata": metadata})
    return written


def read_json(payload: bytes) -> Any:
    """What a file holds as JSON, without the outputs of cells.

    Raises
    ------
    NotebookError
        Where it is no JSON, or too much of it.
    """
    try:
        text = payload.decode(json.detect_encoding(payload))
        if text.count("[") + text.count("{") > MAX_BRACKETS:
            raise NotebookError("the notebook's outputs hold too much to be read: clear them, and hand it in again")
        text = without_outputs(text)
        if len(text) > MAX_BYTES:
            raise NotebookError(f"the notebook has more than {MAX_BYTES >> 20} MiB beside its outputs: hand in less")
        return json.loads(text)
    except (ValueError, RecursionError):
        raise NotebookError(what_it_is(payload)) from None


def without_outputs(text: str) -> str:
    """A notebook's JSON with empty outputs: they are most of a file, and no answer.

    They are cut out of the text, so that they cost no memory. Raises ValueError for some of the texts that are no JSON.
    """
    kept, begin, position = [], 0, 0
    while found := _OUTPUT.search(text, position):
        position = found.end()
        if found["unfinished"]:
            raise ValueError("a string without end")
        if found["output"]:
            kept.append(text[begin:position])
            position = begin = _closing(text, position)
    return "".join([*kept, text[begin:]])


def _closing(text: str, position: int) -> int:
    """Where the bracket closes that was opened before `position`. Raises ValueError where what is inside is no JSON."""
    depth = 1
    while True:
        inner = _INNER.match(text, position)
        position = inner.end() if inner else position
        bracket = text[position : position + 1]
        if bracket in ("]", "}"):
            depth -= 1
            if not depth:
                return position
        elif bracket in ("[", "{"):
            depth += 1
        else:
            raise ValueError("no JSON")
        position += 1


def _cell(cell: Any) -> Cell | None:
    if not isinstance(cell, dict):
        return None
    metadata = cell.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    tags, nbgrader = metadata.get("tags"), metadata.get("nbgrader")
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else ""
    id = cell.get("id")
    return Cell(
        code=cell.get("cell_type") == "code",
        source=_joined(cell.get("source", cell.get("input", ""))),
        tags=frozenset(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else frozenset(),
        grade_id=grade_id if isinstance(grade_id, str) else "",
        id=id if isinstance(id, str) else "",
        attachments=tuple(_attachments(cell.get("attachments"))),
    )


def _attachments(attachments: Any):
    for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
        for kind, data in bundle.items() if isinstance(bundle, dict) else ():
            yield name, kind, _joined(data)


def _joined(text: Any) -> str:
    """A text that may be a list of lines."""
    if isinstance(text, list):
        return "".join(part for part in text if isinstance(part, str))
    return text if isinstance(text, str) else ""
