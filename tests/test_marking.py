"""Marks for written answers: laid out, filled in, taken whole or not at all, and never twice."""

import csv
import html
import io
import json
import re
import shutil
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder import cli
from autograder.authoring.written import read_questions, read_rubric
from autograder.course import labs
from autograder.grading.run_folder import Record, RunFolder
from autograder.marking import MarkError
from autograder.marking.given import answers_of, code_of
from autograder.marking.marks import read_marks
from autograder.outcome import Outcome
from autograder.reports import formulas
from autograder.reports.formulas import mathml, with_formulas
from autograder.result import ExerciseResult, Result, TestResult, WrittenAnswer
from tests.conftest import ROOT
from tests.test_resume import everything

WALL = {"layers": ["x"], "missing": {}, "graded_use": True, "summary": "Wall: x."}
PICTURE = {"p.png": "data:image/png;base64,iVBORw0KGgo="}
HOSTILE = "<script>alert(1)</script> ![x](http://evil.example/x.png) $\\text{</p><script>alert(2)</script>}$ </div>"
SAID = {"ann": "Because.", "ben": " Because. \n", "cem": "So.", "=dee": HOSTILE, "eve": "", "fay": ""}


def make(student, said, points=None):
    pictures = PICTURE if student == "fay" else {}
    written = WrittenAnswer("9a", "Why twice?", 2, said, pictures, points)
    exercise = ExerciseResult("double", (TestResult("doubles", 2, Outcome.PASSED),))
    return Result(student, "lab9", (exercise,), WALL, "ab" * 32, {}, (written,))


def write(path, said=SAID, seed=7):
    """A graded class as `grade` leaves it."""
    results = [make(student, text) for student, text in said.items()]
    folder = RunFolder(path)
    folder.begin(Record("lab9", seed, "v"), [])
    with folder.replaced_by(read_marks(path, "lab9").applied(results)) as files:
        cli._write_reports(list(read_marks(path, "lab9").applied(results)), files)
    return path


@pytest.fixture
def graded(tmp_path):
    return write(tmp_path / "graded")


@pytest.fixture
def mark(mini, monkeypatch, capfd):
    """Run `autograder mark`: its exit status, and what it prints."""
    monkeypatch.chdir(mini)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["autograder", "mark", *map(str, words)])
        monkeypatch.setattr(cli, "_guard_streams", lambda: None)  # they bypass what captures
        try:
            cli.main()
        except SystemExit as end:
            status = end.code or 0
        said = capfd.readouterr()
        return status, said.out + said.err

    return run


def rows(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def table(path, *lines, head="question,answer,student,r1,points,comment"):
    path.write_text("\n".join([head, *lines]) + "\n", "utf-8")
    return path


def points_of(graded):
    return {r.student: r.written[0].points for r in RunFolder(graded).results()}


def code(said, student="ann"):
    return code_of(make(student, said).written[0])


def fill(graded, **columns):
    """Fill in the row of the answer "Because." in the table that lies in marking/."""
    path = graded / "marking" / "9a.csv"
    found = rows(path)
    for row in found:
        if row["answer"] == code("Because."):
            for name, text in columns.items():
                row[next(column for column in row if column.startswith(name))] = text
    out = io.StringIO()
    writer = csv.DictWriter(out, found[0])
    writer.writeheader()
    writer.writerows(found)
    path.write_text(out.getvalue(), "utf-8-sig")


def test_every_rubric_of_the_course_has_criteria_that_add_up():
    for lab in labs(ROOT):
        for question in read_questions(lab.answers).values() if lab.answers.exists() else ():
            assert sum(criterion.points for criterion in question.rubric) == question.points
            assert all(criterion.text for criterion in question.rubric)


def test_a_rubric_is_read_by_its_sentences():
    key = '**Rubric.** 1 for the law. 2 both "cases." 1 b, as in 1 of 3; x = 2 y. Not more. **Marked samples.** 1 no.'
    assert [(c.points, c.text) for c in read_rubric(key)] == [
        (1, "the law."), (2, 'both "cases."'), (1, "b, as in 1 of 3; x = 2 y. Not more."),
    ]  # fmt: skip


def test_the_same_answers_are_one_and_blank_ones_come_last():
    results = [make(student, said) for student, said in SAID.items()]
    answers = answers_of(results, 7)["9a"]
    assert {tuple(a.students) for a in answers} == {("ann", "ben"), ("cem",), ("=dee",), ("fay",), ("eve",)}
    assert answers[-1].students == ["eve"]
    assert [a.code for a in answers] == [a.code for a in answers_of(reversed(results), 7)["9a"]]
    orders = {tuple(a.code for a in answers_of(results, seed)["9a"]) for seed in range(20)}
    assert len(orders) > 5


def test_the_desk_shows_what_a_marker_needs_and_nothing_of_a_students_runs(graded, mark):
    status, said = mark(graded)
    assert status == 0 and "5 answers, 4 different, 5 to be marked" in said
    text = (graded / "marking" / "9a.html").read_text("utf-8")
    assert text.count("<script>") == 1 and "evil.example/x.png)" in text and '<img src="http' not in text
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1])
    assert "default-src 'none'" in policy and "script-src 'sha256-" in policy and "unsafe" not in policy
    for needed in ("a reason.", "Because.", "Marked samples", PICTURE["p.png"], "ann, ben", "eve"):
        assert needed in text
    assert {(r["answer"], r["given by"]) for r in rows(graded / "marking" / "9a.csv")} >= {
        (code("Because."), "ann, ben"), (code(HOSTILE), "'=dee"),
    }  # fmt: skip


