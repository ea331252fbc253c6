"""Reports: the text that a student reads, pages that nothing of a student can mark up, and a CSV that spreadsheets can trust."""

import base64
import csv
import hashlib
import io
import json
import re
from dataclasses import replace
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from autograder.files import clean, file_names
from autograder.outcome import Failure, Kind, Outcome
from autograder.reports.class_page import write_class_page
from autograder.reports.failures import told
from autograder.reports.feedback import write_feedback
from autograder.reports.grades import write_grades
from autograder.reports.text import table, text
from autograder.result import ExerciseResult, Result, TestResult, WrittenAnswer
from tests.reports import (
    AGREES,
    MEAN,
    OVERFLOW,
    SMALL,
    THIN,
    WALL,
    Page,
    a_class,
    class_page,
    feedback,
    make,
    nll,
    pages_of,
    softplus,
)

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style></head><body onload=alert(1)>",
    "<!--", "-->", "]]>", "<![CDATA[", "&lt;b&gt;", "&#60;b&#62;", "javascript:alert(1)", "\x00\x1b[31m\x07", "\ud800\udfff",
    "\u202egnp.exe", "a\u2028b", "<svg/onload=alert(1)>", "{{7*7}}", "../../../etc/passwd", "x" * 300, "",
]  # fmt: skip

# --- text -------------------------------------------------------------------------------------------------------------


def test_a_notebook_prints_what_the_course_promises():
    assert text(softplus()).splitlines() == [
        "softplus — 1 of 3 points",
        "  ✓ agrees with logaddexp",
        "  ✗ does not overflow          softplus([710.0, …]) gave [inf, …], expected [710.0, …]",
        "      exp(a) overflows for large a. Take m = max(0, a) out of the logarithm first.",
        "  ✗ keeps small values         softplus([…, -40.0, …]) gave 0.0, expected 4.248e-18",
        "      For very negative a the 1 swallows exp(a): log(1 + x) for tiny x needs np.log1p.",
    ]


def test_the_diagnosis_comes_last():
    assert text(nll(0, diagnosis=MEAN)).splitlines()[-1].strip() == (
        "It looks as if your function takes the mean instead of the sum."
    )


def test_an_exercise_that_could_not_run_says_why_once():
    tests = tuple(TestResult(name, 1, Outcome.NOT_WRITTEN, "not written yet") for name in ("a", "b"))
    lines = text(ExerciseResult("mirror", tests, optional=True, error="not written yet")).splitlines()
    assert lines == ["mirror (optional) — 0 of 2 points", "  ✗ not written yet"]


def test_one_point_is_no_points():
    assert text(softplus(AGREES)).startswith("softplus — 1 of 1 point\n")


def test_long_lines_are_wrapped_and_numbers_stay_whole():
    message = "gave " + ", ".join(f"-{i}.5e-10" for i in range(60))
    failed = TestResult("n" * 50, 1, Outcome.FAILED, message, "hint " * 60)
    lines = text(softplus(failed, replace(failed, name="short"))).splitlines()
    assert max(map(len, lines)) <= 100
    assert not any(line.rstrip().endswith(("-", "e-")) for line in lines)
    assert " ".join(text(softplus(replace(failed, name="short", hint=""))).split()).endswith(message)


def test_a_message_with_lines_of_its_own_keeps_them_in_its_column():
    lines = text(softplus(TestResult("two lines", 1, Outcome.FAILED, "first\nsecond"))).splitlines()
    assert lines[1].index("first") == lines[2].index("second")


def test_text_does_not_steer_the_terminal():
    printed = text(softplus(TestResult("t", 1, Outcome.FAILED, "\x1b]0;owned\x07\x1b[2J\rgone", "")))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", printed)


# --- table ------------------------------------------------------------------------------------------------------------


def shown(results, width=100) -> str:
    console = Console(width=width, color_system=None, record=True, file=io.StringIO())
    console.print(table(results))
    return console.export_text()


def test_the_table_has_a_row_per_student_in_order():
    page = shown([make("zoe"), make("adam", softplus(AGREES, diagnosis=None), nll(0, diagnosis=MEAN))])
    assert page.index("adam") < page.index("zoe")
    assert "1/5" in page and "5/7" in page and "nll takes the mean" in page and "1 softplus   2 nll" in page


