"""Names the mistake: which function of the bank does exactly what this wrong answer did, and does so again on other inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from autograder.judge.bank import Bank, load_bank
from autograder.judge.binding import Call, Exercise, LocalTransport, Module, Transport
from autograder.judge.checking import Check
from autograder.judge.draws import LABELS, Case, Variation, draw_cases, leaves
from autograder.judge.run import Recording
from autograder.outcome import Kind, WallError
from autograder.result import ExerciseResult
from autograder.wall.wire import Reference, decode


@dataclass(frozen=True)
class Tolerance:
    """By how much two numbers may differ, relative to each of them, or to the largest beside them and to `least`."""

    relative: float
    of_largest: bool = False
    least: float = 0.0


TINY = np.finfo(float).tiny  # below it, numbers lose their digits
EXACT = Tolerance(1e-9)  # another order of summation, not another function
FLOAT32 = Tolerance(1e-5, of_largest=True)  # the same of numbers in single precision
SINGLE = Tolerance(1e-3, of_largest=True)  # what the probe with float32 lets pass
FAR = Tolerance(1e-9, of_largest=True, least=1.0)  # where numbers cancel that did not where the check put them

Draw = tuple[int, Variation]  # how far its seed is from that of the run
Key = tuple[str, int, Draw | None]  # check or probe, number of the case, and the draw where it is another
# What an answer is asked more of the checks that it fails: for those that draw their inputs, others; for the rest what it has not been
# asked yet, since they end at the first assert that fails, and variations.
RANDOM: tuple[Draw, ...] = ((1, Variation.NONE),)
FIXED: tuple[Draw, ...] = ((0, Variation.NONE), (1, Variation.NEAR))
SEARCHES: tuple[Draw, ...] = ((1, Variation.NULL),)  # where functions are among the arguments
INTEGERS: tuple[Draw, ...] = (
    (1, Variation.WHOLE),
    (2, Variation.WHOLE),
)  # where the probe with integers has failed one
DEAR: tuple[Draw, ...] = (
    (1, Variation.NEAR),
)  # instead, where the check's functions were asked more than so many QUESTIONS
QUESTIONS = 1000
# Where several mistakes agree, or little speaks for the one.
MORE: tuple[Draw, ...] = (
    (1, Variation.NEAR),
    (2, Variation.NONE),
    (2, Variation.NEAR),
    *((offset, Variation.FAR) for offset in (1, 2, 3, 4)),
)
PASSED: tuple[Draw, ...] = ((1, Variation.NEAR), (2, Variation.NEAR))  # then, of the checks that pass
ENOUGH = 2  # different calls that a right answer would have answered differently
RICH = 3  # different numbers that it gave back there


def diagnose(
    result: ExerciseResult, recording: Recording, names: Names, checks: list[Check], transport: Transport, seed: int
) -> str | None:
    """The description of the mistake that a wrong answer makes, or None: a wrong name is worse than none.

    It agrees with the answer on every call of every check, and on other inputs of the checks that fail. No name is given

    - to an exercise that draws samples, and to an answer that gave back no value, nothing but yes and no, or answers no more;
    - where a right answer would have done nearly the same, or all that was different are exceptions that do not say the same: they may
      have other reasons, and the student reads of them anyway.

    Parameters
    ----------
    names : Names
        Of the exercise's bank.
    transport : Transport
        Where the answer still is: it is asked more.
    seed : int
        Of the run.
    """
    calls = [call for cases in recording.values() for case in cases for call in case.calls]
    if result.error or result.score == result.max_score or transport.dead:
        return None
    if any(call.samples for call in calls) or all(call.error or _says_little(call.value) for call in calls):
        return None
    cheap = [(check, test) for check, test in zip(checks, result.tests) if not check.budget.declared]
    failed = [(check, test) for check, test in cheap if not test.passed]
    quiet = {check.name for check in checks if check.quiet}
    found = [known for known in names.mistakes if known.agrees(recording, quiet)] if failed else []
    if not found:
        return None
    trial = _Trial(names, found, recording, quiet, transport, seed)
    dear = sum(len(call.talk) for call in calls) > QUESTIONS
    try:
        for check, test in failed:
            trial.ask(check, DEAR if dear else RANDOM if check.uses_rng else FIXED)
            if test.failure is not None and test.failure.kind is Kind.INTEGERS:
                trial.ask(check, INTEGERS)
            if any(call.talk for case in recording[check.name] for call in case.calls):
                trial.ask(check, SEARCHES)
        trial.weigh()
        for check, test in cheap if not (dear or trial.is_clear) else ():
            trial.ask(check, PASSED if test.passed else MORE)
        trial.weigh()
    except WallError:
        return None
    return trial.description


def _says_little(value: Any) -> bool:
    """Whether many mistakes could have led to it: nothing, or a yes or no."""
    return value is None or isinstance(value, (bool, np.bool_))


class _Trial:
    """An answer that is asked more, and the mistakes that still agree with it.

    The evidence are the calls by which it differs from a right answer, and the numbers that it gave back there.
    """

    def __init__(
        self,
        names: Names,
        found: list[_Known],
        recording: Recording,
        quiet: Set[str],
        transport: Transport,
        seed: int,
    ):
        self._names, self._found, self._transport, self._seed = names, found, transport, seed
        self._recording, self._quiet = recording, quiet
        self._calls: set[int] = set()
        self._numbers: set[float] = set()
        self._coarsely = False  # whether single precision was taken for double
        self._unweighed: list[tuple[Key, Exercise]] = [
            ((name, number, None), case) for name, cases in recording.items() for number, case in enumerate(cases)
        ]

    @property
    def is_clear(self) -> bool:
        """Whether there is one mistake left, and another one would hardly have given the same numbers: 0, 1 and infinity are none."""
        return len(self._found) == 1 and len(self._calls) >= ENOUGH and len(self._numbers) >= RICH

    @property
    def description(self) -> str | None:
        """Of the first that is left; others do the same under another name, which single precision does not tell."""
        if not self._found or len(self._calls) < ENOUGH or (self._coarsely and len(self._found) > 1):
            return None
        return self._found[0].description

    def ask(self, check: Check, draws: Iterable[Draw]) -> None:
        """Raises WallError where the answer answers no more."""
        for draw in draws:
            for case in self._names.cases(check, self._seed, draw):
                if not self._found:
                    return
                if draw == (0, Variation.NONE):
                    case = case.behind(len(self._asked(case)))
                asked, key = case.ask(self._transport), (check.name, case.number, draw)
                self._found = [known for known in self._found if known.agrees_in(key, asked, self._quiet)]
                self._unweighed.append((key, asked))

    def _asked(self, case: Case) -> list[Call]:
        cases = self._recording[case.check.name]
        return cases[case.number].calls if case.number < len(cases) else []

    def weigh(self) -> None:
        """Take in evidence from what was asked, until it is enough."""
        while self._found and self._unweighed and not self.is_clear:
            key, case = self._unweighed.pop(0)
            wrong, right = self._found[0].calls(key, case), self._names.right(key, case)
            for call, named, due in zip(case.calls, wrong, right):
                speaks = not call.error or (named is not None and call.said == named.said != "")
                if speaks and not self._is_right(call, due, named, key):
                    self._take_in(call)

    def _is_right(self, call: Call, due: Call | None, named: Call | None, key: Key) -> bool:
        """Whether a right answer does the same, by the measure by which the named one does."""
        tolerance, loud = _tolerance(key), key[0] in self._quiet
        coarse = named is not None and not _same(_seen(call, loud), _seen(named, loud), tolerance)
        self._coarsely = self._coarsely or coarse
        as_often = named is None or sorted(named.talk) == sorted(call.talk)
        if due is None or (as_often and due.talk != call.talk):
            return False
        return _same(_seen(call, loud), _seen(due, loud), tolerance, coarse)

    def _take_in(self, call: Call) -> None:
        self._calls.add(hash((call.digest, tuple(call.talk))))
        for leaf in leaves(call.value):
            if isinstance(leaf, (float, np.ndarray)):
                some = np.ravel(leaf)[:1000]
                self._numbers.update(some[np.isfinite(some) & ~np.isin(some, LABELS)].tolist())


@lru_cache(maxsize=64)
def names_of(path: Path) -> Names:
    """The names that a bank can give. Raises CheckError as `load_bank` does."""
    return Names(load_bank(path))


class Names:
    """The mistakes of a bank, and its right answers, which tell what the checks ask."""

    def __init__(self, bank: Bank):
        self.mistakes = [_Known(bank.exercise, mistake.function, mistake.description) for mistake in bank.mistakes]
        self._rights = [_Known(bank.exercise, function) for function in bank.alternatives]
        self._right: _Known | None = None  # the first that passed a check
        self._drawn: dict[tuple[str, int, Variation], list[Case]] = {}

    def without(self, description: str) -> Names:
        """As if this mistake had never been thought of."""
        others = copy(self)
        others.mistakes = [known for known in self.mistakes if known.description != description]
        return others

    def right(self, key: Key, case: Exercise) -> Iterable[Call | None]:
        """What a right answer makes of the same calls; nothing where none is known."""
        return self._right.calls(key, case) if self._right else ()

    def cases(self, check: Check, seed: int, draw: Draw) -> list[Case]:
        """What a check asks in a draw; nothing where no right answer is known, or that does not come to an end."""
        (offset, variation), plain = draw, (draw[0], Variation.NONE)
        key = check.name, seed + offset, variation
        if key not in self._drawn:
            self._drawn[key] = []
            with suppress(WallError):
                if draw == plain:
                    self._drawn[key] = self._as_it_is(check, seed + offset)
                elif (cases := self.cases(check, seed, plain)) and self._right:
                    right = self._right.transport()
                    self._drawn[key] = [case.varied(variation, right) for case in cases]
        return self._drawn[key]

    def _as_it_is(self, check: Check, seed: int) -> list[Case]:
        for right in self._rights:
            if cases := draw_cases(check, right.transport(), seed):
                self._right = self._right or right
                return cases
        return []


class _Known:
    """A function of the bank, and what came of the calls that it has been given so far.

    No check is run for it. What an answer was asked is asked again, call by call; as long as the same comes of it, so do the
    checks' verdicts. Most mistakes part company on the first call.
    """

    def __init__(self, exercise: str, function: Any, description: str = ""):
        self.function, self.description, self._exercise = function, description, exercise
        self._transport = self.transport()
        self._seen: dict[Key, list[tuple[bytes, Call | None]]] = {}

    def transport(self) -> LocalTransport:
        return LocalTransport(self._exercise, self.function)

    def agrees(self, recording: Recording, quiet: Set[str]) -> bool:
        """Equal values, the same exceptions and changed inputs, and the same questions to the check's functions.

        In the checks that ask for `quiet` the same flags, too; elsewhere these are a matter of style.
        """
        numbered = ((name, number, case) for name, cases in recording.items() for number, case in enumerate(cases))
        return all(self.agrees_in((name, number, None), case, quiet) for name, number, case in numbered)

    def agrees_in(self, key: Key, case: Exercise, quiet: Set[str]) -> bool:
        """The same in one case; `key` is what that is remembered by."""
        tolerance, loud = _tolerance(key), key[0] in quiet
        return all(_alike(call, own, tolerance, loud) for call, own in zip(case.calls, self.calls(key, case)))

    def calls(self, key: Key, case: Exercise) -> Iterator[Call | None]:
        """The same calls here, one after the other; None for one that asks the check's functions anything else."""
        known = 0
        for call, (digest, own) in zip(case.calls, self._seen.get(key, [])):
            if digest != call.digest or call.talk:  # what comes of talk does not hang on the request alone
                break
            yield own
            known += 1
        if known == len(case.calls):
            return
        self._seen[key] = []  # from the first call on, even where only the last ones are new: they may build on it
        here = Exercise(case._name, self._transport, case._budget)
        for number, call in enumerate(case.calls):
            own = _again(here, call)
            self._seen[key].append((call.digest, own))
            if number >= known:
                yield own


