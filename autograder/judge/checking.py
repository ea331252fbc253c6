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
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pytest.assertion.rewrite import rewrite_asserts

from autograder.outcome import DEFAULT_BUDGET, Budget, Failure, Kind, StudentError

points = pytest.mark.points
hint = pytest.mark.hint
quiet = pytest.mark.quiet
budget = pytest.mark.budget
no_probe = pytest.mark.no_probe

PUBLIC_SEED = 0
PROBES = ("integers", "float32")
EXTRAS = frozenset({"torch"})  # packages that only some labs need, each in an extra of its name


# A check's hint is about wrong values, and about what the check says itself. Where it is about another way to fail as well, it says
# so: @hint("Keep the leading axes.", also=("shape",)). All other failures get words of their own (`reports.failures.advice`).
ABOUT_VALUES = frozenset({Kind.VALUE, Kind.CLAIM, Kind.WARNING, Kind.NO_EXCEPTION})
ABOUT_COST = frozenset({Kind.TIME, Kind.MEMORY, Kind.PROCESS_MEMORY})  # of a check that declares a budget


class CheckError(Exception):
    """A check module that breaks the rules of this house: an author's mistake, never a student's."""


class ExtraNeeded(CheckError):
    """Checks that need a package which the course installs as an extra of its own, and which is not here."""


@contextmanager
def raises(exception: type[BaseException]) -> Iterator[None]:
    """Hold that the exercise raises `exception` (or a class derived from it) inside the block.

    Use it where a docstring promises an error; an error of another kind, or none, fails the check.
    """
    try:
        yield
    except StudentError as error:
        if exception.__name__ not in error.types:
            error.failure = replace(error.failure, due=exception.__name__)
            raise
    else:
        raise StudentError(Failure(Kind.NO_EXCEPTION, due=exception.__name__))


@dataclass(frozen=True)
class Check:
    """One pytest function of a lab's check file, with its marks read.

    `hint` stands under failures of the kinds `hinted`.
    """

    exercise: str
    name: str
    function: Callable[..., None]
    points: int
    hint: str
    hinted: frozenset[Kind]
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
def load_module(path: Path, name: str) -> types.ModuleType:
    """Import a check module from its file, with pytest's rewriting of assertions (or a bare assert says nothing)."""
    source = path.read_bytes()
    where = f"{path.parent.name}/{path.name}"
    module = types.ModuleType(name)
    module.__file__ = str(path)
    try:
        tree = ast.parse(source, filename=str(path))
        rewrite_asserts(tree, source, str(path))
        sys.modules[name] = module
        exec(compile(tree, str(path), "exec", dont_inherit=True), module.__dict__)
    except SyntaxError as error:
        raise CheckError(f"{where}:{error.lineno}: {error.msg}") from None
    except ModuleNotFoundError as error:
        if error.name not in EXTRAS:
            raise CheckError(f"{where} cannot be loaded: {type(error).__name__}: {error}") from None
        raise ExtraNeeded(
            f"{path.parent.name} needs {error.name}, which is not installed: pip install 'posekit[{error.name}]'"
        ) from None
    except Exception as error:
        raise CheckError(f"{where} cannot be loaded: {type(error).__name__}: {error}") from None
    return module


def load_checks(folder: Path) -> dict[str, list[Check]]:
    """The checks of a folder by exercise, in the order of the files' names.

    Raises
    ------
    CheckError
        Where a file cannot be loaded or is about another exercise than its name says; where a check has no argument, no points,
        no hint, or uses more of pytest than a notebook can serve.
    """
    checks: dict[str, list[Check]] = {}
    for path in sorted(folder.glob("test_*.py")):
        for check in read_checks(path):
            if path.stem != f"test_{check.exercise}":
                raise CheckError(
                    f"{folder.name}/{path.name} checks {check.exercise}: its file is test_{check.exercise}.py"
                )
            checks.setdefault(check.exercise, []).append(check)
    return checks


def read_checks(path: Path) -> list[Check]:
    """The checks of one file, in its order. Raises `CheckError` as `load_checks` does.

    What its lab's files share is imported by them as `autograder.checks.<lab>.common`, whatever course they belong to.
    """
    package = f"autograder.checks.{path.parent.name}"
    if (common := path.with_name("common.py")).exists():
        sys.modules[f"{package}.common"] = load_module(common, f"{package}.common")
    module = load_module(path, f"{package}.{path.stem}")
    for_all = getattr(module, "pytestmark", [])
    return [
        _read(name, function, for_all if isinstance(for_all, list) else [for_all])
        for name, function in vars(module).items()
        if name.startswith("test_") and inspect.isfunction(function)
    ]


def _read(name: str, function: Callable[..., None], for_all: list[pytest.MarkDecorator]) -> Check:
    where = f"{Path(function.__code__.co_filename).name}:{function.__code__.co_firstlineno} {name}"
    parameters = list(inspect.signature(function).parameters)
    if not parameters:
        raise CheckError(f"{where}: the first argument must name the exercise")
    marks: dict[str, list[pytest.Mark]] = {}
    for mark in [*getattr(function, "pytestmark", []), *(decorator.mark for decorator in for_all)]:
        marks.setdefault(mark.name, []).append(mark)
    known = {"points", "hint", "quiet", "budget", "no_probe", "parametrize"}
    if unknown := set(marks) - known:
        raise CheckError(f"{where}: the mark {sorted(unknown)[0]!r} has no meaning in a notebook")
    if "points" not in marks or "hint" not in marks:
        raise CheckError(f"{where}: a check needs @points(n) and @hint(text)")
    (worth, *more), (text, *others) = (*marks["points"][0].args, None), (*marks["hint"][0].args, None)
    if not isinstance(worth, int) or worth < 1 or len(more) != 1:
        raise CheckError(f"{where}: @points takes one whole number from 1")
    if not isinstance(text, str) or not text or len(others) != 1:
        raise CheckError(f"{where}: @hint takes one text")
    also = marks["hint"][0].kwargs.get("also", ())
    if isinstance(also, str) or (unknown := set(also) - set(Kind)):
        wrong = also if isinstance(also, str) else sorted(unknown)[0]
        raise CheckError(f"{where}: `also` of @hint is a tuple of values of autograder.outcome.Kind, not of {wrong!r}")
    cases = _cases(marks.get("parametrize", []))
    if missing := set(parameters[1:]) - {"rng"} - set(cases[0]):
        raise CheckError(f"{where}: nothing supplies the argument {sorted(missing)[0]!r}")
    skipped = frozenset(probe for mark in marks.get("no_probe", []) for probe in (mark.args or PROBES))
    if unknown := set(skipped) - set(PROBES):
        raise CheckError(f"{where}: there is no probe {sorted(unknown)[0]!r}; there are {', '.join(PROBES)}")
    allowed = {key: value for mark in marks.get("budget", []) for key, value in mark.kwargs.items()}
    return Check(
        exercise=parameters[0],
        name=name.removeprefix("test_").replace("_", " "),
        function=function,
        points=worth,
        hint=text,
        hinted=ABOUT_VALUES | {Kind(way) for way in also} | (ABOUT_COST if "budget" in marks else set()),
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
            v.values if hasattr(v, "marks") else (v if len(names) > 1 else (v,))  # pytest.param(...), or the values
            for v in values
        ]
        cases = [{**case, **dict(zip(names, row, strict=True))} for case in cases for row in rows]
    return tuple(cases)
