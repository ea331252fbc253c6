"""Whose grade moved between two runs, by how much, and why: for the terminal, and kept in `moved.csv`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.files import clean, defuse, write_atomically
from autograder.outcome import Outcome
from autograder.reports.words import single_line
from autograder.result import Result, TestResult

HEADER = ["regrade", "student", "before", "after", "change", "why"]
CELL = 2000  # characters of reasons


@dataclass(frozen=True)
class Move:
    """What became of one student's grade; None for no score."""

    student: str
    before: int | None
    after: int | None
    why: tuple[str, ...]

    @property
    def change(self) -> str:
        if self.before is None or self.after is None:
            return "–"
        return f"{self.after - self.before:+d}" if self.after != self.before else "0"

    def __str__(self) -> str:
        before, after = ("no score" if points is None else points for points in (self.before, self.after))
        return f"{self.student}: {before} → {after} ({self.change}): {'; '.join(self.why)}"


@dataclass(frozen=True)
class Brief:
    """What of a result is compared. `checks` are (exercise, check) pairs, one tuple for all students who were asked the same."""

    total: int | None
    notebook: str
    checks: tuple[tuple[str, str], ...]
    verdicts: tuple[tuple[str, int], ...]
    marks: tuple[tuple[str, int | None], ...]


def brief(results: Iterable[Result]) -> dict[str, Brief]:
    """A class in little memory, by student."""
    shared: dict[Any, Any] = {}  # thousands of students have few different lists of checks and of verdicts

    def once(value: Any) -> Any:
        return shared.setdefault(value, value)

    return {
        result.student: Brief(
            None if result.ours else result.total,
            result.notebook_sha256,
            once(tuple((exercise.name, test.name) for exercise in result.exercises for test in exercise.tests)),
            once(tuple((_verdict(test), test.max_score) for exercise in result.exercises for test in exercise.tests)),
            once(tuple((answer.question, answer.points) for answer in result.written)),
        )
        for result in results
    }


def moves(before: Iterable[Result], after: Iterable[Result]) -> list[Move]:
    """The students of both runs whose points or verdicts are other than they were."""
    known, now = brief(before), brief(after)
    found = []
    for student in sorted(known.keys() & now.keys()):
        old, new = known[student], now[student]
        if why := _reasons(old, new):
            found.append(Move(student, old.total, new.total, tuple(why)))
    return found


def _reasons(old: Brief, new: Brief) -> list[str]:
    lines = []
    before, after = dict(zip(old.checks, old.verdicts)), dict(zip(new.checks, new.verdicts))
    for exercise, check in dict.fromkeys([*old.checks, *new.checks]):
        was, now = before.get((exercise, check)), after.get((exercise, check))
        if was is None or now is None:
            lines.append(f"{exercise}: {check} is {'gone' if now is None else f'new, and {now[0]}'}")
        elif was[0] != now[0]:
            lines.append(f"{exercise}: {check} {was[0]} before, {now[0]} now")
        elif was[1] != now[1]:
            lines.append(f"{exercise}: {check} is worth {now[1]} and not {was[1]}")
    marks = dict(old.marks)
    for question, points in new.marks:
        if marks.get(question) != points:
            words = ["not marked" if value is None else str(value) for value in (marks.get(question), points)]
            lines.append(f"written {question}: {words[0]} → {words[1]}")
    if lines and old.notebook != new.notebook:
        lines.insert(0, "another notebook than before")
    return lines


def _verdict(test: TestResult) -> str:
    if test.outcome is Outcome.OURS:
        return "could not be graded"
    return "passed" if test.passed else "failed"


def write_moves(found: list[Move], earlier: Path, path: Path) -> None:
    """`moved.csv` with what moved this time behind what moved earlier; nothing is written where nothing ever did."""
    lines: list[list[str]] = []
    if earlier.exists():
        lines = list(csv.reader(io.StringIO(earlier.read_text("utf-8-sig"), newline="")))[1:]
    numbers = [int(line[0]) for line in lines if line and line[0].isdigit()]
    number = max(numbers, default=0) + 1
    for move in found:
        points = ["" if value is None else str(value) for value in (move.before, move.after)]
        why = "; ".join(map(single_line, move.why))[:CELL]
        lines.append([str(number), defuse(clean(move.student)), *points, move.change, defuse(why)])
    if lines:
        out = io.StringIO()
        csv.writer(out, lineterminator="\r\n").writerows([HEADER, *lines])
        write_atomically(path, "\ufeff" + out.getvalue())
