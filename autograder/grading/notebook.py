"""A submitted file to cells: what students, Colab and old versions of Jupyter make of a notebook, read without trusting any of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from autograder.course import ANSWER_PROMPT

MAX_BYTES = 16 << 20
MAX_CELLS = 2000


class NotebookError(Exception):
    """A file that is no notebook: one clear line."""


@dataclass(frozen=True)
class Cell:
    """One cell; `grade_id` is "" where nbgrader's metadata is gone."""

    code: bool
    source: str
    tags: frozenset[str] = frozenset()
    grade_id: str = ""


def parse(payload: bytes) -> list[Cell]:
    """The cells of a notebook in nbformat 3 or 4, with or without a byte-order mark.

    Raises
    ------
    NotebookError
        Where the file is empty, too large, not JSON, or holds no cells.
    """
    if len(payload) > MAX_BYTES:
        raise NotebookError(f"the notebook has more than {MAX_BYTES >> 20} MiB: clear its outputs and hand it in again")
    if not payload.strip():
        raise NotebookError("the file is empty")
    try:
        document = json.loads(payload.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise NotebookError("the file is not text in UTF-8: is it really a notebook?") from None
    except (ValueError, RecursionError):
        raise NotebookError("the file is not a notebook (its JSON is damaged or cut off)") from None
    cells = document.get("cells") if isinstance(document, dict) else None
    if cells is None and isinstance(document, dict):
        sheets = document.get("worksheets")
        lists = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)] if isinstance(sheets, list) else []
        cells = [cell for cells in lists if isinstance(cells, list) for cell in cells] if lists else None
    if not isinstance(cells, list):
        raise NotebookError("the file is JSON, but holds no notebook cells")
    return [cell for cell in map(_cell, cells[:MAX_CELLS]) if cell is not None]


def _cell(cell: Any) -> Cell | None:
    if not isinstance(cell, dict):
        return None
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    metadata = cell.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    tags, nbgrader = metadata.get("tags"), metadata.get("nbgrader")
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else ""
    return Cell(
        code=cell.get("cell_type") == "code",
        source=source if isinstance(source, str) else "",
        tags=frozenset(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else frozenset(),
        grade_id=grade_id if isinstance(grade_id, str) else "",
    )


def written_answer(cells: list[Cell], id: str, title: str) -> str:
    """What a student wrote below a written question: the tagged cell, else what follows the question up to the next heading."""
    tagged = [cell.source for cell in cells if f"answer-{id}" in cell.tags]
    if not tagged:
        heading = re.compile(rf"^### {re.escape(id)} · ", re.MULTILINE)
        asked = [
            i
            for i, cell in enumerate(cells)
            if cell.grade_id == f"written-{id}" or (not cell.code and heading.search(cell.source))
        ]
        for cell in cells[asked[-1] + 1 :] if asked else []:
            if cell.grade_id or (not cell.code and cell.source.lstrip().startswith("#")):
                break
            tagged.append(cell.source)
    answer = "\n\n".join(part.strip() for part in tagged if part.strip() != ANSWER_PROMPT)
    return answer.strip()
