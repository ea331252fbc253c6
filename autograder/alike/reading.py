"""Reads the shapes of students' code in a process that may die of it: a syntax tree can be made to take a parser down."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from autograder.alike.shape import Shape, shapes
from autograder.grading.notebook import NotebookError, parse

CPU, MEMORY = 20, 2 << 30  # seconds and bytes for one notebook, far more than a student's work takes


def _limited() -> None:
    if sys.platform.startswith("linux"):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _read(payload: bytes, names: tuple[str, ...], handed_out: frozenset[str]) -> dict[str, Shape]:
    if sys.platform.startswith("linux"):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + CPU, resource.RLIM_INFINITY))
    try:
        return shapes([cell.source for cell in parse(payload) if cell.code], names, handed_out)
    except (NotebookError, RecursionError, MemoryError):
        return {}


def read_all(
    notebooks: dict[str, Callable[[], bytes]], names: tuple[str, ...], handed_out: frozenset[str]
) -> Iterator[tuple[str, dict[str, Shape] | None]]:
    """The shapes in each student's notebook; None where it cannot be read."""
    left = dict(notebooks)
    while left:
        with ProcessPoolExecutor(1, get_context("spawn"), initializer=_limited) as pool:
            for student, read in list(left.items()):
                del left[student]
                try:
                    yield student, pool.submit(_read, read(), names, handed_out).result()
                except BrokenProcessPool:
                    yield student, None
                    break
