"""Scores into Canvas's gradebook."""

from __future__ import annotations

import csv
import io
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.exports import ExportError, require_one_class
from autograder.files import defuse, write_atomically
from autograder.result import Result


@dataclass(frozen=True)
class CanvasExport:
    """What became of an upload file.

    Attributes
    ----------
    matched : dict
        Student id -> the name in Canvas's row that got the score.
    without_row : tuple of str
        Students with a result who fit no row, more than one, or a row that another student fits, too.
    without_result : tuple of str
        Names in rows that got no score.
    """

    matched: Mapping[str, str]
    without_row: tuple[str, ...]
    without_result: tuple[str, ...]


def to_canvas(
    results: Iterable[Result],
    template_csv: str | os.PathLike[str],
    out: str | os.PathLike[str],
    assignment: str | None = None,
) -> CanvasExport:
    """Write the CSV that Canvas's gradebook imports.

    Students are matched to rows by Canvas's id, the SIS id or the login, else by the id that ends Canvas's name of a
    submission, or by a login or name that only one row has.
    A row without a result keeps the cell that it had.

    Parameters
    ----------
    template_csv : path
        The gradebook as Canvas exports it.
    assignment : str, optional
        The assignment's column; needed where not exactly one column is named like the lab ("Lab 1: ... (12345)").

    Raises
    ------
    ExportError
        Where the results are not of one lab or a student has two, the template is no gradebook, or the column cannot
        be told.
    OSError
        Where a file cannot be read or written.
    """
    results = list(results)
    require_one_class(results)
    header, rows = _read_gradebook(Path(template_csv))
    column = _assignment_column(header, results[0].lab, assignment)
    students = [row for row in rows if row[header.index("ID")].strip()]
    assigned = _match(results, [dict(zip(header, row, strict=True)) for row in students])
    matched = {}
    for result in results:
        if result.student in assigned:
            row = students[assigned[result.student]]
            row[column] = str(result.score)
            matched[result.student] = row[header.index("Student")]
    # Canvas wants its own columns back as they were; only the names, which it does not read, are made harmless.
    kept = [i for i, name in enumerate(header) if name in _CANVAS_COLUMNS] + [column]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([header[i] for i in kept])
    name_column = header.index("Student")
    writer.writerows([[defuse(row[i]) if i == name_column else row[i] for i in kept] for row in rows])
    write_atomically(out, text.getvalue())
    graded = {assigned[student] for student in matched}
    return CanvasExport(
        matched,
        tuple(result.student for result in results if result.student not in matched),
        tuple(
            row[name_column] for i, row in enumerate(students) if i not in graded and not _is_test_student(row, header)
        ),
    )


_CANVAS_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Integration ID", "Root Account", "Section")


def _read_gradebook(path: Path) -> tuple[list[str], list[list[str]]]:
    """The header and the rows below it, each as long as the header."""
    try:
        content = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ExportError(f"{path}: not a CSV in UTF-8, as Canvas exports it") from None
    first = content.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    try:
        lines = list(csv.reader(io.StringIO(content, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise ExportError(f"{path}: not a CSV ({error})") from None
    if not lines or not {"Student", "ID"} <= set(lines[0]):
        raise ExportError(f"{path}: not a gradebook of Canvas (its first line needs the columns Student and ID)")
    header = lines[0]
    return header, [(row + [""] * len(header))[: len(header)] for row in lines[1:] if row]


def _assignment_column(header: list[str], lab: str, assignment: str | None) -> int:
    if assignment is not None:
        if assignment not in header:
            raise ExportError(f"the gradebook has no column {assignment!r}")
        return header.index(assignment)
    named = [re.fullmatch(r"(.*)\(\d+\)\s*", name, re.DOTALL) for name in header]  # an assignment, its number behind it
    wanted = re.compile(rf"{re.escape(_letters(lab))}(?!\d)")
    columns = [i for i, match in enumerate(named) if match and wanted.match(_letters(match[1]))]
    if len(columns) != 1:
        found = ", ".join(repr(header[i]) for i in columns) or "none"
        raise ExportError(f"which column is {lab}? Named like it: {found}. Give the column's exact name")
    return columns[0]


def _is_test_student(row: list[str], header: list[str]) -> bool:
    return row[header.index("Student")].strip() == "Student, Test"


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _match(results: list[Result], rows: list[dict[str, str]]) -> dict[str, int]:
    """Student -> number of the row; nobody is matched where there is a doubt."""
    exact: dict[str, set[int]] = defaultdict(set)
    by_id: dict[str, set[int]] = defaultdict(set)
    by_login: dict[str, set[int]] = defaultdict(set)
    by_name: dict[str, set[int]] = defaultdict(set)
    for number, row in enumerate(rows):
        canvas, sis, login = (row.get(name, "").strip().casefold() for name in ("ID", "SIS User ID", "SIS Login ID"))
        last, _, first = row["Student"].partition(",")
        for key in (canvas, sis, login):
            exact[key].add(number)
        by_id[canvas].add(number)
        by_login[login.partition("@")[0]].add(number)
        for key in (_letters(last + first), _letters(first + last)):
            by_name[key].add(number)
    for rows_of in (exact, by_id, by_login, by_name):
        rows_of.pop("", None)  # what a row lacks says nothing about a student
    found: dict[str, int] = {}
    for result in results:
        student = result.student.strip().casefold()
        canvas_name = re.fullmatch(r".+_(\d+)", student)  # as `intake` names who handed in through Canvas
        guesses = (
            by_id.get(canvas_name[1] if canvas_name else "", set()),
            by_login.get(student, set()),
            by_name.get(_letters(student), set()),
        )
        numbers = exact.get(student) or set().union(*guesses)
        if len(numbers) == 1:
            (found[result.student],) = numbers
    claims = Counter(found.values())
    return {student: number for student, number in found.items() if claims[number] == 1}
