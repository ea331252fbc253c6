"""Names the mistake: which function of the bank does on the checks' inputs exactly what this wrong answer did."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from autograder.bank import Mistake, load_bank
from autograder.binding import Call, LocalTransport, Module
from autograder.checking import Check, load_checks
from autograder.judge import Recording, run_check, run_exercise
from autograder.result import ExerciseResult

TOLERANCE = 1e-9  # another order of summation, not another function


def diagnose(result: ExerciseResult, recording: Recording, checks: Path, bank: Path, seed: int) -> str | None:
    """The description of the one mistake that agrees with a wrong answer on every call of every check, or None.

    An exercise that draws samples is not diagnosed, nor one that never gave back a value.
    """
    calls = [call for cases in recording.values() for made in cases for call in made]
    if result.error or result.score == result.max_score or not bank.exists():
        return None
    if any(call.samples for call in calls) or all(call.error or call.value is None for call in calls):
        return None
    passed = [test.passed for test in result.tests]
    found = [
        known for known in _bank(result.name, checks, bank, seed) if known.agrees(recording) and known.passed == passed
    ]
    return found[0].description if len(found) == 1 else None


@lru_cache(maxsize=64)
def _bank(exercise: str, checks: Path, bank: Path, seed: int) -> tuple[_Known, ...]:
    tests = load_checks(checks)[exercise]
    return tuple(_Known(mistake, tests, seed) for mistake in load_bank(bank).mistakes)


class _Known:
    """A mistake of the bank and what it does, found out check by check as far as it is asked."""

    def __init__(self, mistake: Mistake, checks: list[Check], seed: int):
        self.description = mistake.description
        self._checks, self._seed = checks, seed
        self._transport = LocalTransport(checks[0].exercise, mistake.function)
        self._recorded: dict[str, list[list[Call]]] = {}
        self._passed: list[bool] | None = None

    def agrees(self, recording: Recording) -> bool:
        """Whether it did the same, call by call; the first check that tells the two apart is the last one run."""
        return all(_agree(recording[check.name], self._record(check)) for check in self._checks)

    @property
    def passed(self) -> list[bool]:
        """Which checks it passes, the harness's own findings included."""
        if self._passed is None:
            name = self._checks[0].exercise
            result, _ = run_exercise(name, self._checks, self._transport, seed=self._seed, secret=True)
            self._passed = [test.passed for test in result.tests]
        return self._passed

    def _record(self, check: Check) -> list[list[Call]]:
        if check.name not in self._recorded:
            _, cases = run_check(check, self._transport, self._seed, secret=True)
            for made in cases:
                for call in made:
                    call.args, call.kwargs = (), {}
            self._recorded[check.name] = cases
        return self._recorded[check.name]


def _agree(one: list[list[Call]], other: list[list[Call]]) -> bool:
    """Equal values to 1e-9, the same exceptions, changed inputs, flags and number of call-backs, on as many calls."""
    if [len(made) for made in one] != [len(made) for made in other]:
        return False
    return all(_same(a.outcome, b.outcome) for x, y in zip(one, other) for a, b in zip(x, y))


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, (tuple, list)) and isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, Module) and isinstance(b, Module):
        return True  # what they do is seen when they are driven
    if isinstance(a, (str, type(None))) or isinstance(b, (str, type(None))):
        return type(a) is type(b) and a == b
    try:
        x, y = np.asarray(a), np.asarray(b)
        if x.shape != y.shape or x.dtype.kind not in "biufc" or y.dtype.kind not in "biufc":
            return False
        with np.errstate(all="ignore"):
            return bool(np.allclose(x, y, rtol=TOLERANCE, atol=0.0, equal_nan=True))
    except (ValueError, TypeError):
        return False
