"""What a class has in common: mistakes and failed checks with who made them, and what of them to say in front of all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from autograder.outcome import Kind, Outcome
from autograder.result import ExerciseResult, Result

LESSONS = 3  # things that a class can be told at once
SHARED = 2  # students who make a mistake more than one student's


@dataclass(frozen=True)
class Finding:
    """A mistake, or a check that failed.

    Attributes
    ----------
    exercise : ExerciseResult
        One of those in which it was found; name and title are the same in all.
    what : str
        The mistake as a verb phrase, or the check's name.
    hint : str
        What most of those students were told.
    students : tuple of str
        Who made it.
    ran : int
        How many had an answer that could be run.
    named : bool
        It is a known mistake.
    """

    exercise: ExerciseResult
    what: str
    hint: str
    students: tuple[str, ...]
    ran: int
    named: bool


def can_run(exercise: ExerciseResult) -> bool:
    """Whether an answer was there to be judged: it was written, and neither its cell, the notebook nor we failed it."""
    return not exercise.error


def is_blank(exercise: ExerciseResult) -> bool:
    """Whether nothing was handed in for it; what was, but in a cell that fails, say, is not blank."""
    failures = {test.failure.kind for test in exercise.tests if test.failure}
    absent = exercise.outcome is Outcome.NOT_DEFINED and failures <= {Kind.NOWHERE}
    return absent or exercise.outcome in (Outcome.NOT_WRITTEN, Outcome.UNREADABLE)


def named_mistakes(results: Iterable[Result]) -> list[Finding]:
    """The known mistakes, the most frequent first."""
    makers: dict[tuple[str, str], list[tuple[str, ExerciseResult]]] = defaultdict(list)
    results = list(results)
    for result, exercise in _pairs(results):
        if exercise.diagnosis:
            makers[exercise.name, exercise.diagnosis].append((result.student, exercise))
    return _ordered(makers, results, named=True)


def failed_checks(results: Iterable[Result]) -> list[Finding]:
    """The checks that failed for answers that could be run, the most frequent first."""
    makers: dict[tuple[str, str], list[tuple[str, ExerciseResult]]] = defaultdict(list)
    results = list(results)
    for result, exercise in _pairs(results):
        for test in exercise.tests if can_run(exercise) else ():
            if test.outcome is Outcome.FAILED:
                makers[exercise.name, test.name].append((result.student, exercise))
    return _ordered(makers, results, named=False)


def to_say(results: Iterable[Result]) -> list[Finding]:
    """The few findings that most students have in common.

    A failed check counts for those whose mistake has no name, and no student is counted twice for one exercise.
    """
    results = list(results)
    mistakes = named_mistakes(results)
    told: dict[str, set[str]] = defaultdict(set)  # students by exercise
    for finding in mistakes:
        told[finding.exercise.name] |= set(finding.students)
    found = list(mistakes)
    for finding in failed_checks(results):
        left = tuple(student for student in finding.students if student not in told[finding.exercise.name])
        told[finding.exercise.name] |= set(left)
        found.append(replace(finding, students=left))
    shared = [finding for finding in found if len(finding.students) >= SHARED]
    return sorted(shared, key=lambda finding: -len(finding.students))[:LESSONS]


def _pairs(results: Iterable[Result]) -> Iterable[tuple[Result, ExerciseResult]]:
    return ((result, exercise) for result in results for exercise in result.exercises)


def _ordered(
    makers: dict[tuple[str, str], list[tuple[str, ExerciseResult]]], results: list[Result], named: bool
) -> list[Finding]:
    ran = Counter(exercise.name for _, exercise in _pairs(results) if can_run(exercise))
    findings = []
    for (name, what), made in makers.items():
        hints = Counter(hint for _, exercise in made for hint in _hints(exercise, None if named else what))
        hint = max(hints, key=lambda text: hints[text], default="")
        findings.append(Finding(made[0][1], what, hint, tuple(student for student, _ in made), ran[name], named))
    return sorted(findings, key=lambda finding: (-len(finding.students), finding.exercise.name, finding.what))


def _hints(exercise: ExerciseResult, check: str | None) -> list[str]:
    """What its author was told about one check, or about the first that failed."""
    wrong = [test for test in exercise.tests if not test.passed and test.hint and check in (None, test.name)]
    return [test.hint for test in wrong[:1]]
