"""Whose grade moved between two runs, by how much, and why: for the terminal, and kept in `moved.csv`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.files import clean, defuse, write_atomically
from autograder.outcome import Outcome
from autograder.reports.words import by_student, single_line
from autograder.result import ExerciseResult, Result, TestResult

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


def moves(before: Iterable[Result], after: Iterable[Result]) -> list[Move]:
    """The students of both runs whose points or verdicts are other than they were."""
    known = {result.student: result for result in before}
    found = []
    for new in by_student(after):
        old = known.get(new.student)
        if old is None or not (why := _reasons(old, new)):
            continue
        found.append(Move(new.student, _total(old), _total(new), tuple(why)))
    return found


def _total(result: Result) -> int | None:
    return None if result.ours else result.total


def _reasons(old: Result, new: Result) -> list[str]:
    lines = []
    earlier = {exercise.name: exercise for exercise in old.exercises}
    for exercise in new.exercises:
        lines += _of_exercise(earlier.get(exercise.name), exercise)
    marks = {answer.question: answer.points for answer in old.written}
    for answer in new.written:
        was, now = marks.get(answer.question), answer.points
        if was != now:
            words = ["not marked" if points is None else str(points) for points in (was, now)]
            lines.append(f"written {answer.question}: {words[0]} → {words[1]}")
    if lines and old.notebook_sha256 != new.notebook_sha256:
        lines.insert(0, "another notebook than before")
    return lines


def _of_exercise(old: ExerciseResult | None, new: ExerciseResult) -> list[str]:
    """Which checks of an exercise have another verdict, or other points."""
    before = {test.name: test for test in old.tests} if old else {}
    after = {test.name: test for test in new.tests}
    lines = []
    for name in dict.fromkeys([*before, *after]):
        was, now = before.get(name), after.get(name)
        if was is None or now is None:
            lines.append(f"{new.name}: {name} is {'gone' if now is None else f'new, and {_verdict(now)}'}")
        elif _verdict(was) != _verdict(now):
            lines.append(f"{new.name}: {name} {_verdict(was)} before, {_verdict(now)} now")
        elif was.max_score != now.max_score:
            lines.append(f"{new.name}: {name} is worth {now.max_score} and not {was.max_score}")
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
