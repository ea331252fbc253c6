"""What a check is: the marks it carries, how its module is loaded, and the cases it expands to.

A check is a pytest function whose first argument names the exercise. Pytest collects the files in `autograder/checks`
as they are; in a notebook and in the judge there is no pytest session, so this module reads the same marks itself.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pytest.assertion.rewrite import rewrite_asserts

points = pytest.mark.points
hint = pytest.mark.hint
quiet = pytest.mark.quiet
budget = pytest.mark.budget
no_probe = pytest.mark.no_probe

PUBLIC_SEED = 0
PROBES = ("integers", "float32")


class StudentError(AssertionError):
    """The exercise failed as a piece of code: it raised, changed its input, ran out of a budget, or gave back no plain data.

    Attributes
    ----------
    types : tuple of str
        Names of the exception's class and of its bases, as far as they are Python's own; empty where nothing was raised.
    line : str
        "line 3: `return 1 / 0`", or "".
    """

    def __init__(self, message: str, types: tuple[str, ...] = (), line: str = ""):
        super().__init__(message)
        self.types = types
        self.line = line


class CheckError(Exception):
    """A check module that breaks the rules of this house: an author's mistake, never a student's."""


@contextmanager
def raises(exception: type[BaseException]) -> Iterator[None]:
    """Hold that the exercise raises `exception` (or a class derived from it) inside the block.

    Use it where a docstring promises an error; an error of another kind, or none, fails the check.
    """
    try:
        yield
    except StudentError as error:
        if exception.__name__ not in error.types:
            raise
    else:
        raise StudentError(f"raised nothing, where a {exception.__name__} is due")


@dataclass(frozen=True)
class Budget:
    """What one call may use: CPU seconds, and MiB beyond the size that the process had before.

    `declared` budgets belong to a check of cost: exceeding one fails that check alone, where exceeding the default one (an
    endless loop) ends the exercise.
    """

    cpu: float
    memory: float | None = None
    declared: bool = False


DEFAULT_BUDGET = Budget(cpu=5.0)


@dataclass(frozen=True)
class Check:
    """One pytest function of a lab's check file, with its marks read."""

    exercise: str
    name: str
    function: Callable[..., None]
    points: int
    hint: str
    quiet: bool
    budget: Budget
    no_probe: frozenset[str]
    uses_rng: bool
    cases: tuple[dict[str, Any], ...] = field(default=({},))

    def arguments(self, seed: int, case: int) -> dict[str, Any]:
        """All arguments but the exercise, for one case."""
        arguments = dict(self.cases[case])
        if self.uses_rng:
            arguments["rng"] = stream(seed, self.exercise, self.name, case)
        return arguments


def stream(seed: int, exercise: str, check: str, case: int = 0) -> np.random.Generator:
    """The random stream of one check: it depends on nothing else, so no check moves another's inputs."""
    key = hashlib.sha256(f"{seed}/{exercise}/{check}/{case}".encode()).digest()
    return np.random.default_rng(np.frombuffer(key, dtype=np.uint32))


@cache
def load_module(path: Path) -> types.ModuleType:
    """Import a check module from its file, with pytest's rewriting of assertions (or a bare assert says nothing)."""
    source = path.read_bytes()
    tree = ast.parse(source, filename=str(path))
    rewrite_asserts(tree, source, str(path))
    module = types.ModuleType(f"autograder_checks_{path.stem}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    exec(compile(tree, str(path), "exec", dont_inherit=True), module.__dict__)
    return module


def load_checks(path: Path) -> dict[str, list[Check]]:
    """The checks of a file by exercise, in the order of the file.

    Raises
    ------
    CheckError
        Where a check has no argument, no points, no hint, or uses more of pytest than a notebook can serve.
    """
    checks: dict[str, list[Check]] = {}
    for name, function in vars(load_module(path)).items():
        if name.startswith("test_") and inspect.isfunction(function):
            check = _read(name, function)
            checks.setdefault(check.exercise, []).append(check)
    return checks


def exercise_names(path: Path) -> list[str]:
    """The exercises that a file checks, read without importing it (a check module may need torch)."""
    tree = ast.parse(path.read_text("utf-8"), filename=str(path))
    tests = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_") and n.args.args]
    return list(dict.fromkeys(test.args.args[0].arg for test in tests))


def _read(name: str, function: Callable[..., None]) -> Check:
    where = f"{Path(function.__code__.co_filename).name}:{function.__code__.co_firstlineno} {name}"
    parameters = list(inspect.signature(function).parameters)
    if not parameters:
        raise CheckError(f"{where}: the first argument must name the exercise")
    marks: dict[str, list[pytest.Mark]] = {}
    for mark in getattr(function, "pytestmark", []):
        marks.setdefault(mark.name, []).append(mark)
    known = {"points", "hint", "quiet", "budget", "no_probe", "parametrize"}
    if unknown := set(marks) - known:
        raise CheckError(f"{where}: the mark {sorted(unknown)[0]!r} has no meaning in a notebook")
    if "points" not in marks or "hint" not in marks:
        raise CheckError(f"{where}: a check needs @points(n) and @hint(text)")
    (worth,), (text,) = marks["points"][0].args, marks["hint"][0].args
    if not isinstance(worth, int) or worth < 1:
        raise CheckError(f"{where}: points are whole numbers from 1")
    cases = _cases(marks.get("parametrize", []))
    if missing := set(parameters[1:]) - {"rng"} - set(cases[0]):
        raise CheckError(f"{where}: nothing supplies the argument {sorted(missing)[0]!r}")
    skipped = frozenset(probe for mark in marks.get("no_probe", []) for probe in (mark.args or PROBES))
    if unknown := skipped - set(PROBES):
        raise CheckError(f"{where}: there is no probe {sorted(unknown)[0]!r}; there are {', '.join(PROBES)}")
    allowed = {key: value for mark in marks.get("budget", []) for key, value in mark.kwargs.items()}
    return Check(
        exercise=parameters[0],
        name=name.removeprefix("test_").replace("_", " "),
        function=function,
        points=worth,
        hint=text,
        quiet="quiet" in marks,
        budget=Budget(allowed.get("cpu", DEFAULT_BUDGET.cpu), allowed.get("memory"), declared="budget" in marks),
        no_probe=skipped,
        uses_rng="rng" in parameters,
        cases=cases,
    )


def _cases(marks: list[pytest.Mark]) -> tuple[dict[str, Any], ...]:
    """The cross product of the parametrize marks; a check's points are for all its cases together."""
    cases: list[dict[str, Any]] = [{}]
    for mark in marks:
        names, values = mark.args[:2]
        names = [n.strip() for n in names.split(",")] if isinstance(names, str) else list(names)
        rows = [
            v.values if isinstance(v, tuple) and hasattr(v, "marks") else (v if len(names) > 1 else (v,))
            for v in values
        ]
        cases = [{**case, **dict(zip(names, row, strict=True))} for case in cases for row in rows]
    return tuple(cases)
