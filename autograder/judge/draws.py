"""Other inputs than those that an answer was judged on: what a check asks on another seed, as it is and varied.

A check ends at the first assert that fails, so it asks a wrong answer less than a right one. Here it is led on: it gets what a right
answer gives back, whatever the answer in question does.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np

from autograder.judge.binding import Exercise, Module, Transport
from autograder.judge.checking import Check, stream
from autograder.judge.run import PROBE_LIMIT
from autograder.outcome import Budget, StudentError, WallError

SHRINK = 0.1
LABELS = (-1, 0, 1)  # mean more than their size


class Variation(StrEnum):
    """What is done to the numbers of a draw."""

    NONE = "none"
    NEAR = "near"  # each becomes smaller by up to a tenth: ties, thresholds and round numbers are left
    FAR = "far"  # an array as a whole changes its scale, whole numbers move by up to two
    NULL = "null"  # arrays of floats become zero: where searches stop
    WHOLE = "whole"  # arrays of floats become arrays of integers, as in the probe


@dataclass(frozen=True)
class Request:
    """One call as a check made it, in the terms of `Exercise._send`, and what a right answer made of it."""

    sent: tuple[Any, ...]
    value: Any = None
    error: StudentError | None = None

    @cached_property
    def needs(self) -> int:
        """How many modules must have been made before."""
        target = self.sent[0]
        numbers = [leaf._number for leaf in leaves(self.sent) if isinstance(leaf, Module)]
        return 1 + max([*numbers, target if isinstance(target, int) else -1])


@dataclass(frozen=True)
class Case:
    """One case of a check as it goes with a right answer, from its beginning to its end.

    `skipped` are the calls, by number, that are not made: those, say, whose arguments a right answer refuses when they are varied.
    """

    check: Check
    number: int
    seed: int
    requests: tuple[Request, ...]
    variation: Variation = Variation.NONE
    skipped: frozenset[int] = frozenset()

    @cached_property
    def asks(self) -> bool:
        """Whether functions of the check are among the arguments."""
        sent = (leaf for request in self.requests for leaf in leaves(request.sent))
        return any(callable(leaf) and not isinstance(leaf, Module) for leaf in sent)

    def varied(self, variation: Variation, right: Transport) -> Case:
        """Raises WallError where the right answer does not come to an end."""
        case = replace(self, variation=variation)
        if variation is Variation.NEAR:  # what was fit for an answer is hardly ever unfit now
            return case
        asked = case.ask(right).calls
        refused = (n for n, (call, request) in enumerate(zip(asked, self.requests)) if call.error and not request.error)
        return replace(case, skipped=frozenset(refused))

    def behind(self, number: int) -> Case:
        """Without the first so many calls, unless modules come of these."""
        drives = any(request.needs for request in self.requests)
        return self if drives else replace(self, skipped=frozenset(range(number)))

    def ask(self, transport: Transport) -> Exercise:
        """Ask an answer all of that; the calls are in what is given back. Raises WallError where it answers no more."""
        asked = _Asked(self, transport)
        if self.asks:  # the check's functions, which may count and remember: it makes them anew
            _run(self.check, asked, self.seed, self.number)
        else:
            asked.go_on()
        if transport.dead:
            raise WallError(transport.dead)
        return asked


class _Over(Exception):
    """What comes next says nothing."""


class _Asked(Exercise):
    """An answer that is asked what a case asks, varied; the check goes on with what a right answer gave."""

    def __init__(self, case: Case, transport: Transport):
        super().__init__(case.check.exercise, transport, case.check.budget)
        self._case, self._asked, self._modules = case, 0, 0
        self._rng = stream(case.seed, case.check.exercise, f"{case.check.name}, {case.variation}", case.number)

    def go_on(self) -> None:
        """Ask all that is left, without the check."""
        for request in self._case.requests:
            try:
                self._send(*request.sent)
            except StudentError:
                continue
            except _Over:
                break

    def _send(self, *sent: Any) -> Any:
        place, self._asked = self._asked, self._asked + 1
        if place == len(self._case.requests):
            raise _Over
        request = self._case.requests[place]
        sent, value = _varied(sent, self._case.variation, self._rng), None
        if place not in self._case.skipped:
            if request.needs > self._modules:
                raise _Over
            try:
                value = super()._send(*sent)
            except (StudentError, AssertionError):  # of the answer, or of a spy of the check's
                if self._transport.dead or request.needs:
                    raise _Over from None
            if sent[1] == "load" and str(value) != str(request.value):  # it is left with weights of chance
                raise _Over
        if request.error:
            raise request.error
        made = sum(isinstance(leaf, Module) for leaf in leaves(request.value))
        if not made:
            return request.value
        self._modules += sum(isinstance(leaf, Module) for leaf in leaves(value))
        return value


class _Heard(Exercise):
    """A right answer; notes what a check asks it."""

    def __init__(self, name: str, transport: Transport, budget: Budget):
        super().__init__(name, transport, budget)
        self.requests: list[Request] = []

    def _send(self, *sent: Any) -> Any:
        kept = _mapped(sent, lambda leaf: leaf.copy() if isinstance(leaf, np.ndarray) else leaf)
        try:
            value = super()._send(*sent)
        except StudentError as error:
            self.requests.append(Request(kept, error=error))
            raise
        self.requests.append(Request(kept, value))
        return value


def draw_cases(check: Check, right: Transport, seed: int) -> list[Case] | None:
    """The cases of a check as they go with a right answer; None where it is not right."""
    cases = []
    for number in range(len(check.cases)):
        heard = _Heard(check.exercise, right, check.budget)
        if not _run(check, heard, seed, number):
            return None
        cases.append(Case(check, number, seed, tuple(heard.requests)))
    return cases


def _run(check: Check, exercise: Exercise, seed: int, case: int) -> bool:
    """Whether a case passes."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check.function(exercise, **check.arguments(seed, case))
    except Exception:
        return False
    return True


