"""Names the mistake: which function of the bank does on the checks' inputs exactly what this wrong answer did."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from autograder.bank import load_bank
from autograder.binding import LocalTransport
from autograder.checking import load_checks
from autograder.judge import Recording, run_exercise
from autograder.result import ExerciseResult

TOLERANCE = 1e-9  # another order of summation, not another function


def diagnose(result: ExerciseResult, recording: Recording, checks: Path, bank: Path, seed: int) -> str | None:
    """The description of the one mistake that agrees with a wrong answer on every call of every check, or None.

    An exercise that draws samples is not diagnosed, nor one that never gave back a value.
    """
    calls = [call for _, _, made in recording for call in made]
    if result.error or result.score == result.max_score or not bank.exists():
        return None
    if any(call.samples for call in calls) or all(call.error or call.value is None for call in calls):
        return None
    found = [
        description
        for description, known, known_recording in _known(result.name, checks, bank, seed)
        if [t.passed for t in known.tests] == [t.passed for t in result.tests] and agree(recording, known_recording)
    ]
    return found[0] if len(found) == 1 else None


@lru_cache(maxsize=64)
def _known(exercise: str, checks: Path, bank: Path, seed: int) -> list[tuple[str, ExerciseResult, Recording]]:
    tests = load_checks(checks)[exercise]
    known = []
    for mistake in load_bank(bank).mistakes:
        result, recording = run_exercise(
            exercise, tests, LocalTransport(exercise, mistake.function), seed=seed, secret=True
        )
        known.append((mistake.description, result, _without_inputs(recording)))
    return known


def _without_inputs(recording: Recording) -> Recording:
    for _, _, calls in recording:
        for call in calls:
            call.args, call.kwargs = (), {}
    return recording


def agree(one: Recording, other: Recording) -> bool:
    """Whether two functions did the same: equal values to 1e-9, the same exceptions, changed inputs, flags and call-backs."""
    if [(name, case, len(calls)) for name, case, calls in one] != [
        (name, case, len(calls)) for name, case, calls in other
    ]:
        return False
    pairs = ((a, b) for (_, _, x), (_, _, y) in zip(one, other) for a, b in zip(x, y))
    return all(_same(a.outcome, b.outcome) for a, b in pairs)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, (tuple, list)) and isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
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
