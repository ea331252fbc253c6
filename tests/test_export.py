"""Exports, read back by the system that they are for, or by what stands for it."""

import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import unicodedata
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.authoring.build import Kind, build
from autograder.authoring.spans import BEGIN, END, read_spans
from autograder.authoring.written import read_questions
from autograder.course import find_lab, labs
from autograder.exports import ExportError, nbgrader
from autograder.exports.canvas import to_canvas
from autograder.exports.formgrader import to_formgrader
from autograder.exports.gradescope import to_gradescope
from autograder.exports.nbgrader import to_nbgrader
from autograder.outcome import Outcome
from autograder.result import ExerciseResult, Result, TestResult, WrittenAnswer

ROOT = Path(__file__).parents[1]
WALL = {"layers": ["x"], "missing": {}, "graded_use": True, "summary": "Wall: x."}


def make(student: str, softplus: int = 3, nll: int = 4, lab: str = "lab1", written: bool = True) -> Result:
    def exercise(name, score, best):
        return ExerciseResult(
            name, tuple(TestResult(f"t{i}", 1, Outcome.PASSED if i < score else Outcome.FAILED) for i in range(best))
        )

    answers = (WrittenAnswer("4b", "Why?", 3, "Because."),) if written else ()
    return Result(
        student, lab, (exercise("softplus", softplus, 3), exercise("nll", nll, 4)), WALL, "ab" * 32, {}, answers
    )


# --- Canvas -----------------------------------------------------------------------------------------------------------

HEADER = [
    "Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Lab 1: Likelihood (501)", "Lab 10 (510)", "Labs Current Score",
]  # fmt: skip
GRADEBOOK = [
    ["", "", "", "", "", "Manual Posting", "", ""],
    ["    Points Possible", "", "", "", "", "7", "10", "(read only)"],
    ["Doe, Jane", "1001", "s-77", "jdoe@x.edu", "A", "", "", ""],
    ["Doe, John", "1002", "s-78", "john@x.edu", "A", "2", "", ""],
    ["Núñez, Ana María", "1003", "0042", "ana@x.edu", "B", "", "9", ""],
    ["Lee, Kim", "1004", "s-80", "kim1@x.edu", "B", "", "", ""],
    ["Lee, Kim", "1005", "s-81", "kim2@x.edu", "B", "", "", ""],
    ['=cmd, "x"', "1006", "s-82", "cmd@x.edu", "B", "", "", ""],
    ["Student, Test", "1999", "", "", "A", "", "", ""],
]


@pytest.fixture
def template(tmp_path):
    def write(rows=GRADEBOOK, header=HEADER, delimiter=",", encoding="utf-8-sig"):
        path = tmp_path / "template.csv"
        with open(path, "w", encoding=encoding, newline="") as file:
            csv.writer(file, delimiter=delimiter).writerows([header, *rows])
        return path

    return write


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


@pytest.mark.parametrize(
    ("student", "row"),
    [
        ("doejane_1001", "1001"), ("1001", "1001"), ("s-77", "1001"), ("S-77", "1001"), ("jdoe@x.edu", "1001"),
        ("jdoe", "1001"), ("JDoe", "1001"), ("Doe, Jane", "1001"), ("Jane Doe", "1001"), ("doejane", "1001"),
        ("0042", "1003"), ("Ana María Núñez", "1003"), ("leekim_1005", "1005"), ("kim1", "1004"),
    ],
)  # fmt: skip
def test_a_student_is_matched_to_a_row(tmp_path, template, student, row):
    export = to_canvas([make(student, 1, 4)], template(), tmp_path / "out.csv")
    scores = {line["ID"]: line["Lab 1: Likelihood (501)"] for line in read(tmp_path / "out.csv")}
    assert scores.pop(row) == "5" and export.without_row == () and list(export.matched) == [student]
    assert set(scores.values()) <= {"", "2", "7", "Manual Posting"}  # nothing else has changed


@pytest.mark.parametrize("student", ["Kim Lee", "leekim", "nobody", "", "42", "x_9999", "Student", "A", "1001 ; drop"])
def test_whoever_is_in_doubt_is_listed_and_gets_nothing(tmp_path, template, student):
    export = to_canvas([make(student), make("jdoe")], template(), tmp_path / "out.csv")
    assert export.without_row == (student,)
    assert [line["Lab 1: Likelihood (501)"] for line in read(tmp_path / "out.csv")].count(
        "7"
    ) == 2  # points possible, jdoe


