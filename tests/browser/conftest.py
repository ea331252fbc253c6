"""A page in a real browser that may ask nobody for anything and may not complain."""

import shutil
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
HERE = {None, "", "localhost", "127.0.0.1"}  # file:, data: and about: have no host


@pytest.fixture(scope="session")
def browser():
    """Chromium as the system has it, else the one that `playwright install chromium` fetched."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the browser extra")
    with playwright.sync_playwright() as engine:
        found = engine.chromium.launch(executable_path=next(filter(None, map(shutil.which, CHROMIUM)), None))
        yield found
        found.close()


@contextmanager
def watched(browser, *, passing=(), **options):
    """A fresh page (playwright's `Page`, made with these options of `new_context`).

    A line of the console that has one of the words `passing` in it is let pass.

    Raises
    ------
    AssertionError
        At the end, where the page, or one that it opens, asked another host for something, wrote an error to the console, or
        threw one that nobody caught.
    """
    complaints = []

    def answer(route):
        if urlsplit(route.request.url).hostname in HERE:
            return route.continue_()
        complaints.append(f"asked for {route.request.url}")
        return route.abort()

    def hear(line):
        if line.type == "error" and not any(word in line.text for word in passing):
            complaints.append(f"console: {line.text}")

    context = browser.new_context(**options)
    context.set_default_timeout(10_000)
    context.route("**/*", answer)
    context.on("console", hear)
    context.on("weberror", lambda error: complaints.append(f"error: {error.error}"))
    yield context.new_page()
    context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def page_options() -> dict:
    """Options of a test's page, to be parametrized: `@pytest.mark.parametrize("page_options", [{"java_script_enabled": False}])`."""
    return {}


@pytest.fixture
def page(browser, page_options):
    """A fresh page, watched."""
    with watched(browser, **page_options) as page:
        yield page
