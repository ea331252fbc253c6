"""Grades a batch: plans the run, spreads its units over workers, and keeps every finished unit safe.

A unit is what a grade depends on: the notebook's bytes, the lab, the environment and the seed. Two students who hand in the same bytes
share the grade, never the record.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace

from autograder.course import CourseError
from autograder.grading import UnitError
from autograder.grading.intake import Submission
from autograder.grading.one import ungraded
from autograder.grading.plan import Plan, versions
from autograder.grading.run_folder import Record, RunFolder
from autograder.grading.workers import Outcome, Read, on_this_machine
from autograder.result import Result


def run_units(plan: Plan, units: dict[str, Read], jobs: int, scheduler: str | None = None) -> Iterator[Outcome]:
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

    Finished units are kept in the folder; with `resume` those of the same notebook, lab, environment and seed are used again.

    Returns
    -------
    results, in the order of `handed_in`; and by student, why we failed
    """
    if resume and (last := folder.last()) is not None and last.lab != plan.lab.name:
        raise CourseError(f"{folder.path} holds a run of {last.lab}: choose another --out")
    version = plan.version()
    submissions = {_unit(version, s): s for s in handed_in if s.error is None}
    folder.begin(Record(plan.lab.name, plan.seed, version), submissions)
    done = {unit for unit in submissions if resume and folder.unit(unit) is not None}
    failed: dict[str, UnitError] = {}
    progress(len(done), len(submissions))
    todo = {unit: submission.read for unit, submission in submissions.items() if unit not in done}
    for unit, outcome in run_units(plan, todo, jobs, scheduler) if todo else ():
        if isinstance(outcome, UnitError):
            failed[unit] = outcome
        else:
            folder.keep(unit, outcome)
        done.add(unit)
        progress(len(done), len(submissions))
    results, ours = [], {}
    for submission in handed_in:
        unit = _unit(version, submission)
        graded = None if submission.error or unit in failed else folder.unit(unit)
        if graded is None and submission.error is None:
            ours[submission.student] = failed.get(unit, UnitError("its result cannot be read back"))
        results.append(_record(submission, plan, graded))
    return results, ours


def _unit(version: str, submission: Submission) -> str:
    return hashlib.sha256(f"{version}/{submission.digest}".encode()).hexdigest()


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
