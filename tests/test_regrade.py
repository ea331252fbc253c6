"""A check that changed: only its exercise is judged again, the bytes are those of a fresh run, and whose grade moved is said."""

import csv
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from autograder.authoring.build import Kind, build
from autograder.course import find_lab
from autograder.outcome import Outcome
from autograder.reports.moved import moves, write_moves
from autograder.result import ExerciseResult, Result, TestResult, WrittenAnswer
from tests.attacks.corpus import defining
from tests.test_resume import everything, leave_torch_out

# Runs the command, and says which exercises of how many units were judged.
SPY = """
import sys
from autograder import cli
from autograder.grading import run
real = run.run_units
def spied(plan, units, *rest):
    print("JUDGED", sorted(plan.only) if plan.only is not None else "all", len(units))
    yield from real(plan, units, *rest)
run.run_units = spied
cli.main()
"""
SQUARE = "def double(x):\n    return np.asarray(x, dtype=float) ** 2"
TRIPLE = "def double(x):\n    return 3.0 * np.asarray(x, dtype=float)"
BY_DOUBLE = (
    "def iterate(f, x, num_steps):\n    path = [np.array(x, dtype=float)]\n    for _ in range(num_steps):\n"
    "        path.append(double(f(path[-1])))\n    return np.array(path)"
)


@pytest.fixture(scope="module")
def original(mini, tmp_path_factory):
    """A course without torch and a class of six: right, wrong, wrong by way of another exercise, twice, and unreadable."""
    course = tmp_path_factory.mktemp("regrade") / "course"
    shutil.copytree(mini, course, symlinks=True)
    leave_torch_out(course)
    lab = find_lab(course, "lab9")
    lab.notebook.write_text(build(lab), "utf-8")
    base = build(lab, Kind.WALKTHROUGH)
    (course / "class").mkdir()
    changes = {
        "ann": {},
        "ben": {"double": SQUARE},
        "cem": {"double": TRIPLE},
        "dee": {"double": TRIPLE, "iterate": BY_DOUBLE},
    }
    for student, answers in (changes | {"eve": changes["cem"]}).items():
        notebook = json.loads(base)
        for name, source in answers.items():
            notebook["cells"][defining(notebook, name)]["source"] = source
        (course / "class" / f"{student}.ipynb").write_text(json.dumps(notebook), "utf-8")
    (course / "class" / "fay.ipynb").write_bytes(b"{")
    run(course, "graded")
    return course


@pytest.fixture
def course(original, tmp_path):
    return shutil.copytree(original, tmp_path / "course", symlinks=True)


