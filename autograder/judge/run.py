"""Runs the checks of one exercise against whatever its name is bound to, and counts the points.

The same lines serve a notebook, the reference, the banks of mistakes and a process behind the wall; only the transport differs.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.judge import explain
from autograder.judge.binding import Call, Exercise, Transport
from autograder.judge.checking import PUBLIC_SEED, Check, CheckError
from autograder.judge.known import stands_in
from autograder.outcome import Budget, Failure, Kind, Outcome, StartError, StudentError, WallError
from autograder.reports.failures import advice, told
from autograder.result import ExerciseResult, TestResult

Recording = dict[str, list[Exercise]]  # what was called in each case, by check, and then by probe

PROBES = (Kind.INTEGERS, Kind.SINGLE)
PROBE_LIMIT = 1e4
PROBE_QUESTIONS = 300  # to functions of the check: each probe asks them twice
# Rounded inputs may fit together no more (a slope and a direction, say), so that an honest search goes on and on: that ends the probe.
PROBE_BUDGET = Budget(cpu=2.0, declared=True)
# What the notebook as a whole has used up: no exercise is to blame.
OF_NOTEBOOK = frozenset({Kind.NOTEBOOK_TIME, Kind.NOTEBOOK_UNFINISHED})
TENSORS = (
    "{} gives back a torch tensor where an array went in. Its numbers count as they are, but NumPy cannot compute with it everywhere, "
    "and what uses it next may fail: return x.numpy(), or x.item() for one number."
)
FLAGS = frozenset({"overflow", "invalid value", "divide by zero"})  # as NumPy calls them


def run_exercise(
    name: str,
    checks: Iterable[Check],
    transport: Transport,
    *,
    seed: int = PUBLIC_SEED,
    secret: bool = False,
    optional: bool = False,
) -> tuple[ExerciseResult, Recording]:
    """All checks of one exercise, then its generic probes.

    A finding of the harness (an input that was changed, a probe that fails) fails the check in which it was made, once per exercise.

    Parameters
    ----------
    secret : bool
        `seed` is the instructor's: feedback shows no input that was drawn from it.

    Returns
    -------
    ExerciseResult, and all calls for the diagnosis
    """
    run = _Run(name, list(checks), transport, seed, secret)
    shared: list[int] = []
    own: list[int] = []
    for position, check in enumerate(run.checks):
        (shared if check.budget.memory is None else own).append(position)
    # A process keeps its budget of memory for good: these come last, so that no other check needs a new process.
    for position in shared:
        run.check(position)
    run.probe()
    for position in own:
        run.check(position)
    return run.result(optional), run.recording


class _Run:
    """The checks of one exercise, one after the other, and what is known so far."""

    def __init__(self, name: str, checks: list[Check], transport: Transport, seed: int, secret: bool):
        self.name, self.checks, self._transport, self._seed, self._secret = name, checks, transport, seed, secret
        self.results: dict[int, TestResult] = {}
        self.recording: Recording = {}
        self._candidates: list[tuple[int, Check, Call]] = []
        self._told_of_change = False
        self._notes: list[str] = []

    def check(self, position: int) -> None:
        check = self.checks[position]
        if stopped := self._transport.dead:
            self.recording[check.name] = []
            self.results[position] = _result(check, stopped, Outcome.NOT_RUN)
            return
        failure, cases = _run_check(check, self._transport, self._seed, self._secret)
        self.recording[check.name] = cases
        calls = [call for case in cases for call in case.calls]
        changed = list(dict.fromkeys(argument[:40] for call in calls for argument in call.changed))[:3]
        if changed and not self._told_of_change:
            self._told_of_change = True
            if self._secret and check.uses_rng:  # a name can be made to carry an input, too
                code = self._transport.code
                changed = [argument if stands_in(argument, code) else "an argument" for argument in changed]
            failure = replace(failure or Failure(Kind.CHANGED, call=self.name), changed=tuple(changed))
        if not self._notes and any(call.made_tensors for call in calls):
            self._notes.append(TENSORS.format(self.name))
        if failure is None:
            self._candidates += [(position, check, call) for call in calls if _suits_probe(call, check)]
        self.results[position] = _result(check, failure)

    def result(self, optional: bool) -> ExerciseResult:
        """Of the whole exercise, once all checks have run."""
        tests = [self.results[position] for position in range(len(self.checks))]
        unwritten = [n for n, test in enumerate(tests) if test.outcome is Outcome.NOT_WRITTEN]
        if unwritten and not any(test.passed for test in tests):
            stub = Failure(Kind.UNWRITTEN, call=self.name)
            return unrunnable(self.name, self.checks, Outcome.NOT_WRITTEN, stub, optional)
        for position in unwritten:
            partly = replace(tests[position].failure or Failure(Kind.UNWRITTEN), kind=Kind.PARTLY_WRITTEN)
            tests[position] = _result(self.checks[position], partly)
        result = ExerciseResult(self.name, tuple(tests), optional)
        if result.outcome in (Outcome.BLOCKED, Outcome.NOT_DEFINED):
            result = replace(result, error=tests[0].message)
        others = [test.failure.name for test in tests if test.failure and test.outcome is Outcome.BLOCKED]
        return replace(result, rests_on=tuple(dict.fromkeys(others)), notes=tuple(self._notes))

    def probe(self) -> None:
        """The generic probes, each on the first call that it can use.

        A function that spoils its input would fail them for that reason.
        """
        for probe in () if self._told_of_change else PROBES:
            for position, check, call in self._candidates:
                if probe in check.no_probe or not self.results[position].passed:
                    continue
                exercise = Exercise(self.name, self._transport, PROBE_BUDGET)
                self.recording.setdefault(probe, []).append(exercise)
                secret = self._secret and check.uses_rng
                try:
                    failure = _probe(probe, exercise, call, secret)
                except _Unfit:
                    continue
                if failure is None and probe is Kind.INTEGERS:
                    failure = _probe_each(probe, exercise, call, secret)
                if failure is not None:
                    self.results[position] = _result(check, failure)
                break


def used_directly(name: str, uses: Mapping[str, Iterable[str]], exercises: Set[str]) -> set[str]:
    """The other exercises that one uses itself or by way of its helpers, but not by way of another exercise.

    Parameters
    ----------
    uses : the names that it asks for when it is called, and what these ask for
    """
    found: set[str] = set()
    todo, seen = [name], {name}
    while todo:
        for asked in set(uses.get(todo.pop(), ())) - seen:
            seen.add(asked)
            if asked in exercises:
                found.add(asked)
            else:
                todo.append(asked)
    return found


def _run_check(check: Check, transport: Transport, seed: int, secret: bool) -> tuple[Failure | None, list[Exercise]]:
    """Why a check fails, or None, and what was called in each of its cases up to the first that fails."""
    failure, cases = None, []
    for case in range(len(check.cases)):
        cases.append(Exercise(check.exercise, transport, check.budget))
        failure = _run(check, case, cases[-1], seed, secret)
        if failure is not None:
            break
    return failure, cases


def unrunnable(
    name: str, checks: Iterable[Check], outcome: Outcome, failure: Failure, optional: bool = False
) -> ExerciseResult:
    """The result of an exercise that could not be checked at all."""
    said = told(failure)
    tests = tuple(TestResult(check.name, check.points, outcome, said, "", failure) for check in checks)
    return ExerciseResult(name, tests, optional, error=said)


def _result(check: Check, failure: Failure | None, outcome: Outcome | None = None) -> TestResult:
    if failure is None:
        return TestResult(check.name, check.points, Outcome.PASSED)
    outcome = outcome or _outcome(failure)
    about_check = failure.kind in check.hinted or (failure.kind is Kind.EXCEPTION and failure.due)
    hint = check.hint if about_check else advice(failure)
    if outcome in (Outcome.NOT_WRITTEN, Outcome.NOT_DEFINED, Outcome.NOT_RUN, Outcome.BLOCKED):
        hint = ""
    return TestResult(check.name, check.points, outcome, told(failure, outcome), hint, failure)


def _outcome(failure: Failure) -> Outcome:
    own = failure.name in ("", failure.call)
    if failure.kind is Kind.UNWRITTEN:
        return Outcome.NOT_WRITTEN if own else Outcome.BLOCKED
    if failure.kind is Kind.MISSING:
        return Outcome.NOT_DEFINED if own else Outcome.BLOCKED
    return Outcome.NOT_RUN if failure.kind in OF_NOTEBOOK else Outcome.FAILED


def _run(check: Check, case: int, exercise: Exercise, seed: int, secret: bool) -> Failure | None:
    """Why one case fails, or None."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check.function(exercise, **check.arguments(seed, case))
    except StudentError as error:
        return _explain(error, exercise, secret and check.uses_rng)
    except StartError:
        raise
    except Exception as error:  # also what a check meets when it computes with a value of the wrong kind
        if isinstance(error, NameError) or not (exercise.calls or isinstance(error, AssertionError)):
            # No answer can cause that; a student must not pay for it.
            raise CheckError(
                f"the check {check.name!r} of {check.exercise} is broken: {type(error).__name__}: {error}"
            ) from None
        return _explain(error, exercise, secret and check.uses_rng)
    if check.quiet:
        noise = [what for call in exercise.calls for what in (*call.flags, *call.warnings)]
        if noise:
            tells = secret and check.uses_rng and noise[0] not in FLAGS  # a warning's text is the student's
            return Failure(Kind.WARNING, call=exercise._name, said="" if tells else noise[0])
    return None


