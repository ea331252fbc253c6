"""Scores into Moodle: into an assignment's offline grading worksheet, or a CSV for the gradebook's import."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.exports import ExportError, require_one_class
from autograder.exports.matching import Person, folded, letters, match, read_table
from autograder.files import defuse, write_atomically
from autograder.result import Result

_ID, _MAIL, _NUMBER, _NAME, _GRADE, _OPEN = (
    "Identifier", "Email address", "ID number", "Full name", "Grade", "Grade can be changed",
)  # fmt: skip
_LAST = ("Last name", "Surname")


@dataclass(frozen=True)
class MoodleExport:
    """What became of an upload file.

    Attributes
    ----------
    matched : dict
        Student id -> how Moodle's row names the student that got the score.
    without_row : tuple of str
        Students with a result who fit no row, more than one, or a row that another student fits, too.
    without_result : tuple of str
        Names in rows that got no score.
    locked : tuple of str
        Names in rows whose grade Moodle does not let change.
    """

    matched: Mapping[str, str]
    without_row: tuple[str, ...]
    without_result: tuple[str, ...]
    locked: tuple[str, ...]


def to_moodle(
    results: Iterable[Result],
    template_csv: str | os.PathLike[str],
    out: str | os.PathLike[str],
    column: str | None = None,
) -> MoodleExport:
    """Write the CSV that Moodle takes back.

    Students are matched by the participant's number that ends the name under which Moodle gave their files out, by e-mail address or ID
    number, else by a login or a name that only one of them has. A row without a result keeps the grade that it had.

    Parameters
    ----------
    template_csv : path
        The assignment's grading worksheet ("Download grading worksheet"), or the gradebook as Moodle exports it as a plain text file. The
        headings must be English: Moodle writes them in the language of who exports.
    column : str, optional
        The column of the grade: `Grade` in a worksheet; in a gradebook that of the one item that is named like the lab.

    Raises
    ------
    ExportError
        Where the results are not of one lab or a student has two, the template is neither, or the column cannot be told.
    OSError
        Where a file cannot be read or written.
    """
    results = list(results)
    require_one_class(results)
    path = Path(template_csv)
    header, rows = read_table(path, "as Moodle exports it")
    if not {_ID, _MAIL, _NUMBER} & set(header):
        raise ExportError(f"{path}: neither a grading worksheet nor a gradebook of Moodle with English headings")
    grade = _grade_column(header, results[0].lab, column)
    people = {str(number): _person(dict(zip(header, row, strict=True))) for number, row in enumerate(rows)}
    assigned = match([result.student for result in results], people)
    matched, locked = {}, []
    for result in results:
        if result.student in assigned:
            row = rows[int(assigned[result.student])]
            if dict(zip(header, row))[_OPEN] == "No" if _OPEN in header else False:
                locked.append(_called(header, row))
            else:
                row[grade] = str(result.total)
                matched[result.student] = _called(header, row)
    text = io.StringIO()
    # Moodle wants the columns of a worksheet as they were, with names and comments that it does not take for ours.
    csv.writer(text, lineterminator="\r\n").writerows([header, *([*map(_harmless, row)] for row in rows)])
    write_atomically(out, text.getvalue())
    graded = set(assigned.values())
    return MoodleExport(
        matched,
        tuple(result.student for result in results if result.student not in assigned),
        tuple(_called(header, row) for number, row in enumerate(rows) if str(number) not in graded),
        tuple(locked),
    )


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; a negative number or the dash of an empty grade is none."""
    return cell if re.fullmatch(r"-|-?\d+([.,]\d+)?", cell.strip()) else defuse(cell)


def _grade_column(header: list[str], lab: str, column: str | None) -> int:
    wanted = column or (_GRADE if _ID in header else None)
    if wanted is not None:
        if wanted not in header:
            raise ExportError(f"there is no column {wanted!r}")
        return header.index(wanted)
    named = re.compile(rf"(?:assignment)?{re.escape(letters(lab))}(?!\d)")
    columns = [i for i, name in enumerate(header) if named.match(letters(name)) and folded(name).endswith("(real)")]
    if len(columns) != 1:
        found = ", ".join(repr(header[i]) for i in columns) or "none"
        raise ExportError(f"which column is {lab}? Named like it: {found}. Give the column's exact name")
    return columns[0]


def _person(row: dict[str, str]) -> Person:
    number = re.search(r"(\d+)\s*$", row.get(_ID, ""))
    mail = row.get(_MAIL, "")
    last = next((row[name] for name in _LAST if row.get(name)), "")
    return Person(
        exact=[row.get(_ID, ""), mail, row.get(_NUMBER, "")],
        number=number[1] if number else "",
        logins=[mail.partition("@")[0]],
        names=[(row.get(_NAME, ""), ""), (last, row.get("First name", ""))],
    )


def _called(header: list[str], row: list[str]) -> str:
    named = dict(zip(header, row))
    full = " ".join(filter(None, [named.get("First name", ""), *(named.get(name, "") for name in _LAST)]))
    return named.get(_NAME) or full or named.get(_ID) or named.get(_MAIL, "")
