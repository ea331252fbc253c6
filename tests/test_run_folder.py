"""The folder of a run: one run, whole, until the next one has all that it has to say."""

import json
from dataclasses import replace

import pytest

from autograder.course import CourseError
from autograder.grading.run_folder import Record, RunFolder
from autograder.outcome import Outcome
from autograder.result import ExerciseResult, Result, TestResult
from tests.test_resume import everything

WALL = {"layers": ["x"], "missing": {}, "graded_use": True, "summary": "Wall: x."}
FIRST, SECOND = Record("lab1", 7, "aa"), Record("lab1", 8, "bb")


def make(student, passed=True):
    outcome = Outcome.PASSED if passed else Outcome.FAILED
    return Result(student, "lab1", (ExerciseResult("f", (TestResult("t", 1, outcome),)),), WALL, "ab" * 32, {})


def run(path, record, results, units=("u",), resume=False):
    """A whole run, with reports that say of which record they are."""
    folder = RunFolder(path)
    folder.begin(record, units)
    for unit in units:
        folder.keep(unit, json.dumps(results[0].to_json()))
    with folder.replaced_by(results) as files:
        for result in results:
            files.feedback(result.student).write_text(f"{record.seed}")
        files.class_page.write_text(f"{record.seed}")
        files.grades.write_text(f"{record.seed}")
    return files


def test_a_run_leaves_what_it_says(tmp_path):
    files = run(tmp_path, FIRST, [make("ann"), make("b/c")])
    assert set(everything(tmp_path)) == {
        "run.json", "units/u.json", "grades.csv", "class.html",
        *(f"results/{name}.json" for name in files.names.values()), *(f"feedback/{name}.html" for name in files.names.values()),
    }  # fmt: skip
    assert RunFolder(tmp_path).last() == FIRST
    assert {result.student for result in RunFolder(tmp_path).results()} == {"ann", "b/c"}


def test_the_next_run_takes_its_place_and_forgets_who_left(tmp_path):
    run(tmp_path, FIRST, [make("ann"), make("ben")], units=("one", "two"))
    (tmp_path / "results" / "notes of mine.txt").write_text("kept")
    run(tmp_path, SECOND, [make("ann", False)], units=("three",))
    assert set(everything(tmp_path)) == {
        "run.json", "units/three.json", "grades.csv", "class.html", "results/ann.json", "feedback/ann.html", "results/notes of mine.txt",
    }  # fmt: skip
    assert RunFolder(tmp_path).last() == SECOND and RunFolder(tmp_path).results() == [make("ann", False)]


@pytest.mark.parametrize("moment", ["begun", "a unit kept", "reports half written", "interrupted"])
def test_a_run_that_ends_early_takes_nothing_away(tmp_path, moment):
    run(tmp_path, FIRST, [make("ann")])
    before = everything(tmp_path)
    folder = RunFolder(tmp_path)
    folder.begin(SECOND, ["v"])
    if moment != "begun":
        folder.keep("v", json.dumps(make("ann", False).to_json()))
    if moment in ("reports half written", "interrupted"):
        with pytest.raises((RuntimeError, KeyboardInterrupt)):
            with folder.replaced_by([make("ann", False)]) as files:
                files.grades.write_text("half")
                raise RuntimeError if moment == "reports half written" else KeyboardInterrupt
    after = everything(tmp_path)
    if moment != "begun":  # what a run that is resumed needs, and nothing else
        assert after.pop("units/v.json") and after.pop("run.json") != before.pop("run.json")
        assert RunFolder(tmp_path).last() == SECOND and RunFolder(tmp_path).unit("v") == make("ann", False)
    assert after == before
    assert RunFolder(tmp_path).results() == [make("ann")]


def test_a_third_run_does_not_forget_whose_results_are_there(tmp_path):
    run(tmp_path, FIRST, [make("ann")])
    for record in (SECOND, Record("lab1", 9, "cc")):
        folder = RunFolder(tmp_path)
        folder.begin(record, ["w"])
        folder.keep("w", "{}")
    said = json.loads((tmp_path / "run.json").read_text())
    first, third = ({"lab": "lab1", "seed": seed, "version": v, "parts": {}} for seed, v in ((7, "aa"), (9, "cc")))
    assert said == first | {"next": third}


def test_files_that_were_being_put_in_place_are_not_taken_for_a_whole_run(tmp_path):
    run(tmp_path, FIRST, [make("ann")])
    (tmp_path / ".moving").mkdir()
    with pytest.raises(CourseError, match="grade again with --resume"):
        RunFolder(tmp_path).results()
    run(tmp_path, SECOND, [make("ann")])
    assert RunFolder(tmp_path).results() == [make("ann")]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"lab": "lab1", "seed": "x", "version": "a"}'])
def test_a_damaged_record_is_one_line_on_resume_and_forgotten_otherwise(tmp_path, text):
    run(tmp_path, FIRST, [make("ann")])
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(CourseError, match="run.json is damaged: grade without --resume"):
        RunFolder(tmp_path).last()
    run(tmp_path, SECOND, [make("ann")])
    assert RunFolder(tmp_path).last() == SECOND


@pytest.mark.parametrize("name", ["results", "units", "feedback"])
def test_a_folder_that_is_not_ours_is_left_alone(tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "mine.json").write_text("{}")
    with pytest.raises(CourseError, match=f"has a folder `{name}` that is no run of ours"):
        RunFolder(tmp_path).begin(FIRST, [])
    assert everything(tmp_path).keys() == {f"{name}/mine.json"}


@pytest.mark.parametrize("document", ["", "{}", "[]", '{"extra_data": 1}'])
def test_a_result_that_is_none_of_ours_is_one_line(tmp_path, document):
    run(tmp_path, FIRST, [make("ann")])
    (tmp_path / "results" / "bob.json").write_text(document)
    with pytest.raises(CourseError, match="no result of ours: grade again"):
        RunFolder(tmp_path).results()


def test_students_whose_names_look_alike_have_files_of_their_own(tmp_path):
    students = ["Ann", "ann", "a/n", "a:n", "con", "é", "e\u0301"]
    results = [replace(make("x"), student=student) for student in students]
    files = run(tmp_path, FIRST, results)
    assert len({name.casefold() for name in files.names.values()}) == len(students)
    assert {result.student for result in RunFolder(tmp_path).results()} == set(students)
