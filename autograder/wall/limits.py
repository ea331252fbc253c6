"""What a notebook may use up in all, and what it has used so far."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from autograder.outcome import Failure, Kind, WallError

POLL = 0.25


@dataclass(frozen=True)
class Limits:
    """What one notebook may use up, beside the CPU budget of each call. Seconds, bytes, counts.

    CPU time is what is held against student's code; wall time is only a backstop, so that a loaded machine gives the same grades.

    Attributes
    ----------
    cell, cells : CPU time of one cell, and of a pass over all cells.
    exercise, notebook : CPU time of all calls of one exercise, and of everything.
    idle, all_idle : time in which nothing runs, during one request, and in all.
    grace : CPU time after which the judge ends a call that the budget inside has not ended.
    frame : wall time for a frame to arrive, once it has begun.
    backstop, backstop_per_cpu : wall time of one request: so much, and so much for each second of its CPU budget.
    wall : wall time of everything.
    received : bytes that one exercise may send.
    started : processes and threads that one request may start.
    """

    cell: float = 10.0
    cells: float = 60.0
    exercise: float = 60.0
    notebook: float = 300.0
    idle: float = 5.0
    all_idle: float = 20.0
    grace: float = 1.0
    frame: float = 10.0
    backstop: float = 60.0
    backstop_per_cpu: float = 20.0
    wall: float = 1800.0
    received: int = 256 << 20
    started: int = 500


class Meter:
    """What one notebook has used up so far, over all its processes. It never decreases when a process ends."""

    def __init__(self, limits: Limits):
        self.limits = limits
        self.cpu = self.idle = 0.0
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

    def require_more(self) -> None:
        """Raises WallError where the notebook has used up what it has."""
        limits = self.limits
        if self.cpu > limits.notebook:
            raise WallError(Failure(Kind.NOTEBOOK_TIME, limit=limits.notebook))
        if self.idle > limits.all_idle:
            raise WallError(Failure(Kind.NOTEBOOK_IDLE, limit=limits.all_idle))
        if time.monotonic() - self.began > limits.wall:
            raise WallError(Failure(Kind.NOTEBOOK_UNFINISHED))
