"""Syntax of a newer Python than ours: said beside the error, for the student's machine has run it."""

from __future__ import annotations

import platform
import re
from dataclasses import replace

from autograder.grading.notebook import NotebookError, read_json
from autograder.outcome import Failure


def blame_python(failure: Failure, payload: bytes) -> Failure:
    """A cell's SyntaxError with the notebook's Python where that is newer than this one; any other failure as it is.

    Where the notebook does not say what it was run with, a format string (whose syntax has grown) is told with this Python alone.
    """
    if failure.error not in ("SyntaxError", "IndentationError", "TabError"):
        return failure
    theirs, ours = _python_of(payload), platform.python_version()
    if not theirs and failure.said.startswith("f-string:"):
        return replace(failure, version=f"Python {ours}")
    if _minor(theirs) <= _minor(ours):
        return failure
    return replace(failure, written_for=f"Python {theirs}", version=f"Python {ours}")


def _python_of(payload: bytes) -> str:
    """What the notebook says that it was run with, "" where that is nothing like a version."""
    try:
        said = read_json(payload)["metadata"]["language_info"]["version"]
    except (NotebookError, KeyError, TypeError):
        return ""
    return said if isinstance(said, str) and re.fullmatch(r"3\.\d{1,3}(\.\d{1,3})?", said, re.ASCII) else ""


def _minor(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")[:2])) if version else (0, 0)
