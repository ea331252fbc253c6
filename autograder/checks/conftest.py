"""Lets `pytest autograder/checks` run the checks on the reference solutions: each exercise's name is a fixture."""

import importlib
from pathlib import Path

import pytest

from autograder.course import exercise_names, find_root, labs
from autograder.judge.binding import Exercise, LocalTransport
from autograder.judge.checking import PUBLIC_SEED, read_checks, stream


@pytest.fixture
def check(request):
    """The check that runs, with its marks read."""
    return next(
        check for check in read_checks(Path(request.fspath)) if check.function.__name__ == request.node.originalname
    )


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
    for _exercise in exercise_names(_lab.checks):
        globals()[f"reference_{_exercise}"] = _reference(_exercise, f"solutions.{_lab.module}")