def test_a_large_class_is_laid_out_on_several_pages(graded, mark):
    write(graded, {f"s{number:03}": f"Answer {number}." for number in range(205)})
    assert "205 answers, 205 different" in mark(graded)[1]
    texts = [(graded / "marking" / name).read_text("utf-8") for name in ("9a.html", "9a-2.html", "9a-3.html")]
    shown = [re.findall(r'data-answer="([^"]+)"', text) for text in texts]
    assert [len(codes) for codes in shown] == [100, 100, 5] and len(set(sum(shown, []))) == 205
    assert 'href="9a-3.html"' in texts[0] and "Answer 201<" in texts[2] and 'data-name="9a-2"' in texts[1]
    write(graded)
    mark(graded)
    assert not (graded / "marking" / "9a-2.html").exists()


def test_anonymous_names_nobody(graded, mark):
    assert mark(graded, "--anonymous")[0] == 0
    for name in ("9a.html", "9a.csv"):
        text = (graded / "marking" / name).read_text("utf-8")
        assert not [student for student in ("ann", "ben", "cem", "dee", "eve") if re.search(rf"\b{student}\b", text)]


def test_marks_reach_results_feedback_grades_and_class_page_once(graded, mark):
    mark(graded)
    given = table(graded.parent / "m.csv", f"9a,{code('Because.')},,1,,Say more <b>.", f"9a,{code('So.')},,0,,")
    status, said = mark(graded, given)
    assert status == 0 and "Took 2 new or changed marks" in said and "2 to be marked" in said
    assert points_of(graded) == {"ann": 1, "ben": 1, "cem": 0, "=dee": None, "eve": None, "fay": None}
    grades = {row["student"]: row for row in rows(graded / "grades.csv")}
    assert (grades["ann"]["score"], grades["ann"]["written 9a"], grades["ann"]["total"]) == ("2", "1", "3")
    assert (grades["eve"]["written 9a"], grades["eve"]["total"], grades["eve"]["remarks"]) == ("0", "2", "")
    assert grades["'=dee"]["written 9a"] == "" and "not marked yet: 9a" in grades["'=dee"]["remarks"]
    feedback = (graded / "feedback" / "ann.html").read_text("utf-8")
    assert "1 of 2 points" in feedback and "3</b> in all" in feedback and "Say more &lt;b&gt;." in feedback
    assert "a reason." not in feedback  # the rubric is the marker's
    before = everything(graded)
    status, said = mark(graded, given)
    assert status == 0 and "No new marks" in said and everything(graded) == before
    assert mark(graded)[0] == 0 and everything(graded) == before


