"""Grades a batch: plans the run, spreads its units over workers, and keeps every finished unit safe.

A unit is what a grade depends on: the notebook's bytes, the lab, the environment and the seed. Two students who hand in the same bytes
share the grade, never the record.
"""

from __future__ import annotations

import gc
import hashlib
import json
import logging
import os
import platform
import re
import secrets
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import metadata
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

from autograder.build import Entry, questions
from autograder.checking import Check, CheckError, exercise_names, load_checks
from autograder.course import CourseError, Lab, labs
from autograder.diagnose import diagnose
from autograder.files import file_names, write_atomically
from autograder.inside.student import NOT_WRITTEN, OutOfTime, address_space, cpu_limit
from autograder.intake import Submission as HandedIn
from autograder.judge import run_exercise, unrunnable
from autograder.notebook import Cell, NotebookError, parse, written_answer
from autograder.result import ExerciseResult, Result, WrittenAnswer
from autograder.wall import Limits, Meter, Submission, Waiter, Wall, WalledTransport, WallError

MAX_KILLED_CELLS = 5
JUDGING = 60.0  # CPU seconds that the judge spends on one exercise, for results that are made to be slow to check
JUDGE_MEMORY = 6 << 30  # bytes of address space that a worker may add, for results that are made to grow
log = logging.getLogger(__name__)
NO_CODE = re.compile(r"\"\"\".*?\"\"\"|'''.*?'''|#[^\n]*", re.DOTALL)
VERSIONED = ("posekit", "numpy", "scipy", "torch")


@dataclass(frozen=True)
class Plan:
    """What all submissions of a run share. Plain data, so that it travels to workers.

    `released` are the code cells of the notebook as handed out (their failures are consequences, not news), `skipped` those among
    them that are tagged `explore`, `stubs` those of the exercises, with their names.
    """

    lab: Lab
    exercises: tuple[Entry, ...]
    seed: int
    warm: str
    released: frozenset[str]
    skipped: frozenset[str]
    stubs: tuple[tuple[str, str], ...]
    private: Path | None = None
    thin: bool = False
    limits: Limits = Limits()

    def checks(self) -> dict[str, list[Check]]:
        """The lab's checks by exercise, the instructor's private ones behind them."""
        checks = {name: list(tests) for name, tests in load_checks(self.lab.checks).items()}
        for path in sorted(self.private.glob("test_*.py")) if self.private else []:
            for name, tests in load_checks(path).items():
                if name not in checks:
                    raise CourseError(f"{path}: {name} is no exercise of {self.lab.name}")
                checks[name] += tests
        return checks

    def version(self) -> str:
        """A digest of all that a grade depends on beside the notebook."""
        paths = [self.lab.checks, self.lab.notebook, self.lab.answers, *sorted(self.lab.banks.glob("*.py"))]
        paths += sorted(self.private.glob("*.py")) if self.private else []
        paths += sorted((self.lab.root / "autograder").glob("*.py")) + sorted(
            (self.lab.root / "autograder" / "inside").glob("*.py")
        )
        digest = hashlib.sha256(json.dumps([versions(), vars(self.limits), self.seed, self.thin]).encode())
        for path in filter(Path.exists, paths):
            digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()


