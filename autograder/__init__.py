"""The checker of a student's notebook and the grader of a class.

from autograder import check                      # in a notebook: check("softplus")
from autograder import points, hint, quiet        # in autograder/checks
"""

from autograder.authoring.written import question
from autograder.judge.checking import budget, hint, no_probe, points, quiet, raises
from autograder.judge.compare import Mismatch, agree
from autograder.judge.notebook_check import check, check_all

__all__ = [
    "Mismatch",
    "agree",
    "budget",
    "check",
    "check_all",
    "hint",
    "no_probe",
    "points",
    "question",
    "quiet",
    "raises",
]
