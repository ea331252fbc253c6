"""Spreads units over processes of this machine; a worker keeps one wall."""

from __future__ import annotations

import gc
import hashlib
import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor
from concurrent.futures import wait as wait_for
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import lru_cache
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from multiprocessing.util import Finalize
from typing import Any

from autograder.grading import UnitError
from autograder.grading.one import grade_notebook
from autograder.grading.plan import Plan
from autograder.judge.checking import CheckError
from autograder.wall.box import Wall
from autograder.wall.inside.student import address_space

JUDGE_MEMORY = 6 << 30  # bytes of address space that a worker may add, for results that are made to grow
AHEAD = 2  # units for each worker that are in memory: the one that it grades, and the next
TWICE = "it ended the grader's own process twice"

Read = Callable[[], bytes]
Outcome = tuple[str, str | UnitError]  # a unit, and its result as JSON

log = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def _wall_of(plan: Plan, slot: int) -> tuple[Wall, dict[str, Any]]:
    """This worker's wall and its layers; it lives as long as the worker does, which grades by one plan."""
    wall = Wall(plan.lab.root, plan.warm, slot, thin=plan.thin).__enter__()
    Finalize(wall, wall.__exit__, exitpriority=1)  # a worker ends without what atexit would do
    return wall, wall.layers()


def grade_unit(plan: Plan, payload: bytes, slot: int) -> str:
    """One unit on a worker, as JSON without a student.

    Raises
    ------
    UnitError
        Where that fails twice, for a reason that is ours.
    StartError, CheckError
        Where the wall does not start at all, or a check is broken: then no student's grade can be told.
    """
    said = ""
    for _ in range(2):
        wall, layers = _wall_of(plan, slot)
        try:
            return json.dumps(replace(grade_notebook(payload, plan, wall), wall=layers).to_json())
        except CheckError:
            raise
        except Exception as error:
            said = f"{type(error).__name__}: {error}"[:500]
            log.warning("a notebook (%s) could not be graded: %s", hashlib.sha256(payload).hexdigest()[:12], said)
            _wall_of.cache_clear()
            wall.__exit__()
    raise UnitError(said)


def slot_of_process() -> int:
    return os.getpid() % 4096


def prepare_process() -> None:
    """For a process that only grades: fail before the machine's memory does."""
    gc.freeze()  # the libraries stay: no collection need go through them
    if sys.platform.startswith("linux"):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        soft = address_space() + JUDGE_MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _begin_worker() -> None:
    """End with the parent, also where that is killed."""
    parent = parent_process()
    assert parent is not None  # this is a worker

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    prepare_process()


def _in_pool(plan: Plan, payload: bytes) -> str:
    return grade_unit(plan, payload, slot_of_process())


def _start_method() -> str:
    """Forked workers have the checks and their libraries already; a fork is safe from a process of one thread on Linux only."""
    return "fork" if sys.platform.startswith("linux") and threading.active_count() == 1 else "spawn"


def fetch(read: Read) -> bytes | UnitError:
    """A unit's notebook, when its turn has come."""
    try:
        return read()
    except Exception as error:
        return UnitError(str(error))


def on_this_machine(plan: Plan, units: dict[str, Read], jobs: int) -> Iterator[Outcome]:
    """Grade units on so many workers; yields them as they finish.

    A worker that ends takes its pool with it. What was in it is then graded alone, so that only the culprit is left without a grade.
    """
    left = dict(units)
    while left:
        flying: dict[str, Read] = {}
        try:
            for unit, document in _pool(plan, left, jobs, flying):
                del left[unit]
                yield unit, document
        except BrokenProcessPool:
            for unit, read in flying.items():
                del left[unit]
                try:
                    yield from _pool(plan, {unit: read}, 1, {})
                except BrokenProcessPool:
                    yield unit, UnitError(TWICE)


def _pool(plan: Plan, units: dict[str, Read], jobs: int, flying: dict[str, Read]) -> Iterator[Outcome]:
    """One pool of workers; `flying` are the units that it has taken and not given back."""
    coming = iter(list(units.items()))
    workers = min(jobs, len(units))
    futures: dict[Future[str], str] = {}
    with ProcessPoolExecutor(workers, get_context(_start_method()), initializer=_begin_worker) as pool:
        try:
            while True:
                while len(futures) < AHEAD * workers and (following := next(coming, None)) is not None:
                    unit, read = following
                    payload = fetch(read)
                    if isinstance(payload, UnitError):
                        yield unit, payload
                        continue
                    flying[unit] = read
                    futures[pool.submit(_in_pool, plan, payload)] = unit
                if not futures:
                    return
                for future in wait_for(futures, return_when=FIRST_COMPLETED).done:
                    unit = futures[future]
                    try:
                        document: str | UnitError = future.result()
                    except UnitError as error:
                        document = error
                    del futures[future], flying[unit]
                    yield unit, document
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
