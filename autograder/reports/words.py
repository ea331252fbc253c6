"""The words in which results are told, the same in a notebook, in a terminal, on a page and in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable

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


def named_mistake(exercise: ExerciseResult) -> str:
    return f"It looks as if your function {exercise.diagnosis}."


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


def shared_error(result: Result) -> str | None:
    """The error that all exercises share: the notebook as a whole could not be graded."""
    errors = {exercise.error for exercise in result.exercises}
    return errors.pop() if len(errors) == 1 and len(result.exercises) > 1 else None


def unreadable(result: Result) -> str:
    """Why nothing of a file could be graded; "" where something could."""
    outcomes = {exercise.outcome for exercise in result.exercises}
    return shared_error(result) or "" if outcomes == {Outcome.UNREADABLE} else ""


def notes_on(result: Result) -> list[str]:
    """What was odd about a submission, lateness included."""
    return [f"handed in late: {result.late}", *result.notes] if result.late else list(result.notes)


def remarks_on(result: Result, diagnoses: bool = False) -> list[str]:
    """Errors, notes and, where asked for, diagnoses, each one line; an optional exercise left out is no remark."""
    lines = []
    common = shared_error(result)
    if common:
        lines.append(f"all exercises: {common}")
    lines += result.notes  # about all of it: before the exercises, whose lines may be cut
    alike: dict[str, list[str]] = {}  # what is wrong, and with which exercises: ten gaps are one remark
    for exercise in result.exercises:
        blocked = (test.message for test in exercise.tests if test.outcome is Outcome.BLOCKED)
        why = exercise.error or next(blocked, None)
        if why and not common and not exercise.optional:
            why = why.removeprefix(f"{exercise.name} is ")
            if why not in alike:
                lines.append(why)
            alike.setdefault(why, []).append(exercise.name)
        if exercise.diagnosis and diagnoses:
            lines.append(f"{exercise.name} {exercise.diagnosis}")
        if diagnoses and (resting := resting_on(exercise)):
            lines.append(f"{exercise.name} {resting}")
        stopped = next((test for test in exercise.tests if test.outcome is Outcome.NOT_RUN), None)
        if stopped and diagnoses:
            lines.append(f"{exercise.name}: {stopped.message}")
    lines = [f"{', '.join(alike[line])}: {line}" if line in alike else line for line in lines]
    return [single_line(line) for line in lines]