def make_plan(lab: Lab, seed: int, private: Path | None = None, thin: bool = False) -> Plan:
    """Read what a run needs from the notebook as it was handed out, and the checks.

    Raises
    ------
    CourseError
        Where the lab's notebook is not built, or there are no private checks where they should be.
    """
    if not lab.notebook.exists():
        raise CourseError(f"labs/{lab.notebook.name} is missing: run `autograder build`")
    if private is not None and not any(private.glob("test_*.py")):
        raise CourseError(f"{private} holds no test_*.py: --private takes a folder of checks")
    cells = [cell for cell in parse(lab.notebook.read_bytes()) if cell.code]
    checked = {cell.grade_id.removesuffix("-check") for cell in cells if cell.grade_id.endswith("-check")}
    setup = next((cell.source for cell in cells if not cell.tags and not cell.grade_id), "")
    plan = Plan(
        lab=lab,
        exercises=tuple(Entry(c.grade_id, "optional" in c.tags) for c in cells if c.grade_id in checked),
        seed=seed,
        warm=setup,
        released=frozenset(cell.source.strip() for cell in cells),
        skipped=frozenset(cell.source.strip() for cell in cells if "explore" in cell.tags),
        stubs=tuple((cell.source.strip(), cell.grade_id) for cell in cells if cell.grade_id in checked),
        private=private,
        thin=thin,
    )
    plan.checks()
    return plan


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Versions of what a grade may depend on."""
    found = {"python": platform.python_version()}
    for name in VERSIONED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


class _Process:
    """The process of one submission, started again with its cells whenever it was used up."""

    def __init__(self, wall: Wall, cells: list[Cell], plan: Plan):
        self._wall, self._plan = wall, plan
        self._cells = [cell for cell in cells if cell.code]
        self._stale = self._overruled()
        self._submission: Submission | None = None
        self._solo = self._busy = False
        self.meter = Meter(plan.limits)
        self.errors: dict[int, str] = {}
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

    def _ready(self) -> Submission:
        while self._submission is None:
            self.meter.require_more()
            self._submission = self._wall.submission(self.meter)
            self._run_cells()
        return self._submission

    def _run_cells(self) -> None:
        """Run the cells in order; one that ends the process or never ends is left out the next time."""
        spent = self.meter.cpu
        for number, cell in enumerate(self._cells, start=1):
            if self.meter.cpu - spent > self._plan.limits.cells:
                self.errors[number] = (
                    f"not run: the cells before it used more than {self._plan.limits.cells:g} s of CPU time"
                )
                self.killed |= set(range(number, len(self._cells) + 1))
            skipped = self._is_skipped(cell) or cell.source.strip() in self._stale
            if skipped or number in self.killed or not cell.source.strip():
                continue
            try:
                error = self._submission.run_cell(cell.source, number)
            except WallError as stopped:
                self.killed.add(number)
                self.errors[number] = str(stopped)
                if len(self.killed) >= MAX_KILLED_CELLS:
                    self.killed |= set(range(number, len(self._cells) + 1))
                self.end()
                return
            self.errors.pop(number, None)
            if error is not None:
                where = f" ({error['line']})" if error["line"] else ""
                self.errors[number] = f"{error['type']}: {error['message']}"[:200] + where[:200]
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

    def cause(self, name: str) -> str | None:
        """Why a name may be missing: the error of the cell that was to define it."""
        for number, error in self.errors.items():
            if _defines(self._cells[number - 1].source, name):
                return (
                    NOT_WRITTEN
                    if error.startswith("NotImplementedError")
                    else f"the cell that defines {name} fails: {error}"
                )
        if any(self._is_skipped(cell) and _defines(cell.source, name) for cell in self._cells):
            return f"{name} is in a cell tagged explore, which is not run when grading: move it to a cell of its own"
        return None

    def notes(self) -> list[str]:
        return [
            f"Code cell {number} failed: {error}"
            for number, error in self.errors.items()
            if self._cells[number - 1].source.strip() not in self._plan.released
        ][:20]


def _another_lab(cells: list[Cell], plan: Plan) -> str | None:
    """Why a notebook is not of this lab: it has another's exercises and none of this one's; what is given there may be answers here."""
    ids = {cell.grade_id.removesuffix("-check") for cell in cells if cell.grade_id.endswith("-check")}
    if ids and not ids & {entry.name for entry in plan.exercises}:
        for lab in labs(plan.lab.root):
            if lab.name != plan.lab.name and lab.checks.exists() and ids & set(exercise_names(lab.checks)):
                return f"this is the notebook of {lab.name}, not of {plan.lab.name}"
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
    if other := _another_lab(cells, plan):
        return ungraded(blank, plan, other)
    process = _Process(wall, cells, plan)
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
                reason = f"what {entry.name} gave back could not be checked in {JUDGING:g} s"
                result, recording = unrunnable(entry.name, tests, reason, entry.optional), {}
            finally:
                transport.close()
            process.finish_exercise(transport.failed)
            missing = f"NameError: {entry.name} is not defined"
            if result.tests and all(missing in test.message for test in result.tests):
                reason = process.cause(entry.name) or f"{entry.name} is not defined in this notebook"
                result = unrunnable(entry.name, tests, reason, entry.optional)
            elif plan.private is None:
                found = diagnose(result, recording, plan.lab.banks / f"{entry.name}.py")
                result = replace(result, diagnosis=found)
            results.append(result)
        results = [_with_what_it_rests_on(result, results, process) for result in results]
        notes = process.notes()
    finally:
        process.end()
    return replace(blank, exercises=tuple(results), notes=tuple(notes), written=_written(cells, plan.lab))


def _with_what_it_rests_on(result: ExerciseResult, results: list[ExerciseResult], process: _Process) -> ExerciseResult:
    """A wrong answer with the other wrong answers that its code uses."""
    if result.score == result.max_score or result.error not in (None, NOT_WRITTEN):
        return result
    wrong = [other.name for other in results if other.score < other.max_score and other.name != result.name]
    code = process.definition(result.name)
    used = set(re.findall(r"(?<![\w.])\w+", code))
    own = {name for pair in re.findall(r"def +(\w+)|\b(\w+) *=(?!=)", code) for name in pair}
    return replace(result, rests_on=tuple(name for name in wrong if name in used - own))


def _written(cells: list[Cell], lab: Lab) -> tuple[WrittenAnswer, ...]:
    return tuple(
        WrittenAnswer(q.id, q.title, q.points, written_answer(cells, q.id, q.title)[:20_000])
        for q in questions(lab).values()
    )


def ungraded(result: Result, plan: Plan, reason: str) -> Result:
    """A result with the same error on every exercise."""
    checks = plan.checks()
    exercises = tuple(unrunnable(e.name, checks[e.name], reason, e.optional) for e in plan.exercises)
    return replace(result, exercises=exercises)


# --- workers -----------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _wall_of(plan: Plan, slot: int) -> tuple[Wall, threading.Lock]:
    """This worker's wall for a plan; it lives as long as the worker does."""
    wall = Wall(plan.lab.root, plan.warm, slot, thin=plan.thin).__enter__()
    Finalize(wall, wall.__exit__, exitpriority=1)  # a worker ends without what atexit would do
    return wall, threading.Lock()


