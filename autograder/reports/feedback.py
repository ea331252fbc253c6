"""A student's page."""

from __future__ import annotations

import os
from typing import Any

from autograder.files import write_atomically
from autograder.reports.lessons import is_blank
from autograder.reports.pages import page
from autograder.result import ExerciseResult, Result


def write_feedback(result: Result, path: str | os.PathLike[str], site: str = "") -> None:
    """A student's page: the score, what to mend first, what each check found and the likely cause, written answers, how it was graded.

    Parameters
    ----------
    site : str
        Where the course's pages are published, for links to the sections of the lab; "" where they are not.
    """
    left = [e for e in result.exercises if e.score < e.max_score]
    context = {
        "result": result,
        "mend": [_step(result, e) for e in _in_order([e for e in left if not is_blank(e)])],
        "unwritten": [_step(result, e) for e in left if is_blank(e)],
        "address": f"{site}/labs/{result.lab}.html" if site else "",
    }
    write_atomically(path, page("feedback.html", **context))


def _in_order(wrong: list[ExerciseResult]) -> list[ExerciseResult]:
    """What rests on another one comes behind it; else as in the notebook."""
    names, order = {exercise.name for exercise in wrong}, []
    while wrong:
        free = [e for e in wrong if not (set(e.rests_on) & names) - {e.name}]
        first = (free or wrong)[0]  # two that rest on each other: whichever comes first
        order.append(first)
        wrong = [exercise for exercise in wrong if exercise is not first]
        names.discard(first.name)
    return order


def _step(result: Result, exercise: ExerciseResult) -> dict[str, Any]:
    """An exercise, its number on the page, and what rests on it."""
    above = [other.name for other in result.exercises if exercise.name in other.rests_on]
    rest = f"{', '.join(above)} {'uses' if len(above) == 1 else 'use'} it" if above else ""
    return {"exercise": exercise, "number": result.exercises.index(exercise) + 1, "rest": rest}
