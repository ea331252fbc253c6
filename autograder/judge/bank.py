"""Banks of known mistakes and of honest alternatives, one file per exercise in `tests/banks/<lab>/`.

A mistake's description completes the sentence "your function …", in the third person: "takes the mean instead of the sum". Where a
mistake has a number in it (a bound at which it clips, a small number that it adds), several functions share one description.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.judge.checking import CheckError


@dataclass(frozen=True)
class Mistake:
    """A function with one misconception.

    Attributes
    ----------
    hint : str
        Part of what a failed check must say to this student.
    """

    description: str
    hint: str
    function: Any


@dataclass(frozen=True)
class Bank:
    exercise: str
    mistakes: tuple[Mistake, ...]
    alternatives: tuple[Any, ...]


def mistake(description: str, *, hint: str) -> Callable[[Any], Any]:
    """Mark a function or class of a bank as a known mistake."""

    def mark(function: Any) -> Any:
        function.__bank__ = Mistake(description, hint, function)
        return function

    return mark


def alternative(function: Any) -> Any:
    """Mark a function or class of a bank as another honest solution."""
    function.__bank__ = None
    return function


def load_bank(path: Path) -> Bank:
    """The bank of the exercise that the file is named after, in the order of the file.

    Raises
    ------
    CheckError
        Where the file cannot be loaded.
    """
    name = f"autograder_bank_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # a path that ends in .py has both
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # classes look their module up
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise CheckError(f"banks/{path.parent.name}/{path.name}:{error.lineno}: {error.msg}") from None
    except Exception as error:
        where = f"banks/{path.parent.name}/{path.name}"
        raise CheckError(f"{where} cannot be loaded: {type(error).__name__}: {error}") from None
    marked = [value for value in vars(module).values() if "__bank__" in getattr(value, "__dict__", {})]
    mistakes = tuple(value.__bank__ for value in marked if value.__bank__ is not None)
    alternatives = tuple(value for value in marked if value.__bank__ is None)
    return Bank(path.stem, mistakes, alternatives)
