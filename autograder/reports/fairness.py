"""Whether the checks were fair to a class: in how many ways each failed, and whether those fail it who are wrong elsewhere, too."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import StatisticsError, correlation

from autograder.outcome import Kind, Outcome
from autograder.reports.lessons import can_run
from autograder.result import ExerciseResult, Result, TestResult

CLASS = 20  # answers that an index takes
MINORITY = 3  # of them, those that pass, and those that fail
# Of a check that seems to be understood in many ways.
MANY_FAILURES, MANY_WAYS = 5, 4
SPENT = frozenset(
    {Kind.TIME, Kind.MEMORY, Kind.PROCESS_MEMORY, Kind.UNFINISHED, Kind.WAITS, Kind.EXERCISE_TIME, Kind.EXERCISE_IDLE}
    | {Kind.NOTEBOOK_TIME, Kind.NOTEBOOK_UNFINISHED, Kind.CELLS_TIME, Kind.JUDGING, Kind.SLOW_ANSWER}
)


@dataclass(frozen=True)
class Verdict:
    """What is known of one check.

    Attributes
    ----------
    failed, ways : int
        Students who failed it, and different mistakes and messages with which they did.
    most : int
        Students who failed it in the most frequent way.
    index : float or None
        Item-rest correlation: between passing it and the share of points in the other exercises that could be run. None
        where fewer than CLASS answers, or fewer than MINORITY on one side, make it mean nothing.
    answers : int
        How many it was had from.
    """

    exercise: str
    check: str
    failed: int
    ways: int
    most: int
    index: float | None
    answers: int

    @property
    def chance(self) -> float:
        """How far chance alone moves the index, nineteen times of twenty."""
        return 2 / math.sqrt(self.answers)

    @property
    def is_scattered(self) -> bool:
        """Many fail, in many ways, and no way is that of half of them."""
        return self.failed >= MANY_FAILURES and self.ways >= MANY_WAYS and 2 * self.most <= self.failed

    @property
    def is_blind(self) -> bool:
        """Who is good elsewhere fails it as often as who is not."""
        return self.index is not None and self.index <= 0


def verdicts(results: Iterable[Result]) -> dict[tuple[str, str], Verdict]:
    """Of all checks that failed, by exercise and check. What was judged counts: it passed or failed, and did not go unrun."""
    answers: dict[tuple[str, str], list[tuple[ExerciseResult, TestResult, float | None]]] = defaultdict(list)
    for result in results:
        ran = [exercise for exercise in result.exercises if can_run(exercise)]
        score, most = sum(e.score for e in ran), sum(e.max_score for e in ran)
        for exercise in ran:
            others = most - exercise.max_score
            rest = (score - exercise.score) / others if others else None  # the share of points in the other exercises
            for test in exercise.tests:
                if test.outcome in (Outcome.PASSED, Outcome.FAILED):
                    answers[exercise.name, test.name].append((exercise, test, rest))
    found = {}
    for (name, check), judged in answers.items():
        ways = Counter(_way(exercise, test) for exercise, test, _ in judged if not test.passed)
        if ways:
            index = _index([(test.passed, rest) for _, test, rest in judged])
            found[name, check] = Verdict(name, check, ways.total(), len(ways), max(ways.values()), index, len(judged))
    return found


def out_of_budget(results: Iterable[Result]) -> list[tuple[str, ExerciseResult]]:
    """Students and exercises that were stopped for their time or memory."""
    return [
        (result.student, exercise)
        for result in results
        for exercise in result.exercises
        if any(test.failure and test.failure.kind in SPENT for test in exercise.tests)
    ]


def _way(exercise: ExerciseResult, test: TestResult) -> tuple[str, ...]:
    """What tells one way to fail from another: the mistake's name, else what came back or was raised."""
    if exercise.diagnosis:
        return (exercise.diagnosis,)
    failure = test.failure
    return (failure.kind, failure.error, failure.got, failure.name) if failure else (test.message,)


def _index(answers: list[tuple[bool, float | None]]) -> float | None:
    pairs = [(float(passed), rest) for passed, rest in answers if rest is not None]
    passed = sum(value for value, _ in pairs)
    if len(pairs) < CLASS or min(passed, len(pairs) - passed) < MINORITY:
        return None
    try:
        return correlation([value for value, _ in pairs], [rest for _, rest in pairs])
    except StatisticsError:  # all have the same elsewhere
        return None