def test_the_table_says_what_a_wrong_answer_rests_on_and_what_ended_it():
    looped = TestResult(
        "agrees with logaddexp", 1, Outcome.NOT_RUN, "not run: an earlier call used more than 5 s of CPU time"
    )
    resting = make("zoe", softplus(), nll(0, rests_on=("softplus", "sigmoid")))
    page = shown([resting, make("adam", softplus(OVERFLOW, looped))], width=160)
    assert "nll uses softplus and sigmoid, which are not right yet" in page
    assert "softplus: not run: an earlier call used more than 5 s of CPU time" in page


@pytest.mark.parametrize("hostile", [*HOSTILE, "[red]x[/red]", "[/]", "[link=http://x]y[/link]"])
def test_the_table_shows_markup_as_text(hostile):
    page = shown([make(hostile, notes=(hostile,)), make("ann", softplus(error=hostile), nll())], width=200)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", page)
    if hostile.startswith("["):
        assert hostile in page


def test_an_empty_class_still_prints():
    assert "Student" in shown([])


# --- grades.csv -------------------------------------------------------------------------------------------------------


def grades(tmp_path, results):
    write_grades(results, tmp_path / "grades.csv")
    with open(tmp_path / "grades.csv", encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


def test_grades_have_one_header_and_a_row_per_student(tmp_path):
    rows = grades(tmp_path, [make("zoe"), make("adam", softplus(AGREES), nll(0, error="the cell fails: line 3"))])
    assert rows == [
        ["student", "score", "max_score", "softplus", "nll", "late", "remarks"],
        ["adam", "1", "5", "1", "0", "", "nll: the cell fails: line 3"],
        ["zoe", "5", "7", "1", "4", "", ""],
    ]
    assert (tmp_path / "grades.csv").read_bytes().count(b"\r\n") == 3


@pytest.mark.parametrize("student", ['a,"b"', "a;b", "new\nline", "tab\tx", "o'neil", "李明", "a, b\"\n'c"])
def test_hostile_ids_survive_the_round_trip(tmp_path, student):
    assert grades(tmp_path, [make(student)])[1][0] == student


@pytest.mark.parametrize(
    "formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\n=1", "＝1", "＋1", "|calc", '=cmd|"/c calc"!A1']
)
def test_formulas_are_defused_everywhere(tmp_path, formula):
    rows = grades(tmp_path, [make(formula, notes=(formula,)), make("x", softplus(error=formula), nll())])
    cells = [cell for row in rows[1:] for cell in (row[0], row[-1])]
    assert not any(re.match(r"\s*[=+\-@＝＋－＠|]", cell) for cell in cells)
    assert "'" + formula in cells


def test_ids_that_are_no_text_are_written(tmp_path):
    assert grades(tmp_path, [make("\udcff"), make("\x00\x1b")])[2][0] == "\ufffd"


def test_a_thin_wall_and_a_long_remark_are_in_the_csv(tmp_path):
    (_, row) = grades(tmp_path, [make("ann", wall=THIN, notes=("x" * 10_000,))])
    assert row[-1].startswith("not for graded use: Limits only.") and len(row[-1]) <= 1000


def test_exercises_that_lack_the_same_are_one_remark(tmp_path):
    lacks = [ExerciseResult(name, (), error=f"{name} is not defined in this notebook") for name in ("nll", "sigmoid")]
    moved = ExerciseResult("predict", (), error="predict is in a text cell")
    _, row = grades(tmp_path, [make("ann", lacks[0], moved, lacks[1], softplus())])
    assert row[-1] == "nll, sigmoid: not defined in this notebook; predict: in a text cell"


def test_an_error_of_the_whole_notebook_is_one_remark(tmp_path):
    (_, row) = grades(tmp_path, [make("ann", softplus(error="not JSON"), nll(0, error="not JSON"))])
    assert row[-1] == "all exercises: not JSON"


# --- pages ------------------------------------------------------------------------------------------------------------


def filled(word: str, wall=WALL) -> Result:
    """A result with `word` wherever a student's bytes may come."""
    failed = TestResult("t", 1, Outcome.FAILED, f"m {word}", "h")
    exercises = (softplus(failed), nll(0, error=f"e {word}"))
    return make(
        f"s {word}", *exercises, written=(WrittenAnswer("4b", "Why?", 3, f"a {word}"),), notes=(f"n {word}",), wall=wall
    )


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_of_a_student_becomes_markup(tmp_path, hostile):
    for write in (feedback, lambda p, r: class_page(p, [r])):
        plain, page = write(tmp_path, filled("plain")), write(tmp_path, filled(hostile))
        assert page.skeleton == plain.skeleton
        assert page.source.isprintable() or not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", page.source)
    page = feedback(tmp_path, filled(hostile))
    for prefix in "smean":
        assert f"{prefix} {clean(hostile)}" in page.text


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_no_text_at_all_becomes_markup(tmp_path_factory, word):
    folder = tmp_path_factory.getbasetemp()
    page = feedback(folder, filled(word))
    assert page.skeleton == feedback(folder, filled("plain")).skeleton
    assert f"m {clean(word)}" in page.text


