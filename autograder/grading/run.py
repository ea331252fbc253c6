"""Grades a batch: plans the run, spreads its units over workers, and keeps every finished unit safe.

A unit is what a grade depends on: the notebook's bytes, the lab, the environment and the seed. Two students who hand in the same bytes
share the grade, never the record.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace

from autograder.course import CourseError
from autograder.grading import UnitError
from autograder.grading.intake import Submission
from autograder.grading.one import ungraded
from autograder.grading.plan import Plan, versions
from autograder.grading.run_folder import Record, RunFolder
from autograder.grading.workers import Outcome as Graded
from autograder.grading.workers import Read, on_this_machine
from autograder.outcome import Outcome
from autograder.result import Result


def run_units(plan: Plan, units: dict[str, Read], jobs: int, scheduler: str | None = None) -> Iterator[Graded]:
    """Grade units on local workers or on a dask.distributed cluster; yields each with its JSON, or why we failed, as they finish."""
    if scheduler is None:
        yield from on_this_machine(plan, units, jobs)
        return
    try:
        from autograder.grading.cluster import on_cluster
    except ImportError:
        raise CourseError("--scheduler needs dask.distributed: pip install 'posekit[grade]'") from None
    yield from on_cluster(plan, units, scheduler)


def choose_seed(folder: RunFolder, seed: int | None, resume: bool) -> int:
    """The instructor's seed: as given, as recorded by the run that is resumed, or drawn once."""
    if seed is None and resume and (last := folder.last()) is not None:
        return last.seed
    return secrets.randbits(48) if seed is None else seed


def grade_class(
    handed_in: list[Submission],
    plan: Plan,
    folder: RunFolder,
    jobs: int,
    resume: bool = False,
    scheduler: str | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[list[Result], dict[str, UnitError]]:
    """Grade all submissions.

    Finished units are kept in the folder; with `resume` those of the same notebook, lab, environment and seed are used again. Where
    nothing but the checks or banks of some exercises changed since the last run, only these exercises are judged anew.

    Returns
    -------
    results, in the order of `handed_in`; and by student, why we failed
    """
    if resume and (last := folder.last()) is not None and last.lab != plan.lab.name:
        raise CourseError(f"{folder.path} holds a run of {last.lab}: choose another --out")
    parts, version = plan.parts(), plan.version()
    submissions = {unit_name(version, s.digest): s for s in handed_in if s.error is None}
    earlier = _changes(folder.finished(), parts) if resume else None
    folder.begin(Record(plan.lab.name, plan.seed, version, parts), submissions)
    done = {unit for unit in submissions if resume and folder.unit(unit) is not None}
    failed: dict[str, UnitError] = {}
    progress(len(done), len(submissions))

    def keep(unit: str, outcome: str | UnitError) -> None:
        if isinstance(outcome, UnitError):
            failed[unit] = outcome
        else:
            folder.keep(unit, outcome)
        done.add(unit)
        progress(len(done), len(submissions))

    if earlier is not None:
        before, changed = earlier
        known = {u: folder.unit(unit_name(before, s.digest)) for u, s in submissions.items() if u not in done}
        old = {unit: result for unit, result in known.items() if result is not None and _can_be_patched(result)}
        todo = {unit: submissions[unit].read for unit in old}
        for unit, outcome in run_units(replace(plan, only=changed), todo, jobs, scheduler) if todo else ():
            if isinstance(outcome, UnitError):
                continue  # once more, with everything
            patched = _patched(old[unit], Result.from_json(json.loads(outcome)))
            if patched is not None:
                keep(unit, json.dumps(patched.to_json()))
    todo = {unit: submission.read for unit, submission in submissions.items() if unit not in done}
    for unit, outcome in run_units(plan, todo, jobs, scheduler) if todo else ():
        keep(unit, outcome)
    results, ours = [], {}
    for submission in handed_in:
        unit = unit_name(version, submission.digest)
        graded = None if submission.error or unit in failed else folder.unit(unit)
        if graded is None and submission.error is None:
            ours[submission.student] = failed.get(unit, UnitError("its result cannot be read back"))
        results.append(_record(submission, plan, graded))
    return results, ours


def unit_name(version: str, digest: str) -> str:
    """The name under which a run of this version keeps the grade of a notebook with this SHA-256."""
    return hashlib.sha256(f"{version}/{digest}".encode()).hexdigest()


def _changes(finished: Record | None, parts: dict[str, str]) -> tuple[str, frozenset[str]] | None:
    """The version of the run before, and the exercises whose checks or bank changed since; None where more than that changed."""
    if finished is None or finished.parts.get("") != parts[""] or set(finished.parts) != set(parts):
        return None
    return finished.version, frozenset(name for name in parts if parts[name] != finished.parts[name])


def _can_be_patched(result: Result) -> bool:
    """Whether a part of a result can be judged alone: not where there was no notebook to run, or no time for all of it."""
    whole = (Outcome.UNREADABLE, Outcome.NOT_RUN, Outcome.OURS)
    return not any(test.outcome in whole for exercise in result.exercises for test in exercise.tests)


def _patched(old: Result, new: Result) -> Result | None:
    """The old result with the exercises that were judged anew; None where what is said of the others may hang on these."""
    judged = {exercise.name: exercise for exercise in new.exercises}
    others = [exercise for exercise in old.exercises if exercise.name not in judged]
    before = {exercise.name: exercise.score == exercise.max_score for exercise in old.exercises}
    moved = [name for name, exercise in judged.items() if (exercise.score == exercise.max_score) != before[name]]
    if (moved and not all(before[exercise.name] for exercise in others)) or not _can_be_patched(new):
        return None
    full = {exercise.name for exercise in others if before[exercise.name]}
    exercises = [judged.get(exercise.name, exercise) for exercise in old.exercises]
    return replace(
        old,
        exercises=tuple(
            replace(e, rests_on=tuple(name for name in e.rests_on if name not in full)) if e.name in judged else e
            for e in exercises
        ),
    )


def _record(submission: Submission, plan: Plan, graded: Result | None) -> Result:
    """A student's own result from that of the unit, which several may share; None where that has none."""
    if graded is None:
        summary = "Nothing was run." if submission.error else "Nothing was graded."
        wall = {"layers": [], "missing": {}, "graded_use": True, "summary": summary}
        blank = Result("", plan.lab.name, (), wall, submission.digest, versions(), title=plan.title)
        # What went wrong may tell of the secret inputs: it is for the instructor's terminal, not for this.
        reason = submission.error or "the grader failed"
        graded = ungraded(blank, plan, reason, ours=submission.error is None)
    notes = (*submission.notes, *graded.notes)
    return replace(graded, student=submission.student, notes=notes, late=submission.late)
