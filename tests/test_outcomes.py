"""Outcomes are data: what every kind of failure says, that JSON keeps it, and that nobody reads it out of a sentence."""

import ast
import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from autograder.authoring.build import Kind as Edition
from autograder.authoring.build import build
from autograder.course import find_lab
from autograder.outcome import Failure, Kind, Outcome
from autograder.reports.failures import advice, told
from autograder.result import ExerciseResult, Result, TestResult
from autograder.wall.process import REPORTED, read_error

WALL = {"layers": [], "missing": {}, "graded_use": True, "summary": "Wall."}
OF_CELLS = (Kind.PASSED_OVER, Kind.INTERRUPTED, Kind.REDUCED, Kind.LEFT_OUT)  # each has a cause
FILLED = Failure(
    Kind.VALUE,
    call="f",
    got="1.0",
    due="2.0",
    error="ValueError",
    said="no",
    name="g",
    takes=(1, 2, 3),
    limit=5.0,
    cell=3,
    version="numpy 2.0",
)


@pytest.mark.parametrize("secret", [False, True])
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_failure_has_words_of_one_line(kind, secret):
    said = "no" if kind in (Kind.FILE, Kind.OURS) else ""
    bare = Failure(
        kind,
        call="f",
        takes=(1, 1, 2),
        limit=1.0,
        said=said,
        cause=Failure(Kind.TIME, limit=5.0) if kind in OF_CELLS else None,
    )
    for failure in (replace(FILLED, cause=bare.cause), bare):
        failure = replace(failure, kind=kind, secret=secret, changed=("x",) if kind is Kind.CHANGED else ())
        line = told(failure)
        assert line and "\n" not in line and "None" not in line and "{" not in line and "  " not in line
        assert told(failure, Outcome.NOT_RUN).startswith("not run: ")


def test_words_that_are_too_long_are_cut():
    assert len(told(replace(FILLED, kind=Kind.CLAIM, said="word " * 500))) == 400


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("at (np.int64(3), np.int64(-4))", "at (3, -4)"),
        ("[np.float64(1.5), np.float32(nan)]", "[1.5, nan]"),
        ("np.True_ and np.bool_(False)", "True and False"),
        ("np.str_('a')", "'a'"),
        ("begin with np.asarray(x, dtype=float)", "begin with np.asarray(x, dtype=float)"),
        ("np.int64", "np.int64"),
    ],
)
def test_numbers_are_shown_as_numbers_whoever_made_them(written, shown):
    assert told(Failure(Kind.CLAIM, call="f", said=written)) == shown


def test_a_shape_is_not_told_as_a_value():
    assert told(Failure(Kind.SHAPE, call="f(x)", got="(2, 1)", due="(2,)")) == (
        "f(x) gave an array of shape (2, 1), expected shape (2,)"
    )
    assert (
        told(Failure(Kind.SHAPE, call="f(x)", got="()", due="(2,)")) == "f(x) gave a single number, expected shape (2,)"
    )
    assert told(Failure(Kind.SHAPE, call="f(x)", got="(1,)", due="()")).endswith("expected a single number")


@pytest.mark.parametrize(
    ("takes", "said"),
    [
        ((2, 2, 1), "f takes 2 arguments, the exercise calls it with 1"),
        ((1, 1, 3), "f takes 1 argument, the exercise calls it with 3"),
        ((1, 3, 4), "f takes 1 to 3 arguments, the exercise calls it with 4"),
        ((2, 99, 1), "f takes at least 2 arguments, the exercise calls it with 1"),
        ((0, 0, 1), "f takes 0 arguments, the exercise calls it with 1"),
    ],
)
def test_a_wrong_signature_is_named(takes, said):
    assert told(Failure(Kind.SIGNATURE, call="f", takes=takes)) == said


def test_a_result_comes_back_from_json_as_it_was():
    failure = replace(FILLED, index=(1, 2), changed=("x",), cause=Failure(Kind.TIME, limit=5.0))
    tests = tuple(TestResult(outcome, 2, outcome, "m", "h", failure) for outcome in Outcome)
    exercises = (ExerciseResult("f", tests), ExerciseResult("g", tests[:1], True, None, "doubles", ("f",)))
    result = Result("ann", "lab1", exercises, WALL, "ab", {}, late="2 days")
    document = json.loads(json.dumps(result.to_json()))
    assert Result.from_json(document) == result
    assert document["extra_data"]["exercises"]["f"]["outcome"] == "failed"
    assert [test["outcome"] for test in document["extra_data"]["exercises"]["f"]["tests"]] == list(Outcome)


@pytest.mark.parametrize(
    "change",
    [{"outcome": "perhaps"}, {"failure": {"kind": "bad luck"}}, {"failure": {"kind": "value", "mood": "bad"}}],
)
def test_json_that_is_not_ours_is_refused(change):
    result = Result("ann", "lab1", (ExerciseResult("f", (TestResult("t", 1, Outcome.FAILED),)),), WALL, "ab", {})
    document = result.to_json()
    document["extra_data"]["exercises"]["f"]["tests"][0] |= change
    with pytest.raises((KeyError, TypeError, ValueError)):
        Result.from_json(document)


def test_what_we_failed_has_no_score():
    ours = TestResult("t", 2, Outcome.OURS, "the worker ended")
    document = Result("ann", "lab1", (ExerciseResult("f", (ours,)),), WALL, "ab", {}).to_json()
    assert document["score"] is None and document["tests"][0]["score"] is None
    assert document["extra_data"]["exercises"]["f"]["score"] is None
    assert Result.from_json(document).ours


