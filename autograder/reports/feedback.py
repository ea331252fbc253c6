"""A student's page."""

from __future__ import annotations

import os

from autograder.files import write_atomically
from autograder.reports.pages import page
from autograder.result import Result


def write_feedback(result: Result, path: str | os.PathLike[str]) -> None:
    """A student's page: the score, what each check found and the likely cause, written answers, how it was graded."""
    write_atomically(path, page("feedback.html", result=result))
