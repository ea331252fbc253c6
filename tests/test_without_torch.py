"""torch is an extra: the core and `grade`, as pyproject.toml names them, are enough to build, check and grade Labs 0 to 3.

The environment for this is made anew from the distributions that are installed here, so nothing is downloaded.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import tomllib
import venv
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

FREE = ("lab0", "lab1", "lab2", "lab3")  # of torch
SOME = {
    "boole",
    "cardano",
    "cauchy",
    "euclid",
    "fermat",
    "fibonacci",
    "galois",
    "lovelace",
    "mallory",
    "seki",
    "viete",
    "zeno",
}


def brought(requirements: list[str]) -> dict[str, metadata.Distribution]:
    """What `pip install` of these requirements would bring along, as far as it is installed here."""
    found: dict[str, metadata.Distribution] = {}
    seen: set[tuple[str, str]] = set()
    todo = [(Requirement(text), "") for text in requirements]
    while todo:
        requirement, extra = todo.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        found[name] = distribution = metadata.distribution(name)
        for wanted in {"", *requirement.extras} - {extra for known, extra in seen if known == name}:
            seen.add((name, wanted))
            todo += [(Requirement(text), wanted) for text in distribution.requires or ()]
    return found


def put(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


@pytest.fixture(scope="module")
def python(tmp_path_factory, root) -> Path:
    """The interpreter of an environment that holds what the core and `grade` need, and nothing else."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, symlinks=True)
    (packages,) = home.glob("lib/python*/site-packages")
    for distribution in brought([*project["dependencies"], *project["optional-dependencies"]["grade"]]).values():
        for file in distribution.files or ():
            target = packages / file
            if not target.exists() and file.locate().is_file():
                put(Path(file.locate()), target)
    return home / "bin" / "python"


@pytest.fixture(scope="module")
def course(tmp_path_factory, root) -> Path:
    """A checkout of its own: building writes into it."""
    folder = tmp_path_factory.mktemp("course")
    for name in ("autograder", "labs", "solutions", "tests"):
        shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("data", "posekit", "pyproject.toml"):
        (folder / name).symlink_to(root / name)
    return folder


@pytest.fixture(scope="module")
def run(python, course):
    """Run a module of Python there."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "VIRTUAL_ENV")}
    environment |= {"PYTHONPATH": str(course), "OMP_NUM_THREADS": "1"}

    def run(*words: object) -> subprocess.CompletedProcess:
        command = [str(python), "-m", *map(str, words)]
        return subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True)

    return run


def assert_done(done: subprocess.CompletedProcess) -> None:
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def grade_example(run, course: Path, lab: str) -> None:
    """Grade the example class of a lab: who understands has all points, who hands in the stubs has none."""
    assert_done(run("autograder", "example", course / lab, "--lab", lab))
    for student in (course / lab).iterdir():
        if student.name not in SOME:
            shutil.rmtree(student)
    assert_done(run("autograder", "grade", course / lab, "--lab", lab, "--out", course / f"{lab} graded", "--seed", 7))
    with open(course / f"{lab} graded" / "grades.csv", newline="") as file:
        grades = {row["student"]: row for row in csv.DictReader(file)}
    assert len(grades) == len(list((course / lab).iterdir()))
    assert grades["euclid"]["score"] == grades["euclid"]["max_score"] != "0" and grades["fermat"]["score"] == "0"


def test_the_environment_has_no_torch(python):
    program = (
        "import json, sys, importlib.util as u; print(json.dumps([bool(u.find_spec(n)) for n in ('numpy', 'torch')]))"
    )
    done = subprocess.run([str(python), "-c", program], capture_output=True, text=True)
    assert json.loads(done.stdout) == [True, False]


@pytest.mark.parametrize("lab", FREE)
def test_notebooks_import_no_torch(root, lab):
    (path,) = (root / "labs").glob(f"{lab}_*.ipynb")
    cells = json.loads(path.read_text("utf-8"))["cells"]
    assert not [cell for cell in cells if cell["cell_type"] == "code" and "import torch" in "".join(cell["source"])]


def test_labs_are_built_and_those_on_torch_left_as_they_are(run, course):
    before = {path.name: path.read_bytes() for path in (course / "labs").iterdir()}
    for path in (course / "labs").glob("lab[1-3]_*.ipynb"):
        path.unlink()
    done = run("autograder", "build")
    assert_done(done)
    assert {path.name: path.read_bytes() for path in (course / "labs").iterdir()} == before
    assert "lab4_convolution.ipynb is left as it is: lab4 needs torch" in done.stdout
    assert "built lab1_likelihood.ipynb" in done.stdout


def test_checks_pass_on_the_references(run):
    assert_done(run("pytest", "-q", "-p", "no:cacheprovider", *(f"autograder/checks/{lab}" for lab in FREE)))


def test_an_example_class_is_graded(run, course):
    grade_example(run, course, "lab1")


def test_labs_are_checked_and_those_on_torch_named_in_one_line(run, course):
    done = run("autograder", "build", "--check")
    assert_done(done)
    checked, mark, left_out = " ".join(done.stdout.split()).partition("not checked: ")
    on_torch = ["lab4_convolution.ipynb", "lab5_transfer.ipynb"]
    assert left_out == f"{', '.join(on_torch)}: each needs torch, which is not installed: pip install 'posekit[torch]'"
    names = sorted(path.name for path in (course / "labs").glob("*.ipynb") if path.name not in on_torch)
    assert sorted(checked.split(" is up to date ")) == ["", *names]
    last_lab = course / "labs" / "lab8_gimbal.ipynb"  # behind those that are not checked
    kept = last_lab.read_bytes()
    last_lab.write_bytes(kept + b"\n")
    done = run("autograder", "build", "--check")
    last_lab.write_bytes(kept)
    assert done.returncode == 1
    assert done.stderr == "autograder: lab8_gimbal.ipynb in labs/ is stale: run `autograder build`\n"


@pytest.mark.parametrize("words", [("grade", "labs/lab4_convolution.ipynb"), ("example", "class")])
def test_a_lab_on_torch_is_refused_in_one_line_that_names_the_extra(run, words):
    done = run("autograder", *words, "--lab", "lab4")
    assert done.returncode == 1
    assert done.stderr == "autograder: lab4 needs torch, which is not installed: pip install 'posekit[torch]'\n"


def test_posekit_says_what_training_needs(run, python, course):
    program = "import posekit, posekit.draw, posekit.data\nposekit.device()"
    done = subprocess.run([str(python), "-c", program], cwd=course, capture_output=True, text=True)
    assert done.stderr.splitlines()[-1].endswith("torch, which is not installed here: pip install torch")


@pytest.mark.slow
@pytest.mark.parametrize("lab", FREE)
def test_banks_hold(run, lab):
    assert_done(run("pytest", "-q", "-p", "no:cacheprovider", "tests/test_banks.py", "-k", lab, "--seeds", 2))


@pytest.mark.slow
@pytest.mark.parametrize("lab", [lab for lab in FREE if lab != "lab1"])
def test_example_classes_of_the_other_labs_are_graded(run, course, lab):
    grade_example(run, course, lab)