def test_an_exercise_is_what_all_its_checks_are():
    def of(*outcomes):
        return ExerciseResult("f", tuple(TestResult("t", 1, outcome) for outcome in outcomes)).outcome

    assert of(Outcome.PASSED, Outcome.PASSED) is Outcome.PASSED
    assert of(Outcome.NOT_WRITTEN, Outcome.NOT_WRITTEN) is Outcome.NOT_WRITTEN
    assert of(Outcome.PASSED, Outcome.NOT_RUN) is Outcome.FAILED


def test_the_students_side_names_kinds_that_there_are(root):
    """It cannot import them; each string that it reports as a kind must be one that the judge knows, and takes from it."""
    named = set()
    for name in ("inside/student.py", "wire.py"):
        tree = ast.parse((root / "autograder" / "wall" / name).read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in (
                "Absent",
                "Uncarried",
            ):
                named |= {n.value for n in ast.walk(node.args[0]) if isinstance(n, ast.Constant)}
            if (
                isinstance(node, ast.Assign)
                and getattr(node.targets[0], "id", "") == "kind"
                and isinstance(node.value, ast.Constant)
            ):
                named.add(node.value.value)
    assert len(named) > 10 and named <= set(REPORTED), named - set(REPORTED)


@pytest.mark.parametrize("kind", sorted(set(Kind) - REPORTED) + ["whatever", 3, None])
def test_the_students_side_cannot_report_what_is_for_the_judge_to_find(kind):
    from autograder.outcome import WallError

    whole = {"kind": "exception", "type": "E", "message": "m", "source": "s", "name": "n", "line": 1, "takes": [1, 1]}
    assert read_error(whole).kind is Kind.EXCEPTION
    for broken in (
        whole | {"kind": kind},
        whole | {"line": "1"},
        whole | {"message": 1},
        {"kind": "exception"},
        [],
        None,
    ):
        with pytest.raises(WallError):
            read_error(broken)


def test_nobody_reads_an_outcome_out_of_words(root):
    """Messages are written, never compared, cut apart or searched in: sentences of foreign exceptions in `judge/known.py` alone."""
    said = r"\b(?:test|result|exercise|failure)s?\b[\w.\[\]]*\.(?:message|hint)|\b(?:result|exercise)\.error"
    words = re.compile(
        rf"(?:{said})\s*(?:==|!=|\.startswith|\.removeprefix|\.endswith|\.partition)|[\"'] in (?:{said})"
    )
    for path in (
        path for wing in ("judge", "wall", "grading", "reports") for path in (root / "autograder" / wing).rglob("*.py")
    ):
        for number, line in enumerate(path.read_text().splitlines(), 1) if path.name != "known.py" else ():
            assert not words.search(line), f"{path.relative_to(root)}:{number}: {line.strip()}"


def test_advice_is_for_kinds_that_are_no_wrong_value():
    assert not advice(Failure(Kind.VALUE)) and not advice(Failure(Kind.CLAIM))
    for kind in (Kind.SHAPE, Kind.CHANGED, Kind.SIGNATURE, Kind.NO_GPU, Kind.MEMORY):
        assert advice(Failure(kind))


@pytest.mark.parametrize(
    ("version", "blamed"),
    [
        ("3.99.1", True),
        ("3.99", True),
        ("3.8.10", False),
        ("", False),
        ("<b>3.99</b>", False),
        (3.99, False),
        (None, False),
    ],
)
def test_syntax_of_a_newer_python_is_told(version, blamed):
    from autograder.grading.newer import blame_python

    payload = json.dumps({"metadata": {"language_info": {"version": version}}, "cells": []}).encode()
    error = Failure(Kind.EXCEPTION, error="SyntaxError", said="f-string: unmatched '['", cell=3)
    for broken in (b"", b"[]", b"{}", b'{"metadata": []}', b"\xff"):
        assert not blame_python(error, broken).written_for
    other = replace(error, error="NameError")
    assert blame_python(other, payload) == other
    line = told(Failure(Kind.CELL_FAILED, call="f", cause=blame_python(error, payload)))
    assert line.startswith("the cell that defines f fails: SyntaxError: f-string: unmatched '['")
    assert (f"the notebook was written with Python {version}, this is Python" in line) == blamed


def test_a_graded_exercise_that_calls_one_that_is_not_written_says_so_everywhere(mini, tmp_path):
    """In the JSON, in grades.csv and on the student's page."""
    lab = find_lab(mini, "lab9")
    notebook = build(lab, Edition.WALKTHROUGH)
    notebook = notebook.replace("return 2.0 * np.asarray(x, dtype=float)", "raise NotImplementedError")
    notebook = notebook.replace("path.append(np.asarray(f(path[-1])))", "path.append(double(f(path[-1])) / 2)")
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "ann.ipynb").write_text(notebook, "utf-8")
    out = tmp_path / "graded"
    words = ["grade", str(tmp_path / "class"), "--lab", "lab9", "--out", str(out), "--seed", "3"]
    done = subprocess.run([sys.executable, "-m", "autograder", *words], cwd=mini, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads((out / "results" / "ann.json").read_text())["extra_data"]["exercises"]
    assert (found["double"]["outcome"], found["double"]["error"]) == ("not written", "not written yet")
    assert (found["iterate"]["outcome"], found["iterate"]["rests_on"]) == ("blocked", ["double"])
    said = "uses double, which is not written yet"
    assert found["iterate"]["error"] == said and {test["message"] for test in found["iterate"]["tests"]} == {said}
    assert found["TinyNet"]["outcome"] == "passed"
    assert (
        f"iterate: {said}" in (out / "grades.csv").read_text() and said in (out / "feedback" / "ann.html").read_text()
    )