def grade_unit(plan: Plan, payload: bytes, slot: int) -> str | None:
    """One unit on a worker, as JSON without a student; None where that fails twice, for a reason that is ours.

    Raises
    ------
    StartError, CheckError
        Where the wall does not start at all, or a check is broken: then no student's grade can be told.
    """
    for _ in range(2):
        wall, lock = _wall_of(plan, slot)
        try:
            with lock:
                result = replace(grade_notebook(payload, plan, wall), wall=_layers(plan, slot))
            return json.dumps(result.to_json())
        except CheckError:
            raise
        except Exception as error:
            unit = hashlib.sha256(payload).hexdigest()[:12]
            log.warning("a notebook (%s) could not be graded: %s: %s", unit, type(error).__name__, error)
            _layers.cache_clear()
            _wall_of.cache_clear()
            wall.__exit__()
    return None


@lru_cache(maxsize=1)
def _layers(plan: Plan, slot: int) -> dict[str, Any]:
    return _wall_of(plan, slot)[0].layers()


def _slot_of_process() -> int:
    return os.getpid() % 4096


def _begin_worker() -> None:
    """End with the parent, also where that is killed, and fail before the machine's memory does."""

    def watch() -> None:
        wait([parent_process().sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    gc.freeze()  # the libraries stay: no collection need go through them
    if sys.platform.startswith("linux"):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        soft = address_space() + JUDGE_MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _in_pool(plan: Plan, payload: bytes) -> str | None:
    return grade_unit(plan, payload, _slot_of_process())


def run_units(
    plan: Plan, payloads: dict[str, bytes], jobs: int, scheduler: str | None = None
) -> Iterator[tuple[str, str | None]]:
    """Grade units on local workers or on a dask.distributed cluster; yields (unit, JSON) as they finish.

    A unit that takes its worker down twice is yielded with None.
    """
    if scheduler is not None:
        yield from _on_cluster(plan, payloads, scheduler)
        return
    left = dict(payloads)
    try:
        for unit, document in _pool(plan, left, jobs):
            yield unit, document
            left.pop(unit)
    except BrokenProcessPool:
        for unit, payload in list(left.items()):  # one at a time, so that the culprit is known
            try:
                yield from _pool(plan, {unit: payload}, 1)
            except BrokenProcessPool:
                yield unit, None


def _start_method() -> str:
    """Forked workers have the checks and their libraries already; a fork is safe from a process of one thread on Linux only."""
    return "fork" if sys.platform.startswith("linux") and threading.active_count() == 1 else "spawn"


def _pool(plan: Plan, payloads: dict[str, bytes], jobs: int) -> Iterator[tuple[str, str | None]]:
    workers = min(jobs, len(payloads)) or 1
    with ProcessPoolExecutor(workers, get_context(_start_method()), initializer=_begin_worker) as pool:
        futures: dict[Future[str], str] = {
            pool.submit(_in_pool, plan, payload): unit for unit, payload in payloads.items()
        }
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _on_cluster(plan: Plan, payloads: dict[str, bytes], scheduler: str) -> Iterator[tuple[str, str | None]]:
    try:
        from distributed import Client
        from distributed import as_completed as finished
    except ImportError:
        raise CourseError("--scheduler needs dask.distributed: pip install 'posekit[grade]'") from None
    try:
        client = Client(scheduler, timeout="20s")
    except (OSError, ValueError) as error:
        raise CourseError(f"no scheduler answers at {scheduler} ({error})") from None
    with client:
        futures = {client.submit(_in_pool, plan, payload, pure=False): unit for unit, payload in payloads.items()}
        for future in finished(futures):
            yield futures[future], future.result()


# --- a whole run -------------------------------------------------------------------------------------------------------------


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
    handed_in: list[HandedIn],
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
    payloads = {
        hashlib.sha256(version.encode() + s.payload).hexdigest(): s.payload for s in handed_in if s.payload is not None
    }
    if not resume:
        for stale in [*units_folder.glob("*.json"), *results_folder.glob("*.json")]:
            stale.unlink()
    graded = {unit: text for unit in payloads if (text := _finished(units_folder / f"{unit}.json")) is not None}
    todo = {unit: payload for unit, payload in payloads.items() if unit not in graded}
    progress(len(graded), len(payloads))
    for unit, document in run_units(plan, todo, jobs, scheduler) if todo else ():
        if document is not None:
            write_atomically(units_folder / f"{unit}.json", document)
        graded[unit] = document
        progress(len(graded), len(payloads))
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


def _finished(path: Path) -> str | None:
    """A unit's JSON where it is whole."""
    try:
        text = path.read_text("utf-8")
        Result.from_json(json.loads(text))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return text


def _record(submission: HandedIn, plan: Plan, version: str, graded: dict[str, str | None]) -> Result:
    if submission.payload is None:
        wall = {"layers": [], "missing": {}, "graded_use": True, "summary": "Nothing was run."}
        blank = Result(submission.student, plan.lab.name, (), wall, "", versions(), notes=submission.notes)
        return ungraded(blank, plan, submission.error or "no notebook handed in")
    document = graded[hashlib.sha256(version.encode() + submission.payload).hexdigest()]
    if document is None:
        wall = {
            "layers": [],
            "missing": {},
            "graded_use": False,
            "summary": "The grader's own process ended: mark this notebook by hand.",
        }
        blank = Result(
            submission.student, plan.lab.name, (), wall, hashlib.sha256(submission.payload).hexdigest(), versions()
        )
        return ungraded(blank, plan, "this notebook ended the grader's own process twice: mark it by hand")
    result = Result.from_json(json.loads(document))
    return replace(result, student=submission.student, notes=(*submission.notes, *result.notes))


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
