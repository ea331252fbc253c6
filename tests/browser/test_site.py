"""The built site, opened from its folder: every page, light and dark, at a desk and on a phone."""

import re
import subprocess
import sys
from urllib.parse import urlsplit

import nbformat
import pytest

from tests.browser.conftest import watched

Axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the browser extra").Axe

pytestmark = pytest.mark.browser

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
MB = 1e6

# What a reader may unfold is read too. Of the words of code with one colour on one ground, axe gets a single one: all
# fifteen thousand of a page take it a minute.
UNFOLD = """() => {
    document.querySelectorAll("details").forEach((folded) => { folded.open = true; });
    const words = [...document.querySelectorAll(".highlight span[class]")];
    const kinds = words.map((word) => getComputedStyle(word).color + getComputedStyle(word.closest("pre")).backgroundColor);
    words.forEach((word, n) => { if (kinds.indexOf(kinds[n]) < n) word.replaceWith(...word.childNodes); });
    for (const code of document.querySelectorAll(".highlight pre")) code.normalize();
    for (const fade of document.getAnimations()) if (fade.effect.getComputedTiming().endTime < Infinity) fade.finish();
}"""
# MathJax draws letters that axe does not see. Style sheets are not asked for again, which a page from a folder may not do.
OUTSIDE_OF_FORMULAS = {"exclude": [["mjx-container > *"]]}
AXE = {"resultTypes": ["violations"], "preload": False}


@pytest.fixture(scope="module")
def site(root):
    """The folder that `make site` writes; what is there already is tested as it is."""
    folder = root / "build" / "site"
    if not (folder / "index.html").exists():
        subprocess.run([sys.executable, "site/make"], cwd=root, check=True)
    return folder


@pytest.fixture(scope="module")
def pages(site):
    """The pages by their names; `_static` has templates of the theme, which no one opens."""
    pages = {path.relative_to(site).as_posix(): path for path in sorted(site.rglob("*.html"))}
    return {name: path for name, path in pages.items() if not name.startswith("_static/")}


def settled(page, path):
    page.goto(path.as_uri())
    page.evaluate("window.MathJax?.startup?.promise")
    page.wait_for_function("document.readyState === 'complete'")


def faults(page):
    """What is wrong with an open page, a line each."""
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if wide > 0:
        yield f"scrolls sideways by {wide} px"
    for figure in page.locator("figure").all():
        if figure.evaluate("figure => figure.scrollWidth > figure.clientWidth"):
            yield f"a figure is wider than its column: {figure.inner_text()[:120]}"
    for found in Axe().run(page, OUTSIDE_OF_FORMULAS, AXE).response["violations"]:
        if found["impact"] in ("serious", "critical"):
            for node in found["nodes"]:
                yield f"{found['id']}: {node['target']} {node['html'][:120]}"


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_read_by_everyone(browser, pages, scheme, viewport):
    assert pages
    seen = []
    for name, path in pages.items():
        try:
            with watched(browser, color_scheme=scheme, viewport=viewport, reduced_motion="reduce") as page:
                settled(page, path)
                page.evaluate(UNFOLD)
                seen += [f"{name}: {fault}" for fault in faults(page)]
        except AssertionError as complaint:
            seen.append(f"{name}: {complaint}")
    assert not seen, "\n".join(seen)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("<p>read me", ""),
        ("<p style='color: #ccc'>read me", "color-contrast"),
        ("<details><summary>more</summary><p style='color: #ccc'>read me</details>", "color-contrast"),
        (
            "<div class=highlight><pre>" + "<span class=n style='color: #ccc'>word</span> " * 3 + "</pre></div>",
            "color-contrast",
        ),
        ("<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>", "image-alt"),
        ("<div style='width: 400px'>wide</div>", "scrolls sideways by"),
        ("<div style='overflow: auto'><figure><p style='width: 400px'>wide</figure></div>", "a figure is wider"),
    ],
)
def test_what_is_wrong_with_a_page_is_noticed(browser, tmp_path, content, fault):
    file = tmp_path / "page.html"
    file.write_text(
        f"<!doctype html><html lang=en><title>page</title><style>p {{ margin: 9px }}</style>{content}", "utf-8"
    )
    with watched(browser, viewport=PHONE) as page:
        settled(page, file)
        page.evaluate(UNFOLD)
        found = list(faults(page))
    assert len(found) == bool(fault) and all(line.startswith(fault) for line in found)


def test_pages_are_light(pages):
    assert max(path.stat().st_size for path in pages.values()) <= 1.5 * MB


def test_the_site_is_small(site):
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) <= 30 * MB


def test_a_lab_can_be_downloaded_opened_on_colab_and_copied(browser, pages):
    labs = {name: path for name, path in pages.items() if re.fullmatch(r"labs/(lab\w+|capstone)\.html", name)}
    assert len(labs) > 10
    with watched(browser, viewport=DESK, permissions=["clipboard-read"]) as page:
        for name, path in labs.items():
            settled(page, path)
            doors = page.locator(".doors")
            notebook = doors.locator("a[download]").evaluate("link => link.href")
            nbformat.read(urlsplit(notebook).path, as_version=4)
            colab = urlsplit(doors.get_by_role("link", name="Colab").evaluate("link => link.href"))
            if colab.hostname is None:  # as long as there is no address, what is needed for one
                page.goto(colab.geturl())
                assert page.locator(f"#{colab.fragment}").count(), name
                page.go_back()
            block = page.locator("div.highlight:visible", has=page.locator("button.copybtn")).first
            block.hover()
            block.locator("button.copybtn").click()
            assert (
                page.evaluate("navigator.clipboard.readText()").strip() == block.locator("pre").inner_text().strip()
            ), name


def test_every_cell_of_the_class_page_leads_to_feedback(browser, site, screen):
    with watched(browser, viewport={"width": 1280, "height": 1460}) as page:
        settled(page, site / "demo" / "class.html")
        screen(page, "class")
        cell = page.locator("table a[href='feedback/riemann.html']").first
        assert cell.count()
        page.set_viewport_size({"width": 900, "height": 1560})
        cell.click()
        page.wait_for_url("**/feedback/riemann.html")
        assert page.get_by_role("heading", name="Feedback").count()
        screen(page, "feedback")


def test_the_rat_on_the_first_page_walks_by_keys(browser, site, screen):
    with watched(browser, viewport=DESK) as page:
        settled(page, site / "index.html")
        scene = page.locator("figure", has=page.locator("canvas")).first
        scene.locator("canvas").focus()
        for key in ("ArrowLeft", "ArrowLeft", "+", "+", "Space"):
            page.keyboard.press(key)
        slider = scene.locator("input[type=range]")
        page.wait_for_function("slider => slider.value > 20", arg=slider.element_handle())
        page.keyboard.press("Space")
        screen(scene, "viewer")
