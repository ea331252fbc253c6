"""Grades a batch: plans the run, spreads its units over workers, and keeps every finished unit safe.

A unit is what a grade depends on: the notebook's bytes, the lab, the environment and the seed. Two students who hand in the same bytes
share the grade, never the record.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.course import CourseError
from autograder.files import file_names, write_atomically
from autograder.grading.cluster import on_cluster
from autograder.grading.intake import Submission
from autograder.grading.one import ungraded
from autograder.grading.plan import Plan, versions
from autograder.grading.workers import pool
from autograder.result import Result


def run_units(
    plan: Plan, payloads: dict[str, bytes], jobs: int, scheduler: str | None = None
) -> Iterator[tuple[str, str | None]]:
    """Grade units on local workers or on a dask.distributed cluster; yields (unit, JSON) as they finish.

    A unit that takes its worker down twice is yielded with None.
    """
    if scheduler is not None:
        yield from on_cluster(plan, payloads, scheduler)
        return
    left = dict(payloads)
    try:
        for unit, document in pool(plan, left, jobs):
            yield unit, document
            left.pop(unit)
    except BrokenProcessPool:
        for unit, payload in list(left.items()):  # one at a time, so that the culprit is known
            try:
                yield from pool(plan, {unit: payload}, 1)
            except BrokenProcessPool:
                yield unit, None


def choose_seed(out: Path, seed: int | None, resume: bool) -> int:
    """The instructor's seed: as given, as recorded by the run that is resumed, or drawn once."""
    if seed is None and resume and (recorded := _recorded(out)) is not None:
        seed = recorded["seed"]
    return secrets.randbits(48) if seed is None else seed


def _recorded(out: Path) -> dict[str, Any] | None:
    """What run.json says of the last run in a folder; None where there was none. Raises CourseError where it says nothing."""
    path = out / "run.json"
    if not path.exists():
        return None
    try:
        record = json.loads(path.read_text("utf-8"))
        return {"lab": str(record["lab"]), "seed": int(record["seed"])}
    except (ValueError, KeyError, TypeError):
        raise CourseError(f"{path} is damaged: remove it and give --seed, or choose another --out") from None


def grade_class(
    handed_in: list[Submission],
    plan: Plan,
    out: Path,
    jobs: int,
    resume: bool = False,
    scheduler: str | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Result]:
    """Grade all submissions and write results/<student>.json for each; results in the order of `handed_in`.

    Finished units are kept in DIR/units; with `resume` those of the same notebook, lab, environment and seed are used again.
    """
    units_folder, results_folder = out / "units", out / "results"
    if not (out / "run.json").exists():
        for folder in (results_folder, units_folder, out / "feedback"):
            if folder.exists() and any(folder.iterdir()):
                raise CourseError(f"{out} has a folder `{folder.name}` that is no run of ours: choose another --out")
    elif resume and (recorded := _recorded(out)["lab"]) != plan.lab.name:
        raise CourseError(f"{out} holds a run of {recorded}: choose another --out")
    for folder in (units_folder, results_folder):
        folder.mkdir(parents=True, exist_ok=True)
    for half in [*out.glob(".*.tmp"), *units_folder.glob(".*.tmp"), *results_folder.glob(".*.tmp")]:
        half.unlink()  # of a run that was killed
    version = plan.version()
    write_atomically(
        out / "run.json", json.dumps({"lab": plan.lab.name, "seed": plan.seed, "version": version}, indent=1) + "\n"
    )
    units = {_unit(version, s): s for s in handed_in if s.error is None}
    if not resume:
        for stale in [*units_folder.glob("*.json"), *results_folder.glob("*.json")]:
            stale.unlink()
    graded = {unit: text for unit in units if (text := _finished(units_folder / f"{unit}.json")) is not None}
    todo = {unit: submission.read() for unit, submission in units.items() if unit not in graded}
    progress(len(graded), len(units))
    for unit, document in run_units(plan, todo, jobs, scheduler) if todo else ():
        if document is not None:
            write_atomically(units_folder / f"{unit}.json", document)
        graded[unit] = document
        progress(len(graded), len(units))
    names = file_names([submission.student for submission in handed_in])
    results = []
    for submission in handed_in:
        result = _record(submission, plan, version, graded)
        write_atomically(
            results_folder / f"{names[submission.student]}.json", json.dumps(result.to_json(), indent=1) + "\n"
        )
        results.append(result)
    for path in results_folder.glob("*.json"):  # of a run with other students
        if path.stem not in names.values():
            path.unlink()
    return results


def _unit(version: str, submission: Submission) -> str:
    return hashlib.sha256(f"{version} {submission.digest}".encode()).hexdigest()


def _finished(path: Path) -> str | None:
    """A unit's JSON where it is whole."""
    try:
        text = path.read_text("utf-8")
        Result.from_json(json.loads(text))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return text


def _record(submission: Submission, plan: Plan, version: str, graded: dict[str, str | None]) -> Result:
    if submission.error is not None:
        wall = {"layers": [], "missing": {}, "graded_use": True, "summary": "Nothing was run."}
        blank = Result(submission.student, plan.lab.name, (), wall, "", versions(), notes=submission.notes)
        return ungraded(blank, plan, submission.error)
    document = graded[_unit(version, submission)]
    if document is None:
        wall = {
            "layers": [],
            "missing": {},
            "graded_use": False,
            "summary": "The grader's own process ended: mark this notebook by hand.",
        }
        blank = Result(submission.student, plan.lab.name, (), wall, submission.digest, versions())
        return ungraded(blank, plan, "this notebook ended the grader's own process twice: mark it by hand")
    result = Result.from_json(json.loads(document))
    return replace(result, student=submission.student, notes=(*submission.notes, *result.notes))
