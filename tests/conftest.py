"""Options and fixtures that several test files share."""

import shutil
from pathlib import Path

import pytest

from autograder.authoring.build import build
from autograder.course import find_lab

ROOT = Path(__file__).parent.parent
collect_ignore = ["mini"]


def pytest_addoption(parser):
    parser.addoption("--seeds", type=int, default=25, help="how many seeds the banks of mistakes are run over")
    parser.addoption(
        "--deal", action="store_true", help="deal the seeds, but for the first few, out among a bank's entries"
    )
    parser.addoption(
        "--screens", default="build/screens", help="where browser tests keep what they see, for README and site"
    )


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout that is tested."""
    return ROOT


@pytest.fixture(scope="session")
def seeds(request) -> range:
    """The seeds that every mistake and every alternative is run over; the public one is the first."""
    return range(request.config.getoption("--seeds"))


@pytest.fixture(scope="session")
def mini(tmp_path_factory) -> Path:
    """A copy of the tests' own little course, with the real `posekit` and an empty folder of data beside it."""
    course = tmp_path_factory.mktemp("course") / "mini"
    shutil.copytree(ROOT / "tests" / "mini", course)
    (course / "posekit").symlink_to(ROOT / "posekit")
    (course / "data" / "arrays").mkdir(parents=True)
    lab = find_lab(course, "lab9")
    lab.notebook.parent.mkdir(exist_ok=True)
    lab.notebook.write_text(build(lab), "utf-8")
    return course


@pytest.fixture
def course(mini, tmp_path):
    """A copy of the little course that a test may damage."""
    copy = tmp_path / "course"
    shutil.copytree(mini, copy, symlinks=True)
    return copy
