"""Scores into Canvas's gradebook."""

from __future__ import annotations

import csv
import io
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.exports import ExportError, require_one_class
from autograder.exports.matching import Person, folded, letters, match, read_table
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
    excused : tuple of str
        Names in rows whose student is excused: their cells stay `EX`, whatever was handed in.
    """

    matched: Mapping[str, str]
    without_row: tuple[str, ...]
    without_result: tuple[str, ...]
    excused: tuple[str, ...] = ()


def to_canvas(
    results: Iterable[Result],
    template_csv: str | os.PathLike[str],
    out: str | os.PathLike[str],
    assignment: str | None = None,
) -> CanvasExport:
    """Write the CSV that Canvas's gradebook imports.

    Students are matched to rows by Canvas's id, the SIS id or the login, else by the id that ends Canvas's name of a
    submission, or by a login or name that only one student has (whatever form of Unicode it is written in). A student who is in
    several sections, and so in several rows, has the score in each.
    A row without a result keeps the cell that it had, and so does one of a student who is excused (`EX`).

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
    rows_of = _rows_of_students(header, rows)
    assigned = _match(
        results, {id: [dict(zip(header, row, strict=True)) for row in own] for id, own in rows_of.items()}
    )
    matched, excused = {}, []
    for result in results:
        for row in rows_of[assigned[result.student]] if result.student in assigned else ():
            if _is_excused(row[column]):
                excused.append(row[header.index("Student")])
            else:
                row[column] = str(result.total)
                matched[result.student] = row[header.index("Student")]
    # Canvas wants its own columns back as they were; only the names, which it does not read, are made harmless.
    kept = [i for i, name in enumerate(header) if name in _CANVAS_COLUMNS] + [column]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([header[i] for i in kept])
    name_column = header.index("Student")
    writer.writerows([[defuse(row[i]) if i == name_column else row[i] for i in kept] for row in rows])
    write_atomically(out, text.getvalue())
    graded = set(assigned.values())
    return CanvasExport(
        matched,
        tuple(result.student for result in results if result.student not in assigned),
        tuple(
            row[name_column]
            for id, own in rows_of.items()
            for row in own
            if id not in graded and not _is_test_student(row, header) and not _is_excused(row[column])
        ),
        tuple(dict.fromkeys(excused)),
    )


_CANVAS_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Integration ID", "Root Account", "Section")


def _read_gradebook(path: Path) -> tuple[list[str], list[list[str]]]:
    """The header and the rows below it, each as long as the header."""
    header, rows = read_table(path, "as Canvas exports it")
    if not {"Student", "ID"} <= set(header):
        raise ExportError(f"{path}: not a gradebook of Canvas (its first line needs the columns Student and ID)")
    return header, rows


def _assignment_column(header: list[str], lab: str, assignment: str | None) -> int:
    if assignment is not None:
        if assignment not in header:
            raise ExportError(f"the gradebook has no column {assignment!r}")
        return header.index(assignment)
    named = [re.fullmatch(r"(.*)\(\d+\)\s*", name, re.DOTALL) for name in header]  # an assignment, its number behind it
    wanted = re.compile(rf"{re.escape(letters(lab))}(?!\d)")
    columns = [i for i, match in enumerate(named) if match and wanted.match(letters(match[1]))]
    if len(columns) != 1:
        found = ", ".join(repr(header[i]) for i in columns) or "none"
        raise ExportError(f"which column is {lab}? Named like it: {found}. Give the column's exact name")
    return columns[0]


def _rows_of_students(header: list[str], rows: list[list[str]]) -> dict[str, list[list[str]]]:
    """Canvas's id -> the student's rows, one for each section that was exported."""
    found: dict[str, list[list[str]]] = defaultdict(list)
    for row in rows:
        if id := row[header.index("ID")].strip():
            found[id].append(row)
    return found


def _is_test_student(row: list[str], header: list[str]) -> bool:
    return row[header.index("Student")].strip() == "Student, Test"


def _is_excused(cell: str) -> bool:
    return cell.strip().casefold() == "ex"


def _match(results: list[Result], students: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    """Student -> Canvas's id; nobody is matched where there is a doubt."""
    people = {}
    for id, rows in students.items():
        logins = [row.get("SIS Login ID", "") for row in rows]
        people[id] = Person(
            exact=[id, *(row.get("SIS User ID", "") for row in rows), *logins],
            number=id,
            logins=[folded(login).partition("@")[0] for login in logins],
            names=[row["Student"].partition(",")[::2] for row in rows],
        )
    return match([result.student for result in results], people)
