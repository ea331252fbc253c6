"""Lets `pytest autograder/checks` run the checks on the reference solutions: each exercise's name is a fixture."""

import importlib
from pathlib import Path

import pytest

from autograder.binding import Exercise, LocalTransport
from autograder.checking import PUBLIC_SEED, load_checks, stream
from autograder.course import find_root, labs


@pytest.fixture
def check(request):
    """The check that runs, with its marks read."""
    checks = [check for tests in load_checks(Path(request.fspath)).values() for check in tests]
    return next(check for check in checks if check.function.__name__ == request.node.originalname)


@pytest.fixture
def rng(request, check):
    """The stream that `check("...")` in a notebook gives this case: the two draw the same inputs."""
    case = max(request.node.callspec.indices.values()) if hasattr(request.node, "callspec") else 0
    return stream(PUBLIC_SEED, check.exercise, check.name, case)


def _reference(exercise, module):
    @pytest.fixture(name=exercise)
    def fixture(check):
        function = getattr(importlib.import_module(module), exercise)
        return Exercise(exercise, LocalTransport(exercise, function), check.budget)

    return fixture


for _lab in labs(find_root()):
    for _exercise in load_checks(_lab.checks) if _lab.checks.exists() else ():
        globals()[f"reference_{_exercise}"] = _reference(_exercise, f"solutions.{_lab.topic}")