@pytest.mark.parametrize("wall", [WALL, THIN])
def test_pages_stand_alone(tmp_path, wall):
    for page in (feedback(tmp_path, filled("x", wall)), class_page(tmp_path, [filled("x", wall)])):
        (policy,) = [m["content"] for m in page.find("meta") if m.get("http-equiv") == "Content-Security-Policy"]
        style = re.search("<style>(.*?)</style>", page.source, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        assert {tag for tag, _ in page.elements}.isdisjoint(
            {"script", "img", "iframe", "link", "object", "form", "base"}
        )
        for _, attributes in page.elements:
            assert not any(name.startswith("on") or name in ("style", "src") for name in attributes)
            assert re.match(r"#|feedback/|$", attributes.get("href", ""))
        assert "url(" not in style and "@import" not in style
        assert any(m.get("name") == "viewport" for m in page.find("meta"))
        assert page.find("html")[0]["lang"] == "en"


PICTURE = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


@pytest.mark.parametrize("name", ["image.png", *HOSTILE])
def test_a_page_shows_the_pictures_of_an_answer_and_loads_nothing_else(tmp_path, name):
    answer = WrittenAnswer("4b", "Why?", 3, "", {name: PICTURE})
    page = feedback(tmp_path, make("ann", written=(answer,)))
    (image,) = page.find("img")
    assert image == {"src": PICTURE, "alt": f"The student's picture {clean(name)}"} and "No answer." not in page.text
    (policy,) = [m["content"] for m in page.find("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    assert policy.endswith("; img-src data:") and policy.count("data:") == 1
    assert "img-src" not in feedback(tmp_path, make("ann", written=(replace(answer, attachments={}),))).source


def test_a_file_that_is_no_notebook_is_one_line_on_the_page(tmp_path):
    tests = tuple(TestResult(name, 1, Outcome.UNREADABLE, "the file is a PDF") for name in ("a", "b"))
    exercises = [ExerciseResult(name, tests, error="the file is a PDF") for name in ("softplus", "nll", "sigmoid")]
    page = feedback(tmp_path, make("ann", *exercises))
    assert page.text.count("the file is a PDF") == 1 and "0 of 6 points" in page.text


def test_pages_are_accessible(tmp_path):
    for page in (feedback(tmp_path, filled("x")), class_page(tmp_path, [filled("x"), make("ann")])):
        levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
        assert (
            levels[0] == 1
            and levels.count(1) == 1
            and all(b <= a + 1 for a, b in zip(levels, levels[1:], strict=False))
        )
        assert all(th.get("scope") in ("col", "row") for th in page.find("th"))
        assert all(svg.get("aria-hidden") or "aria-label" in svg for svg in page.find("svg"))
        ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        assert {a["href"][1:] for a in page.find("a") if a["href"].startswith("#")} <= set(ids)


def test_feedback_says_what_the_notebook_says(tmp_path):
    result = make("ann", softplus(diagnosis="exponentiates first"), nll(0, error="the cell fails: line 3"))
    page = feedback(tmp_path, result)
    for test in (OVERFLOW, SMALL):
        assert test.message in page.text and test.hint in page.text and f"failed: {test.name}" in page.text
    assert "passed: agrees with logaddexp" in page.text
    assert "It looks as if your function exponentiates first." in page.text
    assert "1 of 7 points" in page.text and "the cell fails: line 3" in page.text
    assert WALL["summary"] in page.text and "Not for graded use" not in page.text


def test_written_answers_are_for_the_hand(tmp_path):
    answers = (WrittenAnswer("4b", "Why the maximum?", 3, "Because\n  so."), WrittenAnswer("5a", "And?", 1, "  "))
    page = feedback(tmp_path, make(written=answers))
    assert "To be marked by hand" in page.text and "Because\n  so." in page.text and "No answer." in page.text


def test_optional_exercises_are_marked(tmp_path):
    bonus = ExerciseResult("mirror", (TestResult("m", 1, Outcome.PASSED),), optional=True)
    results = [make("ann", softplus(), nll(), bonus)]
    assert "mirror (optional)" in feedback(tmp_path, results[0]).text
    assert "mirror (optional)" in class_page(tmp_path, results).text


def test_a_thin_wall_is_said_on_every_page(tmp_path):
    for page in (feedback(tmp_path, make(wall=THIN)), class_page(tmp_path, [make("b"), make("a", wall=THIN)])):
        assert "Not for graded use. Limits only." in page.text and "seccomp: no libseccomp" in page.text


def test_the_class_page_counts_named_mistakes_and_failed_checks(tmp_path):
    results = a_class()
    results[-1] = make("unreadable", softplus(error="not JSON"), nll(0, error="not JSON"))
    page = class_page(tmp_path, results)
    assert f"11 of 39: {MEAN}" in page.text
    assert re.search(r"11 of 39\s+is a sum", page.text) and "The objective is a sum over the data." in page.text
    assert "1all exercisesnot JSON" in page.text


def test_the_bars_of_an_exercise_add_up(tmp_path):
    results = a_class() + [make("p", softplus(), nll())]
    page = class_page(tmp_path, results)
    labels = [svg["aria-label"] for svg in page.find("svg") if "in full" in svg.get("aria-label", "")]
    assert labels == ["40 in full, 1 in part, 0 with no points", "30 in full, 0 in part, 11 with no points"]
    widths = [float(r["width"]) for r in page.find("rect") if r.get("class") in ("full", "part", "none")]
    assert all(0 <= width <= 100 for width in widths)


@pytest.mark.parametrize("best", [0, 1, 4, 9, 10, 11, 38, 50, 101])
def test_the_distribution_counts_every_student_once(tmp_path, best):
    def scored(score):
        outcomes = [Outcome.PASSED] * score + [Outcome.FAILED] * (best - score)
        return make(f"s{score}", ExerciseResult("f", tuple(TestResult("t", 1, outcome) for outcome in outcomes)))

    page = class_page(tmp_path, [scored(score) for score in range(best + 1)])
    rows = re.search(r"Number of students by points\.(.*?)</table>", page.source, re.DOTALL)[1]
    counts = [int(n) for n in re.findall(r'<td class="n">(\d+)</td>', rows)]
    ranges = [tuple(map(int, r.split("–"))) for r in re.findall(r'scope="row" class="n">([\d–]+)</th>', rows)]
    assert sum(counts) == best + 1 and len(counts) == len(ranges) <= 11
    assert [n for n in counts] == [r[-1] - r[0] + 1 for r in ranges]


def test_students_are_sorted_and_linked_to_their_pages(tmp_path):
    students = ["zoe", "adam", "a/b", "a b?#%", 'x">', "李明", "\udcff"]
    page = class_page(tmp_path, [make(s) for s in students])
    links = [a["href"] for a in page.find("a")]
    names = file_names(students)
    to_pages = [unquote(link) for link in links if "#" not in link]
    assert to_pages[-len(students) :] == [f"feedback/{names[s]}.html" for s in sorted(students)]
    assert all(re.fullmatch(r"feedback/[\w.~%-]+\.html(#exercise-\d+)?", link, re.ASCII) for link in links)


def failed_by_us(student: str) -> Result:
    """A notebook whose grading failed, for a reason of ours."""
    said = told(Failure(Kind.OURS, said="the worker ended twice"))
    exercises = (
        ExerciseResult(name, (TestResult("t", points, Outcome.OURS, said),), error=said)
        for name, points in (("softplus", 3), ("nll", 4))
    )
    return make(student, *exercises)


def test_what_we_failed_to_grade_is_no_zero_anywhere(tmp_path):
    results = [make("ann", softplus(AGREES, AGREES, AGREES), nll()), failed_by_us("ben")]
    _, ann, ben = grades(tmp_path, results)
    assert ann == ["ann", "7", "7", "3", "4", "", ""]
    assert ben[:6] == ["ben", "", "7", "", "", ""] and "the worker ended twice" in ben[6]
    page = class_page(tmp_path, results)
    assert "Not graded, for a reason that is not the student's" in page.text and "ben: could not be graded" in page.text
    assert "7.0mean of 7 points" in re.sub(r"\s+", " ", page.text) and "0with no points" in page.text
    labels = [svg["aria-label"] for svg in page.find("svg") if "in full" in svg.get("aria-label", "")]
    assert labels == ["1 in full, 0 in part, 0 with no points"] * 2
    assert "ben –" in " ".join(page.text.split())
    own = feedback(tmp_path, results[1])
    assert "No score yet." in own.text and "0 of" not in own.text and "no points" not in own.text
    line = next(line for line in shown(results, width=160).splitlines() if "ben" in line)
    assert "0" not in line and line.count("–") == 3


def test_a_class_that_nobody_could_grade_still_has_a_page(tmp_path):
    assert "–mean of 7 points" in class_page(tmp_path, [failed_by_us("ben")]).text


def test_lateness_is_a_column_and_on_the_pages(tmp_path):
    result = make("ann", late="2 days")
    assert grades(tmp_path, [result, make("ben")])[1][-2:] == ["2 days", ""]
    assert "Handed in late: 2 days" in feedback(tmp_path, result).text
    assert "handed in late: 2 days" in class_page(tmp_path, [result]).text


def test_what_calls_something_unwritten_says_so_everywhere(tmp_path):
    said = told(Failure(Kind.UNWRITTEN, call="nll", name="softplus"))
    test = TestResult("is a sum", 4, Outcome.BLOCKED, said)
    whole = ExerciseResult("nll", (test,), error=said, rests_on=("softplus",))
    partly = ExerciseResult("nll", (test, TestResult("t", 1, Outcome.PASSED)), rests_on=("softplus",))
    assert text(whole).splitlines()[1] == "  ✗ uses softplus, which is not written yet"
    for exercise in (whole, partly):
        result = make("ann", softplus(), exercise)
        assert "nll: uses softplus, which is not written yet" in grades(tmp_path, [result])[1][-1]
        assert "uses softplus, which is not written yet" in feedback(tmp_path, result).text
    assert "not right yet" not in feedback(tmp_path, make("ann", softplus(), whole)).text


def test_notes_are_on_the_class_page(tmp_path):
    assert "handed in late" in class_page(tmp_path, [make(notes=("handed in late",))]).text


def test_a_class_page_needs_a_class(tmp_path):
    with pytest.raises(ValueError, match="no results"):
        write_class_page([], tmp_path / "class.html", {})


def test_the_order_of_results_changes_no_byte(tmp_path):
    results = a_class(12, 5)
    for name, order in (("a", results), ("b", results[::-1])):
        write_class_page(order, tmp_path / f"{name}.html", pages_of(order))
        write_grades(order, tmp_path / f"{name}.csv")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


# --- feedback, from the diagnosis to the mending ----------------------------------------------------------------------


def test_the_diagnosis_comes_first_then_the_hint_then_what_came_back(tmp_path):
    failure = Failure(Kind.VALUE, call="nll(w, X, y)", got="0.69", due="27.7")
    test = TestResult("is a sum", 4, Outcome.FAILED, told(failure), "The objective is a sum over the data.", failure)
    page = feedback(tmp_path, make("ann", softplus(AGREES), ExerciseResult("nll", (test,), diagnosis=MEAN)))
    section = page.source.split('id="exercise-2"')[1]
    order = [
        section.index(said)
        for said in (MEAN, "The objective is a sum", "nll(w, X, y) gave", "0.69", "expected", "27.7")
    ]
    assert order == sorted(order)
    assert re.search(
        r"<dt>nll\(w, X, y\) gave</dt><dd><code>0.69</code></dd>.*<dt>expected</dt><dd><code>27.7</code>", section
    )


def test_checks_that_passed_are_folded(tmp_path):
    page = feedback(tmp_path, make())
    (folded,) = re.findall(
        r"<details>(.*?)</details>", page.source.split('id="exercise-1"')[1].split("</section>")[0], re.S
    )
    assert "One check passed" in folded and AGREES.name in folded and OVERFLOW.name not in folded


def test_titles_numbers_and_sections_are_those_of_the_notebook(tmp_path):
    exercise = softplus(label="Exercise 4", section="4 · A logarithm that survives")
    result = make("ann", exercise, title="Lab 1 · Likelihood")
    page = feedback(tmp_path, result)
    assert page.text.count("Exercise 4 · softplus") >= 2 and "section 4 · A logarithm that survives" in page.text
    assert "Feedback · Lab 1 · Likelihood" in page.text
    assert not [a for a in page.find("a") if "://" in a["href"]]
    write_feedback(result, tmp_path / "linked.html", "https://example.org/course")
    linked = Page((tmp_path / "linked.html").read_text("utf-8"))
    (link,) = [a["href"] for a in linked.find("a") if "://" in a["href"]]
    assert link == "https://example.org/course/labs/lab1.html#a-logarithm-that-survives"


def test_the_students_own_line_is_shown(tmp_path):
    line = Failure(Kind.EXCEPTION, call="nll", error="TypeError", said="no", line=3, source="return w @ None")
    test = TestResult("is a sum", 4, Outcome.FAILED, told(line), "h", line)
    page = feedback(tmp_path, make("ann", softplus(), ExerciseResult("nll", (test,))))
    assert "Your line 3: return w @ None" in page.text and "nll raised TypeError: no\n" in page.text


def test_what_to_mend_first_is_what_others_rest_on(tmp_path):
    """predict_proba stands in front, and uses nll, which uses softplus."""
    first = replace(nll(0), name="predict_proba", rests_on=("nll",))
    last = ExerciseResult(
        "roc_auc", (TestResult("t", 1, Outcome.NOT_WRITTEN, "not written yet"),), error="not written yet"
    )
    page = feedback(tmp_path, make("ann", first, nll(0, rests_on=("softplus",)), last, softplus()))
    plan = page.source.split("What to mend first")[1].split("<h2>Exercises")[0]
    assert re.findall(r"<b>(.*?)</b></a>", plan) == ["softplus", "nll", "predict_proba"]
    assert "nll uses it" in plan and 'Not written yet:</b> <a href="#exercise-3">roc_auc' in plan


def test_exercises_that_rest_on_each_other_have_an_order_too(tmp_path):
    page = feedback(tmp_path, make("ann", nll(0, rests_on=("softplus",)), softplus(rests_on=("nll",))))
    assert page.text.index("softplus uses it") < page.text.index("nll uses it")


def test_a_right_notebook_has_nothing_to_mend(tmp_path):
    assert "mend" not in feedback(tmp_path, make("ann", softplus(AGREES), nll())).text


def test_code_that_was_to_move_a_score_is_told_its_author(tmp_path):
    page = feedback(tmp_path, make(tampering=("Code cell 2 changes `numpy.testing`",)))
    assert "Code cell 2 changes numpy.testing: the grade does not hang on that." in page.text


# --- the diagnosis is the first thing everywhere -----------------------------------------------------------------------


@pytest.mark.parametrize("width", [80, 60])
def test_a_narrow_terminal_keeps_points_and_diagnosis(width):
    exercises = [replace(softplus(AGREES), name=f"exercise_{n}") for n in range(11)]
    result = make("kovalevskaya", *exercises, nll(0, diagnosis=MEAN))
    console = Console(width=width, color_system=None, record=True, file=io.StringIO())
    console.print(table([result, make("zoe", *exercises, nll())], width))
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= width
    row = next(number for number, line in enumerate(lines) if "kovalevskaya" in line)
    assert "11/15" in lines[row] and "✓✓✓✓✓✓✓✓✓✓✓✗" in lines[row]
    start = lines[row].index("nll")
    assert " ".join(line[start:].strip() for line in lines[row : row + 2]) in (f"nll {MEAN}", f"nll {MEAN} ")


def test_grades_and_gradescope_begin_with_the_diagnosis(tmp_path):
    result = make("ann", softplus(AGREES), nll(0, diagnosis=MEAN, label="Exercise 6"), notes=("Code cell 3 failed",))
    assert grades(tmp_path, [result])[1][-1] == f"nll {MEAN}; Code cell 3 failed"
    assert result.to_json()["output"].splitlines() == [
        f"Exercise 6 · nll (0 of 4): It looks as if your function {MEAN}.",
        "Code cell 3 failed",
        WALL["summary"],
    ]


def test_gradescope_begins_with_a_hint_where_no_mistake_is_named():
    unwritten = [
        ExerciseResult(name, (TestResult("t", 1, Outcome.NOT_WRITTEN, "not written yet"),), error="not written yet")
        for name in ("sigmoid", "roc_auc")
    ]
    assert make("ann", softplus(), *unwritten).to_json()["output"].splitlines()[:2] == [
        f"softplus (1 of 3): {OVERFLOW.hint}",
        "sigmoid (0 of 1), roc_auc (0 of 1): not written yet",
    ]


def test_results_survive_the_round_trip():
    result = make("ann", softplus(label="Exercise 4", section="4 · S"), title="Lab 1", tampering=("Code cell 1 x",))
    assert Result.from_json(json.loads(json.dumps(result.to_json()))) == result
