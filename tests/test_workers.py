"""The wheel for the machines of a cluster: whole, and with nothing in it that grading does not need."""

import csv
import io
import os
import subprocess
import sys
import zipfile
from dataclasses import replace

import pytest

from autograder.course import find_lab, labs
from autograder.exports import ExportError
from autograder.exports.workers import TREE, to_workers
from autograder.grading.child import _at_home
from autograder.grading.plan import make_plan
from tests.conftest import ROOT

VERSION = """
import site, sys
site.addsitedir(sys.argv[1])
from autograder.course import find_lab, find_root
from autograder.grading.plan import make_plan
print(find_root(), make_plan(find_lab(find_root(), "lab2"), seed=5).version())
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return to_workers(ROOT, tmp_path_factory.mktemp("wheel"))


def test_an_installed_wheel_is_the_same_course(wheel, tmp_path):
    """Unpacked as pip does it; the packages that it needs are this environment's, which has no path to the checkout."""
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(tmp_path / "site")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    # -S: without this environment's own .pth, which leads to the checkout
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    code = f"import sys; sys.path.append({packages!r})\n{VERSION}"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code, str(tmp_path / "site")],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    expected = make_plan(find_lab(ROOT, "lab2"), seed=5).version()
    assert done.stdout.split() == [str(tmp_path / "site" / TREE), expected]


def test_the_record_lists_every_file(wheel):
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        record = next(name for name in names if name.endswith("/RECORD"))
        rows = {row[0]: row[2] for row in csv.reader(io.StringIO(opened.read(record).decode()))}
        assert set(rows) == set(names) and len(names) == len(set(names))
        assert all(int(rows[name]) == opened.getinfo(name).file_size for name in names if name != record)
        assert b"autograder = autograder.cli:main" in opened.read(record.replace("RECORD", "entry_points.txt"))


def test_no_model_answer_rubric_or_source_of_a_lab_is_in_it(wheel):
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
    assert not [
        name for name in names if "answers" in name or "notebooks/" in name or "truth" in name or "__pycache__" in name
    ]
    assert {f"{TREE}/labs/{lab.notebook.name}" for lab in labs(ROOT)} <= set(names)
    assert f"{TREE}/tests/banks/lab1/softplus.py" in names and f"{TREE}/solutions/likelihood.py" in names


def test_the_same_course_makes_the_same_wheel(wheel, tmp_path):
    assert to_workers(ROOT, tmp_path).read_bytes() == wheel.read_bytes()


def test_a_notebook_that_is_not_built_is_one_line(mini, tmp_path):
    lab = find_lab(mini, "lab9")
    text = lab.notebook.read_bytes()
    lab.notebook.unlink()
    try:
        with pytest.raises(ExportError, match="labs/lab9_mini.ipynb is missing"):
            to_workers(mini, tmp_path / "out")
    finally:
        lab.notebook.write_bytes(text)
    assert not (tmp_path / "out").exists()


def test_a_worker_uses_its_own_course_where_the_instructors_place_is_not_there(tmp_path):
    plan = make_plan(find_lab(ROOT, "lab1"), seed=5)
    elsewhere = replace(plan, lab=replace(plan.lab, root=tmp_path / "elsewhere"))
    assert _at_home(elsewhere, plan.version()) == plan == _at_home(plan, plan.version())
    assert _at_home(elsewhere, "another") is None
