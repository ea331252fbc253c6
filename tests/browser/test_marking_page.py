"""The page for marking: what a person fills in and saves is taken, and no script of a student's runs in it."""

import subprocess
import sys

import pytest

from autograder.grading.run_folder import RunFolder
from tests.browser.conftest import watched
from tests.test_marking import code, points_of, write

pytestmark = pytest.mark.browser


def mark(course, *words):
    command = [sys.executable, "-m", "autograder", "mark", *map(str, words)]
    subprocess.run(command, cwd=course, check=True, capture_output=True)


def test_what_the_page_saves_is_taken(browser, mini, tmp_path):
    graded = write(tmp_path / "graded")
    mark(mini, graded)
    with watched(browser) as page:
        page.goto((graded / "marking" / "9a.html").as_uri())
        answer = page.locator(f'[data-answer="{code("Because.")}"]')
        answer.locator("[name=r1]").fill("2")
        answer.locator("[name=comment]").fill('Good, "so"\nit is.')
        with page.expect_download() as download:
            page.locator("#save").click()
        assert page.locator("#state").inner_text() == "1 of 4 marked, saved"
        assert page.title().startswith("Marking 9a") and page.locator("script").count() == 1
        saved = tmp_path / download.value.suggested_filename
        download.value.save_as(saved)
    assert saved.name == "marks_9a.csv"
    mark(mini, graded, saved)
    assert points_of(graded)["ann"] == 2
    assert RunFolder(graded).results()[1].written[0].comment == 'Good, "so"\nit is.'
