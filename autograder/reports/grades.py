"""`grades.csv`: a row per student."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable

from autograder.files import clean, defuse, write_atomically
from autograder.reports.words import by_student, exercises_of, remarks_on, single_line
from autograder.result import Result

CELL = 1000  # characters of remarks in one cell of grades.csv


def write_grades(results: Iterable[Result], path: str | os.PathLike[str]) -> None:
    """`grades.csv` (RFC 4180): student, score, max_score, the points of each exercise, remarks; one row per student.

    A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    results = by_student(results)
    names = exercises_of(results)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["student", "score", "max_score", *names, "remarks"])
    for result in results:
        points = {exercise.name: exercise.score for exercise in result.exercises}
        remarks = remarks_on(result)
        if not result.wall["graded_use"]:
            remarks.insert(0, f"not for graded use: {single_line(result.wall['summary'])}")
        row = [result.score, result.max_score, *(points.get(name, "") for name in names)]
        writer.writerow([defuse(clean(result.student)), *row, defuse("; ".join(remarks)[:CELL])])
    write_atomically(path, out.getvalue())