def test_two_who_claim_one_row_get_nothing(tmp_path, template):
    export = to_canvas([make("jdoe", 0), make("doejane_1001"), make("john")], template(), tmp_path / "out.csv")
    assert set(export.without_row) == {"jdoe", "doejane_1001"} and list(export.matched) == ["john"]
    assert {line["ID"]: line["Lab 1: Likelihood (501)"] for line in read(tmp_path / "out.csv")}["1001"] == ""


@pytest.mark.parametrize(
    ("row", "student", "scores"),
    [
        (["Smith, Al", "2001", "", "smith_1001@x.edu", "A", "", "", ""], "smith_1001@x.edu", {"2001": "7"}),
        (["Smith, Al", "2001", "", "smith_1001", "A", "", "", ""], "smith_1001", {"2001": "7"}),
        (["Smith, Al", "2001", "smith_1001", "", "A", "", "", ""], "Smith_1001", {"2001": "7"}),
        (["Smith, Al", "2001", "", "smith_1001@x.edu", "A", "", "", ""], "smith_1001", {}),  # Al, or Jane, 1001?
        (["Smith, Al", "2001", "1001", "", "A", "", "", ""], "1001", {}),  # Al's SIS id, Jane's Canvas id
        (["Smith, Al", "2001", "", "", "A", "", "", ""], "---", {}),
        (["---", "2001", "", "@x.edu", "A", "", "", ""], "...", {}),
        (["", "2001", "", "", "A", "", "", ""], "", {}),
        (["Smith, Al", "2001", "", "al1", "A", "", "", ""], "al-1", {}),  # another login, not another way to write it
    ],
)
def test_only_an_exact_match_or_a_single_guess_counts(tmp_path, template, row, student, scores):
    export = to_canvas([make(student)], template([*GRADEBOOK[2:-1], row]), tmp_path / "out.csv")
    written = {line["ID"]: line["Lab 1: Likelihood (501)"] for line in read(tmp_path / "out.csv")}
    assert {id: score for id, score in written.items() if score == "7"} == scores
    assert export.without_row == (() if scores else (student,))


def with_cell(rows, id, cell):
    return [[*row[:5], cell, *row[6:]] if row[1] == id else row for row in rows]


@pytest.mark.parametrize("cell", ["EX", "ex", " EX "])
def test_who_is_excused_stays_excused(tmp_path, template, cell):
    rows = with_cell(with_cell(GRADEBOOK, "1001", cell), "1003", cell)
    export = to_canvas([make("jdoe"), make("john", 0)], template(rows), tmp_path / "out.csv")
    written = {line["ID"]: line["Lab 1: Likelihood (501)"] for line in read(tmp_path / "out.csv")}
    assert (written["1001"], written["1002"], written["1003"]) == (cell, "4", cell)
    assert export.excused == ("Doe, Jane",) and list(export.matched) == ["john"] and export.without_row == ()
    assert "Núñez, Ana María" not in export.without_result  # nothing is missing of her


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("other", ["NFC", "NFD", "NFKD"])
@pytest.mark.parametrize("student", ["Ana María Núñez", "Núñez, Ana María", "núñezanamaría", "ñandú"])
def test_a_name_is_the_same_in_every_form_of_unicode(tmp_path, template, form, other, student):
    """A Mac takes the letters of a file's name apart."""
    rows = [[unicodedata.normalize(form, cell) for cell in row] for row in with_login(GRADEBOOK, "1003", "ñandú@x.edu")]
    export = to_canvas([make(unicodedata.normalize(other, student))], template(rows), tmp_path / "out.csv")
    assert export.without_row == ()
    assert {line["ID"]: line["Lab 1: Likelihood (501)"] for line in read(tmp_path / "out.csv")}["1003"] == "7"


def with_login(rows, id, login):
    return [[*row[:3], login, *row[4:]] if row[1] == id else row for row in rows]