def leaves(value: Any) -> Iterator[Any]:
    """What lists, tuples and dicts hold at the end."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def _mapped(value: Any, function: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {key: _mapped(item, function) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_mapped(item, function) for item in value)
    return function(value)


def _varied(sent: Any, variation: Variation, rng: np.random.Generator) -> Any:
    if variation is Variation.NONE:
        return sent
    vary = {Variation.NEAR: _nearer, Variation.FAR: _farther, Variation.NULL: _null, Variation.WHOLE: _whole}[variation]
    with np.errstate(all="ignore"):
        return _mapped(sent, lambda leaf: vary(leaf, rng))


def _nearer(value: Any, rng: np.random.Generator) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        shrink: np.ndarray = np.asarray(rng.uniform(0.0, SHRINK, size=value.shape))
        if value.ndim == 2 and np.array_equal(value, value.T):
            shrink = (shrink + shrink.T) / 2  # it may have to stay symmetric
        fixed = np.isin(value, LABELS) | ~np.isfinite(value)
        return np.where(fixed, value, value * (1.0 - shrink)).astype(value.dtype)
    if isinstance(value, float) and np.isfinite(value) and value not in LABELS:
        return type(value)(value * (1.0 - rng.uniform(0.0, SHRINK)))
    return value


def _farther(value: Any, rng: np.random.Generator) -> Any:
    if isinstance(value, np.ndarray) and not np.isin(value, LABELS).all():
        if value.dtype.kind == "f":
            return (value * 10.0 ** rng.uniform(-8.0, 0.0)).astype(value.dtype)
        if value.dtype.kind == "i":
            return (value + rng.integers(-2, 3, size=value.shape)).astype(value.dtype)
    if isinstance(value, float) and np.isfinite(value):
        return type(value)(value * 10.0 ** rng.uniform(-2.0, 0.0))
    return value


def _null(value: Any, _rng: np.random.Generator) -> Any:
    return np.zeros_like(value) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value


def _whole(value: Any, _rng: np.random.Generator) -> Any:
    if isinstance(value, np.ndarray) and value.dtype == np.float64 and np.all(abs(value) <= PROBE_LIMIT):
        return np.rint(value).astype(np.int64)
    return value
