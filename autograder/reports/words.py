"""The words in which results are told, the same in a notebook, in a terminal, on a page and in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograder.files import clean
from autograder.outcome import Outcome
from autograder.result import ExerciseResult, Result

LEVELS = ("full", "part", "none")
SIGNS = {"full": "✓", "part": "◐", "none": "✗", "ours": "–"}
WORDS = {"full": "full marks", "part": "partial", "none": "no points", "ours": "not graded"}
TONES = {"full": "good", "part": "fair", "none": "bad", "ours": "soft"}


def level_of(exercise: ExerciseResult) -> str:
    """ "full", "part", "none" or "ours": what a score is worth in a sign and a word."""
    if exercise.outcome is Outcome.OURS:
        return "ours"
    if exercise.score >= exercise.max_score:
        return "full"
    return "part" if exercise.score > 0 else "none"


def in_points(count: int) -> str:
    return f"{count} point" if count == 1 else f"{count} points"


def so_far(exercises: Iterable[ExerciseResult]) -> dict[str, Any]:
    """The points of a lab, the most that can be had, and what optional exercises add to that."""
    exercises = list(exercises)
    optional = sum(exercise.max_score for exercise in exercises if exercise.optional)
    return {
        "score": sum(exercise.score for exercise in exercises),
        "most": sum(exercise.max_score for exercise in exercises) - optional,
        "extra": f" (and {in_points(optional)} for what is optional)" if optional else "",
    }


def resting_on(exercise: ExerciseResult) -> str:
    """On which wrong answers a wrong answer rests; "" where it rests on none, or where that is said already."""
    if not exercise.rests_on or exercise.outcome is Outcome.BLOCKED:
        return ""
    *others, last = exercise.rests_on
    named = f"{', '.join(others)} and {last}, which are" if others else f"{last}, which is"
    return f"uses {named} not right yet"


def single_line(text: str) -> str:
    return " ".join(clean(text).split())


def by_student(results: Iterable[Result]) -> list[Result]:
    return sorted(results, key=lambda result: result.student)


def exercises_of(results: Iterable[Result]) -> list[str]:
    """All exercises, in the order of the lab."""
    return list(dict.fromkeys(exercise.name for result in results for exercise in result.exercises))


def unreadable(result: Result) -> str:
    """Why nothing of a file could be graded; "" where something could."""
    outcomes = {exercise.outcome for exercise in result.exercises}
    return result.shared_error or "" if outcomes == {Outcome.UNREADABLE} else ""


def notes_on(result: Result) -> list[str]:
    """What was odd about a submission, lateness included."""
    return [f"handed in late: {result.late}", *result.notes] if result.late else list(result.notes)


def remarks_on(result: Result) -> list[str]:
    """Diagnoses, notes and errors, each one line; an optional exercise left out is no remark."""
    lines = [f"{exercise.name} {exercise.diagnosis}" for exercise in result.exercises if exercise.diagnosis]
    common = result.shared_error
    if common:
        lines.append(f"all exercises: {common}")
    lines += [*result.tampering, *result.notes]  # about all of it: before the exercises, whose lines may be cut
    alike: dict[str, list[str]] = {}  # what is wrong, and with which exercises: ten gaps are one remark
    for exercise in result.exercises:
        blocked = (test.message for test in exercise.tests if test.outcome is Outcome.BLOCKED)
        why = exercise.error or next(blocked, None)
        if why and not common and not exercise.optional:
            why = why.removeprefix(f"{exercise.name} is ")
            if why not in alike:
                lines.append(why)
            alike.setdefault(why, []).append(exercise.name)
        if resting := resting_on(exercise):
            lines.append(f"{exercise.name} {resting}")
        stopped = next((test for test in exercise.tests if test.outcome is Outcome.NOT_RUN), None)
        if stopped:
            lines.append(f"{exercise.name}: {stopped.message}")
    lines = [f"{', '.join(alike[line])}: {line}" if line in alike else line for line in lines]
    return [single_line(line) for line in lines]