def test_a_student_in_two_sections_has_the_score_in_both_and_test_students_have_none(tmp_path, template):
    second = [
        ["Doe, Jane", "1001", "s-77", "jdoe@x.edu", "B", "", "", ""],
        ["Student, Test", "1998", "", "", "B", "", "", ""],
    ]
    export = to_canvas([make("doejane_1001"), make("kim1")], template([*GRADEBOOK, *second]), tmp_path / "out.csv")
    scores = [(line["ID"], line["Section"], line["Lab 1: Likelihood (501)"]) for line in read(tmp_path / "out.csv")]
    assert [s for s in scores if s[2] == "7" and s[0]] == [("1001", "A", "7"), ("1004", "B", "7"), ("1001", "B", "7")]
    assert len(export.matched) == 2 and not {"Student, Test", "Doe, Jane"} & set(export.without_result)


def test_the_upload_has_canvas_columns_and_every_row(tmp_path, template):
    export = to_canvas([make("jdoe")], template(), tmp_path / "out.csv")
    lines = read(tmp_path / "out.csv")
    assert list(lines[0]) == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Lab 1: Likelihood (501)"]
    assert [line["ID"] for line in lines] == [row[1] for row in GRADEBOOK]
    assert lines[-2]["Student"] == "'" + GRADEBOOK[-2][0]  # no formula
    assert export.without_result == ("Doe, John", "Núñez, Ana María", "Lee, Kim", "Lee, Kim", '=cmd, "x"')


def test_a_gradebook_with_semicolons(tmp_path, template):
    assert to_canvas([make("jdoe")], template(delimiter=";"), tmp_path / "out.csv").matched == {"jdoe": "Doe, Jane"}


def test_lab1_is_not_lab10(tmp_path, template):
    to_canvas([make("jdoe", lab="lab10")], template(), tmp_path / "out.csv")
    assert list(read(tmp_path / "out.csv")[0])[-1] == "Lab 10 (510)"


@pytest.mark.parametrize("name", ["Lab 1 (22)", "lab1_likelihood (3)", "LAB 1: Likelihood (4)", "Lab-1 (5)"])
def test_the_column_is_found_by_the_labs_name(tmp_path, template, name):
    header = [*HEADER[:5], name, *HEADER[6:]]
    to_canvas([make("jdoe")], template(header=header), tmp_path / "out.csv")
    assert list(read(tmp_path / "out.csv")[0])[-1] == name


def test_a_column_that_cannot_be_told_is_asked_for(tmp_path, template):
    header = [*HEADER[:6], "LAB 1 resubmission (502)", HEADER[7]]
    with pytest.raises(ExportError, match="which column is lab1.*Lab 1: Likelihood.*LAB 1 resubmission"):
        to_canvas([make("jdoe")], template(header=header), tmp_path / "out.csv")
    to_canvas([make("jdoe")], template(header=header), tmp_path / "out.csv", assignment="LAB 1 resubmission (502)")
    assert list(read(tmp_path / "out.csv")[0])[-1] == "LAB 1 resubmission (502)"
    with pytest.raises(ExportError, match="no column 'Lab 3'"):
        to_canvas([make("jdoe")], template(), tmp_path / "out.csv", assignment="Lab 3")


@pytest.mark.parametrize("content", [b"", b"name,score\na,1\n", b"\xff\xfe", b'Student,ID\n"a'])
def test_what_is_no_gradebook_is_one_line(tmp_path, content):
    path = tmp_path / "template.csv"
    path.write_bytes(content)
    with pytest.raises(ExportError) as error:
        to_canvas([make("jdoe")], path, tmp_path / "out.csv")
    assert "\n" not in str(error.value) and not (tmp_path / "out.csv").exists()


def test_canvas_needs_results(tmp_path, template):
    with pytest.raises(ExportError, match="no results"):
        to_canvas([], template(), tmp_path / "out.csv")


MIXED = [
    ([make("ann"), make("ben", lab="lab2")], "results of lab1, lab2 are mixed"),
    ([make("ann"), make("ben"), make("ann", 0)], "'ann' has 2 results"),
]