def _tolerance(key: Key) -> Tolerance:
    name, _, draw = key
    if draw is not None:
        return FAR if draw[1] is Variation.FAR else EXACT
    return SINGLE if name == Kind.SINGLE else EXACT


def _alike(call: Call, other: Call | None, tolerance: Tolerance, loud: bool) -> bool:
    return other is not None and _same(_seen(call, loud), _seen(other, loud), tolerance, coarse=True)


def _seen(call: Call, loud: bool) -> tuple[Any, ...]:
    """What came of a call, with its flags where it is `loud`."""
    return call.outcome if loud else call.outcome[:-1]


def _again(exercise: Exercise, call: Call) -> Call | None:
    """The same call of another function; None where that asks the check's functions anything else."""
    talk = _Talk(call)
    made = exercise.again(call, talk.answer)
    made.talk = talk.heard
    return None if talk.parted or talk.missed else made


class _Talk:
    """Stands in for the check's functions, which may have changed since: it knows what was asked and answered then.

    Questions may come in another order; those that differ in the last digits must keep the order in which each function was asked. One
    that comes again gets the same answer again, where it always did: how often a value is computed is no part of how.
    """

    def __init__(self, call: Call):
        self.heard: list[tuple[bytes, bytes]] = []
        self.parted = False
        self._left = dict(enumerate(call.talk))
        self._repeats = len(call.talk)  # at most: a search may go on and on
        self._equal: dict[bytes, list[int]] = {}  # last first
        for number, (question, _) in reversed(self._left.items()):
            self._equal.setdefault(question, []).append(number)
        answers: dict[bytes, set[bytes]] = {}
        for question, answer in call.talk:
            answers.setdefault(question, set()).add(answer)
        self._always = {question: min(given) for question, given in answers.items() if len(given) == 1}

    @property
    def missed(self) -> bool:
        """Whether there is a question that was not asked now, not even once."""
        asked = {question for question, _ in self.heard}
        return any(question not in asked or question not in self._always for question, _ in self._left.values())

    def answer(self, frame: bytes) -> bytes:
        asked = bytes(frame)
        known = self._equal.get(asked, [])
        while known and known[-1] not in self._left:
            known.pop()
        if not known and asked in self._always and self._repeats:
            self._repeats -= 1
            self.heard.append((asked, self._always[asked]))
            return self._always[asked]
        number = known.pop() if known else self._nearly_equal(decode(frame, _as_data))
        self.parted = self.parted or number is None
        if self.parted or number is None:
            raise RuntimeError("another question than it was")
        self.heard.append(self._left.pop(number))
        return self.heard[-1][1]

    def _nearly_equal(self, asked: dict[str, Any]) -> int | None:
        for number, (question, _) in self._left.items():
            question = decode(question, _as_data)
            if question["callback"] == asked["callback"]:
                return number if _same(asked, question) else None
        return None


