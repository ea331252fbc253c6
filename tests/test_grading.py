"""`autograder grade` from a folder of notebooks to grades, feedback and class page, on the tests' little course."""

import csv
import json
import re
import shutil
import subprocess
import sys

import pytest

from autograder.authoring.build import Kind, build
from autograder.course import find_lab
from autograder.grading.one import grade_notebook
from autograder.grading.plan import make_plan
from autograder.outcome import DEFAULT_BUDGET

BODY = "return 2.0 * np.asarray(x, dtype=float)"
STEP = "path.append(np.asarray(f(path[-1])))"


def command(*words, cwd):
    return subprocess.run(
        [sys.executable, "-m", "autograder", *map(str, words)], cwd=cwd, capture_output=True, text=True
    )


def read(out):
    return {
        document["extra_data"]["student"]: document
        for path in (out / "results").glob("*.json")
        for document in [json.loads(path.read_text())]
    }


def with_cell(text, source):
    """A notebook with one more code cell, right after its set-up."""
    notebook = json.loads(text)
    first = next(i for i, cell in enumerate(notebook["cells"]) if "grade_id" in str(cell["metadata"]))
    cell = {"cell_type": "code", "id": "more", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
    notebook["cells"].insert(first, cell)
    return json.dumps(notebook)


@pytest.fixture(scope="module")
def graded(mini, tmp_path_factory):
    """A small class, graded once: student -> result."""
    lab = find_lab(mini, "lab9")
    solved = build(lab, Kind.WALKTHROUGH)
    folder = tmp_path_factory.mktemp("class")
    handed_in = {
        "full": solved,
        "released": build(lab),
        "square": solved.replace(BODY, "return np.asarray(x, dtype=float) ** 2"),
        "syntax": solved.replace(BODY, "return 2.0 ** * x"),
        "hostile": solved.replace(BODY, "import os; os.kill(os.getppid(), 9); os.kill(1, 9); os._exit(0)"),
        "renamed": solved.replace("def double(x)", "def duble(x)"),
        "helper": solved.replace('"def iterate(f', '"def helper(x):\\n    return x\\n\\n\\ndef iterate(f'),
        "no net": solved.replace("self.second(torch.relu(self.first(x)))", "self.second(self.first(x))"),
        "biased": solved.replace("return mean + rng.standard", "return 2 * mean + rng.standard"),
        "dependent": solved.replace(BODY, "return 3.0 * x").replace(STEP, "path.append(double(f(path[-1])) / 2)"),
        "stub below": with_cell(build(lab), "def double(x):\n    " + BODY),
        "no setup": solved.replace("import numpy as np", "import a_package_that_is_not_here\\nimport numpy as np", 1),
        "awaits": solved.replace(
            BODY, "return 2.0 * np.asarray(x, dtype=float)\\n\\n\\nawait __import__('asyncio').sleep(0)"
        ),
        "annotated": with_cell(solved, "from __future__ import annotations").replace(
            "def double(x)", "def double(x: Vector) -> Vector"
        ),
        "other ids": re.sub(r'"grade_id": "[^"]*"', '"grade_id": "mine-check"', solved),
        "broken": solved[: len(solved) // 2],
        "=cmd|' calc'!A0": solved,
    }
    for student, text in handed_in.items():
        (folder / f"{student}.ipynb").write_text(text)
    out = folder / "graded"
    done = command("grade", folder, "--lab", "lab9", "--out", out, "--seed", 11, cwd=mini)
    assert done.returncode == 0, done.stderr
    return read(out), out, done


def exercises(document):
    return {name: e["score"] for name, e in document["extra_data"]["exercises"].items()}


def test_everybody_has_a_result(graded):
    results, out, _ = graded
    assert len(results) == 17
    assert len(list((out / "feedback").glob("*.html"))) == 17 and (out / "class.html").exists()


def test_reference_full_and_released_zero(graded):
    results, *_ = graded
    assert exercises(results["full"]) == {"double": 2, "iterate": 2, "TinyNet": 2, "draw_normal": 1}
    assert results["released"]["score"] == 0
    errors = [e["error"] for e in results["released"]["extra_data"]["exercises"].values()]
    assert errors == ["not written yet"] * 4


@pytest.mark.parametrize(
    ("student", "expected"),
    [
        ("square", {"double": 1, "iterate": 2, "TinyNet": 2, "draw_normal": 1}),
        ("syntax", {"double": 0, "iterate": 2, "TinyNet": 2, "draw_normal": 1}),
        ("hostile", {"double": 0, "iterate": 2, "TinyNet": 2, "draw_normal": 1}),
        ("renamed", {"double": 0, "iterate": 2, "TinyNet": 2, "draw_normal": 1}),
        ("helper", {"double": 2, "iterate": 2, "TinyNet": 2, "draw_normal": 1}),
        ("no net", {"double": 2, "iterate": 2, "TinyNet": 1, "draw_normal": 1}),
        ("biased", {"double": 2, "iterate": 2, "TinyNet": 2, "draw_normal": 0}),
        ("dependent", {"double": 1, "iterate": 1, "TinyNet": 2, "draw_normal": 1}),
        ("stub below", {"double": 2, "iterate": 0, "TinyNet": 0, "draw_normal": 0}),
        ("no setup", {"double": 2, "iterate": 2, "TinyNet": 2, "draw_normal": 1}),
        ("awaits", {"double": 2, "iterate": 2, "TinyNet": 2, "draw_normal": 1}),
        ("annotated", {"double": 2, "iterate": 2, "TinyNet": 2, "draw_normal": 1}),
        ("other ids", {"double": 2, "iterate": 2, "TinyNet": 2, "draw_normal": 1}),
        ("broken", {"double": 0, "iterate": 0, "TinyNet": 0, "draw_normal": 0}),
        ("=cmd|' calc'!A0", {"double": 2, "iterate": 2, "TinyNet": 2, "draw_normal": 1}),
    ],
)
def test_each_earns_what_its_functions_earn(graded, student, expected):
    assert exercises(graded[0][student]) == expected


def test_what_a_lab_shows_of_checks_earns_nothing(root, tmp_path):
    """Lab 0 defines log_odds wrongly four times and checks it, above the exercise: that is ours, until somebody changes it."""
    lab = find_lab(root, "lab0")
    released = build(lab)
    assert released.count("np.log(ods)") == 1
    mended = released.replace("np.log(ods)", "np.log(odds)")
    for student, text in {"released": released, "mended": mended}.items():
        (tmp_path / f"{student}.ipynb").write_text(text)
    done = command("grade", tmp_path, "--lab", "lab0", "--out", tmp_path / "graded", "--seed", 11, cwd=root)
    assert done.returncode == 0, done.stderr
    results = read(tmp_path / "graded")
    assert exercises(results["released"]) == dict.fromkeys(("brightest_point", "log_odds", "quadratic_gradient"), 0)
    errors = [e["error"] for e in results["released"]["extra_data"]["exercises"].values()]
    assert errors == ["not written yet"] * 3
    assert exercises(results["mended"])["log_odds"] > 0


def test_errors_say_why(graded):
    results, *_ = graded
    double = {
        student: results[student]["extra_data"]["exercises"]["double"]["error"]
        for student in ("syntax", "renamed", "broken")
    }
    assert double["syntax"].startswith("the cell that defines double fails: SyntaxError")
    assert double["renamed"] == "double is not defined, but duble is, in code cell 3: was it renamed?"
    assert double["broken"].startswith("the file is not a whole notebook")


def test_a_known_mistake_is_named(graded):
    results, out, _ = graded
    assert results["square"]["extra_data"]["exercises"]["double"]["diagnosis"] == "squares"
    assert "squares" in (out / "class.html").read_text()
    assert all(e["diagnosis"] is None for e in results["full"]["extra_data"]["exercises"].values())


def test_another_labs_notebook_earns_nothing(root):
    """Its given cells are this lab's answers."""
    plan = make_plan(find_lab(root, "lab1"), seed=1)
    result = grade_notebook((root / "labs" / "lab2_descent.ipynb").read_bytes(), plan, wall=None)
    assert result.score == 0
    assert {e.error for e in result.exercises} == {"this is the notebook of lab2, not of lab1"}


def test_a_wrong_answer_says_what_it_rests_on(graded):
    results, out, _ = graded
    rests_on = {
        student: {name: e["rests_on"] for name, e in document["extra_data"]["exercises"].items() if e["rests_on"]}
        for student, document in results.items()
    }
    assert rests_on.pop("dependent") == {"iterate": ["double"]}
    assert not any(rests_on.values())
    assert "uses double, which is not right yet: mend that first" in (out / "feedback" / "dependent.html").read_text()


def test_results_are_in_gradescopes_form_and_add_up(graded):
    for document in graded[0].values():
        assert document["score"] == sum(test["score"] for test in document["tests"])
        for name, exercise in document["extra_data"]["exercises"].items():
            own = [test for test in document["tests"] if test["name"].startswith(f"{name}: ")]
            assert exercise["score"] == sum(t["score"] for t in own) and exercise["max_score"] == sum(
                t["max_score"] for t in own
            )
        assert document["extra_data"]["wall"]["summary"] in document["output"]


def test_optional_exercises_are_marked_and_stand_outside_the_maximum(graded):
    document = graded[0]["full"]
    assert document["extra_data"]["exercises"]["draw_normal"]["optional"]
    with (graded[1] / "grades.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["max_score"] for row in rows} == {"6"} and max(int(row["score"]) for row in rows) == 7


def test_the_seed_is_recorded_for_the_instructor_and_nowhere_else(graded):
    results, out, _ = graded
    assert json.loads((out / "run.json").read_text())["seed"] == 11
    for path in [*(out / "results").iterdir(), *(out / "feedback").iterdir(), out / "grades.csv", out / "class.html"]:
        assert '"seed"' not in path.read_text()


def test_no_traceback_anywhere(graded):
    _, out, done = graded
    assert "Traceback" not in done.stdout + done.stderr
    for path in out.rglob("*"):
        if path.is_file():
            assert "Traceback" not in path.read_text(), path


@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_reference_and_released_on_other_seeds(mini, tmp_path, seed):
    lab = find_lab(mini, "lab9")
    (tmp_path / "full.ipynb").write_text(build(lab, Kind.WALKTHROUGH))
    (tmp_path / "released.ipynb").write_text(build(lab))
    assert (
        command("grade", tmp_path, "--lab", "lab9", "--out", tmp_path / "out", "--seed", seed, cwd=mini).returncode == 0
    )
    scores = {student: document["score"] for student, document in read(tmp_path / "out").items()}
    assert scores == {"full": 7, "released": 0}


def test_a_hard_coded_answer_to_the_public_case_earns_nothing(mini, tmp_path):
    """The function knows every number that the public seed draws; the instructor's seed draws others."""
    lab = find_lab(mini, "lab9")
    from autograder.judge.checking import stream

    public = stream(0, "double", "doubles").normal(size=(2, 3))
    known = f"return np.array({(2 * public).tolist()})"
    (tmp_path / "cheat.ipynb").write_text(build(lab, Kind.WALKTHROUGH).replace(BODY, known))
    command("grade", tmp_path, "--lab", "lab9", "--out", tmp_path / "out", "--seed", 5, cwd=mini)
    assert exercises(read(tmp_path / "out")["cheat"])["double"] == 0


def test_private_checks_count_as_well(mini, tmp_path):
    lab = find_lab(mini, "lab9")
    private, folder = tmp_path / "private", tmp_path / "class"
    private.mkdir(), folder.mkdir()
    (private / "test_more.py").write_text(
        "from autograder import hint, points\n\n\n@points(3)\n@hint('h')\ndef test_of_two(double):\n    assert double(2.0) == 4.0\n"
    )
    (folder / "full.ipynb").write_text(build(lab, Kind.WALKTHROUGH))
    command("grade", folder, "--lab", "lab9", "--out", tmp_path / "out", "--private", private, cwd=mini)
    assert exercises(read(tmp_path / "out")["full"])["double"] == 5


def test_a_broken_check_ends_the_run_in_one_line_and_costs_nobody_points(mini, tmp_path):
    private, folder = tmp_path / "private", tmp_path / "class"
    private.mkdir(), folder.mkdir()
    (private / "test_more.py").write_text(
        "from autograder import hint, points\n\n\n@points(3)\n@hint('h')\ndef test_of_two(double):\n    assert double(2.0) == for_\n"
    )
    (folder / "full.ipynb").write_text(build(find_lab(mini, "lab9"), Kind.WALKTHROUGH))
    done = command("grade", folder, "--lab", "lab9", "--out", tmp_path / "out", "--private", private, cwd=mini)
    assert done.returncode == 1 and "the check 'of two' of double is broken: NameError" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and not read(tmp_path / "out")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["grade", "nowhere", "--lab", "lab9"], "nowhere"),
        (["grade", "labs", "--lab", "lab99"], "there is no lab 'lab99'; there are lab9"),
        (["grade", "labs", "--lab", "lab9", "--private", "labs"], "--private takes a folder of checks"),
        (["export", "canvas", "nowhere", "gradebook.csv"], "holds no results"),
        (["grade", "labs", "--lab", "lab9", "--scheduler", "tcp://127.0.0.1:9"], "no scheduler answers"),
    ],
)
def test_bad_arguments_are_one_line_and_a_failure(mini, tmp_path, words, said):
    course = shutil.copytree(mini, tmp_path / "course")  # other tests build in theirs
    (course / "labs").mkdir(exist_ok=True)
    shutil.copy(course / "solutions" / "notebooks" / "lab9_mini.md", course / "labs" / "ada.ipynb")
    done = command(*words, cwd=course)
    assert done.returncode == 1 and said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and done.stderr.startswith("autograder: ")


def test_outside_a_course_the_installed_one_is_used(tmp_path):
    done = command("build", "--check", cwd=tmp_path)
    assert "lab1_likelihood.ipynb" in done.stdout + done.stderr


def test_the_default_budget_is_generous():
    """A call of an exercise takes milliseconds; the budget is for endless loops, on slow machines too."""
    assert DEFAULT_BUDGET.cpu >= 2.0


def test_a_folder_with_somebody_elses_results_is_left_alone(mini, tmp_path):
    (tmp_path / "out" / "results").mkdir(parents=True)
    (tmp_path / "out" / "results" / "mine.json").write_text("{}")
    (tmp_path / "ada.ipynb").write_text(build(find_lab(mini, "lab9")))
    done = command("grade", tmp_path / "ada.ipynb", "--lab", "lab9", "--out", tmp_path / "out", cwd=mini)
    assert done.returncode == 1 and "no run of ours" in done.stderr
    assert (tmp_path / "out" / "results" / "mine.json").exists()
