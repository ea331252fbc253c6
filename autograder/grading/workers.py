"""Spreads units over processes of this machine; a worker keeps one wall."""

from __future__ import annotations

import gc
import hashlib
import json
import logging
import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import replace
from functools import lru_cache
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from multiprocessing.util import Finalize
from typing import Any

from autograder.grading.one import grade_notebook
from autograder.grading.plan import Plan
from autograder.judge.checking import CheckError
from autograder.wall.box import Wall
from autograder.wall.inside.student import address_space

JUDGE_MEMORY = 6 << 30  # bytes of address space that a worker may add, for results that are made to grow


log = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def _wall_of(plan: Plan, slot: int) -> tuple[Wall, threading.Lock]:
    """This worker's wall for a plan; it lives as long as the worker does."""
    wall = Wall(plan.lab.root, plan.warm, slot, thin=plan.thin).__enter__()
    Finalize(wall, wall.__exit__, exitpriority=1)  # a worker ends without what atexit would do
    return wall, threading.Lock()


def grade_unit(plan: Plan, payload: bytes, slot: int) -> str | None:
    """One unit on a worker, as JSON without a student; None where that fails twice, for a reason that is ours.

    Raises
    ------
    StartError, CheckError
        Where the wall does not start at all, or a check is broken: then no student's grade can be told.
    """
    for _ in range(2):
        wall, lock = _wall_of(plan, slot)
        try:
            with lock:
                result = replace(grade_notebook(payload, plan, wall), wall=_layers(plan, slot))
            return json.dumps(result.to_json())
        except CheckError:
            raise
        except Exception as error:
            unit = hashlib.sha256(payload).hexdigest()[:12]
            log.warning("a notebook (%s) could not be graded: %s: %s", unit, type(error).__name__, error)
            _layers.cache_clear()
            _wall_of.cache_clear()
            wall.__exit__()
    return None


@lru_cache(maxsize=1)
def _layers(plan: Plan, slot: int) -> dict[str, Any]:
    return _wall_of(plan, slot)[0].layers()


def _slot_of_process() -> int:
    return os.getpid() % 4096


def _begin_worker() -> None:
    """End with the parent, also where that is killed, and fail before the machine's memory does."""

    def watch() -> None:
        wait([parent_process().sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    gc.freeze()  # the libraries stay: no collection need go through them
    if sys.platform.startswith("linux"):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        soft = address_space() + JUDGE_MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def in_pool(plan: Plan, payload: bytes) -> str | None:
    return grade_unit(plan, payload, _slot_of_process())


def _start_method() -> str:
    """Forked workers have the checks and their libraries already; a fork is safe from a process of one thread on Linux only."""
    return "fork" if sys.platform.startswith("linux") and threading.active_count() == 1 else "spawn"


def pool(plan: Plan, payloads: dict[str, bytes], jobs: int) -> Iterator[tuple[str, str | None]]:
    workers = min(jobs, len(payloads)) or 1
    with ProcessPoolExecutor(workers, get_context(_start_method()), initializer=_begin_worker) as pool:
        futures: dict[Future[str], str] = {
            pool.submit(in_pool, plan, payload): unit for unit, payload in payloads.items()
        }
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
