"""Runs a submission's cells behind the wall in order, so that each exercise can be judged where a kernel would check it."""

from __future__ import annotations

from autograder.grading.script import Outline, Script
from autograder.outcome import Failure, Kind, WallError
from autograder.wall.box import Wall
from autograder.wall.inside.statements import ANY
from autograder.wall.limits import Meter
from autograder.wall.process import Process, Ran, Waiter

WHOLE, DEFINITIONS, NOTHING = "whole", "definitions", "nothing"
COSTLY = 1.0  # seconds: a step that took longer and gave no name a meaning is not repeated


class Reading:
    """A notebook, read from top to bottom; its process is started again with the steps so far whenever it was used up.

    Parameters
    ----------
    points : dict
        What each exercise earns at most.
    whole : set of int or None
        Of a second reading: which steps run whole although they explore. Threads may stay then: slower, and needed by few.
    strict : bool
        A statement that fails ends its cell, as in a kernel.

    Attributes
    ----------
    ran : list of Ran
        What became of each step so far.
    reduced : dict of Failure
        Why steps did not run whole, by index.
    """

    def __init__(
        self,
        wall: Wall,
        script: Script,
        meter: Meter,
        points: dict[str, float],
        whole: frozenset[int] | None = None,
        strict: bool = False,
    ):
        self._wall, self._script, self._points, self.meter = wall, script, points, meter
        self._threads_may_stay, self._strict = whole is not None, strict
        self._explores = {i for i, step in enumerate(script.steps) if step.explores} - (whole or frozenset())
        self._process: Process | None = None
        self._busy = False  # an exercise is being judged
        self._served = False  # exercises have been judged since the process began
        self._crowd: int | None = None  # the step that was the last to leave processes behind
        self._solo = False  # the cells have left threads behind, which a fork would not survive
        self._parts: dict[int, str] = {}  # of the steps that are not to run whole, by index
        self.ran: list[Ran] = []
        self.reduced: dict[int, Failure] = {}

    def choose(self) -> None:
        """Choose what is run of cells that explore. One that the student has changed is read behind the wall."""

        def outline(source: str) -> Outline:
            try:
                return self._ready().outline(source)
            except WallError:
                self.end()
                raise

        self._script.choose(outline)

    def advance(self) -> None:
        """Run the next step, or what can be had of it."""
        index = len(self.ran)
        self._hurry(index)
        ran = Ran()
        while (part := self._part(index)) != NOTHING:
            alone = not self._solo
            try:
                self._ready()
                ran = self._run(index)
            except WallError as stopped:
                if self._served:  # perhaps one of the exercises has done that
                    self.end()
                else:
                    self._reduce(index, stopped.failure)
                continue
            if ran.threads == 1 or not alone or part != WHOLE or self._threads_may_stay:
                break
            self._reduce(index, Failure(Kind.THREADS))
        self.ran.append(ran)

    def have_changed(self, names: frozenset[str], since: int) -> bool:
        """Whether some of these names have another meaning than after so many steps."""
        return any(not ran.bound.isdisjoint(names | {ANY}) for ran in self.ran[since:])

    @property
    def forks(self) -> bool:
        """Whether an exercise has a fork of the notebook's process to itself, and not what cannot be had again but by running all cells."""
        return not self._solo

    def open(self) -> Waiter:
        """The socket of a process for one exercise, with the names that the notebook has by now.

        Raises
        ------
        WallError
            Where there can be none.
        """
        if self._busy:  # an earlier process of the same exercise may still be running
            self.finish_exercise(failed=False)
        self._busy = True
        try:
            waiter = self._alone().exercise(fork=not self._solo)
        except WallError:  # an earlier exercise took the whole process with it
            self.end()
            waiter = self._alone().exercise(fork=not self._solo)
        self._served = True
        return waiter

    def finish_exercise(self, failed: bool) -> None:
        """Leave nothing behind of an exercise that could disturb what comes next."""
        process, self._busy = self._process, False
        if process is None:
            return
        if self._solo or not process.stop_exercises() or (failed and not process.is_well()):
            self.end()

    def uses(self, name: str) -> dict[str, frozenset[str]]:
        """The names that an exercise asks for when it is called, and what they ask for; none where that cannot be known."""
        if self._process is not None:
            try:
                return self._process.uses(name)
            except WallError:
                self.end()
        return {}

    def end(self) -> None:
        process, self._process = self._process, None
        self._solo, self._served, self._crowd = False, False, None
        if process is not None:
            process.__exit__()

    def _ready(self) -> Process:
        """The process of the notebook, with all steps so far behind it and nothing beside it."""
        while self._process is None:
            self.meter.require_more()
            self._process = self._wall.process(self.meter)
            self._process.announce_points(self._points)
            for index, ran in enumerate(self.ran):
                if self._part(index) != NOTHING and (ran.bound or ran.seconds < COSTLY):
                    try:
                        self._run(index)
                    except WallError as stopped:
                        self._reduce(index, stopped.failure)
                        break
        return self._process

    def _alone(self) -> Process:
        """The process of the notebook, without what its cells have left beside it: that must not meet the exercises."""
        process = self._ready()
        while self._crowd is not None and not process.stop_exercises():
            self._reduce(self._crowd, Failure(Kind.PROCESSES, limit=self.meter.limits.started))
            process = self._ready()
        self._crowd = None
        return process

    def _run(self, index: int) -> Ran:
        """Run a step, without what took too long before."""
        step, part = self._script.steps[index], self._part(index)
        places = self.ran[index].places if index < len(self.ran) else ()
        chosen = step.definitions if index in self._explores else None
        assert self._process is not None
        ran = self._process.run_cell(
            step.source, step.number, part if chosen is None else chosen, places, step.lines, self._strict
        )
        self._solo = ran.threads > 1
        self._crowd = index if ran.others > 0 else self._crowd
        return ran

    def _part(self, index: int) -> str:
        """How much of a step is run."""
        step, patience = self._script.steps[index], self.meter.patience()
        part = self._parts.get(index, WHOLE)
        if index in self._explores:
            part = NOTHING if step.definitions == [] or part == NOTHING else DEFINITIONS
        if patience is None:
            return NOTHING
        return DEFINITIONS if patience.definitions and part == WHOLE else part

    def _hurry(self, index: int) -> None:
        """Note where a step is not run whole because there is no time left."""
        patience = self.meter.patience()
        if (patience is None or patience.definitions) and index not in self._explores:
            self.reduced[index] = Failure(Kind.CELLS_TIME, limit=self.meter.limits.cells)

    def _reduce(self, index: int, why: Failure) -> None:
        """Ask less of a step, and begin anew."""
        part = self._part(index)
        self.end()
        if why.kind is not Kind.CELLS_TIME:
            self._parts[index] = DEFINITIONS if part == WHOLE else NOTHING
        self.reduced[index] = why