def _as_data(reference: Reference) -> Any:
    return reference["array"] if reference["t"] == "torch" else str(reference)


def _same(a: Any, b: Any, tolerance: Tolerance = EXACT, coarse: bool = False) -> bool:
    """`coarse`: `a` may be in single precision, torch's default, where `b` is in double, NumPy's."""
    if isinstance(a, (tuple, list)) and isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(_same(x, y, tolerance, coarse) for x, y in zip(a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key], tolerance, coarse) for key in a)
    if isinstance(a, Module) and isinstance(b, Module):
        return True  # what they do is seen when they are driven
    if isinstance(a, (str, type(None))) or isinstance(b, (str, type(None))):
        return type(a) is type(b) and a == b
    try:
        x, y = np.asarray(a), np.asarray(b)
        if x.shape != y.shape or x.dtype.kind != y.dtype.kind or x.dtype.kind not in "biufc":
            return False
        single = x.dtype == np.float32 and (coarse or y.dtype == np.float32)
        kind = np.result_type(x, y, np.float64)
        x, y = x.astype(kind), y.astype(kind)
        with np.errstate(all="ignore"):
            size = np.where(np.isfinite(y), abs(y), 0.0)  # nothing comes near to infinity
            if single and tolerance.relative < FLOAT32.relative:
                tolerance = FLOAT32
            if tolerance.of_largest:
                size = np.max(size, initial=tolerance.least)
            allowed = tolerance.relative * size + TINY
            return bool(np.all((abs(x - y) <= allowed) | (x == y) | ((x != x) & (y != y))))
    except (ValueError, TypeError):
        return False
