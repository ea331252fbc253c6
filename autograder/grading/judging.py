"""Judges the exercises of one notebook, each where the notebook checks it, and at its end where that may give more."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from functools import cache

from autograder.course import Entry
from autograder.grading.plan import Plan
from autograder.grading.reading import Reading
from autograder.grading.script import Script
from autograder.judge.checking import Check
from autograder.judge.diagnose import diagnose, names_of
from autograder.judge.run import Recording, run_exercise, unrunnable
from autograder.outcome import Failure, Kind, Outcome
from autograder.result import ExerciseResult
from autograder.wall.box import Wall
from autograder.wall.inside.student import OutOfTime, cpu_limit
from autograder.wall.limits import Meter
from autograder.wall.process import WalledTransport

JUDGING = 60.0  # CPU seconds that the judge spends on one exercise, for results that are made to be slow to check
# Seconds that an exercise's calls may have taken where its mistake is named, for which it is called again; and that all of that may take.
NAMING, ALL_NAMING = 5.0, 60.0
UNSEEN = (Outcome.NOT_DEFINED, Outcome.NOT_WRITTEN)

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Exercise:
    """One exercise of a notebook, and the best that came of it so far.

    Attributes
    ----------
    judged : int
        Steps of the reading behind which it was judged last.
    uses : dict
        Which names it asks for when it is called, and what they ask for.
    """

    entry: Entry
    checks: list[Check]
    result: ExerciseResult | None = None
    judged: int = 0
    uses: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def is_full(self) -> bool:
        return self.result is not None and self.result.score == self.result.max_score

    @property
    def asks_for(self) -> frozenset[str]:
        """Names on which it may rest, its own included."""
        return frozenset((self.name, *self.uses)).union(*self.uses.values())


class Grading:
    """The exercises of one notebook, of which those to do are judged, in one reading of it or two."""

    def __init__(self, script: Script, plan: Plan, wall: Wall):
        checks = plan.checks()
        self._script, self._plan, self._wall = script, plan, wall
        self._code = "\n".join(cell.source for cell in script.cells)
        self.exercises = [Exercise(entry, checks[entry.name]) for entry in plan.exercises]
        self.todo = [e for e in self.exercises if plan.only is None or e.name in plan.only]
        self._points = {e.name: float(sum(check.points for check in e.checks)) for e in self.exercises}
        self._meter = Meter(plan.limits)

    def judge(self) -> Reading:
        """Judge all exercises; the first reading, in which all cells were run that are run for everybody."""
        first = Reading(self._wall, self._script, self._meter, self._points)
        try:
            first.choose()
            self._along(first, self.todo)
        finally:
            first.end()
        again, whole, strict = self._worth_another(first)
        if again:
            second = Reading(self._wall, self._script, self._meter, self._points, whole, strict)
            try:
                self._along(second, again)
            finally:
                second.end()
        return first

    def _along(self, reading: Reading, exercises: list[Exercise]) -> None:
        """Judge exercises where the notebook checks them, and at its end where that may give more."""
        for exercise in exercises:
            exercise.judged = 0
        for step in self._script.steps:
            now = len(reading.ran)
            reading.advance()
            for exercise in exercises:
                unchecked = exercise.name not in self._script.checked
                if exercise.name in step.due or (unchecked and reading.have_changed(frozenset([exercise.name]), now)):
                    self._judge_again(exercise, reading)
        for exercise in exercises:
            self._judge_again(exercise, reading)

    def _judge_again(self, exercise: Exercise, reading: Reading) -> None:
        """Judge an exercise as of now, where it is not full and what it rests on has changed; the better result counts."""
        if exercise.is_full or not reading.have_changed(exercise.asks_for, exercise.judged):
            return
        exercise.judged = len(reading.ran)
        result = self._run(exercise, reading)
        if exercise.result is None or _worth(result) > _worth(exercise.result):
            exercise.result = result
        if not exercise.is_full:
            exercise.uses = reading.uses(exercise.name)

    def _run(self, exercise: Exercise, reading: Reading) -> ExerciseResult:
        name, optional = exercise.name, exercise.entry.optional
        transport = WalledTransport(reading.open, reading.meter, self._code)
        try:
            with cpu_limit(JUDGING):
                result, recording = run_exercise(
                    name, exercise.checks, transport, seed=self._plan.seed, secret=True, optional=optional
                )
            if reading.forks and (exercise.result is None or _worth(result) > _worth(exercise.result)):
                with reading.meter.uncounted():
                    result = replace(result, diagnosis=self._diagnosis(exercise, result, recording, transport))
            return result
        except OutOfTime:
            slow = Failure(Kind.JUDGING, call=name, limit=JUDGING)
            return unrunnable(name, exercise.checks, Outcome.FAILED, slow, optional)
        finally:
            transport.close()
            reading.finish_exercise(transport.failed)

    def _diagnosis(
        self, exercise: Exercise, result: ExerciseResult, recording: Recording, transport: WalledTransport
    ) -> str | None:
        """A comment: where it fails, the comment is missing and nothing else."""
        bank = self._plan.bank(exercise.name)
        if bank is None or transport.spent > NAMING or self._meter.not_counted > ALL_NAMING:
            return None
        failed = transport.failed
        try:
            return diagnose(result, recording, names_of(bank), exercise.checks, transport, self._plan.seed)
        except Exception as error:
            _warn_once(f"mistakes in {result.name} are not named: {type(error).__name__}: {error}")
            return None
        finally:
            transport.failed = failed  # what comes of naming must not matter to the next exercise

    def _worth_another(self, first: Reading) -> tuple[list[Exercise], frozenset[int], bool]:
        """The exercises that may earn more where the notebook is read as a kernel does, the steps that are run whole for that although
        they explore, and whether a statement that fails ends its cell.

        Those are exercises that are not full and
        - ask for a name of a cell that explores, or of one that started threads, above the check: then all cells run whole;
        - stand in a notebook in which a cell that explores is not as it was handed out: then this one does;
        - ask for a name that only has its meaning because a cell went on behind a statement that failed.
        """
        explores = frozenset(index for index, step in enumerate(self._script.steps) if step.explores)
        changed = frozenset(
            index for index in explores if not self._script.is_released(self._script.steps[index].number)
        )
        missing: set[str] = set()
        own: set[str] = set()
        at_check: dict[
            str, frozenset[str]
        ] = {}  # what was missing where an exercise is checked: a kernel comes no further
        for index, (step, ran) in enumerate(zip(self._script.steps, first.ran)):
            reduced = first.reduced.get(index)
            if step.explores:
                missing |= step.left | ran.left | (ran.bound & own)
            else:
                own |= ran.bound
            if reduced is not None and reduced.kind is Kind.THREADS:
                missing |= ran.left
            for name, lost in ran.lost:
                missing |= lost if name in missing else set()
            at_check |= dict.fromkeys(step.due, frozenset(missing))
        rebound = frozenset().union(*(ran.rebound for ran in first.ran))
        left = [exercise for exercise in self.todo if not exercise.is_full]
        wanting = [exercise for exercise in left if exercise.asks_for & at_check.get(exercise.name, missing)]
        strict = [exercise for exercise in left if exercise.asks_for & rebound]
        tried = [exercise for exercise in left if changed and exercise.result and exercise.result.outcome not in UNSEEN]
        again = [exercise for exercise in left if exercise in wanting or exercise in strict or exercise in tried]
        return again, explores if wanting else changed, bool(strict)


def _worth(result: ExerciseResult) -> tuple[int, bool]:
    """The better of two results has more points, or more to say."""
    return result.score, result.outcome not in UNSEEN


@cache
def _warn_once(message: str) -> None:
    log.warning("%s", message)
