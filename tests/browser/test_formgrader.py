"""A class that we have graded, in nbgrader's formgrader: its scores, what our checks said, and points by hand that come back."""

import csv
import subprocess
import sys
from functools import partial

import nbformat
import pytest

from autograder.authoring.example import write_class
from autograder.course import find_lab
from autograder.grading.run_folder import RunFolder
from tests.browser.conftest import watched

playwright = pytest.importorskip("playwright.sync_api", reason="needs the browser extra")
pytest.importorskip("nbgrader", reason="needs the nbgrader extra")
pytestmark = pytest.mark.browser

# All right, some mistakes, nothing, and check cells that are gone.
STUDENTS = ("lovelace", "madhava", "fermat", "seki")
WRONG, EXERCISE, MISTAKE = "madhava", "nll", "returns the log likelihood without the minus"
ANSWER = """\
def nll(w, X, y, lam=0.0):
    a = X @ w
    return float(np.sum(y * a - np.logaddexp(0.0, a)) + 0.5 * lam * w @ w)"""
GIVEN, COMMENT = 2, "And for m = a?"
NETWORK = ("cdnjs.cloudflare.com", "MathJax", "ERR_FAILED")  # nbgrader's pages fetch what sets formulas, and do without


def autograder(*words):
    subprocess.run([sys.executable, "-m", "autograder", *map(str, words)], check=True, capture_output=True)


def answer(path):
    """Put the mistake that is looked for into a notebook: which of them the example class makes hangs on all banks."""
    notebook = nbformat.read(path, as_version=4)
    (cell,) = (cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == EXERCISE)
    cell.source = ANSWER
    nbformat.write(notebook, path)


@pytest.fixture
def course(root, tmp_path):
    """A folder with `submissions/`, `graded/` and nbgrader's `formgrader/`, made as the teacher's guide says."""
    write_class(find_lab(root, "lab1"), tmp_path / "class")
    submissions, graded, formgrader = (tmp_path / name for name in ("submissions", "graded", "formgrader"))
    submissions.mkdir()
    for student in STUDENTS:
        (tmp_path / "class" / student).rename(submissions / student)
    answer(submissions / WRONG / "lab1" / find_lab(root, "lab1").notebook.name)
    formgrader.mkdir()
    autograder("grade", submissions, "--lab", "lab1", "--out", graded, "--seed", 7)
    book = ("--gradebook", formgrader / "gradebook.db")
    autograder("export", "nbgrader", graded, "--lab", "lab1", *book, "--submissions", submissions)
    return tmp_path


@pytest.fixture
def opened(browser, course, jupyter):
    """Formgrader, as JupyterLab's menu opens it, and the page that it is in."""
    address, token = jupyter(course / "formgrader")
    with watched(browser, passing=NETWORK, viewport={"width": 1280, "height": 900}) as page:
        page.goto(f"{address}/lab?token={token}")
        page.get_by_role("menuitem", name="Nbgrader").click()
        page.get_by_role("menuitem", name="Formgrader", exact=True).click()
        # So that the picture shows what is marked.
        page.get_by_role("tab", name="File Browser").click()
        formgrader = page.frame_locator("iframe").first
        formgrader.get_by_role("link", name="Manual Grading").click()
        yield page, formgrader


def test_a_class_is_listed_with_its_scores_and_marked_by_hand(opened, course, screen):
    page, formgrader = opened
    results = {result.student: result for result in RunFolder(course / "graded").results()}
    formgrader.get_by_role("link", name="lab1", exact=True).click()
    formgrader.get_by_role("link", name="lab1_likelihood").click()
    rows = formgrader.locator("tbody tr", has_text="Submission #")
    for student, result in results.items():
        playwright.expect(rows.filter(has_text=student).locator(".code-score")).to_have_text(
            f"{result.score} / {result.max_score}"
        )
    assert rows.count() == len(results)

    fields = set()  # of a notebook whose check cells are gone, as many as of the others
    for n in range(rows.count()):
        rows.nth(n).locator("a:visible").click()  # where names are hidden, their links are, too
        formgrader.locator("input.score[placeholder]").first.wait_for()
        fields.add(formgrader.locator("input.score").count())
        formgrader.get_by_role("link", name="lab1_likelihood", exact=True).click()
        rows.first.wait_for()
    assert len(fields) == 1

    rows.filter(has_text=WRONG).locator("a:visible").click()
    cell = formgrader.locator(f"#{EXERCISE}-check")
    playwright.expect(cell).to_have_attribute(
        "placeholder", str(sum(e.score for e in results[WRONG].exercises if e.name == EXERCISE))
    )
    formgrader.get_by_text(MISTAKE).scroll_into_view_if_needed()
    assert formgrader.get_by_text(MISTAKE).count() == 1
    cell.evaluate("cell => cell.closest('.cell').scrollIntoView({block: 'center'})")
    screen(page, "formgrader")

    saved = partial(page.expect_response, lambda answer: answer.request.method == "PUT" and answer.ok)
    for id, text in (("written-4b", str(GIVEN)), ("written-4b-comment", COMMENT)):
        with saved():
            formgrader.locator(f"#{id}").fill(text)
            formgrader.locator(f"#{id}").press("Tab")
    autograder("mark", course / "graded", "--nbgrader", course / "formgrader" / "gradebook.db")
    (marked,) = (result for result in RunFolder(course / "graded").results() if result.student == WRONG)
    (answer,) = (answer for answer in marked.written if answer.question == "4b")
    assert (answer.points, answer.comment) == (GIVEN, COMMENT)
    assert marked.total == results[WRONG].total + GIVEN
    with (course / "graded" / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {row["student"]: row["written 4b"] for row in csv.DictReader(file)}[WRONG] == str(GIVEN)
