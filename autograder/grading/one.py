"""Grades one notebook: reads it behind the wall, has its exercises judged where it checks them, and says what is known of the rest."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from autograder.course import Entry, exercise_names, labs
from autograder.grading.judging import Exercise, Grading
from autograder.grading.missing import Search
from autograder.grading.newer import blame_python
from autograder.grading.notebook import Cell, NotebookError, parse
from autograder.grading.plan import Plan, versions
from autograder.grading.reading import Reading
from autograder.grading.script import Script
from autograder.grading.tampering import tampering
from autograder.grading.written import written_answer
from autograder.judge.run import unrunnable, used_directly
from autograder.outcome import Failure, Kind, Outcome
from autograder.reports.failures import told
from autograder.result import ExerciseResult, Result, WrittenAnswer
from autograder.wall.box import Wall
from autograder.wall.process import Ran

REMARKS = 20


def grade_notebook(payload: bytes, plan: Plan, wall: Wall) -> Result:
    """Grade one notebook; the student's name is left to the caller.

    Never raises for what is in the notebook.
    """
    blank = Result("", plan.lab.name, (), {}, hashlib.sha256(payload).hexdigest(), versions(), title=plan.title)
    try:
        cells = parse(payload)
    except NotebookError as error:
        return ungraded(blank, plan, str(error))
    if other := _not_of_this_lab(cells, plan):
        return ungraded(blank, plan, other)
    script = Script([cell for cell in cells if cell.code], plan)
    grading = Grading(script, plan, wall)
    reading = grading.judge()
    reading.ran = [replace(ran, errors=tuple(blame_python(e, payload) for e in ran.errors)) for ran in reading.ran]
    search = Search(cells, script, reading, wall)
    results = [_finished(exercise, grading.exercises, search) for exercise in grading.todo]
    return replace(
        blank,
        exercises=tuple(results),
        notes=tuple(_remarks(script, reading)),
        tampering=tuple(tampering(script)),
        written=_written(cells, plan),
    )


def _finished(exercise: Exercise, all_exercises: list[Exercise], search: Search) -> ExerciseResult:
    """The result of an exercise, with what is known of the reason where it is wrong or missing."""
    return _placed(_explained(exercise, all_exercises, search), exercise.entry)


def _placed(result: ExerciseResult, entry: Entry) -> ExerciseResult:
    """With its place in the notebook."""
    return replace(result, label=entry.label, section=entry.section)


def _explained(exercise: Exercise, all_exercises: list[Exercise], search: Search) -> ExerciseResult:
    name, result, optional = exercise.name, exercise.result, exercise.entry.optional
    if result is None or result.outcome is Outcome.NOT_DEFINED:
        where = search.where_is(name)
        stub = where.cause is not None and where.cause.kind is Kind.UNWRITTEN
        if stub:
            return unrunnable(name, exercise.checks, Outcome.NOT_WRITTEN, Failure(Kind.UNWRITTEN, call=name), optional)
        return unrunnable(name, exercise.checks, Outcome.NOT_DEFINED, where, optional)
    if result.outcome is Outcome.NOT_WRITTEN and (seen := search.seen_elsewhere(name)) is not None:
        return unrunnable(name, exercise.checks, Outcome.NOT_WRITTEN, seen, optional)
    if result.outcome in (Outcome.FAILED, Outcome.BLOCKED, Outcome.NOT_RUN):
        result = replace(result, rests_on=_rests_on(exercise, all_exercises))
    return result


def _rests_on(exercise: Exercise, all_exercises: list[Exercise]) -> tuple[str, ...]:
    """The other exercises that an answer uses, itself or by way of its helpers, and that are not right."""
    found = used_directly(exercise.name, exercise.uses, {other.name for other in all_exercises})
    found |= set(exercise.result.rests_on if exercise.result else ())
    return tuple(other.name for other in all_exercises if other.name in found and not other.is_full)


def _remarks(script: Script, reading: Reading) -> list[str]:
    """What was passed over in cells of the student's own; not what fails for want of a cell that only draws."""
    found: list[Failure] = []
    drawn: set[str] = set()
    for index, (step, ran) in enumerate(zip(script.steps, reading.ran)):
        drawn |= step.left
        absent = {name for name, _ in ran.lost if name in drawn}
        drawn = drawn.union(*(names for name, names in ran.lost if name in absent))
        if script.is_released(step.number) or step.explores:
            continue
        if (why := reading.reduced.get(index)) is not None:
            kind = Kind.REDUCED if ran != Ran() else Kind.LEFT_OUT
            found.append(Failure(kind, cell=step.number, cause=why))
        found += [Failure(Kind.INTERRUPTED, cell=step.number, cause=cut) for cut in ran.cut]
        for error in ran.errors:
            if not (error.error == "NameError" and any(f"'{name}'" in error.said for name in absent)):
                found.append(Failure(Kind.PASSED_OVER, cell=step.number, cause=error))
    return list(dict.fromkeys(map(told, found)))[:REMARKS]


def _not_of_this_lab(cells: list[Cell], plan: Plan) -> str | None:
    """Why a notebook is not of this lab: it is empty, another lab's or another course's; what is given in those may be answers here."""
    if not any(cell.source.strip() for cell in cells):
        return "the notebook is empty"
    ids = {cell.grade_id.removesuffix("-check") for cell in cells if cell.grade_id.endswith("-check")}
    if ids and not ids & {entry.name for entry in plan.exercises}:
        for lab in labs(plan.lab.root):
            if lab.name != plan.lab.name and ids & set(exercise_names(lab.checks)):
                return f"this is the notebook of {lab.name}, not of {plan.lab.name}"
    if plan.release.is_foreign(cells):
        return f"another course's notebook: none of {plan.lab.name}'s exercises in it"
    return None


def _written(cells: list[Cell], plan: Plan) -> tuple[WrittenAnswer, ...]:
    answers = []
    for task in plan.tasks:
        answer = written_answer(cells, plan.release, task.id)
        answers.append(WrittenAnswer(task.id, task.title, task.points, answer.text, answer.attachments))
    return tuple(answers)


def ungraded(result: Result, plan: Plan, reason: str, ours: bool = False) -> Result:
    """A result with the same error on every exercise: the file's, or with `ours` the grader's, which is no score."""
    checks = plan.checks()
    outcome, kind = (Outcome.OURS, Kind.OURS) if ours else (Outcome.UNREADABLE, Kind.FILE)
    failure = Failure(kind, said=reason)
    exercises = tuple(
        _placed(unrunnable(e.name, checks[e.name], outcome, failure, e.optional), e) for e in plan.exercises
    )
    return replace(result, exercises=exercises)