def test_the_table_in_the_folder_is_read_where_it_lies(graded, mark):
    mark(graded)
    fill(graded, r1="2", comment="- fine, =1+1")
    assert mark(graded)[0] == 0
    assert points_of(graded)["ann"] == points_of(graded)["ben"] == 2
    assert RunFolder(graded).results()[1].written[0].comment in ("- fine, =1+1", "")
    row = next(row for row in rows(graded / "marking" / "9a.csv") if row["answer"] == code("Because."))
    assert row["comment"] == "'- fine, =1+1"
    before = everything(graded)
    assert mark(graded)[0] == 0 and everything(graded) == before


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_whatever_spreadsheet_saved_it(graded, mark, encoding, delimiter):
    text = f"Question,Answer,Student,r1 (0 to 2): a,points,comment\r\n9a,{code('Because.')},,2.0,,schön\r\n,,,,,\r\n"
    (graded.parent / "m.csv").write_bytes(text.replace(",", delimiter).encode(encoding))
    assert mark(graded, graded.parent / "m.csv")[0] == 0
    assert (points_of(graded)["ann"], RunFolder(graded).results()[1].written[0].comment) == (2, "schön")


WRONG = [
    ("9z,9z-0123456789ab,,1,,", "there is no question '9z'; there are 9a"),
    ("9a,,zoe,1,,", "there is no student 'zoe' with an answer to 9a"),
    ("9a,,,1,,", "names neither an answer nor a student"),
    ("9a,9a-../../x,,1,,", "is no answer to 9a"),
    ("9a,{because},cem,1,,", "'cem' has not given the answer"),
    ("9a,{because},,3,,", "r1 is '3': a whole number from 0 to 2 is needed"),
    ("9a,{because},,1.5,,", "r1 is '1.5'"),
    ("9a,{because},,-1,,", "r1 is '-1'"),
    ("9a,{because},,,9999999999999,", "points is '9999999999999'"),
    ("9a,{because},,1,2,", "points is 2, and the criteria add up to 1"),
    ("9a,{because},,x\x1b[31m,,", "r1 is"),
]


@pytest.mark.parametrize(("line", "said"), WRONG)
def test_what_cannot_be_is_one_line_and_nothing_is_taken(graded, mark, line, said):
    mark(graded)
    before = everything(graded)
    line = line.format(because=code("Because."))
    status, printed = mark(graded, table(graded.parent / "m.csv", f"9a,{code('So.')},,1,,", line))
    lines = printed.strip().splitlines()
    assert status == 1 and len(lines) == 2 and said in lines[0] and "m.csv, line 3" in lines[0]
    assert "no mark was taken" in lines[1] and "\x1b" not in printed and everything(graded) == before


def test_every_wrong_row_has_its_line(graded, mark):
    lines = [line.format(because=code("Because.")) for line, _ in WRONG]
    status, printed = mark(graded, table(graded.parent / "m.csv", *lines))
    assert status == 1 and all(f"line {n}: " in printed for n in range(2, len(WRONG) + 2))


def test_two_markers_who_disagree_are_told(graded, mark):
    one = table(graded.parent / "one.csv", f"9a,{code('So.')},,1,,")
    two = table(graded.parent / "two.csv", f"9a,{code('So.')},,2,,")
    status, printed = mark(graded, one, two)
    assert status == 1 and "two.csv, line 2: r1 of" in printed and "in one.csv, line 2" in printed
    assert points_of(graded)["cem"] is None
    assert mark(graded, one)[0] == mark(graded, two)[0] == 0  # one after the other the second counts
    assert points_of(graded)["cem"] == 2


def test_blank_cells_take_nothing_away_and_a_dash_does(graded, mark):
    mark(graded, table(graded.parent / "m.csv", f"9a,{code('So.')},,2,,good"))
    mark(graded, table(graded.parent / "m.csv", f"9a,{code('So.')},,,,", f"9a,{code('Because.')},,1,,"))
    assert points_of(graded)["cem"] == 2
    mark(graded, table(graded.parent / "m.csv", f"9a,{code('So.')},,,-,-"))
    assert points_of(graded)["cem"] is None and RunFolder(graded).results()[2].written[0].comment == ""