def run(course, out, *words):
    """The lines of `grade`, and what it judged."""
    command = [sys.executable, "-c", SPY, "grade", "class", "--lab", "lab9", "--out", out, "--seed", "5", "--jobs", "1"]
    done = subprocess.run(
        [*command, *words], cwd=course, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=300
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    lines = done.stdout.splitlines()
    return lines, [line.removeprefix("JUDGED ") for line in lines if line.startswith("JUDGED")]


def edit(course, path, old, new):
    text = (course / path).read_text("utf-8")
    assert old in text
    (course / path).write_text(text.replace(old, new), "utf-8")


def moved(out):
    with (out / "moved.csv").open(encoding="utf-8-sig", newline="") as file:
        return {(row["regrade"], row["student"]): (row["change"], row["why"]) for row in csv.DictReader(file)}


CHECK, BANK = "autograder/checks/lab9/test_double.py", "tests/banks/lab9/double.py"


def same_as_afresh(course):
    """Whether a resumed run has left what a run from the beginning leaves, but for who moved."""
    run(course, "afresh")
    resumed, afresh = everything(course / "graded"), everything(course / "afresh")
    resumed.pop("moved.csv", None)
    return resumed == afresh


def test_nothing_changed_and_nothing_is_judged(course):
    before = everything(course / "graded")
    lines, judged = run(course, "graded", "--resume")
    assert judged == [] and everything(course / "graded") == before


def test_a_new_check_is_asked_of_its_own_exercise_and_says_whose_grade_moved(course):
    edit(course, CHECK, "x = rng.normal(size=(2, 3))", "x = 2.0 + 0.0 * rng.normal(size=(2, 3))  # a slip: 2² is 2 · 2")
    lines, judged = run(course, "graded", "--resume")
    # fay's cannot be read, so there is nothing to judge in part; dee's iterate may rest on what moved, and did not
    assert judged == ["['double'] 4", "all 1"] or judged == ["['double'] 4", "all 2"], judged
    assert moved(course / "graded") == {("1", "ben"): ("+1", "double: doubles failed before, passed now")}
    assert any("moved: ben: 4 → 5 (+1): double: doubles failed before, passed now" in line for line in lines)
    assert any("1 grade moved" in line for line in lines)
    assert same_as_afresh(course)
    edit(course, CHECK, "x = 2.0 + 0.0 * rng.normal(size=(2, 3))  # a slip: 2² is 2 · 2", "x = rng.normal(size=(2, 3))")
    run(course, "graded", "--resume")
    assert moved(course / "graded") == {
        ("1", "ben"): ("+1", "double: doubles failed before, passed now"),
        ("2", "ben"): ("-1", "double: doubles passed before, failed now"),
    }


def test_what_rests_on_an_exercise_that_moved_is_judged_again_as_well(course):
    edit(course, CHECK, "assert_allclose(double(x), x + x)", "assert np.shape(double(x)) == np.shape(x)")
    _, judged = run(course, "graded", "--resume")
    assert judged[0] == "['double'] 4" and judged[1].startswith("all ")
    dee = json.loads((course / "graded" / "results" / "dee.json").read_text())["extra_data"]["exercises"]["iterate"]
    assert dee["rests_on"] == []  # double is right by now
    assert same_as_afresh(course)


@pytest.mark.slow
def test_a_new_name_for_a_mistake_moves_nobody(course):
    edit(course, BANK, '"squares"', '"takes the square"')
    _, judged = run(course, "graded", "--resume")
    assert judged[0] == "['double'] 4" and not (course / "graded" / "moved.csv").exists()
    assert "takes the square" in (course / "graded" / "results" / "ben.json").read_text()
    assert same_as_afresh(course)


@pytest.mark.slow
def test_what_all_share_changed_and_all_is_judged(course):
    edit(course, "labs/lab9_mini.ipynb", "A lab for the tests", "A lab for tests")
    _, judged = run(course, "graded", "--resume")
    assert judged == ["all 5"]


@pytest.mark.slow
def test_a_run_of_another_seed_is_no_start(course):
    _, judged = run(course, "graded", "--resume", "--seed", "6")
    assert judged == ["all 5"]


def test_who_hands_in_again_is_graded_and_listed(course):
    shutil.copy(course / "class" / "ann.ipynb", course / "class" / "cem.ipynb")
    _, judged = run(course, "graded", "--resume")
    assert judged == []  # ann's unit
    assert moved(course / "graded")["1", "cem"][1].startswith("another notebook than before; double: doubles failed")


# --- the words --------------------------------------------------------------------------------------------------------

WALL = {"layers": ["x"], "missing": {}, "graded_use": True, "summary": "Wall: x."}


def make(student, *tests, points=None):
    checks = tuple(TestResult(name, worth, outcome) for name, worth, outcome in tests)
    written = (WrittenAnswer("9a", "Why?", 2, "So.", {}, points),)
    return Result(student, "lab9", (ExerciseResult("f", checks),), WALL, "ab", {}, written)


PASSED, FAILED, OURS = Outcome.PASSED, Outcome.FAILED, Outcome.OURS


@pytest.mark.parametrize(
    ("old", "new", "change", "why"),
    [
        (make("a", ("t", 1, FAILED)), make("a", ("t", 2, PASSED)), "+2", "f: t failed before, passed now"),
        (make("a", ("t", 1, PASSED)), make("a", ("t", 3, PASSED)), "+2", "f: t is worth 3 and not 1"),
        (make("a", ("t", 1, PASSED)), make("a", ("u", 1, FAILED)), "-1", "f: t is gone; f: u is new, and failed"),
        (make("a", ("t", 1, PASSED), ("u", 1, FAILED)), make("a", ("t", 1, FAILED), ("u", 1, PASSED)), "0",
         "f: t passed before, failed now; f: u failed before, passed now"),
        (make("a", ("t", 1, OURS)), make("a", ("t", 1, PASSED)), "–", "f: t could not be graded before, passed now"),
        (make("a", points=1), make("a", points=2), "+1", "written 9a: 1 → 2"),
        (make("a", points=1), make("a"), "-1", "written 9a: 1 → not marked"),
    ],
)  # fmt: skip
def test_a_move_says_how_much_and_why(old, new, change, why):
    (move,) = moves([old], [new])
    assert (move.change, "; ".join(move.why)) == (change, why)


def test_who_came_or_went_or_stayed_did_not_move():
    stays = make("b", ("t", 1, PASSED))
    other = replace(stays, notebook_sha256="cd", student="c")
    assert moves([make("a"), stays, replace(other, notebook_sha256="ef")], [stays, other, make("d")]) == []


def test_the_list_grows_and_is_harmless(tmp_path):
    path = tmp_path / "moved.csv"
    write_moves([], path, path)
    assert not path.exists()
    for outcomes in ((FAILED, PASSED), (PASSED, FAILED)):
        write_moves(moves(*([make("=a", ("t", 1, outcome))] for outcome in outcomes)), path, path)
    assert [line[:2] for line in csv.reader(path.read_text("utf-8-sig").splitlines())][1:] == [
        ["1", "'=a"],
        ["2", "'=a"],
    ]
    before = path.read_bytes()
    write_moves([], path, path)
    assert path.read_bytes() == before
