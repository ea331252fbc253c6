"""What a notebook may use up in all, and what it has used so far."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from autograder.outcome import Failure, Kind, WallError

POLL = 0.25


@dataclass(frozen=True)
class Limits:
    """What one notebook may use up, beside the CPU budget of each call. Seconds, bytes, counts.

    CPU time is what is held against student's code; wall time is only a backstop, so that a loaded machine gives the same grades.
    What its cells use up is not held against its exercises.

    Attributes
    ----------
    cell, idle : CPU time of a statement of a cell, and time in which it waits; then it is interrupted, and the next one runs. `idle` is
        also how long a call of an exercise may wait.
    cells, cells_idle : CPU time and waiting of all cells. Then each statement has `hurried` seconds; when as much again is used up,
        definitions alone are run, and when that is so once more, nothing.
    exercise, exercise_idle : CPU time and waiting of all calls of one exercise.
    exercises : CPU time of all exercises together.
    grace : time in which a statement answers the interruption, and CPU time after which the judge ends a call that the budget inside has
        not ended.
    frame : wall time for a frame to arrive, once it has begun.
    backstop, backstop_per_cpu : wall time of one request: so much, and so much for each second of its CPU budget.
    wall : wall time of everything.
    received : bytes that one exercise may send.
    started : processes and threads that one request may start.
    """

    cell: float = 10.0
    idle: float = 5.0
    cells: float = 60.0
    cells_idle: float = 20.0
    hurried: float = 1.0
    exercise: float = 60.0
    exercise_idle: float = 20.0
    exercises: float = 300.0
    grace: float = 1.0
    frame: float = 10.0
    backstop: float = 60.0
    backstop_per_cpu: float = 20.0
    wall: float = 1800.0
    received: int = 256 << 20
    started: int = 500


@dataclass(frozen=True)
class Patience:
    """How long a statement of a cell may run, and wait; and whether there is time left for definitions alone."""

    cpu: float
    idle: float
    definitions: bool = False


class Meter:
    """What one notebook has used up so far, over all its processes. It never decreases when a process ends."""

    def __init__(self, limits: Limits):
        self.limits = limits
        self.cpu = self.idle = 0.0
        self.cells_cpu = self.cells_idle = 0.0  # the part of its cells
        self.not_counted = 0.0
        self.received = self.started = 0
        self.began = time.monotonic()
        self.next_look = self.began + POLL
        self._last: dict[int, float] = {}
        self._last_pid = 0

    def read(self, seen: dict[str, Any], waiting: bool, memory: int) -> None:
        """Take in what the zygote sees.

        Parameters
        ----------
        waiting : bool
            The judge has waited for an answer, in vain, since the last look.
        memory : int
            Bytes that all processes together may hold.

        Raises
        ------
        WallError
            Where they hold more.
        """
        processes = seen["processes"]
        for pid, _, cpu, _ in processes:
            before = self._last.get(pid, 0.0)
            self.cpu += cpu - before if cpu >= before else cpu
            self._last[pid] = cpu
        if waiting and processes and not any(state in "RD" for _, state, _, _ in processes):
            self.idle += POLL
        if self._last_pid:
            self.started += max(0, seen["started"] - self._last_pid)
        self._last_pid = seen["started"]
        if sum(max(0, held - seen["shared"]) for _, _, _, held in processes) > 1.5 * memory:
            raise WallError(Failure(Kind.PROCESS_MEMORY, limit=memory >> 20))

    @contextmanager
    def uncounted(self) -> Iterator[None]:
        """Nothing that is used up meanwhile is held against the notebook; its CPU time and waiting are added to `not_counted`."""
        cpu, idle, received, started, began = self.cpu, self.idle, self.received, self.started, time.monotonic()
        try:
            yield
        finally:
            self.not_counted += self.cpu - cpu + self.idle - idle
            self.cpu, self.idle, self.received, self.started = cpu, idle, received, started
            self.began += time.monotonic() - began

    def patience(self) -> Patience | None:
        """What the next statement of a cell has; None where the cells have used up all that they have."""
        limits = self.limits
        used = max(self.cells_cpu / limits.cells, self.cells_idle / limits.cells_idle)
        if used >= 3.0 or time.monotonic() - self.began > limits.wall:
            return None
        if used >= 1.0:
            return Patience(limits.hurried, limits.hurried, definitions=used >= 2.0)
        return Patience(limits.cell, limits.idle)

    def require_more(self) -> None:
        """Raises WallError where the exercises have used up what they have."""
        limits = self.limits
        if self.cpu - self.cells_cpu > limits.exercises:
            raise WallError(Failure(Kind.NOTEBOOK_TIME, limit=limits.exercises))
        if time.monotonic() - self.began > limits.wall:
            raise WallError(Failure(Kind.NOTEBOOK_UNFINISHED))