@pytest.mark.parametrize(("results", "said"), MIXED)
def test_canvas_needs_one_result_of_one_lab_for_each_student(tmp_path, template, results, said):
    with pytest.raises(ExportError, match=said):
        to_canvas(results, template(), tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


# --- nbgrader ---------------------------------------------------------------------------------------------------------


def book(path) -> Gradebook:
    return Gradebook(f"sqlite:///{path}")


def export_nbgrader(results, path, **kwargs):
    to_nbgrader(results, path, "lab1", **kwargs)
    return path


def test_the_gradebook_says_what_we_said(tmp_path):
    results = [make("ann", 3, 4), make("ben", 1, 0), make('=O\'Neil, "x" <b>', 0, 4)]
    before = os.environ.get("PATH")
    with book(export_nbgrader(results, tmp_path / "gradebook.db", notebook="lab1_likelihood")) as gradebook:
        assert [a.name for a in gradebook.assignments] == ["lab1"]
        cells = {c.name: c.max_score for c in gradebook.find_notebook("lab1_likelihood", "lab1").grade_cells}
        assert cells == {"softplus-check": 3, "nll-check": 4}
        for result in results:
            submission = gradebook.find_submission("lab1", result.student)
            assert submission.score == result.score
            assert submission.max_score == result.max_score + 3  # the written question
            for exercise in result.exercises:
                grade = gradebook.find_grade(f"{exercise.name}-check", "lab1_likelihood", "lab1", result.student)
                assert (grade.auto_score, grade.max_score, grade.needs_manual_grade) == (
                    exercise.score,
                    exercise.max_score,
                    False,
                )
            task = gradebook.find_grade("written-4b", "lab1_likelihood", "lab1", result.student)
            assert (task.auto_score, task.max_score, task.needs_manual_grade) == (None, 3, True)
            gradebook.find_comment("written-4b", "lab1_likelihood", "lab1", result.student)
        assert {s.id for s in gradebook.students} == {r.student for r in results}
    assert os.environ.get("PATH") == before


def test_an_export_can_be_repeated_and_spares_what_was_marked_by_hand(tmp_path):
    path = export_nbgrader([make("ann", 1, 4), make("ben", 0, 0)], tmp_path / "gradebook.db")
    with book(path) as gradebook:
        gradebook.find_grade("written-4b", "lab1", "lab1", "ann").manual_score = 2
        gradebook.find_grade("softplus-check", "lab1", "lab1", "ann").manual_score = 3
        gradebook.db.commit()
    export_nbgrader([make("ann", 2, 4), make("cem", 3, 4)], path)
    with book(path) as gradebook:
        ann = gradebook.find_grade("softplus-check", "lab1", "lab1", "ann")
        assert (ann.auto_score, ann.manual_score, ann.needs_manual_grade) == (2, 3, True)
        assert gradebook.find_submission("lab1", "ann").score == 3 + 4 + 2
        assert gradebook.find_submission("lab1", "ben").score == 0
        assert gradebook.find_submission("lab1", "cem").score == 7
        assert len(gradebook.find_assignment("lab1").submissions) == 3


def test_cells_that_are_newer_than_a_submission_are_added_to_it(tmp_path, monkeypatch):
    monkeypatch.setenv(
        "PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )  # nbgrader calls alembic
    path = tmp_path / "gradebook.db"
    with book(path) as gradebook:
        gradebook.add_assignment("lab1")
        gradebook.add_notebook("old", "lab1")
        gradebook.add_student("ann")
        with gradebook.db.no_autoflush:
            gradebook.add_submission("lab1", "ann")
    first = make("ann", written=False)
    export_nbgrader([replace(first, exercises=first.exercises[:1])], path)
    export_nbgrader([make("ann", 2, 3)], path)
    with book(path) as gradebook:
        assert gradebook.find_submission("lab1", "ann").score == 5
        assert gradebook.find_grade("written-4b", "lab1", "lab1", "ann").max_score == 3
        gradebook.find_comment("written-4b", "lab1", "lab1", "ann")


def test_an_id_that_is_no_text_enters_the_gradebook(tmp_path):
    with book(export_nbgrader([make("\udcff")], tmp_path / "gradebook.db")) as gradebook:
        assert gradebook.find_submission("lab1", "\\udcff").score == 7


def test_without_nbgrader_there_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbgrader.api", None)
    with pytest.raises(ExportError, match=r"pip install 'posekit\[nbgrader\]'"):
        to_nbgrader([make("ann")], tmp_path / "gradebook.db", "lab1")


@pytest.mark.parametrize(
    ("results", "said"), [*MIXED, ([make("ann", lab="lab2")], "results of lab2, not of lab1"), ([], "no results")]
)
def test_nbgrader_needs_one_result_of_the_lab_for_each_student(tmp_path, results, said):
    with pytest.raises(ExportError, match=said):
        export_nbgrader(results, tmp_path / "gradebook.db")
    assert not (tmp_path / "gradebook.db").exists()


@pytest.mark.parametrize("name", ["a?b.db", "a#b.db", "50%25.db", "a b.db"])
def test_the_gradebooks_path_is_taken_as_it_is(tmp_path, name):
    with book(export_nbgrader([make("ann")], tmp_path / name).rename(tmp_path / "plain.db")) as gradebook:
        assert gradebook.find_submission("lab1", "ann").score == 7
    assert [path.name for path in tmp_path.iterdir()] == ["plain.db"]


def no_database(path):
    path.write_text("student,score\nann,7\n" * 100)


def another_database(path):
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE student (name TEXT)")


def old_gradebook(path):
    with closing(sqlite3.connect(export_nbgrader([make("ann")], path))) as database:
        database.execute("ALTER TABLE assignment RENAME COLUMN course_id TO course")


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (no_database, "cannot be used as nbgrader's database .file is not a database"),
        (another_database, "is a database, but not nbgrader's"),
        (old_gradebook, "the scores cannot be written .no such column"),
        (Path.mkdir, "is a folder"),
    ],
)
def test_what_is_no_gradebook_is_one_line_and_stays(tmp_path, prepare, said):
    path = tmp_path / "gradebook.db"
    prepare(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(ExportError, match=said) as error:
        export_nbgrader([make("ann")], path)
    assert "\n" not in str(error.value)
    assert (path.read_bytes() if path.is_file() else b"") == before


def report(exercise):
    return {"text/plain": f"{exercise.name}: {exercise.score} points"}


def jupyter(code, source, grade_id="", **metadata):
    nbgrader = {"nbgrader": {"grade_id": grade_id, **metadata}} if grade_id else {}
    cell = {"cell_type": "code" if code else "markdown", "source": source, "metadata": nbgrader}
    return cell | ({"outputs": [], "execution_count": None} if code else {})


@pytest.fixture
def released(tmp_path):
    """A notebook of two exercises and a question, as handed out."""
    graded = {"grade": True, "locked": True, "schema_version": 3, "solution": False, "task": False}
    cells = [
        jupyter(True, "def softplus(a): ...", "softplus", grade=False, solution=True),
        jupyter(True, 'check("softplus")', "softplus-check", points=3, **graded),
        jupyter(True, "def nll(w): ...", "nll", grade=False, solution=True),
        jupyter(True, 'check("nll")', "nll-check", points=4, **graded),
        jupyter(False, "### Why?", "written-4b", points=3, **graded | {"grade": False, "task": True}),
    ]
    for number, cell in enumerate(cells):
        cell["id"] = f"id-{number}"
    path = tmp_path / "lab1_likelihood.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def graded_cells(folder, student, released):
    """Of a notebook that formgrader opens, the cells that it shows points of."""
    notebook = nbformat.read(folder / "autograded" / student / "lab1" / released.name, as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.metadata.get("nbgrader")]
    return notebook, {cell.metadata.nbgrader.grade_id: cell for cell in cells}


def test_formgrader_gets_every_notebook_with_reports_and_with_the_courses_points(tmp_path, released):
    course = json.loads(released.read_text())["cells"]
    handed_in = {
        "whole": [
            jupyter(c["cell_type"] == "code", c["source"], c["metadata"]["nbgrader"]["grade_id"]) for c in course
        ],
        "twice": [jupyter(True, 'check("nll")', "nll-check", points=99)] * 2,
        "lost": [jupyter(True, "def softplus(a): return 1"), jupyter(False, "Because.", "written-4b")],
    }
    results = [make(student, 1, 4) for student in (*handed_in, "unreadable")]
    assert to_formgrader(results, handed_in, tmp_path / "gradebook.db", released, "lab1", report) == []
    assert (tmp_path / "source" / "lab1").is_dir()
    for student in (*handed_in, "unreadable"):
        notebook, cells = graded_cells(tmp_path, student, released)
        assert {name: cell.metadata.nbgrader.points for name, cell in cells.items()} == {
            "softplus-check": 3,
            "nll-check": 4,
            "written-4b": 3,
        }
        said = {name: cell.outputs[0].data["text/plain"] for name, cell in cells.items() if cell.cell_type == "code"}
        assert said == {"softplus-check": "softplus: 1 points", "nll-check": "nll: 4 points"}
        # Own cells stay as they are, and formgrader offers no field for a comment that nothing would keep.
        assert [cell.source for cell in notebook.cells][: len(handed_in.get(student, []))] == [
            cell["source"] for cell in handed_in.get(student, [])
        ]


@pytest.mark.parametrize("student", ["../ann", "/ann", ".", "..", "", "a/b", ".ann", "a\0"])
def test_an_id_that_is_no_folders_name_is_left_out_of_formgrader(tmp_path, released, student):
    before = set(tmp_path.rglob("*"))
    book = tmp_path / "course" / "gradebook.db"
    book.parent.mkdir()
    assert to_formgrader([make(student)], {}, book, released, "lab1", report) == [student]
    assert set(tmp_path.rglob("*")) - before == {book.parent}


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, released):
    (tmp_path / "autograded").write_text("")
    with pytest.raises(ExportError, match="Not a directory"):
        to_formgrader([make("ann")], {}, tmp_path / "gradebook.db", released, "lab1", report)


