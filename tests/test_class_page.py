"""What the class page says first, and whether it is so: lessons, who needs help, statistics that own up, and links that lead somewhere."""

import re
from dataclasses import replace
from urllib.parse import unquote, urldefrag

import numpy as np
import pytest

from autograder.outcome import Failure, Kind, Outcome
from autograder.reports.fairness import CLASS, verdicts
from autograder.reports.feedback import write_feedback
from autograder.reports.lessons import to_say
from autograder.result import ExerciseResult, TestResult
from tests.reports import AGREES, MEAN, OVERFLOW, SMALL, Page, a_class, class_page, make, nll, pages_of, softplus

NAIVE = "exponentiates before taking the maximum out"


def between(page: Page, start: str, end: str) -> str:
    return " ".join(page.text.split(start)[1].split(end)[0].split())


def a_mixed_class() -> list:
    """Nine take the mean, five exponentiate first, four more fail to keep small values for reasons of their own, and twenty are right."""
    mean = [make(f"mean{i}", softplus(AGREES), nll(0, diagnosis=MEAN)) for i in range(9)]
    naive = [make(f"naive{i}", softplus(AGREES, OVERFLOW, SMALL, diagnosis=NAIVE), nll()) for i in range(5)]
    small = [make(f"small{i}", softplus(AGREES, SMALL), nll()) for i in range(4)]
    return [*mean, *naive, *small, *(make(f"right{i}", softplus(AGREES), nll()) for i in range(20))]


def test_three_lessons_with_count_who_and_hint():
    lessons = to_say(a_mixed_class())
    assert [(lesson.what, len(lesson.students), lesson.ran, lesson.named) for lesson in lessons] == [
        (MEAN, 9, 38, True),
        (NAIVE, 5, 38, True),
        ("keeps small values", 4, 38, False),  # without the five whose mistake has a name
    ]
    assert lessons[2].students == ("small0", "small1", "small2", "small3") and lessons[2].hint == SMALL.hint
    assert lessons[1].hint == OVERFLOW.hint  # what the first check that failed told them


def test_the_lessons_are_the_first_thing_on_the_page(tmp_path):
    page = class_page(tmp_path, a_mixed_class())
    said = between(page, "What to say on Monday", "Who needs help")
    assert f"9 of 38 in nll: the function {MEAN}. Say: The objective is a sum over the data. mean0, mean1" in said
    assert "4 of 38 in softplus: they fail the check keeps small values." in said
    headings = re.findall(r"<h2>(.*?)</h2>", page.source)
    assert headings[:4] == ["What to say on Monday", "Who needs help", "What may be unfair", "Students"]


def test_a_mistake_of_one_student_is_no_lesson(tmp_path):
    page = class_page(tmp_path, [make("ann", softplus(AGREES), nll(0, diagnosis=MEAN)), make("ben", softplus(AGREES))])
    assert "No mistake was made by two students or more." in page.text
    folded = re.search(
        r"<details>\s*<summary>One mistake that one student alone made</summary>(.*?)</details>", page.source, re.S
    )
    assert MEAN in folded[1] and ">ann<" in folded[1]


def test_who_needs_help_and_why(tmp_path):
    blank = [ExerciseResult("softplus", (replace(SMALL, outcome=Outcome.NOT_WRITTEN),), error="not written yet")]
    unreadable = [
        ExerciseResult(name, (TestResult("t", 3, Outcome.UNREADABLE, "the file is a PDF"),), error="the file is a PDF")
        for name in ("softplus", "nll")
    ]
    weak = make("weak", softplus(AGREES, OVERFLOW, SMALL), nll(0))
    results = [weak, make("blank", *blank), make("pdf", *unreadable), *a_class(8, 0)]
    said = between(class_page(tmp_path, results), "Who needs help", "What may be unfair")
    assert said == (
        "Less than half of the points (1): weak (1) Nothing written (1): blank "
        "Nothing that could be read (1): pdf (the file is a PDF)"
    )


def test_nobody_needs_help_where_all_is_well(tmp_path):
    page = class_page(tmp_path, a_class(30, 0))
    assert "Nobody is below half of the points." in page.text and "Nothing stands out." in page.text