def _explain(error: BaseException, exercise: Exercise, secret: bool) -> Failure:
    """`explain.failure`, also for values that are made to be indescribable."""
    try:
        return explain.failure(error, exercise, secret)
    except Exception:
        return Failure(Kind.INDESCRIBABLE, call=exercise._name)


def _arrays(call: Call) -> list[np.ndarray]:
    return [value for value in (*call.args, *call.kwargs.values()) if isinstance(value, np.ndarray)]


def _suits_probe(call: Call, check: Check) -> bool:
    """A call of plain arrays of moderate numbers, and of functions; budgets are for sizes that nobody wants to repeat."""
    if not call.plain or call.error or check.budget.declared or len(call.talk) > PROBE_QUESTIONS:
        return False
    values = (*call.args, *call.kwargs.values())
    if not all(isinstance(v, (np.ndarray, int, float, str, bool, type(None))) or callable(v) for v in values):
        return False
    floats = _floats(call)
    return bool(floats) and all(np.isfinite(a).all() and np.abs(a).max() <= PROBE_LIMIT for a in floats)


def _floats(call: Call) -> list[np.ndarray]:
    return [array for array in _arrays(call) if array.dtype == np.float64 and array.size]


def _cast(
    call: Call, convert: Callable[[np.ndarray], np.ndarray], arrays: list[np.ndarray]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments with some of their arrays converted."""

    def one(value: Any) -> Any:
        return convert(value) if any(value is array for array in arrays) else value

    return tuple(map(one, call.args)), {key: one(value) for key, value in call.kwargs.items()}


class _Unfit(Exception):
    """A call that a probe cannot use."""


def _probe_each(probe: Kind, exercise: Exercise, call: Call, secret: bool) -> Failure | None:
    """A probe of one array after the other beside the others as they are: a result of its kind has no room for what they make of it."""
    arrays = _floats(call)
    for array in arrays if len(arrays) > 1 else ():
        try:
            failure = _probe(probe, exercise, call, secret, [array])
        except _Unfit:
            continue
        if failure is not None:
            return failure
    return None


def _probe(
    probe: Kind, exercise: Exercise, call: Call, secret: bool, arrays: list[np.ndarray] | None = None
) -> Failure | None:
    """What a probe of these arrays finds, or of all; None where it finds nothing. Raises _Unfit where it cannot use this call."""
    if probe is Kind.SINGLE and not _may_be_rounded(call.value):
        raise _Unfit
    if probe is Kind.INTEGERS:
        plain, typed = (lambda a: np.rint(a)), (lambda a: np.rint(a).astype(np.int64))
        tolerance = 1e-9
    else:
        plain, typed = (lambda a: a.astype(np.float32).astype(np.float64)), (lambda a: a.astype(np.float32))
        tolerance = 1e-3

    def numbers(convert: Callable[[np.ndarray], np.ndarray]) -> list[np.ndarray] | None:
        args, kwargs = _cast(call, convert, _floats(call) if arrays is None else arrays)
        return _numbers(exercise(*args, **kwargs))

    try:
        expected = numbers(plain)
    except (StudentError, AssertionError):
        raise _Unfit from None
    if expected is None or not all(np.isfinite(e).all() for e in expected):
        raise _Unfit
    found = Failure(probe, call=exercise._name, secret=secret)
    try:
        got = numbers(typed)
    except StudentError as error:
        if isinstance(error, WallError) or error.failure.kind in (Kind.TIME, Kind.MEMORY, Kind.CALLBACK):
            raise _Unfit from None
        return replace(found, cause=explain.failure(error, exercise, secret))
    except AssertionError:  # a function of the check is particular about what it is asked
        raise _Unfit from None
    if (apart := _apart(got, expected, tolerance)) is None:
        return None
    if call.talk and _apart(numbers(plain), expected, tolerance) is not None:
        raise _Unfit  # a function of the check that counts: nothing comes twice
    if got is None or apart >= len(got):
        return replace(found, cause=Failure(Kind.SHAPE))
    return found if secret else replace(found, **explain.beside(got[apart], expected[apart]))


def _apart(got: list[np.ndarray] | None, expected: list[np.ndarray], tolerance: float) -> int | None:
    """The first array that differs by more than so much of its largest value; their number where shapes differ, None where none does."""
    if got is None or [g.shape for g in got] != [e.shape for e in expected]:
        return len(got or expected)
    for number, (g, e) in enumerate(zip(got, expected)):
        scale = max(np.abs(e).max(initial=0.0), 1e-300)
        if not np.abs(g.astype(complex) - e.astype(complex)).max(initial=0.0) <= tolerance * scale:
            return number
    return None


def _may_be_rounded(value: Any) -> bool:
    """Not an index or a label, which may hang on the last digit of the input."""
    numbers = _numbers(value)
    return numbers is not None and all(array.dtype.kind in "fc" for array in numbers)


def _numbers(value: Any) -> list[np.ndarray] | None:
    """A returned value as arrays of numbers, or None where it is anything else."""
    parts = value if isinstance(value, tuple) else (value,)
    try:
        arrays = [np.asarray(part) for part in parts]
    except ValueError:
        return None
    return arrays if all(a.dtype.kind in "biufc" for a in arrays) else None