def test_a_gradebook_in_a_missing_folder_is_one_line(tmp_path):
    with pytest.raises(ExportError, match=f"no folder {tmp_path / 'none'} for the gradebook"):
        export_nbgrader([make("ann")], tmp_path / "none" / "gradebook.db")


@pytest.mark.parametrize("lock", ["BEGIN IMMEDIATE", "SELECT * FROM student"])
def test_a_locked_gradebook_is_one_line(tmp_path, monkeypatch, caplog, lock):
    monkeypatch.setattr(nbgrader, "_PATIENCE", 0.1)
    path = export_nbgrader([make("ann"), make("ben")], tmp_path / "gradebook.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        reading = database.execute(lock)
        reading.fetchone()
        with pytest.raises(ExportError, match="gradebook.db: cannot be used .* .database is locked"):
            export_nbgrader([make("ann", 0)], path)
    assert not caplog.records  # nbgrader logs a traceback where it meets the lock itself


# --- Gradescope -------------------------------------------------------------------------------------------------------

TOY = '''\
"""Toy functions."""

import numpy as np


def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    secret_way = np.asarray(x) + np.asarray(x)
    return secret_way
    ### END SOLUTION


def negate(x):
    """Minus x."""
    x = np.asarray(x)  # given to the student
    ### BEGIN SOLUTION
    secret_way = -x
    minus = secret_way
    ### END SOLUTION
    return minus  # given, too, though only the solution says what it is
'''
EARLIER = '''\
"""An earlier lab."""


def half(x):
    """Half of x."""
    ### BEGIN SOLUTION
    return x / 2  # given away in this lab
    ### END SOLUTION


def other(x):
    """Not used in this lab."""
    ### BEGIN SOLUTION
    return "secret_way"
    ### END SOLUTION
'''
SOURCE = """\
# A toy

**Hours** About 0.5 for the exercises; 3 points from checks, 3 written.

```{code-cell} ipython3
import numpy as np
from autograder import check
```

```{code-cell} ipython3
:tags: [given]
from solutions.earlier import half
```

**Exercise 1** · 2 points · ●○○ · 10 minutes. Write `double`.

```{code-cell} ipython3
:tags: [exercise]
from solutions.toy import double
```

**Exercise 2** · 1 point · ●○○ · 10 minutes. Write `negate`.

```{code-cell} ipython3
:tags: [exercise]
from solutions.toy import negate
```

```{code-cell} ipython3
:tags: [written]
from autograder import question
question("1a")
```
"""
CHECKS = '''\
"""Checks of the toy."""

import numpy as np
from numpy.testing import assert_allclose

from autograder import hint, points


@points(2)
@hint("Twice.")
def test_doubles(double):
    assert_allclose(double(np.array([1.0, 2.5])), [2.0, 5.0])


'''
MORE_CHECKS = (
    CHECKS.split("@points")[0]
    + """\
@points(1)
@hint("Minus.")
def test_negates(negate):
    assert_allclose(negate(np.array([1.0, 2.5])), [-1.0, -2.5])
"""
)
ANSWERS = """\
### 1a · Why?  (3 points, written)

Say why.

**Model answer.** secret_key.

**Rubric.** 3 secret_key.

**Marked samples.** "secret_key" 3/3.
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A course of its own: our grader and data, one toy lab beside another whose files must stay at home."""
    root = tmp_path_factory.mktemp("course")
    for name in ("autograder", "posekit", "data/arrays"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "lab?"))
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, root)
    files = {
        "README.md": "A toy.", "LICENSE": "BSD", "solutions/__init__.py": "", "solutions/toy.py": TOY, "solutions/earlier.py": EARLIER,
        "solutions/notebooks/lab1_toy.md": SOURCE, "solutions/answers/lab1.md": ANSWERS,
        "solutions/unrelated.py": "secret_way = 1", "solutions/notebooks/lab2_other.md": "# Other",
        "autograder/checks/lab1/test_double.py": CHECKS, "autograder/checks/lab1/test_negate.py": MORE_CHECKS,
        "autograder/checks/lab2/test_other.py": CHECKS,
        "tests/banks/lab1/double.py": "secret_way = 1", "autograder/__pycache__/x.pyc": "",
    }  # fmt: skip
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    (root / "labs").mkdir()
    (root / "labs" / "lab1_toy.ipynb").write_text(build(find_lab(root, "lab1")), "utf-8")
    return root