def test_one_student_may_have_other_points_and_a_blank_answer_some(graded, mark):
    lines = ["9a,,ann,2,,after we talked", "9a,,'=dee,0,,", "9a,,eve,,1,"]
    mark(graded, table(graded.parent / "m.csv", f"9a,{code('Because.')},,1,,", *lines))
    assert points_of(graded) == {"ann": 2, "ben": 1, "cem": None, "=dee": 0, "eve": 1, "fay": None}
    assert {(r["answer"], r["student"]) for r in rows(graded / "marking" / "9a.csv")} >= {
        (code("Because."), ""), (code("Because."), "ann"),
    }  # fmt: skip
    assert "Marked otherwise: ann 2" in (graded / "marking" / "9a.html").read_text("utf-8")
    before = everything(graded)
    assert mark(graded)[0] == 0 and everything(graded) == before


def test_a_class_that_is_graded_again_keeps_its_marks_but_for_answers_that_changed(graded, mark):
    mark(graded, table(graded.parent / "m.csv", f"9a,{code('Because.')},,1,,", "9a,,cem,2,,"))
    write(graded, SAID | {"ben": "I thought again.", "cem": "So, too.", "gus": "Because."})
    assert points_of(graded) == {"ann": 1, "ben": None, "cem": None, "=dee": None, "eve": None, "fay": None, "gus": 1}
    status, printed = mark(graded)
    assert status == 0 and "cem has another answer than" in printed
    write(graded)
    assert points_of(graded)["cem"] == 2 and points_of(graded)["ben"] == 1


def test_a_mark_for_an_answer_that_nobody_gives_any_more_is_kept_and_said(graded, mark):
    mark(graded)
    late = table(graded.parent / "m.csv", f"9a,{code('So.')},,2,,")
    write(graded, SAID | {"cem": "Another."})
    status, printed = mark(graded, late)
    assert status == 0 and f"nobody here gives these answers (any more): {code('So.')}" in printed
    write(graded)
    assert points_of(graded)["cem"] == 2


@pytest.mark.parametrize("content", ["", "{", "[]", '{"lab": "lab9", "answers": {"a": 3}, "students": []}'])
def test_damaged_marks_end_nothing_else(graded, mark, content):
    mark(graded)
    (graded / "marking" / "marks.json").write_text(content)
    before = everything(graded)
    status, printed = mark(graded)
    assert status == 1 and "marks.json is damaged" in printed and everything(graded) == before


def test_marks_of_another_lab_are_refused(graded, mark):
    mark(graded)
    with pytest.raises(MarkError, match="has the marks of lab9, not of lab1"):
        read_marks(graded, "lab1")


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00"])
def test_what_is_no_table_is_one_line(graded, mark, content):
    (graded.parent / "m.csv").write_bytes(content)
    status, printed = mark(graded, graded.parent / "m.csv")
    assert status == 1 and len(printed.splitlines()) == 1 and "is no table of marks" in printed


def test_without_a_run_or_in_the_middle_of_one_there_is_one_line(tmp_path, mark, graded):
    status, printed = mark(tmp_path / "nothing")
    assert status == 1 and "holds no finished run" in printed and not (tmp_path / "nothing").exists()
    folder = RunFolder(graded)
    folder.begin(Record("lab9", 8, "w"), ["u"])
    folder.keep("u", "{}")
    status, printed = mark(graded)
    assert status == 1 and "grade again with --resume first" in printed


def test_a_rubric_whose_points_changed_since_is_one_line(mini, graded, mark, tmp_path, monkeypatch):
    course = shutil.copytree(mini, tmp_path / "course", symlinks=True)
    path = course / "solutions" / "answers" / "lab9.md"
    path.write_text(path.read_text().replace("2 points", "3 points").replace("2 a reason", "3 a reason"))
    monkeypatch.chdir(course)
    status, printed = mark(graded)
    assert status == 1 and "has 3 points now and had 2" in printed


