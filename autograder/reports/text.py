"""Results as text: one exercise in a notebook, a class in the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

from autograder.files import clean
from autograder.reports.words import (
    SIGNS,
    by_student,
    exercises_of,
    in_points,
    level_of,
    named_mistake,
    remarks_on,
    resting_on,
    single_line,
)
from autograder.result import ExerciseResult, Result, TestResult

if TYPE_CHECKING:  # rich is for the terminal; a notebook that only prints `text` does without
    from rich.table import Table


WIDTH = 100
NAME_WIDTH = 25
LONGEST_NAME = 40


def text(exercise: ExerciseResult) -> str:
    """What `check` prints: the points, one line per check, under a failed one its hint, then the diagnosis."""
    optional = " (optional)" if exercise.optional else ""
    lines = [f"{exercise.name}{optional} — {exercise.score} of {in_points(exercise.max_score)}"]
    if exercise.error:
        lines += _wrap(exercise.error, f"  {SIGNS['none']} ", "    ")
    else:
        failed = [len(test.name) for test in exercise.tests if not test.passed]
        width = min(max([NAME_WIDTH, *failed]), LONGEST_NAME)
        for test in exercise.tests:
            lines += _test_lines(test, width)
    if exercise.diagnosis:
        lines += _wrap(named_mistake(exercise), "  ", "  ")
    for note in exercise.notes:
        lines += _wrap(note, "  ", "  ")
    if resting := resting_on(exercise):
        lines += _wrap(f"Your function {resting}: mend that first.", "  ", "  ")
    return "\n".join(lines)


def _test_lines(test: TestResult, width: int) -> list[str]:
    if test.passed:
        return [f"  {SIGNS['full']} {test.name}"]
    start = f"  {SIGNS['none']} {test.name:{width}}  "
    if not test.message:
        lines = [start.rstrip()]
    elif len(test.name) > width:
        lines = [start.rstrip(), *_wrap(test.message, " " * 6, " " * 6)]
    else:
        lines = _wrap(test.message, start, " " * len(start))
    return lines + (_wrap(test.hint, " " * 6, " " * 6) if test.hint else [])


def _wrap(message: str, first: str, rest: str) -> list[str]:
    """Lines of at most `WIDTH` columns; no break after a minus sign, and the message keeps its own line ends."""
    lines: list[str] = []
    for part in clean(message).splitlines():
        lines += textwrap.wrap(
            part, WIDTH, initial_indent=rest if lines else first, subsequent_indent=rest, break_on_hyphens=False
        )
    return lines


def table(results: Iterable[Result], width: int = 120) -> Table:
    """The class, one row per student: score, points per exercise (numbered; the caption names them), first remark.

    `width` is the terminal's, in columns: the remark is cut to what is left of it.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    results = by_student(results)
    names = exercises_of(results)
    legend = "   ".join(f"{number} {name}" for number, name in enumerate(names, 1))
    grid = Table(box=box.SIMPLE_HEAD, caption=Text(legend), caption_justify="left", pad_edge=False, padding=0)
    grid.add_column("Student", no_wrap=True, max_width=28)
    grid.add_column("Score", justify="right", no_wrap=True)
    for number, _ in enumerate(names, 1):
        grid.add_column(str(number), justify="right", no_wrap=True)
    grid.add_column("Remarks", no_wrap=True)
    taken = max([7, *(min(len(single_line(r.student)), 28) for r in results)]) + 7 + 4 * len(names) + 4
    room = max(width - taken, 16)
    styles = {"full": "green", "part": "yellow", "none": "red"}
    for result in results:
        cells = [Text(single_line(result.student)), Text("–" if result.ours else f"{result.score}/{result.max_score}")]
        exercises = {exercise.name: exercise for exercise in result.exercises}
        for name in names:
            exercise = exercises.get(name)
            level = level_of(exercise) if exercise else "ours"
            score = f"{SIGNS[level]} {exercise.score}" if exercise and level in styles else "–"
            cells.append(Text(score, styles.get(level, "")))
        first, *more = remarks_on(result, diagnoses=True) or [""]
        grid.add_row(*cells, Text(_remark(first, len(more), room)))
    return grid


def _remark(first: str, more: int, room: int) -> str:
    tail = f" (+{more})" if more else ""
    return textwrap.shorten(first, room - len(tail), placeholder=" …") + tail
