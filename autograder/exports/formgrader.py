"""Students' notebooks where nbgrader's formgrader opens them, with what our checks said below each answer."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from autograder.exports import ExportError
from autograder.exports.nbgrader import id_in_gradebook
from autograder.files import write_atomically
from autograder.result import ExerciseResult, Result

Json = dict[str, Any]
Shown = Callable[[ExerciseResult], dict[str, str]]


def to_formgrader(
    results: Sequence[Result],
    handed_in: Mapping[str, list[Json]],
    gradebook_db: str | os.PathLike[str],
    released: Path,
    lab: str,
    shown: Shown,
) -> list[str]:
    """Write ``autograded/<student>/<lab>/`` beside the gradebook, and make ``source/<lab>/``: formgrader lists no others.

    Parameters
    ----------
    handed_in : dict
        The cells of each student's notebook, as Jupyter has them, without outputs; none where it could not be read.
    released : path
        The notebook as it was handed out: cells that are graded and that a student has lost stand at the end.
    shown : function
        What a check's report is as the data of an output, by MIME type.

    Returns
    -------
    list of str
        Students who are left out, because no folder can be called as they are.

    Raises
    ------
    ExportError
        Where the folder cannot be written to.
    """
    root = Path(gradebook_db).resolve().parent
    course = json.loads(released.read_text("utf-8"))
    left_out = []
    for result in results:
        name = id_in_gradebook(result)
        if not name or PurePath(name).name != name or name.startswith(".") or "\0" in name:
            left_out.append(result.student)
            continue
        notebook = {**course, "cells": _cells(result, handed_in.get(result.student, []), course["cells"], shown)}
        path = root / "autograded" / name / lab / released.name
        try:
            for folder in (root / "source" / lab, path.parent):
                folder.mkdir(parents=True, exist_ok=True)
            write_atomically(path, json.dumps(notebook, indent=1))
        except OSError as error:
            raise ExportError(f"{path.parent}: {error.strerror}") from None
    return left_out


def _cells(result: Result, handed_in: list[Json], course: list[Json], shown: Shown) -> list[Json]:
    """A student's cells, with reports; what nbgrader's metadata says of points is the course's."""
    reports = {f"{exercise.name}-check": shown(exercise) for exercise in result.exercises}
    missing = {_grade_id(cell): cell for cell in course if _is_graded(cell)}
    cells = []
    for cell in handed_in:
        own = missing.pop(_grade_id(cell), None)  # of a cell that is there twice, the first is graded
        cells.append({**cell, "metadata": {}} if own is None else {**own, "source": cell["source"]})
    cells += [dict(cell) for cell in missing.values()]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
        if cell["cell_type"] == "code":
            report = reports.get(_grade_id(cell))
            cell["execution_count"] = None
            cell["outputs"] = [{"output_type": "display_data", "data": report, "metadata": {}}] if report else []
    return cells


def _grade_id(cell: Json) -> str:
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))


def _is_graded(cell: Json) -> bool:
    said = cell["metadata"].get("nbgrader", {})
    return bool(said.get("grade") or said.get("task"))