@pytest.fixture(scope="module")
def archive(course, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("zip") / "autograder.zip"
    to_gradescope(course, "lab1", path)
    return path


def test_the_zip_has_what_gradescope_calls(archive):
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
        assert opened.testzip() is None and len(names) == len(set(names))
        for script in ("setup.sh", "run_autograder"):
            assert opened.getinfo(script).external_attr >> 16 == 0o100755
            assert opened.read(script).startswith(b"#!/usr/bin/env bash\n") and b"\r" not in opened.read(script)
            subprocess.run(["bash", "-n"], input=opened.read(script), check=True)
        assert "lab1" in opened.read("README.md").decode()
        assert {
            "course/pyproject.toml",
            "course/autograder/checks/lab1/test_double.py",
            "course/labs/lab1_toy.ipynb",
        } <= set(names)
        assert any(name.startswith("course/data/arrays/") for name in names)


def test_the_zip_has_no_answer_in_it(archive):
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            left_out = ("solutions", "answers", "lab2", "banks", "tests/", "__pycache__")
            assert not any(part in name for part in left_out), name
            assert name.startswith("course/autograder/") or b"secret" not in opened.read(name), name


def solution_lines(span):
    inside = False
    for line in map(str.strip, span.marked.splitlines()):
        if line in (BEGIN, END):
            inside = line == BEGIN
        elif inside and len(line) > 15:  # a shorter one, such as `return x`, gives nothing away
            yield line


@pytest.mark.parametrize("lab", labs(ROOT), ids=lambda lab: lab.name)
def test_every_lab_of_the_course_exports_without_its_answers(lab, tmp_path):
    to_gradescope(ROOT, lab.name, tmp_path / "autograder.zip")
    with zipfile.ZipFile(tmp_path / "autograder.zip") as opened:
        texts = {n: opened.read(n).decode() for n in opened.namelist() if n.endswith((".py", ".md", ".ipynb"))}
    released = [cell.source for cell in nbformat.reads(build(lab), as_version=4).cells]
    known = {
        line.strip()
        for source in [*released, *(p.read_text("utf-8") for p in lab.checks.glob("*.py"))]
        for line in source.splitlines()
    }
    spans = read_spans(lab.reference).values()
    secret = {line for span in spans for line in solution_lines(span)} - known
    assert secret or not any(span.has_solution for span in spans)
    for other in labs(ROOT):
        for question in read_questions(other.answers).values() if other.answers.exists() else ():
            secret |= {line.strip() for line in question.key.splitlines() if len(line) > 40 and set(line) - set("| -")}
    for name, text in texts.items():
        assert not secret & {line.strip() for line in text.splitlines()}, name
    assert [name for name in texts if "/labs/" in name] == [f"course/labs/{lab.notebook.name}"]


def test_the_same_course_makes_the_same_zip(course, archive, tmp_path):
    to_gradescope(course, "lab1", tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == archive.read_bytes()


def test_a_course_that_lacks_a_file_is_one_line(course, tmp_path):
    broken = shutil.copytree(course, tmp_path / "broken")
    (broken / "constraints.txt").unlink()
    with pytest.raises(ExportError, match="constraints.txt is missing"):
        to_gradescope(broken, "lab1", tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


@pytest.fixture
def gradescope(archive, tmp_path) -> Path:
    """A machine as Gradescope lays it out, with this environment in the place of the one that setup.sh makes."""
    root = tmp_path / "autograder"
    (root / "submission").mkdir(parents=True)
    (root / "results").mkdir()
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(root / "source")
    shutil.copy(root / "source" / "run_autograder", root)
    command = root / "source" / "environment" / "bin" / "autograder"
    command.parent.mkdir(parents=True)
    command.write_text(f"#!/bin/sh\nexec {sys.executable} -c 'from autograder.cli import main; main()' \"$@\"\n")
    command.chmod(0o755)
    return root


def run(root: Path) -> dict:
    subprocess.run(["bash", str(root / "run_autograder")], check=True, cwd="/", stdout=subprocess.PIPE, timeout=300)
    return json.loads((root / "results" / "results.json").read_text("utf-8"))


@pytest.mark.parametrize("where", [".", "posekit-fork/labs", "a folder/with spaces/in it"])
def test_a_submission_is_graded_as_gradescope_would(course, gradescope, where):
    walkthrough = nbformat.reads(build(find_lab(course, "lab1"), Kind.WALKTHROUGH), as_version=4)
    for cell in walkthrough.cells:
        cell.source = cell.source.replace("secret_way = -x", "secret_way = x")
    (gradescope / "submission" / where).mkdir(parents=True, exist_ok=True)
    nbformat.write(walkthrough, gradescope / "submission" / where / "my work.ipynb")
    results = run(gradescope)
    assert results["score"] == 2
    assert {t["name"]: (t["score"], t["max_score"]) for t in results["tests"]} == {
        "double: doubles": (2, 2),
        "negate: negates": (0, 1),
    }
    assert "Minus." in results["tests"][1]["output"]
    assert results["extra_data"]["lab"] == "lab1" and results["extra_data"]["wall"]["summary"] in results["output"]


def test_a_submission_without_a_notebook_still_has_a_result(gradescope):
    (gradescope / "submission" / "report.pdf").write_bytes(b"%PDF")
    results = run(gradescope)
    assert results["score"] == 0 and "no notebook handed in" in json.dumps(results)


def test_a_grader_that_fails_gives_no_score(gradescope):
    """Gradescope then says that the autograder failed; a results file would be a zero."""
    (gradescope / "source" / "course" / "labs" / "lab1_toy.ipynb").write_text("{")
    (gradescope / "submission" / "mine.ipynb").write_text("{}")
    done = subprocess.run(
        ["bash", str(gradescope / "run_autograder")], cwd="/", capture_output=True, text=True, timeout=300
    )
    assert done.returncode != 0 and "lab1_toy.ipynb cannot be graded by" in done.stderr
    assert not list((gradescope / "results").iterdir())


@pytest.mark.slow
def test_what_gradescope_does_from_its_bare_image_on(tmp_path):
    """`setup.sh` without anything of ours, then a submission in a subfolder with spaces. It needs the package registry."""
    root = tmp_path / "autograder"
    to_gradescope(ROOT, "lab1", tmp_path / "autograder.zip")
    with zipfile.ZipFile(tmp_path / "autograder.zip") as opened:
        opened.extractall(root / "source")
    shutil.copy(root / "source" / "run_autograder", root)
    settings = {name: value for name, value in os.environ.items() if name.startswith("PIP_") or name.endswith("_proxy")}
    bare = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(tmp_path), **settings}
    made = subprocess.run(
        ["bash", str(root / "source" / "setup.sh")], env=bare, cwd="/", capture_output=True, text=True, timeout=1500
    )
    assert made.returncode == 0, made.stderr[-3000:]
    assert (root / "source" / "environment" / "bin" / "autograder").exists()
    where = root / "submission" / "a folder" / "with spaces"
    where.mkdir(parents=True)
    (where / "my work (1).ipynb").write_text(build(find_lab(ROOT, "lab1"), Kind.WALKTHROUGH), "utf-8")
    (root / "results").mkdir()
    subprocess.run(
        ["bash", str(root / "run_autograder")], env=bare, check=True, cwd="/", stdout=subprocess.PIPE, timeout=600
    )
    results = json.loads((root / "results" / "results.json").read_text("utf-8"))
    assert results["score"] == sum(test["max_score"] for test in results["tests"]) > 0
    assert (
        results["extra_data"]["versions"].keys() >= {"python", "posekit", "numpy"}
        and "torch" not in results["extra_data"]["versions"]
    )
