"""nbgrader 0.9.6 takes the built notebooks as they are, and gives each of the example class's answers the points that we give.

nbgrader runs every cell, figures and training included, which takes many seconds a student: `make test` compares four of the class,
`make test-full` a dozen.
"""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.nbgraderformat import MetadataValidator

from autograder.authoring.build import Kind, build
from autograder.authoring.example import write_class
from autograder.course import find_lab, labs

ROOT = Path(__file__).parent.parent
LABS = labs(ROOT)

SOME = {"reference", "released", "sylvester", "galois"}  # full, empty, wrong, half
# Not those of whom one process cannot tell: mallory replaces numpy.testing in the very process that nbgrader judges in; the check cells
# that seki has deleted cannot be run.
MORE = SOME | {"euclid", "lovelace", "fermat", "cardano", "zeno", "pascal", "cauchy", "viete"}
# A cell may take long where other tests run beside it.
CONFIGURATION = "c = get_config()\nc.CourseDirectory.course_id = 'posekit'\nc.ExecutePreprocessor.timeout = 600\n"


def nbgrader(course, *words):
    path = os.pathsep.join(
        [sysconfig.get_path("scripts"), os.environ.get("PATH", "")]
    )  # nbgrader calls alembic by name
    environment = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1", "JUPYTER_PLATFORM_DIRS": "1"}
    command = [sys.executable, "-m", "nbgrader", *words]
    return subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.name)
@pytest.mark.parametrize("kind", list(Kind))
def test_metadata_is_valid(lab, kind):
    MetadataValidator().validate_nb(nbformat.reads(build(lab, kind), as_version=4))


@pytest.fixture(scope="module", params=["some", pytest.param("all", marks=pytest.mark.slow)])
def class_of_lab1(request, tmp_path_factory):
    """The example class, with the walkthrough and the released notebook among it, graded by nbgrader and by us."""
    lab, course = find_lab(ROOT, "lab1"), tmp_path_factory.mktemp("nbgrader")
    handed_in = course / "handed_in"
    write_class(lab, handed_in)
    for name, text in (("reference", build(lab, Kind.WALKTHROUGH)), ("released", build(lab))):
        (handed_in / name / lab.name).mkdir(parents=True)
        (handed_in / name / lab.name / lab.notebook.name).write_text(text)
    source = course / "source" / "lab1" / lab.notebook.name
    source.parent.mkdir(parents=True)
    source.write_text(build(lab, Kind.NBGRADER))
    students = SOME if request.param == "some" else MORE
    for student in students:
        submitted = course / "submitted" / student / "lab1" / lab.notebook.name
        submitted.parent.mkdir(parents=True)
        submitted.write_text((handed_in / student / lab.name / lab.notebook.name).read_text())
    (course / "nbgrader_config.py").write_text(CONFIGURATION)
    for words in (["generate_assignment", "lab1"], ["autograde", "lab1"]):
        done = nbgrader(course, *words)
        assert done.returncode == 0, done.stderr[-3000:]
    ours = course / "ours"
    words = ["grade", str(handed_in), "--lab", "lab1", "--out", str(ours), "--seed", "3"]
    subprocess.run([sys.executable, "-m", "autograder", *words], cwd=ROOT, check=True, capture_output=True)
    return lab, course, students, ours


def scores(course, student, notebook):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        graded = book.find_submission_notebook(notebook, "lab1", student)
        return {
            grade.name: (grade.auto_score, grade.max_score) for grade in graded.grades if grade.name.endswith("-check")
        }


def our_exercises(ours, student):
    return json.loads((ours / "results" / f"{student}.json").read_text())["extra_data"]["exercises"]


@pytest.mark.nbgrader
def test_every_answer_gets_the_same_points(class_of_lab1):
    lab, course, students, ours = class_of_lab1
    for student in sorted(students):
        theirs = scores(course, student, lab.stem)
        for exercise, mine in our_exercises(ours, student).items():
            expected = (mine["score"], mine["max_score"])
            assert theirs[f"{exercise}-check"] == expected, f"{student}: {exercise}"


@pytest.mark.nbgrader
def test_reference_full_and_released_zero(class_of_lab1):
    lab, course, _, _ = class_of_lab1
    assert all(auto == most for auto, most in scores(course, "reference", lab.stem).values())
    assert all(auto == 0 for auto, _ in scores(course, "released", lab.stem).values())


@pytest.mark.nbgrader
def test_what_nbgrader_releases_is_what_we_build(class_of_lab1):
    lab, course, _, _ = class_of_lab1
    released = nbformat.read(course / "release" / "lab1" / lab.notebook.name, as_version=4)
    ours = nbformat.reads(build(lab), as_version=4)
    assert [cell.source for cell in released.cells] == [cell.source for cell in ours.cells]


@pytest.mark.nbgrader
def test_the_validator_passes_the_reference_and_not_the_released_notebook(class_of_lab1, tmp_path):
    lab, *_ = class_of_lab1
    (tmp_path / "nbgrader_config.py").write_text(CONFIGURATION)
    for kind, said in ((Kind.WALKTHROUGH, "Success! Your notebook passes all the tests."), (Kind.STUDENT, "failed")):
        (tmp_path / f"{kind.value}.ipynb").write_text(build(lab, kind))
        done = nbgrader(tmp_path, "validate", f"{kind.value}.ipynb")
        assert said in done.stdout + done.stderr
