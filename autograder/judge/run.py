"""Runs the checks of one exercise against whatever its name is bound to, and counts the points.

The same lines serve a notebook, the reference, the banks of mistakes and a process behind the wall; only the transport differs.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.judge import explain
from autograder.judge.binding import Call, Exercise, Transport
from autograder.judge.checking import PUBLIC_SEED, Check, CheckError
from autograder.outcome import NOT_WRITTEN, StartError, StudentError, WallError
from autograder.result import ExerciseResult, TestResult

Recording = dict[str, list[Exercise]]  # what was called in each case, by check, and then by probe

CHANGED = "Work on a copy (x = np.array(x, dtype=float)): the caller still needs what was passed in."
PROBE_HINTS = {
    "integers": "Whole numbers must give what the same numbers as floats give: begin with np.asarray(x, dtype=float).",
    "float32": "Single-precision input loses more than its own rounding: compute in float64 (np.asarray(x, dtype=float)).",
}
PROBE_LIMIT = 1e4


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
    shared, own = [], []
    for position, check in enumerate(run.checks):
        (shared if check.budget.memory is None else own).append(position)
    # A process keeps its budget of memory for good: these come last, so that no other check needs a new process.
    for position in shared:
        run.check(position)
    run.probe()
    for position in own:
        run.check(position)
    results = [run.results[position] for position in range(len(run.checks))]
    if any(result.message == NOT_WRITTEN for result in results) and not any(result.passed for result in results):
        return unrunnable(name, run.checks, NOT_WRITTEN, optional), run.recording
    partly = {"message": f"{name} raised NotImplementedError", "hint": "Is a part of it still to be written?"}
    results = [replace(result, **partly) if result.message == NOT_WRITTEN else result for result in results]
    return ExerciseResult(name, tuple(results), optional), run.recording


class _Run:
    """The checks of one exercise, one after the other, and what is known so far."""

    def __init__(self, name: str, checks: list[Check], transport: Transport, seed: int, secret: bool):
        self.name, self.checks, self._transport, self._seed, self._secret = name, checks, transport, seed, secret
        self.results: dict[int, TestResult] = {}
        self.recording: Recording = {}
        self._candidates: list[tuple[int, Check, Call]] = []
        self._told_of_change = False

    def check(self, position: int) -> None:
        check = self.checks[position]
        message, cases = _run_check(check, self._transport, self._seed, self._secret)
        self.recording[check.name], hint = cases, check.hint
        calls = [call for case in cases for call in case.calls]
        changed = list(dict.fromkeys(argument for call in calls for argument in call.changed))
        if changed and not self._told_of_change:
            self._told_of_change = True
            if self._secret and check.uses_rng:  # a name can be made to carry an input, too
                changed = [argument if argument in self._transport.code else "an argument" for argument in changed]
            found = f"{self.name} changed its input {', '.join(explain.clip(c)[:40] for c in changed[:3])} in place"
            message, hint = (f"{message}; {found}", check.hint) if message else (found, CHANGED)
        if not message:
            self._candidates += [(position, check, call) for call in calls if _suits_probe(call, check)]
        self.results[position] = _result(check, message, hint)

    def probe(self) -> None:
        """The generic probes, each on the first call that it can use.

        A function that spoils its input would fail them for that reason.
        """
        for probe in () if self._told_of_change else PROBE_HINTS:
            for position, check, call in self._candidates:
                if probe in check.no_probe or not self.results[position].passed:
                    continue
                exercise = Exercise(self.name, self._transport, check.budget)
                self.recording.setdefault(probe, []).append(exercise)
                verdict = _probe(probe, exercise, call, self._secret and check.uses_rng)
                if verdict is None:
                    continue
                if verdict:
                    self.results[position] = _result(check, verdict, PROBE_HINTS[probe])
                break


def _run_check(check: Check, transport: Transport, seed: int, secret: bool) -> tuple[str, list[Exercise]]:
    """Why a check fails, or "", and what was called in each of its cases up to the first that fails."""
    message, cases = "", []
    for case in range(len(check.cases)):
        cases.append(Exercise(check.exercise, transport, check.budget))
        message = _run(check, case, cases[-1], seed, secret)
        if message:
            break
    return message, cases


def unrunnable(name: str, checks: Iterable[Check], reason: str, optional: bool = False) -> ExerciseResult:
    """The result of an exercise that could not be checked at all."""
    return ExerciseResult(name, tuple(_result(check, reason, "") for check in checks), optional, error=reason)


def _result(check: Check, message: str, hint: str) -> TestResult:
    score = 0 if message else check.points
    return TestResult(check.name, score, check.points, message, hint if message else "")


def _run(check: Check, case: int, exercise: Exercise, seed: int, secret: bool) -> str:
    """Why one case fails, or an empty string."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check.function(exercise, **check.arguments(seed, case))
    except StudentError as error:
        if str(error) == NOT_WRITTEN:
            return NOT_WRITTEN
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
            return explain.clip(f"{exercise._name} gave the right value, but with a floating-point warning: {noise[0]}")
    return ""


