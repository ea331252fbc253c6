"""The page that the other tests get notices what it is there to notice."""

import pytest

from tests.browser.conftest import watched

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    "content, complaint",
    [
        ("<img src='https://example.org/a.png'>", "asked for https://example.org/a.png"),
        ("<script src='//example.org/a.js'></script>", "asked for"),
        ("<script>console.error('lost')</script>", "console: lost"),
        ("<script>throw new Error('thrown')</script>", "error: thrown"),
        ("<script>open('https://example.org/')</script>", "asked for https://example.org/"),
    ],
)
def test_a_page_that_asks_or_complains_is_noticed(browser, tmp_path, content, complaint):
    file = tmp_path / "page.html"
    file.write_text(content, "utf-8")
    with pytest.raises(AssertionError, match=complaint), watched(browser) as page:
        page.goto(file.as_uri())
        page.wait_for_timeout(200)


def test_a_page_with_what_it_needs_inside_passes(page, tmp_path):
    (tmp_path / "beside.css").write_text("p { color: rgb(1, 2, 3) }", "utf-8")
    file = tmp_path / "page.html"
    picture = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
    file.write_text(f"<link rel=stylesheet href=beside.css><img src='{picture}'><p>text", "utf-8")
    page.goto(file.as_uri())
    assert page.locator("p").evaluate("p => getComputedStyle(p).color") == "rgb(1, 2, 3)"
