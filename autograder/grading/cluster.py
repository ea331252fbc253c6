"""Spreads units over the workers of a dask.distributed cluster, where each is graded in a process of its own."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from threading import Lock
from typing import Any

import dask
from distributed import Client, Future, KilledWorker, WorkerPlugin, as_completed, get_worker

from autograder.course import CourseError
from autograder.grading import UnitError
from autograder.grading.child import Child, ChildEnded
from autograder.grading.plan import Plan
from autograder.grading.workers import AHEAD, TWICE, Outcome, Read, fetch
from autograder.judge.checking import CheckError
from autograder.outcome import StartError


class Graders(WorkerPlugin):
    """The processes that grade on one worker of the cluster, one for each of its threads at most. They end with the run."""

    def __init__(self, plan: Plan):
        self.name = f"autograder-{secrets.token_hex(8)}"  # of this run: others may be under way
        self._plan, self._version = plan, plan.version()

    def setup(self, worker: Any) -> None:
        self._lock, self._over = Lock(), False
        self._idle: list[Child] = []
        self._busy: set[Child] = set()

    async def teardown(self, worker: Any) -> None:
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        with self._lock:
            self._over = True
            for child in self._busy:
                child.kill()
            for child in self._idle:
                child.close()

    def grade(self, payload: bytes) -> str | UnitError:
        """One unit, as JSON without a student. Raises CheckError or StartError as `grade_unit`."""
        for _ in range(2):
            child = self._take()
            try:
                return child.grade(payload)
            except UnitError as error:
                return error
            except ChildEnded:
                continue
            finally:
                self._give_back(child)
        return UnitError(TWICE)

    def _take(self) -> Child:
        with self._lock:
            child = self._idle.pop() if self._idle else None
        if child is None or not child.lives():
            child = Child(self._plan, self._version)
        with self._lock:
            self._busy.add(child)
            if self._over:
                child.kill()
        return child

    def _give_back(self, child: Child) -> None:
        with self._lock:
            self._busy.discard(child)
            if self._over or not child.lives():
                child.kill()
            else:
                self._idle.append(child)


def _grade(run: str, payload: bytes) -> str | UnitError:
    graders: Any = get_worker().plugins[run]
    return graders.grade(payload)


def on_cluster(plan: Plan, units: dict[str, Read], scheduler: str) -> Iterator[Outcome]:
    """Grade units on a cluster; yields them as they finish."""
    try:
        client = Client(scheduler, timeout="20s")
    except (OSError, ValueError) as error:
        raise CourseError(f"no scheduler answers at {scheduler} ({error})") from None
    # A notebook with its outputs is large for a task; few are sent at once.
    with client, dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"}):
        graders = Graders(plan)
        try:
            client.register_plugin(graders)
        except Exception as error:
            raise CourseError(
                f"the workers of {scheduler} cannot load the grader ({error}): is it installed there?"
            ) from None
        try:
            yield from _spread(client, graders.name, units)
        except CancelledError:
            raise CourseError(f"the scheduler at {scheduler} is gone: start it and go on with --resume") from None
        finally:
            with suppress(Exception):  # where the scheduler is gone, so are its workers
                client.unregister_worker_plugin(graders.name)


def _spread(client: Client, run: str, units: dict[str, Read]) -> Iterator[Outcome]:
    """All units; those that were on a worker when it was killed once too often are tried again alone at the end."""
    coming, suspects = iter(units.items()), dict[str, Read]()
    flying: dict[Future, str] = {}
    finished = as_completed()
    try:
        while True:
            room = AHEAD * sum(client.nthreads().values()) or AHEAD
            while len(flying) < room and (following := next(coming, None)) is not None:
                unit, read = following
                payload = fetch(read)
                if isinstance(payload, UnitError):
                    yield unit, payload
                    continue
                future = client.submit(_grade, run, payload, pure=False)
                flying[future] = unit
                finished.add(future)
            if not flying:
                break
            future = next(finished)
            unit = flying.pop(future)
            try:
                yield unit, _outcome(future)
            except KilledWorker:
                suspects[unit] = units[unit]
    finally:
        client.cancel(list(flying))
    for unit, read in suspects.items():
        yield unit, _alone(client, run, read)


def _alone(client: Client, run: str, read: Read) -> str | UnitError:
    payload = fetch(read)
    if isinstance(payload, UnitError):
        return payload
    try:
        return _outcome(client.submit(_grade, run, payload, pure=False))
    except KilledWorker:
        return UnitError("it took several workers of the cluster with it")


def _outcome(future: Future) -> str | UnitError:
    try:
        return future.result()
    except (CancelledError, CheckError, KilledWorker, StartError):
        raise
    except Exception as error:
        return UnitError(f"{type(error).__name__}: {error}"[:500])
