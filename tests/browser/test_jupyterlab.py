"""A student's first minutes: a started lab in JupyterLab, a wrong answer, its hint, the right one, its points."""

import re
import subprocess
import sys

import pytest

from tests.browser.conftest import watched

playwright = pytest.importorskip("playwright.sync_api", reason="needs the browser extra")
pytestmark = pytest.mark.browser

WRONG = "def softplus(a):\n    return np.log(1 + np.exp(a))"
RIGHT = "def softplus(a):\n    return np.logaddexp(0.0, a)"
RUN = re.compile(r"\[\d+\]:")
# Cells that are out of sight stay in the page, for the test to find.
SETTINGS = {
    "lab/user-settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
}
TEACHERS = ("@jupyter/nbgrader",)  # what a student's installation does not have


@pytest.fixture
def lab(tmp_path, jupyter):
    """The address of Lab 1 in JupyterLab, started as the course says."""
    work = tmp_path / "work"
    subprocess.run([sys.executable, "-m", "posekit.cli", "start", "lab1", work], check=True)
    (notebook,) = work.glob("*.ipynb")
    address, token = jupyter(work, SETTINGS, TEACHERS)
    return f"{address}/lab/tree/{notebook.name}?token={token}"


@pytest.fixture
def opened(browser, lab):
    # JupyterLab looks for the badge under its address in the notebook, before it unpacks it.
    with watched(browser, passing=("ERR_UNKNOWN_URL_SCHEME",), viewport={"width": 1280, "height": 900}) as page:
        page.goto(lab)
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        yield page


def code(page, text):
    """The code cell that this is written in."""
    return page.locator(".jp-CodeCell", has=page.locator(".jp-InputArea", has_text=text))


def choose(page, *path):
    for name in path:
        page.get_by_role("menuitem", name=name, exact=True).click()


def ran(page, cell):
    playwright.expect(cell.locator(".jp-InputPrompt")).to_have_text(RUN)


def answer(page, source):
    """Writes `softplus`, runs it and its check; the check's words."""
    cell, check = code(page, "def softplus("), code(page, 'check("softplus")')
    cell.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(source)
    before = check.locator(".jp-InputPrompt").inner_text()
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    playwright.expect(check.locator(".jp-InputPrompt")).not_to_have_text(before)
    ran(page, check)
    return check.locator(".jp-OutputArea").inner_text()


def test_a_wrong_answer_gets_its_hint_and_the_right_one_its_points(opened, screen):
    page = opened
    last = page.locator(".jp-CodeCell").last
    choose(page, "Run", "Run All Cells")
    ran(page, last)
    assert "not written" in code(page, 'check("softplus")').locator(".jp-OutputArea").inner_text()

    said = answer(page, WRONG)
    assert "1 of 3 points" in said and "exp(a) overflows" in said
    code(page, "def softplus(").evaluate("cell => cell.scrollIntoView({block: 'start'})")
    screen(page, "jupyterlab")
    boxes = code(page, 'check("softplus")').locator(".beside > div").all()
    assert boxes
    for box in boxes:
        call, value = (box.locator(name).bounding_box() for name in ("dt", "dd"))
        assert value["y"] >= call["y"] + call["height"] - 1, "JupyterLab's own style lays the value beside its heading"
    assert "3 of 3 points" in answer(page, RIGHT)

    choose(page, "Run", "Restart Kernel and Run All Cells…")
    page.get_by_role("dialog").get_by_role("button", name="Confirm Kernel Restart").click()
    playwright.expect(last.locator(".jp-InputPrompt")).not_to_have_text(RUN)
    ran(page, last)
    assert "3 of 3 points" in code(page, 'check("softplus")').locator(".jp-OutputArea").inner_text()
    assert page.locator('[data-mime-type="application/vnd.jupyter.error"]').count() == 0