def _explain(error: BaseException, exercise: Exercise, secret: bool) -> str:
    """`explain.failure`, also for values that are made to be indescribable."""
    try:
        return explain.failure(error, exercise, secret)
    except Exception:
        return f"{exercise._name} gave back what can be neither compared nor described"


def _arrays(call: Call) -> list[np.ndarray]:
    return [value for value in (*call.args, *call.kwargs.values()) if isinstance(value, np.ndarray)]


def _suits_probe(call: Call, check: Check) -> bool:
    """A call of plain arrays of moderate numbers; budgets are for sizes that nobody wants to repeat."""
    if not call.plain or call.error or check.budget.declared:
        return False
    values = (*call.args, *call.kwargs.values())
    if not all(isinstance(v, (np.ndarray, int, float, str, bool, type(None))) for v in values):
        return False
    floats = [a for a in _arrays(call) if a.dtype == np.float64 and a.size]
    return bool(floats) and all(np.isfinite(a).all() and np.abs(a).max() <= PROBE_LIMIT for a in floats)


def _cast(call: Call, convert: Callable[[np.ndarray], np.ndarray]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    def one(value: Any) -> Any:
        return convert(value) if isinstance(value, np.ndarray) and value.dtype == np.float64 else value

    return tuple(map(one, call.args)), {key: one(value) for key, value in call.kwargs.items()}


def _probe(probe: str, exercise: Exercise, call: Call, secret: bool) -> str | None:
    """What a probe finds: a message, "" for nothing, None where this call cannot be used for it."""
    if probe == "float32" and not _may_be_rounded(call.value):
        return None
    if probe == "integers":
        plain, typed = np.rint, lambda a: np.rint(a).astype(np.int64)
        tolerance = 1e-9
    else:
        plain, typed = (lambda a: a.astype(np.float32).astype(np.float64)), (lambda a: a.astype(np.float32))
        tolerance = 1e-3
    try:
        args, kwargs = _cast(call, plain)
        expected = _numbers(exercise(*args, **kwargs))
    except StudentError:
        return None
    if expected is None or not all(np.isfinite(e).all() for e in expected):
        return None
    name = f"{exercise._name} on the same numbers as {'integers' if probe == 'integers' else 'float32'}"
    try:
        args, kwargs = _cast(call, typed)
        got = _numbers(exercise(*args, **kwargs))
    except WallError:
        return None
    except StudentError as error:
        return explain.failure(error, exercise, secret).replace(exercise._name, name, 1)
    if got is None or [g.shape for g in got] != [e.shape for e in expected]:
        return f"{name} gave values of another shape or kind"
    for g, e in zip(got, expected):
        scale = max(np.abs(e).max(initial=0.0), 1e-300)
        worst = np.abs(g.astype(complex) - e.astype(complex)).max(initial=0.0)
        if not worst <= tolerance * scale:
            return (
                f"{name} gave something else"
                if secret
                else f"{name} gave {explain.brief(g)}, as floats {explain.brief(e)}"
            )
    return ""


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