def scores(*wrong: bool) -> list[ExerciseResult]:
    """Exercises of one point each."""
    return [
        ExerciseResult(f"e{n}", (TestResult("t", 1, Outcome.FAILED if bad else Outcome.PASSED, "m", "h"),))
        for n, bad in enumerate(wrong)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_the_index_is_the_item_rest_correlation(seed):
    """Against NumPy's, on answers that are drawn: who is better passes more."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=60)
    wrong = rng.normal(size=(60, 8)) > ability[:, None]
    found = verdicts(make(f"s{n:02}", *scores(*row)) for n, row in enumerate(wrong))
    right = 1.0 - wrong
    for item in range(8):
        rest = (right.sum(axis=1) - right[:, item]) / 7
        expected = np.corrcoef(right[:, item], rest)[0, 1]
        assert found[f"e{item}", "t"].index == pytest.approx(expected, abs=1e-12)


def test_a_check_that_good_students_fail_is_named(tmp_path):
    """The first exercise is failed by those who have all else right."""
    good = [make(f"good{n:02}", *scores(True, False, False, False)) for n in range(6)]
    weak = [make(f"weak{n:02}", *scores(False, n % 2 == 0, True, n % 3 == 0)) for n in range(20)]
    said = between(class_page(tmp_path, [*good, *weak]), "What may be unfair", "Students")
    assert (
        "Good students fail it as often as weak ones: t · e0, index −0." in said
        and "from 26 answers, chance alone ±0.39" in said
    )


def test_few_students_have_no_index(tmp_path):
    few = [make(f"s{n:02}", *scores(n % 2 == 0, n % 3 == 0, n % 2 == 1)) for n in range(CLASS - 1)]
    assert all(verdict.index is None for verdict in verdicts(few).values())
    page = class_page(tmp_path, few)
    assert f"that takes {CLASS}, and no check has more than {CLASS - 1}" in page.text and "too few" in page.text


def test_an_index_needs_three_on_either_side_and_some_who_differ():
    two = [make(f"s{n:02}", *scores(n < 2, n % 2 == 0)) for n in range(30)]
    assert verdicts(two)["e0", "t"].index is None
    alike = [make(f"s{n:02}", *scores(n % 2 == 0, False)) for n in range(30)]
    assert verdicts(alike)["e0", "t"].index is None  # all have the same elsewhere


def test_a_check_that_fails_in_many_ways_is_named(tmp_path):
    def failing(student: str, got: str):
        failure = Failure(Kind.VALUE, call="f", got=got, due="1.0")
        return make(student, ExerciseResult("f", (TestResult("is one", 1, Outcome.FAILED, got, "h", failure),)))

    many = [failing(f"s{n}", f"{n // 2}.5") for n in range(8)]
    said = between(class_page(tmp_path, many), "What may be unfair", "Students")
    assert "Failed in 4 ways by 8: is one · f. Is its text clear?" in said
    one = [failing(f"s{n}", "0.5") for n in range(8)]
    assert "Failed in" not in between(class_page(tmp_path, one), "What may be unfair", "Students")


def test_what_ran_out_of_time_is_named(tmp_path):
    endless = TestResult("t", 1, Outcome.FAILED, "m", "", Failure(Kind.TIME, call="softplus", limit=5.0))
    page = class_page(tmp_path, [make("zeno", softplus(endless)), make("ann", softplus(AGREES))])
    assert "Stopped for time or memory: zeno (softplus)" in between(page, "What may be unfair", "Students")


def test_who_meant_to_move_a_score_is_told(tmp_path):
    lines = (
        "Code cell 2 changes `numpy.testing`",
        "Code cell 2 gives `check` another meaning",
        "Code cell 3 prints `<b>`",
    )
    page = class_page(tmp_path, [make("mallory", tampering=lines), make("ann")])
    said = "mallory: Code cell 2 changes numpy.testing, gives check another meaning; Code cell 3 prints <b>."
    assert said in between(page, "Meant to move a score", "Students")
    assert "<code>numpy.testing</code>" in page.source and "<code>&lt;b&gt;</code>" in page.source
    assert "Meant to move a score" not in class_page(tmp_path, [make("ann")]).text


def test_every_cell_leads_to_its_exercise(tmp_path):
    unreadable = [
        ExerciseResult(n, (TestResult("t", 1, Outcome.UNREADABLE, "a PDF"),), error="a PDF")
        for n in ("softplus", "nll")
    ]
    results = [*a_mixed_class(), make("pdf", *unreadable), make("a/b c#")]
    page, pages = class_page(tmp_path, results), pages_of(results)
    (tmp_path / "feedback").mkdir()
    for result in results:
        write_feedback(result, tmp_path / pages[result.student])
    links = {a["href"] for a in page.find("a")}
    assert len([link for link in links if "#" in link]) == 2 * (len(results) - 1)
    for link in links:
        path, fragment = urldefrag(link)
        target = Page((tmp_path / unquote(path)).read_text("utf-8"))
        ids = {attributes.get("id") for _, attributes in target.elements}
        assert not fragment or fragment in ids


def test_the_map_tells_apart_without_colour(tmp_path):
    blank = ExerciseResult(
        "nll", (TestResult("t", 4, Outcome.NOT_WRITTEN, "not written yet"),), error="not written yet"
    )
    results = [
        make("all"),
        make("part", softplus(), nll()),
        make("none", softplus(OVERFLOW), nll(0)),
        make("blank", softplus(AGREES), blank),
    ]
    page = class_page(tmp_path, results)
    rows = dict(
        re.findall(r"<tr role=.row.>\n<th[^>]*><a[^>]*>(\w+)<.a>(.*?)<.tr>", page.source.split('class="map')[1], re.S)
    )
    signs = {student: re.findall(r'class="sign \w+">(.)<', row) for student, row in rows.items()}
    assert signs == {"all": ["◐", "✓"], "part": ["◐", "✓"], "none": ["✗", "✗"], "blank": ["✓", "·"]}
    assert "nll: 0 of 4 points, nothing handed in" in page.source


def test_no_image_is_without_a_name(tmp_path):
    page = class_page(tmp_path, a_mixed_class())
    for svg in page.find("svg"):
        assert svg.get("aria-hidden") == "true" or svg["aria-label"].strip()


def test_a_long_class_stands_in_two_tables(tmp_path):
    page = class_page(tmp_path, a_class(40, 3))
    tables = [table for table in page.find("table") if "map" in table.get("class", "")]
    assert len(tables) == 2 and page.source.count('class="hidden">Students, part') == 2
