"""Lets `pytest autograder/checks` run the checks on the reference solutions: each exercise's name is a fixture."""

import importlib
from pathlib import Path

import pytest

from autograder.binding import Exercise, LocalTransport
from autograder.checking import PUBLIC_SEED, load_checks, stream
from autograder.course import find_root, labs


@pytest.fixture
def rng(request):
    """The random stream of this check on the public seed."""
    exercise = request.node._fixtureinfo.argnames[0]
    return stream(PUBLIC_SEED, exercise, request.node.originalname)


def _reference(exercise, module):
    @pytest.fixture(name=exercise)
    def fixture(request):
        check = next(
            c for c in load_checks(Path(request.fspath))[exercise] if c.function.__name__ == request.node.originalname
        )
        return Exercise(
            exercise, LocalTransport(exercise, getattr(importlib.import_module(module), exercise)), check.budget
        )

    return fixture


for _lab in labs(find_root()):
    for _exercise in load_checks(_lab.checks) if _lab.checks.exists() else ():
        globals()[f"reference_{_exercise}"] = _reference(_exercise, f"solutions.{_lab.topic}")
