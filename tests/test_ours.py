"""A failure of ours is never a score: whatever we broke, nobody loses a point, and no result of an earlier run is lost."""

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.authoring.build import Kind, build
from autograder.course import CourseError, find_lab
from autograder.grading import UnitError, judging, one, workers
from autograder.grading.plan import make_plan
from autograder.grading.workers import AHEAD, grade_unit, on_this_machine
from autograder.judge.checking import CheckError, load_module
from autograder.result import Result
from autograder.wall.box import Wall
from tests.test_resume import everything, leave_torch_out

BODY = "return 2.0 * np.asarray(x, dtype=float)"
FULL = 5


@pytest.fixture
def course(mini, tmp_path) -> Path:
    """A course of this test's own, and a class: ada has everything right, boris squares instead of doubling."""
    course = tmp_path / "course"
    shutil.copytree(mini, course, symlinks=True)
    leave_torch_out(course)
    lab = find_lab(course, "lab9")
    lab.notebook.write_text(build(lab), "utf-8")
    right = build(lab, Kind.WALKTHROUGH)
    (course / "class").mkdir()
    (course / "class" / "ada.ipynb").write_text(right, "utf-8")
    (course / "class" / "boris.ipynb").write_text(
        right.replace(BODY, "return np.asarray(x, dtype=float) ** 2"), "utf-8"
    )
    return course


