"""`grades.csv`: a row per student."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable

from autograder.files import clean, defuse, write_atomically
from autograder.outcome import Outcome
from autograder.reports.words import by_student, exercises_of, remarks_on, single_line
from autograder.result import Result

CELL = 1000  # characters of remarks in one cell of grades.csv


def write_grades(results: Iterable[Result], path: str | os.PathLike[str]) -> None:
    """`grades.csv` (RFC 4180): student, score, max_score, the points of each exercise, late, remarks; one row per student.

    `score` is what the checks gave. Where the lab has written questions, the points of each follow, blank where nobody has marked the
    answer, and `total` with all points so far. What we failed to grade has blank cells, and a remark that says so. A text that a
    spreadsheet would take for a formula gets an apostrophe in front.
    """
    results = by_student(results)
    names = exercises_of(results)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    questions = list(dict.fromkeys(answer.question for result in results for answer in result.written))
    written = [*(f"written {question}" for question in questions), *(["total"] if questions else [])]
    writer.writerow(["student", "score", "max_score", *names, *written, "late", "remarks"])
    for result in results:
        points = {e.name: e.score for e in result.exercises if e.outcome is not Outcome.OURS}
        remarks = remarks_on(result)
        if not result.wall["graded_use"]:
            remarks.insert(0, f"not for graded use: {single_line(result.wall['summary'])}")
        row = ["" if result.ours else result.score, result.max_score, *(points.get(name, "") for name in names)]
        marks = {answer.question: answer.points or 0 for answer in result.written if not answer.waits}
        row += [marks.get(question, "") for question in questions]
        row += ["" if result.ours else result.total] if questions else []
        if result.waiting:
            remarks.append(f"not marked yet: {', '.join(result.waiting)}")
        texts = (result.student, single_line(result.late), "; ".join(remarks)[:CELL])
        student, late, remark = (defuse(clean(text)) for text in texts)
        writer.writerow([student, *row, late, remark])
    write_atomically(path, out.getvalue())
