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
    remarks_on,
    resting_on,
    single_line,
    so_far,
)
from autograder.result import ExerciseResult, Result, TestResult

if TYPE_CHECKING:  # rich is for the terminal; a notebook that only prints `text` does without
    from rich.table import Table


WIDTH = 100
NAME_WIDTH = 25
LONGEST_NAME = 40
LONGEST_STUDENT = 28
STYLES = {"full": "green", "part": "yellow", "none": "red", "ours": ""}
REMARK, REMARK_LINES = (
    40,
    2,
)  # columns that a remark has at least beside points by exercise, and lines of it where there are fewer


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
        lines += _wrap(exercise.mistake, "  ", "  ")
    for note in exercise.notes:
        lines += _wrap(note, "  ", "  ")
    if resting := resting_on(exercise):
        lines += _wrap(f"Your function {resting}: mend that first.", "  ", "  ")
    return "\n".join(lines)


def progress(title: str, exercises: Iterable[ExerciseResult]) -> str:
    """What `check_all` prints: the points so far, and a line per exercise."""
    exercises = list(exercises)
    found = so_far(exercises)
    lines = [f"{title} — {found['score']} of {in_points(found['most'])} so far{found['extra']}"]
    width = max((len(exercise.title) for exercise in exercises), default=0)
    for exercise in exercises:
        start = f"  {SIGNS[level_of(exercise)]} {exercise.title:{width}}  {exercise.score}/{exercise.max_score}  "
        lines += _wrap(exercise.gist, start, " " * len(start)) or [start.rstrip()]
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

    `width` is the terminal's, in columns. A narrow one shows signs instead of points by exercise, and the remark in two lines.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    results = by_student(results)
    names = exercises_of(results)
    legend = "   ".join(f"{number} {name}" for number, name in enumerate(names, 1))
    grid = Table(box=box.SIMPLE_HEAD, caption=Text(legend), caption_justify="left", pad_edge=False, padding=0)
    grid.add_column("Student", no_wrap=True, max_width=LONGEST_STUDENT)
    grid.add_column("Score", justify="right", no_wrap=True)
    longest = max([len("Student"), *(min(len(single_line(r.student)), LONGEST_STUDENT) for r in results)])
    scores = max([len("Score"), *(len(_score(result)) for result in results)])
    taken = longest + scores + 3
    narrow = width - taken - 4 * len(names) < REMARK
    if narrow:
        grid.add_column("".join(str(number % 10) for number, _ in enumerate(names, 1)), no_wrap=True)
    else:
        for number, _ in enumerate(names, 1):
            grid.add_column(str(number), justify="right", no_wrap=True)
    grid.add_column("Remarks", no_wrap=True)
    room = max(width - taken - (len(names) + 1 if narrow else 4 * len(names)), 16)
    for result in results:
        cells = [Text(single_line(result.student)), Text(_score(result))]
        exercises = {exercise.name: exercise for exercise in result.exercises}
        levels = [level_of(exercises[name]) if name in exercises else "ours" for name in names]
        if narrow:
            cells.append(Text.assemble(*((SIGNS[level], STYLES[level]) for level in levels)))
        else:
            for name, level in zip(names, levels):
                said = SIGNS[level] if level == "ours" else f"{SIGNS[level]} {exercises[name].score}"
                cells.append(Text(said, STYLES[level]))
        first, *more = remarks_on(result) or [""]
        grid.add_row(*cells, Text(_remark(first, len(more), room, REMARK_LINES if narrow else 1)))
    return grid


def _score(result: Result) -> str:
    return "–" if result.ours else f"{result.score}/{result.max_score}"


def _remark(first: str, more: int, room: int, lines: int) -> str:
    tail = f" (+{more})" if more else ""
    cut = textwrap.wrap(first + tail, room, max_lines=lines, placeholder=f" …{tail}", break_on_hyphens=False)
    return "\n".join(cut)
