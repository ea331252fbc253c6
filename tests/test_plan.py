"""What a run shares: read from the notebook as it was handed out, and named by a digest of all that a grade depends on."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.authoring.build import entries, questions
from autograder.course import PACKAGE, find_lab, labs
from autograder.grading import plan as planning
from autograder.grading.plan import make_plan
from autograder.wall.limits import Limits

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("lab", labs(ROOT), ids=lambda lab: lab.name)
def test_the_released_notebook_says_what_its_source_says(lab):
    plan = make_plan(lab, seed=1)
    assert [(entry.name, entry.optional) for entry in plan.exercises] == [(e.name, e.optional) for e in entries(lab)]
    assert [(t.id, t.title, t.points) for t in plan.tasks] == [
        (q.id, q.title, q.points) for q in questions(lab).values()
    ]


@pytest.fixture(scope="module")
def course(mini, tmp_path_factory):
    """A copy with files of its own in every place that a grade depends on."""
    course = tmp_path_factory.mktemp("plan") / "course"
    shutil.copytree(mini, course, symlinks=True)
    (course / "posekit").unlink()
    shutil.copytree(ROOT / "posekit", course / "posekit", ignore=shutil.ignore_patterns("__pycache__"))
    (course / "data" / "arrays" / "SHA256SUMS").write_text("0  clip.npz\n")
    (course / "autograder" / "checks" / "lab9" / "deeper").mkdir()
    (course / "autograder" / "checks" / "lab9" / "deeper" / "table.csv").write_text("1\n")
    (course / "autograder" / "checks" / "lab8").mkdir()
    (course / "autograder" / "checks" / "lab8" / "test_other.py").write_text("")
    (course / "private" / "deeper").mkdir(parents=True)
    (course / "private" / "test_more.py").write_text(
        "from autograder import hint, points\n\n\n@points(1)\n@hint('h')\ndef test_more(double):\n    pass\n"
    )
    (course / "private" / "deeper" / "table.csv").write_text("1\n")
    return course


@pytest.fixture(scope="module")
def plan(course):
    return make_plan(find_lab(course, "lab9"), seed=1, private=course / "private")


@pytest.mark.parametrize(
    "name",
    [
        "posekit/data.py", "data/arrays/SHA256SUMS", "labs/lab9_mini.ipynb", "autograder/checks/lab9/test_double.py",
        "autograder/checks/lab9/deeper/table.csv", "tests/banks/lab9/double.py", "private/test_more.py", "private/deeper/table.csv",
    ],
)  # fmt: skip
def test_the_version_changes_with_whatever_a_grade_depends_on(course, plan, name):
    before, path = plan.version(), course / name
    text = path.read_bytes()
    path.write_bytes(text + b"\n")
    changed = plan.version()
    path.rename(path.with_name(f"renamed {path.name}"))
    renamed = plan.version()
    path.with_name(f"renamed {path.name}").rename(path)
    path.write_bytes(text)
    assert len({before, changed, renamed}) == 3 and plan.version() == before


@pytest.mark.parametrize(
    "name",
    ["README.md", "solutions/answers/lab9.md", "autograder/checks/lab8/test_other.py", "posekit/__pycache__/x.pyc"],
)
def test_the_version_does_not_change_with_anything_else(course, plan, name):
    before, path = plan.version(), course / name
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        file.write("\n")
    assert plan.version() == before


def test_the_version_changes_with_seed_wall_limits_and_libraries(plan, monkeypatch):
    others = [
        replace(plan, seed=2),
        replace(plan, thin=True),
        replace(plan, limits=Limits(cell=1.0)),
        replace(plan, private=None),
    ]
    before = plan.version()
    assert len({before, *(other.version() for other in others)}) == 1 + len(others)
    monkeypatch.setattr(planning, "versions", lambda: {"numpy": "3.0.0"})
    assert plan.version() != before


def test_the_version_sees_every_file_of_the_grader_but_checks_of_other_labs(plan, monkeypatch, tmp_path):
    package = tmp_path / "autograder"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(planning, "PACKAGE", package)
    monkeypatch.setattr(planning, "CHECKS", package / "checks")
    before = plan.version()
    for path in ("judge/run.py", "wall/inside/zygote.py", "grading/new/room.py", "result.py"):
        (package / path).parent.mkdir(exist_ok=True)
        with (package / path).open("a") as file:
            file.write("\n")
        assert plan.version() != before
        before = plan.version()
    (package / "checks" / "lab1" / "test_softplus.py").write_text("")
    assert plan.version() == before


PLANNING = """
import sys
from pathlib import Path
from autograder.course import find_lab
from autograder.grading.intake import collect
from autograder.grading.plan import make_plan
from autograder.grading.run_folder import Record, RunFolder

root, submissions, out = map(Path, sys.argv[1:])
handed_in = collect(submissions, "lab4")
plan = make_plan(find_lab(root, "lab4"), seed=1)
RunFolder(out).begin(Record("lab4", 1, plan.version()), [submission.digest for submission in handed_in])
sizes = [len(submission.read()) for submission in handed_in[:20]]
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(len(handed_in), min(sizes), int(peak) * 1024)
"""
EXECUTED = 4 << 20  # bytes of a notebook of Lab 4 with its pictures


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the peak is read from /proc")
@pytest.mark.parametrize("count", [200, pytest.param(2000, marks=pytest.mark.slow)])
def test_a_large_class_is_planned_in_little_memory(root, tmp_path, count):
    """Under 300 MB, most of which is torch: ten different notebooks with outputs, each handed in by many students."""
    (tmp_path / "class").mkdir()
    for number in range(count):
        path, first = tmp_path / "class" / f"s{number:04d}.ipynb", tmp_path / "class" / f"s{number % 10:04d}.ipynb"
        os.link(first, path) if number >= 10 else path.write_text(executed(find_lab(root, "lab4"), number), "utf-8")
    words = [sys.executable, "-c", PLANNING, str(root), str(tmp_path / "class"), str(tmp_path / "out")]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=True)
    collected, size, peak = map(int, done.stdout.split())
    assert collected == count and size >= EXECUTED
    assert peak < 300e6


def executed(lab, number):
    """The notebook of a lab as it looks when its cells have drawn something."""
    notebook = json.loads(lab.notebook.read_text("utf-8"))
    cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    picture = f"{number:04d}" * (EXECUTED // 4)
    cell["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": {"image/png": picture}}]
    return json.dumps(notebook)