def test_a_course_without_its_solutions_still_takes_points(mini, graded, mark, tmp_path, monkeypatch):
    course = shutil.copytree(mini, tmp_path / "course", symlinks=True)
    (course / "solutions" / "answers" / "lab9.md").unlink()
    monkeypatch.chdir(course)
    assert mark(graded, table(graded.parent / "m.csv", f"9a,{code('So.')},,,2,"))[0] == 0
    assert points_of(graded)["cem"] == 2
    status, printed = mark(graded, table(graded.parent / "m.csv", f"9a,{code('So.')},,1,,"))
    assert status == 1 and "has no criterion r1" in printed


def test_a_result_comes_back_as_it_was():
    result = replace(make("ann", "x", 1), written=(replace(make("ann", "x", 1).written[0], comment="c"),))
    assert Result.from_json(json.loads(json.dumps(result.to_json()))) == result
    assert result.total == 3 and result.to_json()["score"] == 2  # Gradescope's score is that of the tests in it


# --- nbgrader ---------------------------------------------------------------------------------------------------------


def test_points_go_to_nbgrader_and_come_back(graded, mark, tmp_path):
    from autograder.exports.nbgrader import manual_scores, to_nbgrader

    book = tmp_path / "gradebook.db"
    mark(graded, table(tmp_path / "m.csv", f"9a,{code('Because.')},,1,,Say more."))
    to_nbgrader(RunFolder(graded).results(), book, "lab9", "lab9_mini")
    assert set(manual_scores(book, "lab9", "lab9_mini")) == {
        ("ann", "9a", 1.0, "Say more."), ("ben", "9a", 1.0, "Say more."),
    }  # fmt: skip
    before = everything(graded)
    status, printed = mark(graded, "--nbgrader", book)
    assert status == 0 and "No new marks" in printed and everything(graded) == before
    formgrade(book, ann=2, cem=0)
    assert mark(graded, "--nbgrader", book)[0] == 0
    assert points_of(graded) == {"ann": 2, "ben": 1, "cem": 0, "=dee": None, "eve": None, "fay": None}
    formgrade(book, ben=1.5, cem=1)
    before = everything(graded)
    status, printed = mark(graded, "--nbgrader", book)
    assert status == 1 and "gradebook.db, ben: points is '1.5'" in printed and everything(graded) == before
    assert mark(graded, "--nbgrader", tmp_path / "no.db")[0] == 1


def formgrade(book, **points):
    """As formgrader does."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{book}") as gradebook:
        for student, value in points.items():
            gradebook.find_grade("written-9a", "lab9_mini", "lab9", student).manual_score = value
        gradebook.db.commit()


# --- formulas ---------------------------------------------------------------------------------------------------------


def test_formulas_are_set_and_money_is_not():
    text = str(with_formulas("a <b> $x_1^2$ costs $5 and $6; $$\\sum_n a_n$$"))
    assert text.count("<math") == 2 and "&lt;b&gt;" in text and "costs $5 and $6" in text


def test_every_formula_of_the_model_answers_is_set():
    for lab in labs(ROOT):
        for tex in re.findall(
            r"\$\$(.+?)\$\$", lab.answers.read_text("utf-8") if lab.answers.exists() else "", re.DOTALL
        ):
            assert mathml(tex, block=True).startswith("<math"), tex


PIECES = ["\\text{", "}", "<script>", "\\href{javascript:x}{", "\\style{", "&lt;", "\\frac", "{", "^", "_", "\\unicode{x3c}",
          "\\begin{matrix}", "\\end{matrix}", "&", "\\color{red}", "\\class{a}{", "x", '"', "'", "\\left(", "\\cssId{i}{"]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_no_formula_becomes_anything_but_a_formula(pieces):
    made = mathml("".join(pieces), block=False)
    root = ElementTree.fromstring(made)  # well formed
    for element in root.iter():
        name = element.tag.removeprefix(formulas._NAMESPACE)
        assert name in formulas._ELEMENTS | {"code"}
        assert set(element.attrib) <= formulas._ATTRIBUTES


@pytest.mark.parametrize(
    "tex", ["{" * 2000, "\\frac" * 390, "x^" * 1000, "\\left(" * 330, "\\sqrt{" * 330, "a_" * 1000]
)
def test_a_hostile_formula_ends(tex):
    begin = time.process_time()
    assert mathml(tex[: formulas.LONGEST], block=False)
    assert time.process_time() - begin < 5
