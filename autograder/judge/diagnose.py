"""Names the mistake: which function of the bank does on the checks' inputs exactly what this wrong answer did."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from autograder.judge.bank import Mistake, load_bank
from autograder.judge.binding import Call, Exercise, LocalTransport, Module
from autograder.judge.run import Recording
from autograder.result import ExerciseResult
from autograder.wall.wire import Reference, decode

TOLERANCE = 1e-9  # another order of summation, not another function
ROUNDED = 1e-3  # of the largest value: what the probe with float32 lets pass


def diagnose(result: ExerciseResult, recording: Recording, bank: Path) -> str | None:
    """The description of the one mistake that agrees with a wrong answer on every call of every check, or None.

    An exercise that draws samples is not diagnosed, nor one that never gave back a value.
    """
    calls = [call for cases in recording.values() for case in cases for call in case.calls]
    if result.error or result.score == result.max_score:
        return None
    if any(call.samples for call in calls) or all(call.error or call.value is None for call in calls):
        return None
    found = [known for known in known_mistakes(bank) if known.agrees(recording)]
    return found[0].description if len(found) == 1 else None


@lru_cache(maxsize=64)
def known_mistakes(path: Path) -> tuple[_Known, ...]:
    """The mistakes of a bank. Raises CheckError as `load_bank` does."""
    return tuple(_Known(mistake, path.stem) for mistake in load_bank(path).mistakes)


class _Known:
    """A mistake of the bank, and what came of the calls that it has been given so far.

    No check is run for it. What a wrong answer was asked is asked again, call by call; as long as the same comes of it, so do the
    checks' verdicts. Most mistakes part company on the first call.
    """

    def __init__(self, mistake: Mistake, exercise: str):
        self.description = mistake.description
        self._transport = LocalTransport(exercise, mistake.function)
        self._seen: dict[tuple[str, int], list[tuple[bytes, Any]]] = {}

    def agrees(self, recording: Recording) -> bool:
        """Equal values to 1e-9, the same exceptions, changed inputs and flags, and the same questions to the check's functions."""
        numbered = ((name, number, case) for name, cases in recording.items() for number, case in enumerate(cases))
        return all(self._agrees_in((name, number), case) for name, number, case in numbered)

    def _agrees_in(self, key: tuple[str, int], case: Exercise) -> bool:
        seen, rounded = self._seen.get(key, []), key[0] == "float32"
        for call, (digest, outcome) in zip(case.calls, seen):
            if digest != call.digest or call.talk:  # what comes of talk does not hang on the request alone
                break
            if not _same(call.outcome, outcome, rounded):
                return False
        else:
            if len(seen) >= len(case.calls):
                return True
        self._seen[key] = []  # from the first call on, even where only the last ones are new: they may build on it
        here = Exercise(case._name, self._transport, case._budget)
        for call in case.calls:
            outcome = _again(here, call)
            self._seen[key].append((call.digest, outcome))
            if not _same(call.outcome, outcome, rounded):
                return False
        return True


def _again(exercise: Exercise, call: Call) -> tuple[Any, ...] | None:
    """The outcome of the same call of another function; None where that asks the check's functions anything else."""
    talk = _Talk(call)
    outcome = exercise.again(call, talk.answer).outcome
    return None if talk.parted or talk.left else outcome


class _Talk:
    """Stands in for the check's functions, which may have changed since: it knows what was asked and answered then.

    Questions may come in another order; those that differ in the last digits must keep the order in which each function was asked.
    """

    def __init__(self, call: Call):
        self.left = dict(enumerate(call.talk))
        self.parted = False
        self._equal: dict[bytes, list[int]] = {}  # last first
        for number, (question, _) in reversed(self.left.items()):
            self._equal.setdefault(question, []).append(number)

    def answer(self, frame: bytes) -> bytes:
        known = self._equal.get(bytes(frame), [])
        while known and known[-1] not in self.left:
            known.pop()
        number = known.pop() if known else self._nearly_equal(decode(frame, _as_data))
        self.parted = self.parted or number is None
        if self.parted or number is None:
            raise RuntimeError("another question than it was")
        return self.left.pop(number)[1]

    def _nearly_equal(self, asked: dict[str, Any]) -> int | None:
        for number, (question, _) in self.left.items():
            question = decode(question, _as_data)
            if question["callback"] == asked["callback"]:
                return number if _same(asked, question) else None
        return None


def _as_data(reference: Reference) -> Any:
    return reference["array"] if reference["t"] == "torch" else str(reference)


def _same(a: Any, b: Any, rounded: bool = False) -> bool:
    if isinstance(a, (tuple, list)) and isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(_same(x, y, rounded) for x, y in zip(a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key], rounded) for key in a)
    if isinstance(a, Module) and isinstance(b, Module):
        return True  # what they do is seen when they are driven
    if isinstance(a, (str, type(None))) or isinstance(b, (str, type(None))):
        return type(a) is type(b) and a == b
    try:
        x, y = np.asarray(a), np.asarray(b)
        if x.shape != y.shape or x.dtype.kind not in "biufc" or y.dtype.kind not in "biufc":
            return False
        kind = np.result_type(x, y, np.float64)
        x, y = x.astype(kind), y.astype(kind)
        with np.errstate(all="ignore"):
            size = abs(y)
            allowed = ROUNDED * np.max(size, initial=0.0, where=np.isfinite(size)) if rounded else TOLERANCE * size
            return bool(np.all((abs(x - y) <= allowed) | (x == y) | ((x != x) & (y != y))))
    except (ValueError, TypeError):
        return False
