"""Grades one notebook: runs its cells behind the wall, then has each exercise judged."""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

from autograder.course import exercise_names, labs
from autograder.grading.newer import blame_python
from autograder.grading.notebook import Cell, NotebookError, parse
from autograder.grading.plan import Plan, versions
from autograder.grading.written import written_answer
from autograder.judge.diagnose import diagnose
from autograder.judge.run import Recording, run_exercise, unrunnable
from autograder.outcome import Failure, Kind, Outcome, WallError
from autograder.reports.failures import told
from autograder.result import ExerciseResult, Result, WrittenAnswer
from autograder.wall.box import Wall
from autograder.wall.inside.student import OutOfTime, cpu_limit
from autograder.wall.limits import Meter
from autograder.wall.process import Process, Waiter, WalledTransport

log = logging.getLogger(__name__)

MAX_KILLED_CELLS = 5


JUDGING = 60.0  # CPU seconds that the judge spends on one exercise, for results that are made to be slow to check


NO_CODE = re.compile(r"\"\"\".*?\"\"\"|'''.*?'''|#[^\n]*", re.DOTALL)


class _Notebook:
    """The process of one submission, started again with its cells whenever it was used up."""

    def __init__(self, wall: Wall, cells: list[Cell], plan: Plan, payload: bytes):
        self._wall, self._plan, self._payload = wall, plan, payload
        self._cells = [cell for cell in cells if cell.code]
        self._stale = self._overruled()
        self._submission: Process | None = None
        self._solo = self._busy = False
        self.meter = Meter(plan.limits)
        self.errors: dict[int, Failure] = {}
        self.killed: set[int] = set()

    def open(self) -> Waiter:
        """The socket of a process for one exercise, with the notebook's names."""
        if self._busy:  # an earlier process of the same exercise may still be running
            self.finish_exercise(failed=False)
        submission, self._busy = self._ready(), True
        try:
            return submission.exercise(fork=not self._solo)
        except WallError:  # an earlier exercise took the whole process with it
            self.end()
            return self._ready().exercise(fork=not self._solo)

    def _ready(self) -> Process:
        while self._submission is None:
            self.meter.require_more()
            self._submission = self._wall.process(self.meter)
            self._run_cells()
        return self._submission

    def _run_cells(self) -> None:
        """Run the cells in order; one that ends the process or never ends is left out the next time."""
        spent = self.meter.cpu
        for number, cell in enumerate(self._cells, start=1):
            if self.meter.cpu - spent > self._plan.limits.cells:
                self.errors[number] = Failure(Kind.CELLS_TIME, cell=number, limit=self._plan.limits.cells)
                self.killed |= set(range(number, len(self._cells) + 1))
            skipped = self._is_skipped(cell) or cell.source.strip() in self._stale
            if skipped or number in self.killed or not cell.source.strip():
                continue
            try:
                error = self._submission.run_cell(cell.source, number)
            except WallError as stopped:
                self.killed.add(number)
                self.errors[number] = replace(stopped.failure, cell=number)
                if len(self.killed) >= MAX_KILLED_CELLS:
                    self.killed |= set(range(number, len(self._cells) + 1))
                self.end()
                return
            self.errors.pop(number, None)
            if error is not None:
                self.errors[number] = blame_python(error, self._payload)
        self._solo = self._submission.threads() > 1
        if not self._submission.stop_exercises():  # what a cell has left behind must not meet the exercises
            self.end()

    def _is_skipped(self, cell: Cell) -> bool:
        return "explore" in cell.tags or cell.source.strip() in self._plan.skipped

    def _overruled(self) -> set[str]:
        """The exercises as they were handed out whose answers are in other cells."""
        stubs = dict(self._plan.stubs)
        written = [c.source for c in self._cells if c.source.strip() not in stubs and not self._is_skipped(c)]
        return {stub for stub, name in stubs.items() if any(_defines(source, name) for source in written)}

    def finish_exercise(self, failed: bool) -> None:
        """Leave nothing behind of an exercise that could disturb the next one."""
        self._busy = False
        if self._submission is not None and (failed or self._solo or not self._submission.stop_exercises()):
            self.end()

    def end(self) -> None:
        submission, self._submission = self._submission, None
        if submission is not None:
            submission.__exit__()

    def definition(self, name: str) -> str:
        """The code of the function or class that had a name last, without comments and docstrings."""
        begin = re.compile(rf"^(?:def|class) {name}\b.*?(?=^[^\s)#]|\Z)", re.MULTILINE | re.DOTALL)
        for number in range(len(self._cells), 0, -1):
            source = self._cells[number - 1].source
            if number not in self.errors and name in source:
                if found := begin.findall(NO_CODE.sub("", source)):
                    return found[-1]
        return ""

    def cause(self, name: str) -> tuple[Outcome, Failure]:
        """Why a name is missing: the error of the cell that was to define it."""
        for number, error in self.errors.items():
            if _defines(self._cells[number - 1].source, name):
                if error.kind is Kind.UNWRITTEN:
                    return Outcome.NOT_WRITTEN, Failure(Kind.UNWRITTEN, call=name)
                return Outcome.NOT_DEFINED, Failure(Kind.CELL_FAILED, call=name, cell=number, cause=error)
        if any(self._is_skipped(cell) and _defines(cell.source, name) for cell in self._cells):
            return Outcome.NOT_DEFINED, Failure(Kind.EXPLORE_CELL, call=name)
        return Outcome.NOT_DEFINED, Failure(Kind.NOWHERE, call=name)

    def notes(self) -> list[str]:
        return [
            f"Code cell {number} failed: {told(error)}"
            for number, error in self.errors.items()
            if self._cells[number - 1].source.strip() not in self._plan.released
        ][:20]


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


