"""The arrows of the house: who may import whom."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GROUND = {"course", "files", "outcome", "result"}
# What each room may import of the others; the ground floor may be used by all.
MAY_USE = {
    "ground": set(),
    "wall": {"face"},  # behind the wall `autograder` is the inert one
    "reports": set(),
    "exports": set(),
    "judge": {"wall", "reports"},
    "authoring": {"judge"},
    "grading": {"judge", "wall", "reports"},  # of reports the words for a cell that failed
    "marking": {"authoring", "reports"},  # of authoring the questions with their rubrics
    "alike": {"grading", "reports"},
    "scoring": {"grading", "reports"},  # of grading how files are read that nobody vouches for
    "cli": {"alike", "authoring", "judge", "wall", "grading", "marking", "reports", "exports", "scoring"},
    "face": {"judge", "authoring"},
    "checks": {"face", "judge"},
}


def imports(path):
    """The modules that a file imports anywhere, functions included."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(name):
    """The room of a dotted name of `autograder`, or of a path's parts."""
    parts = name.split(".")
    if len(parts) == 1 or (
        len(parts) == 2 and not (ROOT / "autograder" / parts[1]).is_dir() and parts[1] not in GROUND | {"cli"}
    ):
        return "face"
    if parts[1] in GROUND:
        return "ground"
    return "cli" if parts[1] in ("cli", "__main__") else parts[1]


def files(package):
    return sorted((ROOT / package).rglob("*.py"))


def dotted(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize(
    "package, others",
    [
        ("posekit", {"solutions", "autograder", "tests", "labs", "data"}),
        ("solutions", {"autograder", "tests", "labs", "data"}),
        ("autograder", {"solutions", "tests", "labs"}),
    ],
)
def test_dependencies_point_one_way(package, others):
    for path in files(package):
        found = {name.split(".")[0] for name in imports(path)} & others
        assert not found, f"{path.relative_to(ROOT)} imports {sorted(found)[0]}"


def test_the_wings_of_the_grader_know_only_whom_they_may():
    for path in files("autograder"):
        own = "cli" if path.name == "__main__.py" else room(dotted(path))
        used = {room(name) for name in imports(path) if name.split(".")[0] == "autograder"}
        strangers = used - MAY_USE[own] - {own, "ground"}
        assert not strangers, f"{path.relative_to(ROOT)} ({own}) imports from {sorted(strangers)}"


def test_the_students_side_imports_nothing_but_itself_and_the_wire():
    for path in (ROOT / "autograder" / "wall" / "inside").glob("*.py"):
        found = {name for name in imports(path) if name.split(".")[0] == "autograder"}
        allowed = ("autograder.wall.wire", "autograder.wall.inside")
        strangers = {n for n in found if n not in ("autograder", "autograder.wall") and not n.startswith(allowed)}
        assert not strangers, f"{path.name} imports {sorted(strangers)}"