def grade(course, *words):
    """Grade the class; when that has ended, nothing that it started is left running."""
    command = f"{sys.executable} -m autograder grade class --lab lab9 --out out --jobs 1".split() + list(words)
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with (course / "stdout").open("w+") as out, (course / "stderr").open("w+") as err:
        run = subprocess.Popen(command, cwd=course, env=environment, stdout=out, stderr=err, start_new_session=True)
        run.wait(timeout=600)
    end = time.monotonic() + 30
    while (left := session(run.pid)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not left
    said = [(course / name).read_text("utf-8") for name in ("stdout", "stderr")]
    return subprocess.CompletedProcess(command, run.returncode, *said)


def session(leader):
    """The processes of a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(path.read_text().rsplit(")", 1)[1].split()[3]) == leader:
                found.append(path.parent.name)
        except OSError:  # it has ended
            continue
    return found


def grades(course):
    with (course / "out" / "grades.csv").open(newline="", encoding="utf-8") as file:
        return {row["student"]: (row["score"], row["double"], row["remarks"]) for row in csv.DictReader(file)}


def edit(course, name, *changes):
    path = course / name
    text = path.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, "utf-8")


def private(course, body, exercise="double"):
    (course / "private").mkdir()
    (course / "private" / "test_more.py").write_text(
        "import os\n\nfrom autograder import hint, points\n\n\n"
        f"@points(1)\n@hint('Twice.')\ndef test_more({exercise}):\n    {body}\n",
        "utf-8",
    )


CHECK, BANK = "autograder/checks/lab9/test_double.py", "tests/banks/lab9/double.py"
NOTEBOOK = "labs/lab9_mini.ipynb"
SLIPS = {
    "bank imports what is not there": (lambda c: append(c, BANK, "import numppy"), "banks/lab9/double.py.*numppy"),
    "bank is no Python": (lambda c: append(c, BANK, "def :"), r"banks/lab9/double.py:\d+"),
    "check imports what is not there": (lambda c: append(c, CHECK, "import numppy"), "lab9/test_double.py.*numppy"),
    "check is no Python": (lambda c: append(c, CHECK, "def :"), r"lab9/test_double.py:\d+"),
    "check uses what is not there": (lambda c: append(c, CHECK, "for_"), "lab9/test_double.py.*for_"),
    "check without points": (
        lambda c: append(c, CHECK, "@points()\n@hint('h')\ndef test_x(double):\n    pass"), "test_double.py.*points"
    ),
    "check is gone": (lambda c: (c / CHECK).unlink(), "double is in it, and has no checks"),
    "check is new": (
        lambda c: (c / "autograder/checks/lab9/test_triple.py").write_text(
            (c / CHECK).read_text("utf-8").replace("double", "triple"), "utf-8"
        ),
        "triple is not in it",
    ),
    "notebook is missing": (lambda c: (c / NOTEBOOK).unlink(), "lab9_mini.ipynb is missing: run `autograder build`"),
    "notebook is cut off": (lambda c: halve(c / NOTEBOOK), "lab9_mini.ipynb .*run `autograder build`"),
    "notebook is empty": (lambda c: (c / NOTEBOOK).write_text(""), "lab9_mini.ipynb .*run `autograder build`"),
    "question has no points": (
        lambda c: edit(c, NOTEBOOK, ("  (2 points, written)", "")), "question 9a has no title and points"
    ),
}  # fmt: skip


def append(course, name, text):
    with open(course / name, "a", encoding="utf-8") as file:
        file.write(f"\n\n{text}\n")


def halve(path):
    text = path.read_text("utf-8")
    path.write_text(text[: len(text) // 2], "utf-8")


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_one_line_before_the_run_begins(course, slip):
    slipped, said = SLIPS[slip]
    slipped(course)
    load_module.cache_clear()  # the fixture has built the lab
    with pytest.raises((CheckError, CourseError), match=said) as error:
        make_plan(find_lab(course, "lab9"), seed=1)
    assert "\n" not in str(error.value)


RUNS_THAT_END = {
    "bank": (lambda c: append(c, BANK, "import numppy"), [], "banks/lab9/double.py"),
    "notebook": (lambda c: (c / NOTEBOOK).unlink(), [], "lab9_mini.ipynb is missing"),
    "private check": (lambda c: private(c, "assert double(2.0) == for_"), ["--private", "private"], "NameError"),
    "another's private check": (
        lambda c: private(c, "pass", "triple"),
        ["--private", "private"],
        "triple is no exercise",
    ),
}


@pytest.mark.parametrize("what", RUNS_THAT_END)
def test_a_regrade_that_ends_leaves_the_run_before_it_whole(course, what):
    assert grade(course, "--seed", "1").returncode == 0
    before = everything(course / "out")
    slipped, words, said = RUNS_THAT_END[what]
    slipped(course)
    done = grade(course, "--seed", "2", *words)
    assert done.returncode == 1 and said in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert everything(course / "out") == before


def test_a_slip_in_the_answers_file_is_none_of_the_graders_business(course):
    edit(course, "solutions/answers/lab9.md", ("**Rubric.**", "**Rubrik.**"))
    assert grade(course).returncode == 0
    assert {student: row[0] for student, row in grades(course).items()} == {"ada": str(FULL), "boris": str(FULL - 1)}
    (path,) = (course / "out" / "results").glob("ada.json")
    (written,) = json.loads(path.read_text("utf-8"))["extra_data"]["written"]
    assert (written["question"], written["title"], written["max_score"]) == ("9a", "Why twice?", 2)


def test_a_notebook_that_ends_the_grader_has_blank_cells_and_a_line(course):
    """A private check that ends the judge stands for whatever may do so, where an answer is wrong."""
    private(course, "assert double(3.0) == 6.0 or os.kill(os.getpid(), 9)")
    done = grade(course, "--private", "private")
    assert done.returncode == 1 and "not graded, for a reason of ours: boris (it ended the grader" in done.stderr
    assert "Traceback" not in done.stderr
    rows = grades(course)
    assert rows["ada"][:2] == (str(FULL + 1), "3") and rows["boris"][:2] == ("", "")
    assert "could not be graded" in rows["boris"][2] and "boris" in (course / "out" / "class.html").read_text("utf-8")
    document = json.loads((course / "out" / "results" / "boris.json").read_text("utf-8"))
    assert document["score"] is None and Result.from_json(document).ours


def test_who_was_not_graded_is_graded_on_resume_and_exported_only_then(course):
    private(course, "assert double(3.0) == 6.0 or os.path.exists('mended') or os.kill(os.getpid(), 9)")
    gradebook = "Student,ID,SIS User ID,SIS Login ID,Section,Lab 9 (1)\nAda,1,,ada,,\nBoris,2,,boris,,3\n"
    (course / "gradebook.csv").write_text(gradebook, "utf-8")

    def exported():
        command = [
            sys.executable,
            "-m",
            "autograder",
            "export",
            "canvas",
            "out",
            "gradebook.csv",
            "--out",
            "canvas.csv",
        ]
        done = subprocess.run(command, cwd=course, capture_output=True, text=True, check=True)
        with (course / "canvas.csv").open(newline="", encoding="utf-8") as file:
            return {row["ID"]: row["Lab 9 (1)"] for row in csv.DictReader(file)}, done.stdout

    assert grade(course, "--private", "private").returncode == 1
    scores, said = exported()
    assert scores == {"1": str(FULL + 1), "2": "3"} and "left out, because grading them failed: boris" in said
    (course / "mended").touch()
    assert grade(course, "--private", "private", "--resume").returncode == 0
    scores, said = exported()
    assert scores == {"1": str(FULL + 1), "2": str(FULL)} and "left out" not in said


def test_a_grader_that_fails_twice_gives_no_grade(course, monkeypatch, caplog):
    plan, tries = make_plan(find_lab(course, "lab9"), seed=1), []

    def fails(payload, plan, wall):
        tries.append(payload)
        raise MemoryError("all of it")

    monkeypatch.setattr(workers, "grade_notebook", fails)
    with pytest.raises(UnitError, match="MemoryError: all of it"):
        grade_unit(plan, b"{}", slot=1)
    assert tries == [b"{}", b"{}"] and len(caplog.records) == 2


def test_a_file_that_can_be_read_no_more_costs_nobody_else_the_grade(course):
    plan = make_plan(find_lab(course, "lab9"), seed=1)

    def gone():
        raise OSError("it is gone")

    units = {"before": gone, "ada": (course / "class" / "ada.ipynb").read_bytes, "after": gone, "behind": gone}
    graded = dict(on_this_machine(plan, units, jobs=1))
    assert Result.from_json(json.loads(graded.pop("ada"))).score == FULL
    assert graded.keys() == {"before", "after", "behind"} and all(str(e) == "it is gone" for e in graded.values())


def test_a_notebook_is_read_when_its_turn_comes(course):
    plan, read = make_plan(find_lab(course, "lab9"), seed=1), []

    def reader(number):
        def of_this_one():
            read.append(number)
            return b"no notebook"

        return of_this_one

    units = {str(number): reader(number) for number in range(8)}
    for finished, _ in enumerate(on_this_machine(plan, units, jobs=1), start=1):
        assert len(read) < finished + AHEAD
    assert read == list(range(8))


def test_a_diagnosis_that_fails_costs_the_comment(course, monkeypatch, caplog):
    plan = make_plan(find_lab(course, "lab9"), seed=1)
    payload = (course / "class" / "boris.ipynb").read_bytes()
    with Wall(plan.lab.root, plan.warm) as wall:
        told = one.grade_notebook(payload, plan, wall)

        def fails(*_anything):
            raise RuntimeError("no comment")

        monkeypatch.setattr(judging, "diagnose", fails)
        mute = [one.grade_notebook(payload, plan, wall) for _ in range(2)]
    assert told.exercises[0].diagnosis == "squares"
    assert mute[0].score == told.score == FULL - 1 and not any(e.diagnosis for e in mute[0].exercises)
    said = [record.message for record in caplog.records if "double" in record.message]
    assert said == ["mistakes in double are not named: RuntimeError: no comment"]  # once