def _defines(source: str, name: str) -> bool:
    return f"def {name}(" in source or f"class {name}(" in source or f"class {name}:" in source


def grade_notebook(payload: bytes, plan: Plan, wall: Wall) -> Result:
    """Grade one notebook; the student's name is left to the caller.

    Never raises for what is in the notebook.
    """
    checks = plan.checks()
    blank = Result("", plan.lab.name, (), {}, hashlib.sha256(payload).hexdigest(), versions())
    try:
        cells = parse(payload)
    except NotebookError as error:
        return ungraded(blank, plan, str(error))
    if other := _not_of_this_lab(cells, plan):
        return ungraded(blank, plan, other)
    process = _Notebook(wall, cells, plan, payload)
    code = "\n".join(cell.source for cell in cells if cell.code)
    results = []
    try:
        for entry in plan.exercises:
            tests = checks[entry.name]
            transport = WalledTransport(process.open, process.meter, code)
            try:
                with cpu_limit(JUDGING):
                    result, recording = run_exercise(
                        entry.name, tests, transport, seed=plan.seed, secret=True, optional=entry.optional
                    )
            except OutOfTime:
                slow = Failure(Kind.JUDGING, call=entry.name, limit=JUDGING)
                result, recording = unrunnable(entry.name, tests, Outcome.FAILED, slow, entry.optional), {}
            finally:
                transport.close()
            process.finish_exercise(transport.failed)
            if result.outcome is Outcome.NOT_DEFINED:
                result = unrunnable(entry.name, tests, *process.cause(entry.name), entry.optional)
            elif (bank := plan.bank(entry.name)) is not None:
                result = replace(result, diagnosis=_diagnosis(result, recording, bank))
            results.append(result)
        results = [_with_what_it_rests_on(result, results, process) for result in results]
        notes = process.notes()
    finally:
        process.end()
    return replace(blank, exercises=tuple(results), notes=tuple(notes), written=_written(cells, plan))


def _with_what_it_rests_on(result: ExerciseResult, results: list[ExerciseResult], process: _Notebook) -> ExerciseResult:
    """A wrong answer with the other wrong answers that its code uses."""
    if result.outcome not in (Outcome.FAILED, Outcome.BLOCKED, Outcome.NOT_RUN):
        return result
    wrong = [other.name for other in results if other.score < other.max_score and other.name != result.name]
    code = process.definition(result.name)
    used = set(re.findall(r"(?<![\w.])\w+", code))
    own = {name for pair in re.findall(r"def +(\w+)|\b(\w+) *=(?!=)", code) for name in pair}
    found = (name for name in wrong if name in used - own)
    return replace(result, rests_on=tuple(dict.fromkeys((*result.rests_on, *found))))


def _diagnosis(result: ExerciseResult, recording: Recording, bank: Path) -> str | None:
    """A comment: where it fails, the comment is missing and nothing else."""
    try:
        return diagnose(result, recording, bank)
    except Exception as error:
        _warn_once(f"mistakes in {result.name} are not named: {type(error).__name__}: {error}")
        return None


@cache
def _warn_once(message: str) -> None:
    log.warning("%s", message)


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
    exercises = tuple(unrunnable(e.name, checks[e.name], outcome, failure, e.optional) for e in plan.exercises)
    return replace(result, exercises=exercises)
